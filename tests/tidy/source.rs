//! Rust source, taken apart as far as the checks need: code without comments and text, and the texts by themselves.

/// A source file taken apart.
pub struct Source {
    /// The code, line for line, with comments and the insides of texts blanked.
    pub code: String,
    /// Every string literal: the line it starts on, and its content as written.
    pub texts: Vec<(usize, String)>,
}

/// Takes a source file apart.
pub fn take_apart(source: &str) -> Source {
    let mut scanner = Scanner { rest: source, code: String::new(), texts: Vec::new(), line: 1 };
    while !scanner.rest.is_empty() {
        scanner.step();
    }
    Source { code: scanner.code, texts: scanner.texts }
}

/// Every word of the code with the line it is on, and `::`, braces and other signs as words of their own.
pub fn words(code: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (number, line) in code.lines().enumerate() {
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            let length = if is_word(first) {
                rest.find(|c| !is_word(c)).unwrap_or(rest.len())
            } else if rest.starts_with("::") {
                2
            } else {
                first.len_utf8()
            };
            found.push((number + 1, &rest[..length]));
            rest = rest[length..].trim_start();
        }
    }
    found
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

struct Scanner<'a> {
    rest: &'a str,
    code: String,
    texts: Vec<(usize, String)>,
    line: usize,
}

impl Scanner<'_> {
    fn step(&mut self) {
        if self.rest.starts_with("//") {
            self.blank(self.rest.find('\n').unwrap_or(self.rest.len()));
        } else if self.rest.starts_with("/*") {
            self.blank(block_comment(self.rest));
        } else if let Some((prefix, hashes)) = raw_string(self.rest) {
            let end = format!("\"{}", "#".repeat(hashes));
            self.keep(prefix);
            self.text(self.rest.find(&end).unwrap_or(self.rest.len()), end.len());
        } else if self.rest.starts_with('"') {
            self.keep(1);
            self.text(string_end(self.rest), 1);
        } else if let Some(length) = char_literal(self.rest) {
            self.blank(length);
        } else {
            let word = self.rest.find(|c| !is_word(c)).unwrap_or(self.rest.len());
            self.keep(word.max(self.rest.chars().next().map_or(1, char::len_utf8)));
        }
    }

    fn keep(&mut self, length: usize) {
        let length = length.min(self.rest.len());
        let (kept, rest) = self.rest.split_at(length);
        self.code.push_str(kept);
        self.line += kept.matches('\n').count();
        self.rest = rest;
    }

    fn blank(&mut self, length: usize) {
        let (blanked, rest) = self.rest.split_at(length.min(self.rest.len()));
        self.code.extend(blanked.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        self.line += blanked.matches('\n').count();
        self.rest = rest;
    }

    fn text(&mut self, length: usize, closing: usize) {
        self.texts.push((self.line, self.rest[..length].to_owned()));
        self.blank(length);
        self.keep(closing);
    }
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        let here = &rest.as_bytes()[at..];
        if here.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if here.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// Length of the opening (`r#"`, `br"`) and the number of hashes, when a raw string starts here.
fn raw_string(rest: &str) -> Option<(usize, usize)> {
    let after = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'))?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    after[hashes..].starts_with('"').then(|| (rest.len() - after.len() + hashes + 1, hashes))
}

fn string_end(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at,
            _ => {}
        }
    }
    rest.len()
}

/// A character literal, as against a lifetime.
fn char_literal(rest: &str) -> Option<usize> {
    let inner = rest.strip_prefix('\'')?;
    if inner.starts_with('\\') {
        return Some(inner[2..].find('\'')? + 4);
    }
    let first = inner.chars().next()?.len_utf8();
    inner[first..].starts_with('\'').then_some(first + 2)
}

#[test]
fn comments_and_texts_are_blanked_and_texts_are_kept() {
    let source =
        take_apart("let a = \"SELECT \\\" 1\"; // SELECT\nlet b = r#\"x \" y\"#; /* a /* b */ c */ let c = '\"';");
    assert_eq!(source.texts, [(1, "SELECT \\\" 1".to_owned()), (2, "x \" y".to_owned())]);
    assert!(!source.code.contains("SELECT") && !source.code.contains("*/"), "{}", source.code);
    assert!(source.code.contains("let c ="));
}

#[test]
fn lifetimes_are_no_character_literals() {
    assert!(take_apart("fn f<'a>(x: &'a str) -> &'a str { x }").code.contains("'a str"));
}

#[test]
fn words_are_split_at_signs() {
    let found: Vec<&str> = words("use crate::{domain::x};").into_iter().map(|(_, word)| word).collect();
    assert_eq!(found, ["use", "crate", "::", "{", "domain", "::", "x", "}", ";"]);
}
