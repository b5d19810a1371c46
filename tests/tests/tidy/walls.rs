//! Rules between rooms: which of them names which, what the core may touch, and where Spanish stands.

use crate::Finding;
use crate::prose::has_words;
use crate::source::Source;

/// Each room of the server and the rooms that its code may name.
const ARROWS: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("protocol", &["base"]),
    ("content", &["base"]),
    ("world", &["base", "content"]),
    ("records", &["base"]),
    ("passwords", &["base", "records"]),
    ("settings", &["base", "content", "protocol", "records"]),
    ("game", &["base", "content", "passwords", "protocol", "records", "settings", "world"]),
    ("testing", CORE),
    ("store", BELOW_THE_STORE),
    (
        "config",
        &["base", "content", "game", "passwords", "protocol", "records", "settings", "store", "world"],
    ),
    ("memory", &[]),
    ("logging", &["base"]),
    ("ops", &["base", "config", "logging", "records"]),
    ("cluster", &["base", "config", "game", "ops", "records", "store"]),
    ("net", BELOW_THE_SOCKETS),
    ("start", BELOW_THE_START),
];

const CORE: &[&str] = &["base", "protocol", "content", "world", "records", "passwords", "settings", "game"];

/// Rooms of the core that the store names: the store in memory is a store like the others.
const BELOW_THE_STORE: &[&str] =
    &["base", "protocol", "content", "world", "records", "passwords", "settings", "game", "testing"];

const BELOW_THE_SOCKETS: &[&str] = &[
    "base",
    "cluster",
    "config",
    "content",
    "game",
    "logging",
    "ops",
    "passwords",
    "protocol",
    "records",
    "settings",
    "store",
    "world",
];

const BELOW_THE_START: &[&str] = &[
    "base",
    "cluster",
    "config",
    "content",
    "game",
    "logging",
    "memory",
    "net",
    "ops",
    "passwords",
    "protocol",
    "records",
    "settings",
    "store",
    "world",
];

/// Paths that reach a clock, a socket, a thread, the environment or randomness from outside.
const OUTSIDE: [&str; 12] = [
    "SystemTime",
    "Instant",
    "std::net",
    "std::thread",
    "std::env",
    "std::process",
    "getrandom",
    "rand::rng",
    "mio",
    "redis::",
    "rusqlite",
    "libc",
];

/// Spanish words that no English sentence holds.
const SPANISH: [&str; 28] = [
    "el",
    "los",
    "las",
    "una",
    "del",
    "que",
    "para",
    "con",
    "tu",
    "este",
    "esta",
    "ese",
    "esa",
    "hay",
    "pero",
    "por",
    "muy",
    "cuenta",
    "personaje",
    "servidor",
    "nombre",
    "jugador",
    "ahora",
    "ya",
    "su",
    "sus",
    "oro",
    "nivel",
];

/// Crates that are one room.
const CRATES: [(&str, &str); 2] = [("server/store/", "store"), ("server/config/", "config")];

/// Returns the room of a path: its crate, or the first folder or file below the crate's sources.
fn room(path: &str) -> Option<&str> {
    if let Some((_, room)) = CRATES.iter().find(|(folder, _)| path.starts_with(folder)) {
        return Some(room);
    }
    let inside = path.strip_prefix("server/core/src/").or_else(|| path.strip_prefix("server/src/"))?;
    let name = inside.split('/').next()?;
    Some(name.strip_suffix(".rs").unwrap_or(name))
}

/// Finds code that names a room above its own.
pub fn arrows_that_run_up(source: &Source) -> Vec<Finding> {
    let Some((own, allowed)) =
        room(&source.path).and_then(|own| ARROWS.iter().find(|(room, _)| *room == own))
    else {
        return Vec::new();
    };
    let one_room = CRATES.iter().any(|(folder, _)| source.path.starts_with(folder));
    let mut findings = Vec::new();
    for (root, start) in ["crate::", "pyao_core::", "pyao_store", "pyao_config", "pyao_server::"]
        .into_iter()
        .flat_map(|root| source.code.match_indices(root).map(move |(start, _)| (root, start)))
    {
        let line = source.code[..start].matches('\n').count() + 1;
        let named = match root {
            "crate::" if one_room => continue,
            "pyao_store" => vec!["store"],
            "pyao_config" => vec!["config"],
            _ => first_names(&source.code[start + root.len()..]),
        };
        let known = |name: &&str| ARROWS.iter().any(|(room, _)| room == name);
        for name in named.into_iter().filter(known).filter(|name| name != own && !allowed.contains(name)) {
            if !source.is_test(line) {
                findings.push(Finding::new(source, line, format!("{own} names {name}")));
            }
        }
    }
    findings
}

/// Returns the first name of each path of a `use` tree, or of one path.
fn first_names(tree: &str) -> Vec<&str> {
    let name = |path: &'_ str| path.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(path.len());
    let Some(inside) = tree.strip_prefix('{') else { return vec![&tree[..name(tree)]] };
    let (mut names, mut depth, mut fresh) = (Vec::new(), 0_usize, true);
    for (index, letter) in inside.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => fresh = true,
            _ if fresh && letter.is_alphabetic() => {
                names.push(&inside[index..index + name(&inside[index..])]);
                fresh = false;
            }
            _ => {}
        }
    }
    names
}

/// Finds a clock, a socket, a thread, the environment or outside randomness in the core.
pub fn outside_in_the_core(source: &Source) -> Vec<Finding> {
    if !room(&source.path).is_some_and(|room| CORE.contains(&room)) {
        return Vec::new();
    }
    let lines = source.code.lines().enumerate().filter(|(index, _)| !source.is_test(index + 1));
    let touching = lines.filter(|(_, line)| {
        OUTSIDE.iter().any(|path| has_words(line, path.trim_end_matches(':')) && line.contains(path))
    });
    touching.map(|(index, line)| Finding::new(source, index + 1, line.trim().to_owned())).collect()
}

/// Finds Spanish sentences in the server's string literals, outside of `texts.rs`.
///
/// Single words are left alone: they are keys of Redis and names of AO's data files.
pub fn spanish(source: &Source) -> Vec<Finding> {
    let checked = source.path.starts_with("server/") || source.path.starts_with("admin-cli/");
    if !checked || source.path.ends_with("game/texts.rs") {
        return Vec::new();
    }
    let accented = |text: &str| {
        text.contains(['á', 'é', 'í', 'ó', 'ú', 'ñ', 'ü', '¿', '¡', 'Á', 'É', 'Í', 'Ó', 'Ú', 'Ñ'])
    };
    let sentence = |text: &str| {
        let lower = text.to_lowercase();
        let words = SPANISH.iter().filter(|word| has_words(&lower, word)).count();
        text.contains(' ') && (accented(text) || words >= 2)
    };
    let strings = source.strings.iter().filter(|(line, text)| !source.is_test(*line) && sentence(text));
    strings.map(|(line, text)| Finding::new(source, *line, text.clone())).collect()
}
