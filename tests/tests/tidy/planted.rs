//! Each rule finds the breaches planted here, on their lines, and nothing else.

use crate::source::Source;
use crate::{Finding, circles, prose, shape, walls};

/// Returns the numbers of the lines on which `check` finds something in `text`, a file at `path`.
fn found(check: impl Fn(&Source) -> Vec<Finding>, path: &str, text: &str) -> Vec<usize> {
    let findings = check(&Source::new(path.to_owned(), text));
    findings.iter().filter_map(|finding| finding.place.rsplit(':').next()?.parse().ok()).collect()
}

#[test]
fn a_sentence_is_found_by_its_first_word_wherever_it_begins() {
    let text = "/// What a tile holds.\nfn a() {}\n\n// Everything is sent. Whoever reads\n// it is quick. That is\n// what counts.\nlet \
                b = \"// What\"; // how it went\n/// - When it is late.\n/// ```text\n/// What\n/// ```\n";
    assert_eq!(found(prose::question_words, "server/src/a.rs", text), [1, 4, 7, 8]);
    let page = "# What it is\n\nA server. Which one\nruns? This\none.\n| What | it |\n";
    assert_eq!(found(prose::question_words, "README.md", page), [3]);
    let settings = "# Name of the server.\nname = \"What\"\n# Who may enter.\n";
    assert_eq!(found(prose::question_words, "config.toml", settings), [3]);
}

#[test]
fn a_banned_phrase_is_found_as_words_only() {
    let text = "// Whatever whoever sends.\n// Theirs, not his. Herself\n// The client; who knows.\n// Heroes shelter here.\n";
    assert_eq!(found(prose::banned_phrases, "server/src/a.rs", text), [1, 2, 2, 2]);
    assert_eq!(
        found(prose::home_made_terms, "server/src/a.rs", "mod laps;\n// Laps\nstruct Lapse;\nstruct Told;\n"),
        [1, 4]
    );
}

#[test]
fn texts_of_the_program_are_held_as_comments_are_but_those_of_tests_are_not() {
    let text = "a!(\"who may enter: {b}\");\nb(\"all is well. What \\\n   follows is for whoever\\nWhich one is it\");\n\
                c(\"what\", \"HSET who what\");\n#[cfg(test)]\nmod tests {\n    d!(\"Who is it that came?\");\n}\n";
    let texts = |source: &Source| prose::texts(source);
    assert_eq!(found(|source| prose::question_words(&texts(source)), "server/src/a.rs", text), [1, 2, 2]);
    assert_eq!(found(|source| prose::banned_phrases(&texts(source)), "server/src/a.rs", text), [2]);
}

#[test]
fn documentation_is_held_against_the_item_that_it_describes() {
    let text = "/// The answer.\nfn a() -> u8 {}\n/// Returns it.\nfn b() {}\n/// Is open.\npub open: bool,\n/// True if open.\n\
                #[serde(default)]\npub shut: bool,\n/// Anything.\n#[test]\nfn c() {}\n/// A pointer.\ntype D = fn(u8);\n";
    assert_eq!(found(prose::openings, "server/src/a.rs", text), [1, 5]);
}

#[test]
fn long_functions_and_files_are_found() {
    let body = "    x();\n".repeat(69);
    let text = format!("fn fits() {{\n{}}}\nfn long() {{\n{body}}}\n", "    \"}\";\n".repeat(68));
    assert_eq!(found(shape::long_functions, "server/src/a.rs", &text), [71]);
    assert_eq!(found(|source| shape::long_files(source, 140), "server/src/a.rs", &text), [1]);
    assert_eq!(found(|source| shape::long_files(source, 141), "server/src/a.rs", &text), []);
}

#[test]
fn the_core_is_held_apart_from_the_machine_but_its_tests_are_not() {
    let text = "use std::time::Instant;\nuse std::time::Duration;\n// Instant\n#[cfg(test)]\nmod tests {\n    use std::env;\n}\n\
                use std::net::TcpStream;\n";
    assert_eq!(found(walls::outside_in_the_core, "server/core/src/game/a.rs", text), [1, 8]);
    assert_eq!(found(walls::outside_in_the_core, "server/src/net/a.rs", text), []);
}

#[test]
fn an_arrow_that_runs_up_is_found_in_any_kind_of_path() {
    let text =
        "use crate::base::Millis;\nuse crate::{content::Map, game::Game};\nfn a(b: crate::protocol::C) {}\n";
    assert_eq!(found(walls::arrows_that_run_up, "server/core/src/world/a.rs", text), [2, 3]);
    let store = "use crate::game;\nuse pyao_config::Config;\nuse pyao_core::records::Account;\n";
    assert_eq!(found(walls::arrows_that_run_up, "server/store/src/a.rs", store), [2]);
}

#[test]
fn spanish_is_told_from_english_names_and_keys() {
    let text = "a(\"Tu personaje está acá.\");\nb(\"personaje\");\nc(\"the last el\");\nd(\"para los dos\");\ne('ñ', \"año\");\n";
    assert_eq!(found(walls::spanish, "server/core/src/game/a.rs", text), [1, 4]);
    assert_eq!(found(walls::spanish, "server/core/src/game/texts.rs", text), []);
}

#[test]
fn a_circle_of_files_is_found_and_a_parent_is_none() {
    let file = |path: &str, text: &str| Source::new(format!("server/src/{path}"), text);
    let sources = [
        file("net/mod.rs", "mod a;\nuse crate::ops::X;\n"),
        file("net/a.rs", "use super::{c::C, b::{B, D}};\n"),
        file("net/b.rs", "use crate::net::c;\nuse super::Net;\n"),
        file("net/c.rs", "fn c(a: super::a::A) {}\n"),
        file("ops.rs", "use super::start;\n"),
        file("start.rs", "// use crate::ops\n"),
    ];
    let places: Vec<String> = circles::circles(&sources).into_iter().map(|finding| finding.place).collect();
    assert_eq!(places, ["server/src/net/a.rs:1", "server/src/net/b.rs:1", "server/src/net/c.rs:1"]);
}
