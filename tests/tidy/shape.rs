//! How a file looks: its header, its name, its length and that of its functions, and that it is finished.

use crate::Complaint;
use crate::source::{take_apart, words};

const MAX_FILE_LINES: usize = 600;
const MAX_FUNCTION_LINES: usize = 80;
const EMPTY_NAMES: [&str; 5] = ["utils", "helpers", "common", "manager", "types"];

/// Files and functions that nobody reads to the end.
pub fn too_long(path: &str, content: &str) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let lines = content.lines().count();
    if lines > MAX_FILE_LINES {
        complaints.push(Complaint::new(path, lines, format!("{lines} lines in a file exceed {MAX_FILE_LINES}")));
    }
    let code = take_apart(content).code;
    for function in functions(&code).into_iter().filter(|function| function.lines > MAX_FUNCTION_LINES) {
        let rule = format!("{} lines of `{}` exceed {MAX_FUNCTION_LINES}", function.lines, function.name);
        complaints.push(Complaint::new(path, function.line, rule));
    }
    complaints
}

/// Files that do not open with `//!`.
pub fn missing_header(path: &str, content: &str) -> Vec<Complaint> {
    if content.starts_with("//! ") {
        return Vec::new();
    }
    vec![Complaint::new(path, 1, "the file must open with `//! ` and say what it is for")]
}

/// Modules whose name says nothing, as files, folders or inline.
pub fn empty_name(path: &str, content: &str) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let parts = path.trim_end_matches(".rs").split('/');
    for name in parts.filter(|part| EMPTY_NAMES.contains(part)) {
        complaints.push(Complaint::new(path, 1, format!("name the file for what it does, not `{name}`")));
    }
    let code = take_apart(content).code;
    for pair in words(&code).windows(2).filter(|pair| pair[0].1 == "mod" && EMPTY_NAMES.contains(&pair[1].1)) {
        let rule = format!("name the module for what it does, not `{}`", pair[1].1);
        complaints.push(Complaint::new(path, pair[1].0, rule));
    }
    complaints
}

/// Code that is not there yet, and tests that do not run.
pub fn unfinished(path: &str, content: &str) -> Vec<Complaint> {
    let code = take_apart(content).code;
    let words = words(&code);
    let macros = words.windows(2).filter(|pair| matches!(pair[0].1, "todo" | "unimplemented") && pair[1].1 == "!");
    let ignored = words.windows(3).filter(|three| three[0].1 == "#" && three[1].1 == "[" && three[2].1 == "ignore");
    let mut complaints: Vec<Complaint> =
        macros.map(|pair| Complaint::new(path, pair[0].0, format!("`{}!` is left", pair[0].1))).collect();
    complaints.extend(ignored.map(|three| Complaint::new(path, three[0].0, "a test that never runs")));
    complaints
}

struct Function<'a> {
    name: &'a str,
    line: usize,
    lines: usize,
}

fn functions(code: &str) -> Vec<Function<'_>> {
    let words = words(code);
    let mut found = Vec::new();
    for at in 0..words.len().saturating_sub(1) {
        let (line, word) = words[at];
        let name = words[at + 1].1;
        if word != "fn" || !name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            continue;
        }
        if let Some(end) = body_end(&words[at + 1..]) {
            found.push(Function { name, line, lines: end - line + 1 });
        }
    }
    found
}

/// The line of the brace that closes the body; none for a declaration without one.
fn body_end(words: &[(usize, &str)]) -> Option<usize> {
    let mut nested = 0;
    let mut braces = 0;
    for (line, word) in words {
        match *word {
            "(" | "[" => nested += 1,
            ")" | "]" => nested -= 1,
            ";" if nested == 0 && braces == 0 => return None,
            "{" => braces += 1,
            "}" => {
                braces -= 1;
                if braces == 0 && nested == 0 {
                    return Some(*line);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_and_a_long_function_fail() {
        let long = "fn f() {\n".to_owned() + &"    g();\n".repeat(79) + "}\n";
        let found = too_long("src/x.rs", &long);
        assert_eq!(found, [Complaint::new("src/x.rs", 1, "81 lines of `f` exceed 80")]);
        assert_eq!(too_long("src/x.rs", &"// x\n".repeat(601)).len(), 1);
    }

    #[test]
    fn a_short_function_and_a_declaration_pass() {
        let fits = "trait T { fn a(x: [u8; 2]) -> u8; }\nfn f() {\n".to_owned() + &"    g();\n".repeat(78) + "}\n";
        assert_eq!(too_long("src/x.rs", &fits), []);
    }

    #[test]
    fn a_file_without_a_header_fails() {
        assert_eq!(missing_header("src/x.rs", "use std::fmt;\n//! late").len(), 1);
        assert_eq!(missing_header("src/x.rs", "//! What it is for.\n"), []);
    }

    #[test]
    fn an_empty_name_fails() {
        assert_eq!(empty_name("src/http/utils.rs", "").len(), 1);
        assert_eq!(empty_name("src/http/types/a.rs", "mod helpers;").len(), 2);
        assert_eq!(empty_name("src/store/event_type.rs", "// mod utils\nmod page;"), []);
    }

    #[test]
    fn unfinished_code_fails() {
        let source = "#[ignore]\nfn f() { todo!() }\nfn g() { unimplemented!(\"x\") } // todo!()";
        assert_eq!(unfinished("src/x.rs", source).len(), 3);
        assert_eq!(unfinished("src/x.rs", "let x = \"todo!\"; ignore(x);"), []);
    }
}
