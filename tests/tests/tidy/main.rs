//! Holds the rules of style that no lint knows, each with a count that only goes down.
//!
//! A rule fails with more findings than its limit, and with fewer: then its limit is lowered. All findings are printed by
//! `cargo test -p pyao-tests --test tidy -- --nocapture`.

#![expect(clippy::expect_used, reason = "a test that cannot go on has failed")]

mod circles;
mod planted;
mod prose;
mod shape;
mod source;
mod walls;

use source::Source;

const RUST: &[&str] = &[".rs"];
const PAGES: &[&str] = &[".md", ".toml", ".sh", ".yml", ".conf"];

/// Files of one long table, which may have more than 500 lines: a row stands beside the others of its kind.
const TABLES: &[&str] = &["server/core/src/protocol/server.rs"];

/// One place that breaks a rule.
pub struct Finding {
    place: String,
    text: String,
}

impl Finding {
    fn new(source: &Source, line: usize, text: String) -> Self {
        Self { place: format!("{}:{line}", source.path), text }
    }
}

/// Holds a rule that looks at one file at a time.
fn hold(rule: &str, limit: usize, ends: &[&str], check: impl Fn(&Source) -> Vec<Finding>) {
    compare(rule, limit, &source::files(ends).iter().flat_map(check).collect::<Vec<_>>());
}

/// Prints the findings of a rule and compares their number with its limit.
fn compare(rule: &str, limit: usize, findings: &[Finding]) {
    for finding in findings {
        println!("{}: {rule}: {}", finding.place, finding.text);
    }
    let found = findings.len();
    println!("{rule}: {found} found, at most {limit}");
    assert!(
        found <= limit,
        "{rule}: {found} places break the rule, {limit} did before; they are printed above"
    );
    assert!(
        found == limit,
        "{rule}: fewer places are left: lower its limit in tests/tests/tidy/main.rs to {found}"
    );
}

#[test]
fn no_comment_opens_with_a_question_word() {
    hold("question word", 0, RUST, prose::question_words);
}

#[test]
fn no_page_or_script_opens_a_sentence_with_a_question_word() {
    hold("question word in a page", 0, PAGES, prose::question_words);
}

#[test]
fn comments_name_the_agent_and_use_the_terms_of_the_field() {
    hold("banned phrase", 0, RUST, prose::banned_phrases);
}

#[test]
fn pages_and_scripts_name_the_agent_and_use_the_terms_of_the_field() {
    hold("banned phrase in a page", 0, PAGES, prose::banned_phrases);
}

#[test]
fn the_server_uses_the_terms_of_the_lexicon() {
    hold("home-made term", 0, RUST, prose::home_made_terms);
}

#[test]
fn functions_have_at_most_70_lines() {
    hold("function over 70 lines", 0, RUST, shape::long_functions);
}

#[test]
fn files_have_at_most_800_lines() {
    hold("file over 800 lines", 0, RUST, |source| shape::long_files(source, 800));
}

#[test]
fn files_that_are_no_table_have_at_most_500_lines() {
    let is_table = |source: &Source| TABLES.contains(&source.path.as_str());
    let long = |source: &Source| if is_table(source) { Vec::new() } else { shape::long_files(source, 500) };
    hold("file over 500 lines", 0, RUST, long);
}

#[test]
fn the_core_touches_no_clock_socket_thread_environment_or_outside_randomness() {
    hold("outside in the core", 0, RUST, walls::outside_in_the_core);
}

#[test]
fn spanish_stands_in_texts_only() {
    hold("Spanish outside texts.rs", 0, RUST, walls::spanish);
}

#[test]
fn no_room_names_one_above_it() {
    hold("arrow that runs up", 0, RUST, walls::arrows_that_run_up);
}

#[test]
fn no_file_names_one_that_leads_back_to_it() {
    compare("file in a circle", 0, &circles::circles(&source::files(RUST)));
}

#[test]
fn functions_are_documented_with_a_verb_and_booleans_with_true_if() {
    hold("opening of a doc comment", 0, RUST, prose::openings);
}
