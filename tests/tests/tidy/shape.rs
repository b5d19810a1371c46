//! Rules of shape: the length of functions and files.

use crate::Finding;
use crate::source::{Source, item_end};

const FUNCTION_LINES_MAX: usize = 70;

/// Finds functions of more than 70 lines.
pub fn long_functions(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (start, _) in source.code.match_indices("fn ") {
        let inside = source.code[..start]
            .chars()
            .next_back()
            .is_some_and(|last| last.is_alphanumeric() || last == '_');
        let named =
            source.code[start + 3..].starts_with(|letter: char| letter.is_alphabetic() || letter == '_');
        if inside || !named {
            continue;
        }
        let line = source.code[..start].matches('\n').count() + 1;
        let lines = source.code[start..item_end(&source.code, start)].matches('\n').count() + 1;
        if lines > FUNCTION_LINES_MAX {
            let name: String =
                source.code[start + 3..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            findings.push(Finding::new(source, line, format!("fn {name}: {lines} lines")));
        }
    }
    findings
}

/// Finds a file of more than `lines` lines.
pub fn long_files(source: &Source, lines: usize) -> Vec<Finding> {
    let long = source.lines > lines;
    long.then(|| Finding::new(source, 1, format!("{} lines", source.lines))).into_iter().collect()
}
