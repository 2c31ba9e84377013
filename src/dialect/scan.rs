//! Finds where a JSON value ends without parsing it: tracks strings, escapes and brackets, byte by byte.

/// Brackets whose kind is remembered; deeper ones are only counted.
const REMEMBERED_LEVELS: u32 = 128;

/// The state between two pieces of one value's text.
#[derive(Clone, Debug, Default)]
pub(super) struct Scan {
    depth: u32,
    /// One bit per open bracket, the innermost lowest: 1 for `[`.
    arrays: u128,
    within: Within,
    /// The last byte outside strings that is no white space.
    previous: u8,
    at_line_start: bool,
    depth_limit: DepthLimit,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Within {
    #[default]
    Brackets,
    Text,
    /// After a backslash of a text.
    Escape,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum DepthLimit {
    #[default]
    Kept,
    /// Passed, and told.
    Passed,
    /// Passed, and the next line that begins with a bracket ends the value.
    GivenUp,
}

/// What the text fed so far amounts to. Positions count from the start of the text that was fed last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The value goes on.
    More,
    /// The value ends before this position.
    Done(usize),
    /// No JSON value goes on with the byte at this position.
    Broken(usize),
    /// More brackets are open than records may nest; told once, and the bracket itself is not taken yet.
    Deep(usize),
}

impl Scan {
    /// From now on, the next line that begins with a bracket ends the value.
    pub(super) fn give_up_at_line(&mut self) {
        self.depth_limit = DepthLimit::GivenUp;
    }

    /// Takes the next part of the text. `max_depth` is the number of open brackets above which [`Step::Deep`] is told.
    pub(super) fn feed(&mut self, text: &[u8], max_depth: u32) -> Step {
        let mut at = 0;
        while at < text.len() {
            if self.within != Within::Brackets {
                match self.pass_string(&text[at..]) {
                    Step::More => return Step::More,
                    Step::Done(end) => at += end,
                    Step::Broken(end) | Step::Deep(end) => return Step::Broken(at + end),
                }
                if self.depth == 0 {
                    return Step::Done(at);
                }
                continue;
            }
            let byte = text[at];
            match byte {
                b'"' => self.within = Within::Text,
                b'{' | b'[' => {
                    if self.at_line_start && self.depth > 0 && !self.may_begin_line() {
                        return Step::Broken(at);
                    }
                    if self.depth >= max_depth && self.depth_limit == DepthLimit::Kept {
                        self.depth_limit = DepthLimit::Passed;
                        return Step::Deep(at);
                    }
                    self.open(byte);
                }
                b'}' | b']' if !self.close(byte) => return Step::Broken(at),
                b'}' | b']' if self.depth == 0 => return Step::Done(at + 1),
                _ => {}
            }
            if !byte.is_ascii_whitespace() {
                self.previous = byte;
            }
            self.at_line_start = byte == b'\n';
            at += 1;
        }
        Step::More
    }

    /// Goes to the end of the string that is open: `Done` after its closing quote.
    fn pass_string(&mut self, text: &[u8]) -> Step {
        for (at, byte) in text.iter().enumerate() {
            match byte {
                0..0x20 => return Step::Broken(at),
                _ if self.within == Within::Escape => self.within = Within::Text,
                b'\\' => self.within = Within::Escape,
                b'"' => {
                    self.within = Within::Brackets;
                    return Step::Done(at + 1);
                }
                _ => {}
            }
        }
        Step::More
    }

    /// Whether a bracket that begins a line can belong to this value: after a colon in an object, at the beginning or
    /// after a comma in an array.
    fn may_begin_line(&self) -> bool {
        if self.depth_limit == DepthLimit::GivenUp {
            return false;
        }
        if self.depth > REMEMBERED_LEVELS {
            return true;
        }
        let in_array = self.arrays & 1 == 1;
        matches!((in_array, self.previous), (false, b':') | (true, b'[' | b','))
    }

    fn open(&mut self, bracket: u8) {
        if self.depth < REMEMBERED_LEVELS {
            self.arrays = self.arrays << 1 | u128::from(bracket == b'[');
        }
        self.depth += 1;
    }

    /// Closes the innermost bracket; false when it is of the other kind.
    fn close(&mut self, bracket: u8) -> bool {
        if self.depth <= REMEMBERED_LEVELS {
            if (self.arrays & 1 == 1) != (bracket == b']') {
                return false;
            }
            self.arrays >>= 1;
        }
        self.depth -= 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_end_at_their_own_bracket() {
        for (text, expected) in [
            (r#"{"a":{"b":[1,{}]}}{"#, Step::Done(18)),
            (r#"{"a":"}\"}"} "#, Step::Done(12)),
            (r#""text" x"#, Step::Done(6)),
            (r#"{"a":"\\"}"#, Step::Done(10)),
            ("{\"a\":[\n{},\n{}\n]}", Step::Done(16)),
            (r#"{"a":"#, Step::More),
            (r#"{"a]"#, Step::More),
            (r#"{"a":1]"#, Step::Broken(6)),
            ("{\"a\":\"x\n", Step::Broken(7)),
            ("{\"a\":\"x\\\n", Step::Broken(8)),
            ("{\"a\":1\n{", Step::Broken(7)),
            ("{\"a\":1,\n{", Step::Broken(8)),
            ("[[[[[", Step::Deep(4)),
        ] {
            assert_eq!(Scan::default().feed(text.as_bytes(), 4), expected, "{text}");
        }
    }

    #[test]
    fn cuts_within_the_text_change_nothing() {
        let text = r#"{"a\"":["x\\",{"b":"{"}],"c":"\u0041]"}"#.as_bytes();
        for cut in 0..text.len() {
            let mut scan = Scan::default();
            assert_eq!(scan.feed(&text[..cut], 64), Step::More, "{cut}");
            assert_eq!(scan.feed(&text[cut..], 64), Step::Done(text.len() - cut), "{cut}");
        }
    }
}
