//! Circles of files: one names another that names it, at once or by way of others.
//!
//! A file and its submodules belong together, so arrows between a module and those inside it do not count.

use std::collections::{BTreeMap, BTreeSet};

use crate::Finding;
use crate::source::Source;

/// Folders of sources, each the root of a crate.
const ROOTS: [&str; 8] = [
    "server/core/src/",
    "server/store/src/",
    "server/config/src/",
    "server/src/",
    "admin-cli/src/",
    "tests/src/",
    "tests/load/src/",
    "tests/simulator/src/",
];

/// Files by their module: its crate's root, then the names of modules.
type Modules<'a> = BTreeMap<Vec<&'a str>, &'a Source>;

/// Finds files that stand in a circle, each with a file that it names in the same circle.
pub fn circles(sources: &[Source]) -> Vec<Finding> {
    let modules: Modules<'_> =
        sources.iter().filter_map(|source| Some((module(&source.path)?, source))).collect();
    let arrows: BTreeMap<_, _> =
        modules.iter().map(|(own, source)| (own, arrows(own, source, &modules))).collect();
    let mut findings = Vec::new();
    for (own, targets) in &arrows {
        if let Some((target, line)) = targets.iter().find(|(target, _)| reaches(target, own, &arrows)) {
            findings.push(Finding::new(
                modules[*own],
                *line,
                format!("names {}, which leads back", target[1..].join("::")),
            ));
        }
    }
    findings
}

/// Returns the module of a file, or nothing for one that is no part of a crate's sources.
fn module(path: &str) -> Option<Vec<&str>> {
    let root = ROOTS.into_iter().find(|root| path.starts_with(root))?;
    let mut names = vec![root];
    names.extend(path[root.len()..].trim_end_matches(".rs").split('/'));
    if names.last().is_some_and(|last| ["mod", "lib", "main"].contains(last)) {
        names.pop();
    }
    Some(names)
}

/// Returns the modules that a file names, with the first line that does.
fn arrows<'a>(own: &[&'a str], source: &'a Source, modules: &Modules<'a>) -> BTreeMap<Vec<&'a str>, usize> {
    let mut found = BTreeMap::new();
    for start in ["crate::", "super::", "self::"].into_iter().flat_map(|root| source.code.match_indices(root))
    {
        let before = source.code[..start.0].chars().next_back();
        let line = source.code[..start.0].matches('\n').count() + 1;
        if source.is_test(line)
            || before.is_some_and(|last| last.is_alphanumeric() || [':', '_', '$'].contains(&last))
        {
            continue;
        }
        for path in paths(&source.code[start.0..]) {
            let Some(target) = resolve(own, &path, modules) else { continue };
            if !own.starts_with(&target) && !target.starts_with(own) {
                found.entry(target).or_insert(line);
            }
        }
    }
    found
}

/// Returns the paths of a tree such as `super::{a::B, c}`.
fn paths(tree: &str) -> Vec<Vec<&str>> {
    let mut prefix = Vec::new();
    let mut rest = tree;
    loop {
        let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len());
        if end > 0 {
            prefix.push(&rest[..end]);
        }
        let Some(next) = rest[end..].strip_prefix("::") else { return vec![prefix] };
        if let Some(inside) = next.strip_prefix('{') {
            let branches = branches(inside).into_iter().flat_map(paths);
            return branches.map(|branch| prefix.iter().copied().chain(branch).collect()).collect();
        }
        rest = next;
    }
}

/// Splits the inside of braces at its outer commas.
fn branches(inside: &str) -> Vec<&str> {
    let (mut found, mut depth, mut start) = (Vec::new(), 0_usize, 0);
    for (index, letter) in inside.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                found.push(inside[start..index].trim());
                start = index + 1;
                if letter == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    found
}

/// Returns the innermost module on a path, seen from the module `own`.
fn resolve<'a>(own: &[&'a str], path: &[&'a str], modules: &Modules<'a>) -> Option<Vec<&'a str>> {
    let mut full = own.to_vec();
    for name in path {
        match *name {
            "crate" => full.truncate(1),
            "super" if full.len() > 1 => _ = full.pop(),
            "self" => {}
            name => full.push(name),
        }
    }
    while !full.is_empty() && !modules.contains_key(&full) {
        full.pop();
    }
    (full.len() > 1).then_some(full)
}

/// Returns true if arrows lead from `start` to `end`.
fn reaches<'a>(
    start: &Vec<&'a str>,
    end: &Vec<&'a str>,
    arrows: &BTreeMap<&Vec<&'a str>, BTreeMap<Vec<&'a str>, usize>>,
) -> bool {
    let (mut seen, mut open) = (BTreeSet::new(), vec![start]);
    while let Some(module) = open.pop() {
        if module == end {
            return true;
        }
        if seen.insert(module) {
            open.extend(arrows.get(module).into_iter().flat_map(BTreeMap::keys));
        }
    }
    false
}
