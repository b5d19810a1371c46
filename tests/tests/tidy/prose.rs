//! Rules of prose: the subject of a sentence is a thing of the system, named by the field's term.

use crate::Finding;
use crate::source::{Comment, Source};

const QUESTION_WORDS: [&str; 12] = [
    "who",
    "what",
    "which",
    "where",
    "when",
    "why",
    "whose",
    "how",
    "whether",
    "whoever",
    "whatever",
    "whichever",
];

/// Phrases that hide the agent, or paraphrase a term, and the advice that goes with each.
const BANNED: &[(&str, &str)] = &[
    ("whoever", "name the agent: the client, the player, the caller"),
    ("who keeps", "name the agent: a client that stays over the limit"),
    ("only who", "name the agent"),
    ("for who", "name the agent"),
    ("to who", "name the agent"),
    ("; who", "name the agent"),
    (": who", "name the agent"),
    ("so who", "name the agent"),
    ("he", "players are they; a connection is it"),
    ("she", "players are they; a connection is it"),
    ("his", "players are they; a connection is it"),
    ("her", "players are they; a connection is it"),
    ("him", "players are they; a connection is it"),
    ("himself", "players are they; a connection is it"),
    ("herself", "players are they; a connection is it"),
    ("for ever", "0 = never; without limit; until the process ends"),
    ("has to say", "name the packets or the bytes"),
    ("had to say", "name the packets or the bytes"),
    ("more to say", "name the packets or the bytes"),
    ("may say nothing", "timeout without a packet"),
    ("says nothing", "is idle; sends no packet"),
    ("say nothing", "is idle; send no packet"),
    ("is news", "changed"),
    ("are news", "changed"),
    ("hears of", "receives; is notified of"),
    ("thrown back", "corrected; sent its position"),
    ("throw-back", "correction"),
];

/// Names in code that the lexicon replaces.
const HOME_MADE: &[(&str, &str)] = &[
    ("Knock", "accept"),
    ("Laps", "timings"),
    ("mod laps", "timings"),
    ("Told", "pending correction"),
    ("mod told", "pending correction"),
    ("Ladder", "overload level"),
    ("Climb", "overload level"),
];

/// One sentence: the line on which it opens, and its words.
struct Sentence {
    line: usize,
    text: String,
    /// True if it opens a block, a paragraph or a list item, so that a small first letter is an opening too.
    first: bool,
}

/// Finds sentences that open with a question word.
pub fn question_words(source: &Source) -> Vec<Finding> {
    let opens = |sentence: &Sentence| {
        let word = sentence.text.trim_start_matches(['*', '_', '(', '"', '\'', '>', ' ']);
        let word = word.split(|letter: char| !letter.is_alphabetic()).next().unwrap_or("");
        let capital = word.starts_with(char::is_uppercase);
        // A clause of SQL is no question.
        (capital || sentence.first)
            && word != "WHERE"
            && QUESTION_WORDS.contains(&word.to_lowercase().as_str())
    };
    let found = sentences(&source.comments).into_iter().filter(opens);
    found.map(|sentence| Finding::new(source, sentence.line, sentence.text)).collect()
}

/// Finds banned phrases in comments.
pub fn banned_phrases(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for sentence in sentences(&source.comments) {
        let text = sentence.text.to_lowercase();
        for (phrase, advice) in BANNED.iter().filter(|(phrase, _)| has_words(&text, phrase)) {
            let message = format!("{} ('{phrase}': {advice})", sentence.text);
            findings.push(Finding::new(source, sentence.line, message));
        }
    }
    findings
}

/// Returns the texts of the program as a source of comments alone: help, logs and errors. Texts of tests, and those of
/// one or two words, are left out.
pub fn texts(source: &Source) -> Source {
    let spoken = source.strings.iter().filter(|(line, text)| {
        !source.is_test(*line) && !source.path.ends_with("build.rs") && text.split_whitespace().count() > 2
    });
    let mut comments = Vec::new();
    for (line, text) in spoken {
        let paragraphs = unescaped(text);
        for paragraph in paragraphs.lines() {
            comments.push(Comment { line: *line, text: paragraph.trim().to_owned(), kind: "" });
        }
    }
    Source { path: source.path.clone(), comments, ..Source::default() }
}

/// Returns the text of a literal, with its line ends and without the breaks that only its source has.
fn unescaped(literal: &str) -> String {
    let mut parts = literal.split("\\\n");
    let first = parts.next().unwrap_or("").to_owned();
    parts.fold(first, |text, part| text + part.trim_start()).replace("\\n", "\n").replace("\\\"", "\"")
}

/// Finds home-made names in the code of the server.
pub fn home_made_terms(source: &Source) -> Vec<Finding> {
    if !source.path.starts_with("server/") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (index, line) in source.code.lines().enumerate() {
        for (name, term) in HOME_MADE.iter().filter(|(name, _)| has_words(line, name)) {
            findings.push(Finding::new(
                source,
                index + 1,
                format!("'{name}' is called {term}: {}", line.trim()),
            ));
        }
    }
    findings
}

/// Returns true if `text` holds `phrase` with no letter of a word on either side.
pub fn has_words(text: &str, phrase: &str) -> bool {
    let part = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '\'';
    text.match_indices(phrase).any(|(start, _)| {
        let before = text[..start]
            .chars()
            .next_back()
            .is_some_and(|letter| part(letter) && !phrase.starts_with([';', ':']));
        let after = text[start + phrase.len()..].chars().next().is_some_and(part);
        !before && !after
    })
}

/// Splits blocks of comments into sentences; leaves headings, tables and fenced code out.
fn sentences(comments: &[Comment]) -> Vec<Sentence> {
    let mut found: Vec<Sentence> = Vec::new();
    let mut open: Option<Sentence> = None;
    let mut fenced = false;
    let mut last = (0, "");
    for comment in comments {
        let joined = comment.line == last.0 + 1 && comment.kind == last.1 && !comment.kind.is_empty();
        last = (comment.line, comment.kind);
        let fence = comment.text.starts_with("```");
        fenced ^= fence;
        if !joined || fence || fenced || starts_paragraph(&comment.text) {
            found.extend(open.take());
        }
        let left_out = comment.text.starts_with(['#', '|', '<']);
        if fence || fenced || left_out {
            continue;
        }
        let mut first = open.is_none();
        for word in list_item(&comment.text).split_whitespace() {
            let sentence =
                open.get_or_insert_with(|| Sentence { line: comment.line, text: String::new(), first });
            if !sentence.text.is_empty() {
                sentence.text.push(' ');
            }
            sentence.text.push_str(word);
            if ends_sentence(word) {
                found.extend(open.take());
                first = false;
            }
        }
    }
    found.extend(open);
    found
}

fn starts_paragraph(text: &str) -> bool {
    text.is_empty() || text.starts_with(['#', '|', '<']) || list_item(text).len() < text.len()
}

/// Returns `text` without the mark of a list item.
fn list_item(text: &str) -> &str {
    let digits = text.len() - text.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
    if digits > 0 && text[digits..].starts_with(". ") {
        return &text[digits + 2..];
    }
    text.strip_prefix("- ").or_else(|| text.strip_prefix("* ")).unwrap_or(text)
}

fn ends_sentence(word: &str) -> bool {
    let bare = word.trim_end_matches([')', '"', '\'', '*', '_', '`']);
    bare.ends_with(['.', '!', '?'])
        && !["e.g.", "i.e.", "etc.", "vs.", "..."].iter().any(|short| bare.ends_with(short))
}

/// Finds functions whose documentation does not open with a verb in the third person, and boolean fields whose
/// documentation does not open with "True if". The documentation of arguments is their help text: it is left alone.
pub fn openings(source: &Source) -> Vec<Finding> {
    if source.code.contains("#[arg(") {
        return Vec::new();
    }
    let lines: Vec<&str> = source.code.lines().map(str::trim).collect();
    let mut findings = Vec::new();
    let docs: Vec<&Comment> = source.comments.iter().filter(|comment| comment.kind == "///").collect();
    let opens = |index: &usize| *index == 0 || docs[index - 1].line + 1 != docs[*index].line;
    for doc in (0..docs.len()).filter(opens).map(|index| docs[index]) {
        let item = lines[doc.line..].iter().find(|line| !line.is_empty() && !line.starts_with("#["));
        let Some(item) = item.filter(|_| !lines[doc.line].contains("test]")) else { continue };
        let word =
            doc.text.split(|letter: char| !letter.is_alphanumeric() && letter != '-').next().unwrap_or("");
        let function = item
            .split(['(', '<'])
            .next()
            .is_some_and(|head| head.starts_with("fn ") || head.contains(" fn "));
        let flag = item.trim_end_matches(',').ends_with(": bool") && !function;
        let no_verb = !word.ends_with('s') || word.ends_with("ss");
        if function && no_verb || flag && !doc.text.starts_with("True ") {
            findings.push(Finding::new(source, doc.line, format!("{} > {item}", doc.text)));
        }
    }
    findings
}
