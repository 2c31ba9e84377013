//! UTF-16 to UTF-8, as it streams in: what Windows tools write when a file is re-saved or redirected. JSON begins with an
//! ASCII character, so that the first two bytes tell the encoding, with a byte order mark or without.

/// Turns UTF-16 into UTF-8. What is no character keeps its bytes in a form that no UTF-8 has, so that the record around it
/// is refused and its neighbours are not.
#[derive(Debug)]
pub(super) struct Utf16 {
    is_big_endian: bool,
    /// First half of a unit that the last part ended within.
    half: Option<u8>,
    /// First unit of a surrogate pair.
    high: Option<u16>,
}

impl Utf16 {
    /// The decoder for a text that begins with these bytes; none where it is not UTF-16.
    pub(super) fn detect(start: &[u8]) -> Option<Self> {
        let is_json_start = |byte: u8| matches!(byte, b'{' | b'[' | b'"') || byte.is_ascii_whitespace();
        let is_big_endian = match *start.get(..2)? {
            [0xfe, 0xff] => true,
            [0xff, 0xfe] => false,
            [0, byte] if is_json_start(byte) => true,
            [byte, 0] if is_json_start(byte) => false,
            _ => return None,
        };
        Some(Self { is_big_endian, half: None, high: None })
    }

    /// Appends the characters of the next part.
    pub(super) fn feed(&mut self, part: &[u8], text: &mut Vec<u8>) {
        for byte in part {
            match self.half.take() {
                None => self.half = Some(*byte),
                Some(first) if self.is_big_endian => self.unit(u16::from_be_bytes([first, *byte]), text),
                Some(first) => self.unit(u16::from_le_bytes([first, *byte]), text),
            }
        }
    }

    /// Appends what is left at the end.
    pub(super) fn finish(&mut self, text: &mut Vec<u8>) {
        if let Some(high) = self.high.take() {
            push_unit(high, text);
        }
        text.extend(self.half.take());
    }

    fn unit(&mut self, unit: u16, text: &mut Vec<u8>) {
        match (self.high.take(), unit) {
            (Some(high), 0xdc00..=0xdfff) => push_pair(high, unit, text),
            (high, _) => {
                if let Some(high) = high {
                    push_unit(high, text);
                }
                if matches!(unit, 0xd800..=0xdbff) {
                    self.high = Some(unit);
                } else {
                    push_unit(unit, text);
                }
            }
        }
    }
}

fn push_pair(high: u16, low: u16, text: &mut Vec<u8>) {
    for character in char::decode_utf16([high, low]).flatten() {
        text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

/// A unit by itself. A half of a surrogate pair becomes three bytes that UTF-8 does not allow.
fn push_unit(unit: u16, text: &mut Vec<u8>) {
    let six_bits = |shift: u32| 0x80 | (unit >> shift & 0x3f) as u8;
    match unit {
        0..0x80 => text.push(unit as u8),
        0x80..0x800 => text.extend([0xc0 | (unit >> 6) as u8, six_bits(0)]),
        0x800.. => text.extend([0xe0 | (unit >> 12) as u8, six_bits(6), six_bits(0)]),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decoded(bytes: &[u8], part: usize) -> Option<Vec<u8>> {
        let mut decoder = Utf16::detect(bytes)?;
        let mut text = Vec::new();
        for part in bytes.chunks(part) {
            decoder.feed(part, &mut text);
        }
        decoder.finish(&mut text);
        Some(text)
    }

    proptest! {
        #[test]
        fn any_text_comes_back_in_either_byte_order_whatever_the_parts(text in "\\PC*", part in 1_usize..9) {
            let marked = format!("\u{feff}{text}");
            let little: Vec<u8> = marked.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let big: Vec<u8> = marked.encode_utf16().flat_map(u16::to_be_bytes).collect();
            prop_assert_eq!(decoded(&little, part), Some(marked.clone().into_bytes()));
            prop_assert_eq!(decoded(&big, part), Some(marked.into_bytes()));
        }
    }

    #[test]
    fn json_without_a_mark_is_told_by_its_first_character() {
        assert_eq!(decoded(b"{\0}\0", 3), Some(b"{}".to_vec()));
        assert_eq!(decoded(b"\0[\0]", 3), Some(b"[]".to_vec()));
        for other in [&b"{}"[..], b"\0\0\0\0", b"{", b"", b"x\0y\0"] {
            assert_eq!(decoded(other, 1), None);
        }
    }

    #[test]
    fn halves_of_pairs_and_units_stay_visible() {
        assert_eq!(decoded(b"{\0\x00\xd8}\0", 2), Some(b"{\xed\xa0\x80}".to_vec()));
        assert_eq!(decoded(b"{\0\x00\xd8", 2), Some(b"{\xed\xa0\x80".to_vec()));
        assert_eq!(decoded(b"{\0}", 2), Some(b"{}".to_vec()));
    }
}
