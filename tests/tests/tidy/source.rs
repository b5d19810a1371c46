//! The text of the workspace, taken apart: code, comments, string literals, and the lines that only tests compile.

use std::fs;
use std::path::Path;

/// One comment line, or one line of a page.
pub struct Comment {
    /// Line number, from 1.
    pub line: usize,
    /// Text without its marker.
    pub text: String,
    /// Marker and kind of the line: consecutive lines of one kind form a block.
    pub kind: &'static str,
}

/// One file.
#[derive(Default)]
pub struct Source {
    /// Path from the root of the workspace, with `/`.
    pub path: String,
    /// Number of lines.
    pub lines: usize,
    /// Code with comments and the insides of literals left out, line by line as in the file.
    pub code: String,
    /// Comment lines in order.
    pub comments: Vec<Comment>,
    /// String literals with the number of their first line.
    pub strings: Vec<(usize, String)>,
    /// True for each line that only tests compile; index 0 is line 1.
    pub tests: Vec<bool>,
}

const SKIPPED: [&str; 5] = ["target", "corpus", "fixtures", ".git", "node_modules"];

/// Returns all files under the root of the workspace that end in one of `ends`, in the order of their paths.
pub fn files(ends: &[&str]) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace around this crate");
    let mut paths = Vec::new();
    walk(root, root, &mut paths);
    paths.sort();
    let wanted = paths.into_iter().filter(|path| ends.iter().any(|end| path.ends_with(end)));
    wanted
        .filter_map(|path| fs::read_to_string(root.join(&path)).ok().map(|text| Source::new(path, &text)))
        .collect()
}

fn walk(root: &Path, folder: &Path, paths: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder of the workspace").flatten() {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if SKIPPED.contains(&name.as_str()) || entry.file_type().is_ok_and(|kind| kind.is_symlink()) {
            continue;
        }
        if path.is_dir() {
            walk(root, &path, paths);
        } else if let Ok(relative) = path.strip_prefix(root) {
            paths.push(relative.to_string_lossy().into_owned());
        }
    }
}

impl Source {
    /// Takes `text` apart.
    pub fn new(path: String, text: &str) -> Self {
        let lines = text.lines().count();
        let mut source = Self {
            path,
            lines,
            code: String::new(),
            comments: Vec::new(),
            strings: Vec::new(),
            tests: Vec::new(),
        };
        if source.path.ends_with(".rs") {
            Lexer { rest: text, line: 1, source: &mut source }.run();
            source.tests = test_lines(&source);
        } else {
            source.comments = page(&source.path, text);
        }
        source
    }

    /// Returns true if only tests compile `line`.
    pub fn is_test(&self, line: usize) -> bool {
        self.tests.get(line - 1).copied().unwrap_or(false)
    }
}

/// Returns the prose of a page or of a file with `#` comments.
fn page(path: &str, text: &str) -> Vec<Comment> {
    let numbered = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
    if path.ends_with(".md") {
        return numbered.map(|(line, text)| Comment { line, text: text.to_owned(), kind: "page" }).collect();
    }
    let comment = |(line, text): (usize, &str)| {
        let kind = if text.starts_with('#') { "#" } else { "" };
        Comment { line, text: text.strip_prefix('#').unwrap_or("").trim().to_owned(), kind }
    };
    numbered.map(comment).collect()
}

struct Lexer<'a> {
    rest: &'a str,
    line: usize,
    source: &'a mut Source,
}

impl Lexer<'_> {
    fn run(&mut self) {
        while let Some(next) = self.rest.chars().next() {
            match next {
                '/' if self.rest.starts_with("//") => self.comment(),
                '/' if self.rest.starts_with("/*") => {
                    self.skip(self.rest.find("*/").map_or(self.rest.len(), |end| end + 2))
                }
                '"' => self.string(0),
                'r' | 'b' | 'c' if !self.in_word() => self.prefixed(),
                '\'' => self.quote(),
                _ => self.keep(next.len_utf8()),
            }
        }
    }

    fn in_word(&self) -> bool {
        self.source.code.chars().next_back().is_some_and(|last| last.is_alphanumeric() || last == '_')
    }

    fn keep(&mut self, length: usize) {
        let (kept, rest) = self.rest.split_at(length);
        self.line += kept.matches('\n').count();
        self.source.code.push_str(kept);
        self.rest = rest;
    }

    /// Leaves `length` bytes out of the code, but for their line ends.
    fn skip(&mut self, length: usize) {
        let (skipped, rest) = self.rest.split_at(length);
        let ends = skipped.matches('\n').count();
        self.line += ends;
        self.source.code.extend(std::iter::repeat_n('\n', ends));
        self.rest = rest;
    }

    fn comment(&mut self) {
        let end = self.rest.find('\n').unwrap_or(self.rest.len());
        let text = &self.rest[..end];
        let alone = self.source.code.rsplit('\n').next().is_none_or(|line| line.trim().is_empty());
        let markers = [("///", "///"), ("//!", "//!"), ("//", "//")];
        let (marker, kind) =
            markers.into_iter().find(|(marker, _)| text.starts_with(marker)).unwrap_or(("//", "//"));
        let kind = if alone { kind } else { "" };
        self.source.comments.push(Comment {
            line: self.line,
            text: text[marker.len()..].trim().to_owned(),
            kind,
        });
        self.skip(end);
    }

    /// Takes a raw, byte or C string, or keeps the letter.
    fn prefixed(&mut self) {
        let letters = self.rest.find(|letter: char| !"rbc".contains(letter)).unwrap_or(0);
        let raw = self.rest[..letters].contains('r');
        let hashes = self.rest[letters..].chars().take_while(|hash| *hash == '#').count();
        if !self.rest[letters + hashes..].starts_with('"') || hashes > 0 && !raw || letters > 2 {
            return self.keep(1);
        }
        self.skip(letters + hashes);
        if !raw {
            return self.string(0);
        }
        let close = format!("\"{}", "#".repeat(hashes));
        let end = self.rest[1..].find(&close).map_or(self.rest.len(), |end| end + 1);
        self.take_string(end, close.len());
    }

    fn string(&mut self, from: usize) {
        let mut escaped = false;
        let end = self.rest[from + 1..].find(|next: char| {
            let closes = next == '"' && !escaped;
            escaped = next == '\\' && !escaped;
            closes
        });
        self.take_string(end.map_or(self.rest.len(), |end| end + 1), 1);
    }

    fn take_string(&mut self, end: usize, close: usize) {
        let text = self.rest[1..end].to_owned();
        self.source.strings.push((self.line, text));
        self.source.code.push_str("\"\"");
        self.skip((end + close).min(self.rest.len()));
    }

    /// Takes a character literal; a lifetime's tick stays.
    fn quote(&mut self) {
        let mut letters = self.rest.char_indices().skip(1);
        match (letters.next(), letters.next()) {
            (Some((_, '\\')), Some((escaped, _))) => {
                let end =
                    self.rest[escaped + 1..].find('\'').map_or(self.rest.len(), |end| escaped + 1 + end + 1);
                self.skip(end);
            }
            (Some(_), Some((end, '\''))) => self.skip(end + 1),
            _ => self.keep(1),
        }
    }
}

/// Marks the lines of files of tests and of the items behind `#[cfg(test)]`.
fn test_lines(source: &Source) -> Vec<bool> {
    let file = ["/tests/", "tests.rs", "testing.rs", "/contract", "/benches/"];
    if source.path.starts_with("tests/") || file.iter().any(|part| source.path.contains(part)) {
        return vec![true; source.lines];
    }
    let mut marks = vec![false; source.lines];
    for (start, _) in source.code.match_indices("#[cfg(test)]") {
        let first = source.code[..start].matches('\n').count();
        let last = first + source.code[start..item_end(&source.code, start)].matches('\n').count();
        marks.iter_mut().take(last + 1).skip(first).for_each(|mark| *mark = true);
    }
    marks
}

/// Returns the end of the item that begins at `start`: its `;` or its closing brace.
pub fn item_end(code: &str, start: usize) -> usize {
    let mut depth = 0_usize;
    for (index, letter) in code[start..].char_indices() {
        match letter {
            '{' => depth += 1,
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return start + index + 1;
                }
            }
            ';' if depth == 0 => return start + index + 1,
            _ => {}
        }
    }
    code.len()
}
