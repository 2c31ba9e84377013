//! Phone numbers in a text, by their digits.

/// Shorter numbers are looked for as any other value.
const LEAST_DIGITS: usize = 7;
/// Longer ones are none.
const MOST_DIGITS: usize = 40;

/// The digits of a number that is long enough to be looked for by them.
pub(super) fn digits_of(value: &str) -> Option<String> {
    let digits: String = value.chars().filter(char::is_ascii_digit).collect();
    let is_number = value.chars().all(|c| c.is_ascii_digit() || is_between(c) || c == '+');
    (is_number && digits.len() >= LEAST_DIGITS).then_some(digits)
}

/// The digits of everything in a text that may be a number: blanks, hyphens, dots, slashes and brackets may stand between
/// them, and a trunk zero in brackets is none of them.
pub(super) fn numbers(text: &str) -> Vec<String> {
    let (mut numbers, mut digits) = (Vec::new(), String::new());
    let mut gap = 0;
    let text = if text.contains("(0)") { text.replace("(0)", "") } else { text.to_owned() };
    for c in text.chars().chain(['\0']) {
        match c {
            '0'..='9' => {
                digits.push(c);
                gap = 0;
            }
            c if is_between(c) && !digits.is_empty() && gap < 3 => gap += 1,
            _ => {
                if (LEAST_DIGITS..=MOST_DIGITS).contains(&digits.len()) {
                    numbers.push(std::mem::take(&mut digits));
                }
                digits.clear();
                gap = 0;
            }
        }
    }
    numbers
}

/// Whether a number found is the one looked for: the same digits, with other digits of its surroundings, with `00` or
/// without its country.
pub(super) fn is_same(found: &str, wanted: &str) -> bool {
    let national = found.trim_start_matches('0');
    found.contains(wanted) || (national.len() >= LEAST_DIGITS && wanted.ends_with(national))
}

fn is_between(c: char) -> bool {
    matches!(c, ' ' | '-' | '.' | '(' | ')' | '/' | '\u{a0}')
}
