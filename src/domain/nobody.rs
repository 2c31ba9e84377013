//! Values that stand where an identifier should and mean nobody: what programs write for a value that they do not have.
//! One of them, taken for an identifier, would make one customer of everybody who has it.
//!
//! | what | such as |
//! |---|---|
//! | no letter and no digit | the empty text, blanks, `-`, `?`, `[]` |
//! | a word for nothing, in any case, quotes, brackets and spelling of its gaps | `null`, `(Not Set)`, `"N/A"`, `[object Object]` |
//! | zeros alone: a UUID's 32, however it is written, or eight and more | `{00000000-0000-0000-0000-000000000000}` |
//! | a placeholder of a template that nobody filled in, anywhere in the value | `{{user.id}}`, `${id}`, `*|EMAIL|*` |

/// Words for nothing, lower-cased, with a blank for each gap.
const WORDS: [&str; 19] = [
    "null",
    "none",
    "undefined",
    "unknown",
    "anonymous",
    "n/a",
    "#n/a",
    "na",
    "nan",
    "nil",
    "0",
    "-1",
    "object object",
    "not set",
    "unset",
    "not available",
    "guest",
    "true",
    "false",
];

/// How placeholders begin and end: of Handlebars and Liquid, of shells and JavaScript, of Ruby, of Mailchimp, of Salesforce,
/// of JSP and ERB, and blocks of Jinja.
const PLACEHOLDERS: [(&str, &str); 8] =
    [("{{", "}}"), ("${", "}"), ("#{", "}"), ("@{", "}"), ("*|", "|*"), ("%%", "%%"), ("<%", "%>"), ("{%", "%}")];

/// Zeros that are no number of anybody's.
const MANY_ZEROS: usize = 8;

/// No word for nothing is longer, with all its quotes and brackets.
const MAX_WORD_BYTES: usize = 64;

/// Whether a value means nobody.
pub fn means_nobody(value: &str) -> bool {
    !value.chars().any(char::is_alphanumeric) || is_word(value) || is_zeros(value) || has_placeholder(value)
}

fn is_word(value: &str) -> bool {
    if value.len() > MAX_WORD_BYTES {
        return false;
    }
    let plain = unwrapped(value).to_lowercase();
    let spaced = || plain.split(is_gap).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    WORDS.contains(&plain.as_str())
        || (plain.contains(is_gap) && WORDS.contains(&spaced().as_str()) && !is_number(&plain))
}

/// Between digits and at a number's sign there are no gaps: `-0` is not the `0` that programs write.
fn is_number(plain: &str) -> bool {
    plain.bytes().any(|byte| byte.is_ascii_digit())
}

fn is_gap(character: char) -> bool {
    character.is_whitespace() || character == '_' || character == '-'
}

fn is_zeros(value: &str) -> bool {
    let plain = unwrapped(value);
    let plain = plain.strip_prefix("urn:uuid:").or_else(|| plain.strip_prefix("URN:UUID:")).unwrap_or(plain);
    let zeros = plain.bytes().filter(|byte| *byte == b'0').count();
    zeros >= MANY_ZEROS && plain.bytes().all(|byte| byte == b'0' || byte == b'-')
}

/// The value without blanks, quotes and brackets around it, and without characters that nobody sees.
fn unwrapped(value: &str) -> &str {
    const AROUND: &str = "\"'`()[]<>{}\u{200b}\u{200c}\u{200d}\u{2060}\u{feff}";
    value.trim_matches(|character: char| character.is_whitespace() || AROUND.contains(character))
}

fn has_placeholder(value: &str) -> bool {
    // Every placeholder has one of these, and few identifiers do.
    if !value.bytes().any(|byte| b"{|%".contains(&byte)) {
        return false;
    }
    let is_closed = |open: &str, close: &str| {
        let behind = value.split_once(open).map(|(_, behind)| behind);
        behind.is_some_and(|behind| behind.find(close).is_some_and(|length| length > 0))
    };
    PLACEHOLDERS.iter().any(|(open, close)| is_closed(open, close))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_nothing_mean_nobody_in_any_case_and_wrapping() {
        for word in [
            "null",
            "none",
            "undefined",
            "unknown",
            "anonymous",
            "n/a",
            "na",
            "nan",
            "nil",
            "0",
            "-1",
            "[object Object]",
            "not set",
            "unset",
            "not available",
            "guest",
            "true",
            "false",
            "#N/A",
        ] {
            for spelt in [
                word.to_owned(),
                word.to_uppercase(),
                word.to_lowercase(),
                format!("  {word}\t"),
                format!("\u{a0}{word}\u{200b}"),
                format!("\"{word}\""),
                format!("'{word}'"),
                format!("({word})"),
                format!("<{word}>"),
                format!("[{word}]"),
                format!("{{{word}}}"),
            ] {
                assert!(means_nobody(&spelt), "{spelt:?}");
            }
        }
        for spelt in ["not_set", "NOT-SET", "(not  set)", "[Object object]", "Object_Object"] {
            assert!(means_nobody(spelt), "{spelt:?}");
        }
    }

    #[test]
    fn a_value_without_a_letter_or_digit_means_nobody() {
        for value in ["", "   ", "\u{200b}", "-", "--", "?", "[]", "{}", "()", "\"\"", "+", "...", "@", "\u{feff}"] {
            assert!(means_nobody(value), "{value:?}");
        }
    }

    #[test]
    fn zeros_alone_mean_nobody_however_a_uuid_is_written() {
        for value in [
            "00000000-0000-0000-0000-000000000000",
            "00000000000000000000000000000000",
            "{00000000-0000-0000-0000-000000000000}",
            "(00000000-0000-0000-0000-000000000000)",
            "\"00000000-0000-0000-0000-000000000000\"",
            "urn:uuid:00000000-0000-0000-0000-000000000000",
            " 00000000-0000-0000-0000-000000000000 ",
            "000000000000000",
            "00000000",
        ] {
            assert!(means_nobody(value), "{value:?}");
        }
        for value in [
            "00000000-0000-0000-0000-000000000001",
            "{3f2504e0-4f89-11d3-9a0c-0305e82c3301}",
            "0000000",
            "00",
            "1000000000",
            "00000000a",
        ] {
            assert!(!means_nobody(value), "{value:?}");
        }
    }

    #[test]
    fn a_placeholder_that_nobody_filled_in_means_nobody() {
        for value in [
            "{{user_id}}",
            "{{ customer.email | default: '' }}",
            "user-{{id}}",
            "${userId}",
            "https://x.example/${id}",
            "#{id}",
            "@{triggerBody()}",
            "*|EMAIL|*",
            "*|UNIQID|*@x.example",
            "%%emailaddr%%",
            "<%= id %>",
            "{% id %}",
        ] {
            assert!(means_nobody(value), "{value:?}");
        }
        for value in ["{{id", "}}id{{", "a|b", "*|a", "100%", "50%%", "a<%b", "$id", "{id-7}", "%%%%7", "a{b}c"] {
            assert!(!means_nobody(value), "{value:?}");
        }
    }

    #[test]
    fn values_that_only_look_alike_are_somebody() {
        for value in [
            "10",
            "1",
            "-10",
            "-0",
            "0-1",
            "nobody@example.com",
            "null@example.com",
            "none7",
            "anonymous-7",
            "Nan Goldin",
            "unknown soldier",
            "guest42",
            "n/a/1",
            "nul",
            "Nil S",
            "trueman",
            "undefined1",
            "Ø",
            "李",
        ] {
            assert!(!means_nobody(value), "{value:?}");
        }
    }
}
