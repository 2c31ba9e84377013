//! The splitter against every form that records come in, whole, cut anywhere, in any reading chunks, and damaged.

use std::io::{BufReader, Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::super::piece::KEPT_BYTES;
use super::*;

/// A reader that gives no more than so many bytes at once.
struct Trickle<'a>(&'a [u8], usize);

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.1.min(self.0.len()).min(buffer.len());
        buffer[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

/// What came out: the text of each record, or `!` and the place and text of each fault.
fn pieces(text: &[u8]) -> Vec<String> {
    Splitter::new(text).map(|piece| shown(&piece)).collect()
}

fn shown(piece: &Piece) -> String {
    let raw = String::from_utf8_lossy(&piece.raw);
    match &piece.fault {
        None => raw.into_owned(),
        Some(Fault::Syntax { at, .. }) => format!("!syntax@{}:{}+{at} {raw}", piece.place.line, piece.place.column),
        Some(Fault::CutOff { .. }) => format!("!cut@{} {raw}", piece.place.offset),
        Some(Fault::NoObject) => format!("!type {raw}"),
        Some(Fault::TooLong) => format!("!long {} {}", piece.raw_len, piece.raw.len()),
    }
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).expect("memory takes all");
    encoder.finish().expect("memory takes all")
}

#[test]
fn records_come_out_of_every_form() {
    let expected = [r#"{"a":1}"#, r#"{"b":"]}"}"#];
    for text in [
        "{\"a\":1}\n{\"b\":\"]}\"}\n",
        "{\"a\":1}{\"b\":\"]}\"}",
        "\u{feff}{\"a\":1}\r\n\r\n{\"b\":\"]}\"}",
        "[{\"a\":1},{\"b\":\"]}\"}]",
        " [ {\"a\":1}\n,\n{\"b\":\"]}\"} ] ",
        "[\n{\"a\":1},\n{\"b\":\"]}\"}\n]\n",
        "[{\"a\":1}][][{\"b\":\"]}\"}]",
        "{\"a\":1}\n[{\"b\":\"]}\"}]",
    ] {
        assert_eq!(pieces(text.as_bytes()), expected, "{text}");
    }
    for text in ["", "  \n", "\u{feff}", "[]", "[ ]\n"] {
        assert_eq!(pieces(text.as_bytes()), [""; 0], "{text}");
    }
}

#[test]
fn what_is_no_object_is_told_and_passed_over() {
    for (text, expected) in [
        ("1 {\"a\":1}", vec!["!type 1", r#"{"a":1}"#]),
        ("\"te\\\"xt\"\n{\"a\":1}", vec!["!type \"te\\\"xt\"", r#"{"a":1}"#]),
        ("null true -1.5e3", vec!["!type null", "!type true", "!type -1.5e3"]),
        ("[1,{\"a\":1},null]", vec!["!type 1", r#"{"a":1}"#, "!type null"]),
        ("[[{\"x\":1}],{\"a\":1}]", vec![r#"!type [{"x":1}]"#, r#"{"a":1}"#]),
    ] {
        assert_eq!(pieces(text.as_bytes()), expected, "{text}");
    }
}

#[test]
fn after_bad_text_reading_goes_on_at_the_next_record() {
    for (text, expected) in [
        ("{\"a\":1}\n{\"b\":\n{\"c\":3}\n", vec![r#"{"a":1}"#, "!cut@8 {\"b\":\n{\"c\":3}\n"]),
        ("{\"b\":1\n{\"c\":3}\n", vec!["!syntax@1:1+7 {\"b\":1\n", r#"{"c":3}"#]),
        ("{\"b\":1,\n{\"c\":3}\n", vec!["!syntax@1:1+8 {\"b\":1,\n", r#"{"c":3}"#]),
        ("{\"b\":\"x\n{\"c\":3}\n", vec!["!syntax@1:1+7 {\"b\":\"x\n", r#"{"c":3}"#]),
        ("{\"b\":[1}\n{\"c\":3}\n", vec!["!syntax@1:1+7 {\"b\":[1}\n", r#"{"c":3}"#]),
        ("what is this\n  {\"no\":1}\n{\"c\":3}", vec!["!syntax@1:1+0 what is this\n  {\"no\":1}\n", r#"{"c":3}"#]),
        ("{\"a\":1},\n{\"c\":3}", vec![r#"{"a":1}"#, "!syntax@1:8+0 ,\n", r#"{"c":3}"#]),
        ("{\"a\":1}}\n[{\"c\":3}]", vec![r#"{"a":1}"#, "!syntax@1:8+0 }\n", r#"{"c":3}"#]),
        ("}\n\n {\"c\":3}", vec!["!syntax@1:1+0 }\n\n {\"c\":3}"]),
    ] {
        assert_eq!(pieces(text.as_bytes()), expected, "{text}");
    }
}

#[test]
fn faults_between_elements_cost_no_element() {
    for (text, expected) in [
        ("[{\"a\":1},]", vec![r#"{"a":1}"#, "!syntax@1:1+0 ["]),
        ("[{\"a\":1}\n{\"b\":2}, {\"c\":3}]", vec![r#"{"a":1}"#, "!syntax@1:1+0 [", r#"{"b":2}"#, r#"{"c":3}"#]),
        ("{\"a\":1}\n[{\"b\":2},", vec![r#"{"a":1}"#, r#"{"b":2}"#, "!syntax@2:1+0 ["]),
        ("[{\"b\":2}", vec![r#"{"b":2}"#, "!syntax@1:1+0 ["]),
        ("[{\"b\":2},{\"c\":", vec![r#"{"b":2}"#, "!cut@9 {\"c\":"]),
        ("[\n{\"a\":1},\n{\"b\" 2,\n{\"c\":3}\n]", vec![r#"{"a":1}"#, "!syntax@3:1+8 {\"b\" 2,\n", r#"{"c":3}"#]),
        ("[", vec!["!syntax@1:1+0 ["]),
    ] {
        assert_eq!(pieces(text.as_bytes()), expected, "{text}");
    }
}

#[test]
fn records_that_are_too_long_are_cut_and_passed_over() {
    let long = format!("{{\"x\":\"{}\"}}", "y".repeat(MAX_RECORD_BYTES));
    let text = format!("{{\"a\":1}}\n{long}\n{{\"b\":2}}");
    let expected = [r#"{"a":1}"#.to_owned(), format!("!long {} {KEPT_BYTES}", long.len()), r#"{"b":2}"#.to_owned()];
    assert_eq!(pieces(text.as_bytes()), expected);
    let garbage = "x".repeat(MAX_RECORD_BYTES + 1_000_000);
    let text = format!("{{\"a\":1}}\n{garbage}\n{{\"b\":2}}");
    let places: Vec<_> = Splitter::new(text.as_bytes()).map(|piece| (piece.place.line, piece.raw_len)).collect();
    assert_eq!(places, [(1, 7), (2, garbage.len() as u64 + 1), (3, 7)]);
}

#[test]
fn an_unclosed_line_in_a_long_file_costs_only_itself() {
    let line = "{\"k\":[1,2,3],\"text\":\"some text of a record\"}\n";
    let text = format!("{{\"open\":1\n{}", line.repeat(MAX_RECORD_BYTES / line.len() + 10));
    let count = Splitter::new(text.as_bytes()).filter(|piece| piece.fault.is_none()).count();
    assert_eq!(count, MAX_RECORD_BYTES / line.len() + 10);
}

#[test]
fn many_unclosed_and_deep_lines_are_read_in_linear_time() {
    for line in
        ["{\"a\":1\n".to_owned(), format!("{}\n", "{\"a\":".repeat(70)), "[[\n".to_owned(), "{\"a\":[\n".to_owned()]
    {
        let text = line.repeat(2_000_000 / line.len());
        assert!(Splitter::new(text.as_bytes()).count() > 0, "{line}");
    }
}

#[test]
fn gzip_is_recognised_also_in_several_members_and_cut_off() {
    let first = gzip(b"{\"a\":1}\n{\"b\"");
    let second = gzip(b":2}\n{\"c\":3}");
    let both = [first, second].concat();
    assert_eq!(pieces(&both), [r#"{"a":1}"#, r#"{"b":2}"#, r#"{"c":3}"#]);
    let records = "{\"a\":\"some text\"}\n".repeat(1_000);
    let whole = gzip(records.as_bytes());
    let cut: Vec<_> = Splitter::new(&whole[..whole.len() - 4]).collect();
    assert_eq!(cut.iter().filter(|piece| piece.fault.is_none()).count(), 1_000);
    assert!(matches!(&cut[1_000].fault, Some(Fault::CutOff { .. })), "{:?}", cut[1_000]);
    assert_eq!(cut.len(), 1_001);
}

#[derive(Clone, Copy, Debug)]
enum Form {
    Lines,
    Concatenated,
    Array,
    PrettyArray,
    Pretty,
    LinesWithinArray,
}

fn write(records: &[Value], form: Form) -> String {
    let compact = |record: &Value| record.to_string();
    let pretty = |record: &Value| serde_json::to_string_pretty(record).expect("values serialise");
    let joined = |with: &str| records.iter().map(compact).collect::<Vec<_>>().join(with);
    match form {
        Form::Lines => joined("\n"),
        Form::Concatenated => joined(""),
        Form::Array => format!("[{}]", joined(",")),
        Form::PrettyArray => pretty(&Value::from(records.to_vec())),
        Form::Pretty => records.iter().map(pretty).collect::<Vec<_>>().join("\n"),
        Form::LinesWithinArray => format!("[\n{}\n]", joined(",\n")),
    }
}

fn form() -> impl Strategy<Value = Form> {
    prop_oneof![
        Just(Form::Lines),
        Just(Form::Concatenated),
        Just(Form::Array),
        Just(Form::PrettyArray),
        Just(Form::Pretty),
        Just(Form::LinesWithinArray),
    ]
}

fn record() -> impl Strategy<Value = Value> {
    let text = "[a{}\\[\\]\",:\\\\\n\r\u{0}é\u{1F600} ]{0,6}";
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(text, inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    prop::collection::btree_map(text, value, 0..4).prop_map(|map| Value::Object(Map::from_iter(map)))
}

/// The records of the pieces, and the number of faults.
fn values(pieces: impl Iterator<Item = Piece>) -> (Vec<Value>, usize) {
    let (mut records, mut faults) = (Vec::new(), 0);
    for piece in pieces {
        match piece.fault {
            None => records.push(serde_json::from_slice(&piece.raw).expect("a whole record")),
            Some(_) => faults += 1,
        }
    }
    (records, faults)
}

proptest! {
    // Tests never write into the tree; a failure prints its smallest input.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_records_in_any_mixture_of_forms_come_back(
        parts in prop::collection::vec((prop::collection::vec(record(), 0..4), form()), 1..4),
        chunk in 1_usize..40,
        zipped in any::<bool>(),
    ) {
        let expected: Vec<Value> = parts.iter().flat_map(|(records, _)| records.clone()).collect();
        let texts: Vec<_> = parts.iter().map(|(records, form)| write(records, *form)).collect();
        let text = texts.join("\n");
        let bytes = if zipped { gzip(text.as_bytes()) } else { text.into_bytes() };
        let reader = BufReader::with_capacity(chunk, Trickle(&bytes, chunk));
        prop_assert_eq!(values(Splitter::new(reader)), (expected, 0));
    }

    #[test]
    fn a_text_cut_off_anywhere_keeps_what_was_complete(
        records in prop::collection::vec(record(), 1..5),
        form in form(),
        cut in any::<prop::sample::Index>(),
    ) {
        let text = write(&records, form);
        let cut = cut.index(text.len());
        let (kept, faults) = values(Splitter::new(&text.as_bytes()[..cut]));
        prop_assert_eq!(&kept[..], &records[..kept.len()]);
        prop_assert!(faults <= 1, "{} faults", faults);
        let seen = text[..text.floor_char_boundary(cut)].trim();
        prop_assert!(faults == 1 || seen.is_empty() || write(&kept, form).trim() == seen);
    }

    #[test]
    fn a_damaged_line_never_costs_a_neighbour(
        before in prop::collection::vec(record(), 0..3),
        damaged in record(),
        after in prop::collection::vec(record(), 0..3),
        at in any::<prop::sample::Index>(),
    ) {
        let line = damaged.to_string();
        let (head, tail) = line.split_at(line.floor_char_boundary(at.index(line.len())));
        let bad = format!("{head}{}", tail.chars().skip(1).collect::<String>());
        let text = [write(&before, Form::Lines), bad, write(&after, Form::Lines)].join("\n");
        let texts: Vec<_> = Splitter::new(text.as_bytes()).map(|piece| String::from_utf8_lossy(&piece.raw).into_owned()).collect();
        for record in &before {
            prop_assert!(texts.contains(&record.to_string()), "{} of {:?}", record, texts);
        }
        // The line after an unfinished one may be taken for its value; those after that are safe.
        for record in after.iter().skip(1) {
            prop_assert!(texts.contains(&record.to_string()), "{} of {:?}", record, texts);
        }
    }

    #[test]
    fn any_text_is_read_to_its_end_whatever_the_chunks(
        text in r#"([{}\[\]",:\\\n a1]|\{"a":1\}|\n\{|"x":)*"#,
        chunk in 1_usize..7,
    ) {
        let whole: Vec<_> = Splitter::new(text.as_bytes()).map(|piece| shown(&piece)).collect();
        let reader = BufReader::with_capacity(chunk, Trickle(text.as_bytes(), chunk));
        let trickled: Vec<_> = Splitter::new(reader).map(|piece| shown(&piece)).collect();
        prop_assert_eq!(whole, trickled, "{}", text);
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let length: u64 = Splitter::new(&bytes[..]).map(|piece| piece.raw_len).sum();
        prop_assert!(length <= 2 * bytes.len() as u64 + 1);
        let _records = crate::dialect::read_body(crate::domain::event::Dialect::Odp, &bytes);
    }
}

#[test]
fn a_byte_order_mark_between_records_is_no_text() {
    for text in [
        "{\"a\":1}\n\u{feff}{\"b\":2}",
        "\u{feff}{\"a\":1}\u{feff}\r\n{\"b\":2}\u{feff}",
        "[{\"a\":1},\u{feff}{\"b\":2}]",
    ] {
        assert_eq!(pieces(text.as_bytes()), [r#"{"a":1}"#, r#"{"b":2}"#], "{text}");
    }
    let trickle = BufReader::with_capacity(1, Trickle("\u{feff}{}\u{feff}{}".as_bytes(), 1));
    assert_eq!(Splitter::new(trickle).map(|piece| shown(&piece)).collect::<Vec<_>>(), ["{}", "{}"]);
    assert_eq!(pieces(b"\xef\xbb{}"), ["!syntax@1:1+0 \u{fffd}{}"]);
}

#[test]
fn utf_16_is_read_with_a_mark_or_without_and_gzipped_too() {
    for mark in ["\u{feff}", ""] {
        let text = format!("{mark}{{\"a\":\"ü😀\"}}\r\n{{\"b\":2}}\r\n");
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in [&little, &big, &gzip(&little)] {
            assert_eq!(pieces(bytes), [r#"{"a":"ü😀"}"#, r#"{"b":2}"#], "{text:?}");
            let trickle = BufReader::with_capacity(1, Trickle(bytes, 1));
            assert_eq!(Splitter::new(trickle).count(), 2, "{text:?}");
        }
    }
}

#[test]
fn texts_too_long_to_hold_are_told_apart_by_their_hash() {
    let long = |filling: &str, last: &str| {
        let filling = filling.repeat(MAX_RECORD_BYTES / filling.len() + 70_000);
        format!("{{\"a\":\"{filling}{last}")
    };
    // Well formed, broken behind what is held, and broken at once.
    for (before, after) in [("", "\"}\n{}"), ("", "\"]\n{}"), ("", "\n{}"), ("x", "\"}\n{}")] {
        let found = |last: &str| {
            let text = format!("{before}{}{after}", long("0123456789", last));
            let first = Splitter::new(text.as_bytes()).next().expect("a piece");
            assert!(first.fault.is_some() && first.raw.len() == KEPT_BYTES, "{:?}", first.fault);
            let whole = &text.as_bytes()[..first.raw_len as usize];
            assert_eq!(first.whole_hash, Some(*blake3::hash(whole).as_bytes()), "{after:?}");
            first.whole_hash
        };
        assert_eq!(found("a"), found("a"));
        assert_ne!(found("a"), found("b"), "{before:?} {after:?}");
    }
}
