//! The documentation as files: its links lead somewhere, and the README stays short.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Most lines of the README.
const README_LINES: usize = 150;
/// Entries of the repository's top level besides files whose names begin with a dot.
const TOP_LEVEL: [&str; 11] = [
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "admin-cli",
    "config.toml",
    "fuzz",
    "redis",
    "scripts",
    "server",
    "tests",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// Returns the files that git tracks or would track, relative to the root; `None` outside a repository.
fn files() -> Option<Vec<String>> {
    let arguments = ["ls-files", "--cached", "--others", "--exclude-standard"];
    let listed = Command::new("git").args(arguments).current_dir(root()).output().ok()?;
    let names = String::from_utf8(listed.stdout).unwrap();
    let names: Vec<_> = names.lines().filter(|name| root().join(name).exists()).map(str::to_owned).collect();
    (listed.status.success() && !names.is_empty()).then_some(names)
}

/// Returns the text without fenced blocks and code spans.
fn prose(text: &str) -> String {
    let outside = text.split("```").step_by(2).collect::<Vec<_>>().join("\n");
    outside.split('`').step_by(2).collect::<Vec<_>>().join("code")
}

/// Returns the targets of all inline links.
fn links(text: &str) -> Vec<String> {
    let prose = prose(text);
    let ends = prose.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    ends.map(|(target, _)| target.to_owned()).collect()
}

/// Returns the anchor of a heading, as GitHub makes it.
fn anchor(heading: &str) -> String {
    let plain = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = plain.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// Returns the reason why a link of `page` leads nowhere.
fn broken(page: &Path, link: &str) -> Option<String> {
    let (file, section) = link.split_once('#').map_or((link, None), |(file, section)| (file, Some(section)));
    let target = if file.is_empty() { page.to_owned() } else { page.parent().unwrap().join(file) };
    if !target.exists() {
        return Some(format!("{}: {link} does not exist", page.display()));
    }
    let text = fs::read_to_string(&target).unwrap_or_default();
    let anchors: BTreeSet<_> = text.lines().filter(|line| line.starts_with('#')).map(anchor).collect();
    let is_there = section.is_none_or(|section| anchors.contains(section));
    (!is_there).then(|| format!("{}: {link} has no such section", page.display()))
}

#[test]
fn every_link_of_the_documentation_leads_somewhere() {
    let Some(files) = files() else { return println!("skipped: git lists no files here") };
    let pages = files.iter().filter(|name| name.ends_with(".md"));
    let mut faults = Vec::new();
    for page in pages.map(|name| root().join(name)) {
        let targets = links(&fs::read_to_string(&page).unwrap());
        let own = targets.iter().filter(|target| !target.contains("://"));
        faults.extend(own.filter_map(|target| broken(&page, target)));
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn every_page_of_the_documentation_is_linked_from_another() {
    let Some(files) = files() else { return println!("skipped: git lists no files here") };
    let pages: Vec<_> = files.iter().filter(|name| name.ends_with(".md")).collect();
    let mut linked = BTreeSet::new();
    for page in &pages {
        let page = root().join(page);
        for link in links(&fs::read_to_string(&page).unwrap()) {
            let file = link.split('#').next().unwrap_or_default();
            linked.extend(page.parent().unwrap().join(file).canonicalize());
        }
    }
    // GitHub itself shows the template.
    let is_reached =
        |name: &str| name == "README.md" || name.contains("TEMPLATE") || linked.contains(&root().join(name));
    let lonely: Vec<_> = pages.into_iter().filter(|name| !is_reached(name)).collect();
    assert!(lonely.is_empty(), "no page links to {lonely:?}");
}

#[test]
fn the_readme_is_short() {
    let lines = fs::read_to_string(root().join("README.md")).unwrap().lines().count();
    assert!(lines <= README_LINES, "the README has {lines} lines, at most {README_LINES} are wanted");
}

#[test]
fn the_top_level_holds_no_stray_files() {
    let Some(files) = files() else { return println!("skipped: git lists no files here") };
    let top: BTreeSet<_> = files.iter().filter_map(|name| name.split('/').next()).collect();
    let is_expected = |name: &&str| name.starts_with('.') || TOP_LEVEL.contains(name);
    let stray: Vec<_> = top.into_iter().filter(|name| !is_expected(name)).collect();
    assert!(stray.is_empty(), "move these into a folder: {stray:?}");
}
