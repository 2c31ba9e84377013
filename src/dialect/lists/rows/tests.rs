//! Rows out of files, whatever is between them, with the csv crate as a second opinion on what a file holds.

use std::io::{BufReader, Read};

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::dialect::{Given, Reading, read, read_body};
use crate::domain::event::{Dialect, Format, Record};

fn members() -> Reading {
    Reading::from(Dialect::ListMembers)
}

/// What a row says under `Attributes.x`, or its refusal.
fn shown(record: &Record) -> String {
    match &record.outcome {
        Ok(events) => events[0].attributes.get("x").map_or(String::new(), |value| value.to_json().to_string()),
        Err(refused) => format!("! {} {}", refused.code.name(), String::from_utf8_lossy(&record.raw)),
    }
}

fn all(text: &str) -> Vec<String> {
    read_body(members(), text.as_bytes()).iter().map(shown).collect()
}

#[test]
fn a_quote_that_is_never_closed_costs_its_line_alone() {
    let head = "email,list,Attributes.x\n";
    let text = format!("{head}a@x.co,l,1\nb@x.co,l,\"2\nc@x.co,l,3\nd@x.co,l,\"4\"\ne@x.co,l,5\"6\n");
    let bad = format!("! NOT_CSV {head}b@x.co,l,\"2");
    assert_eq!(all(&text), ["\"1\"", &bad, "\"3\"", "\"4\"", "\"5\\\"6\""]);
}

#[test]
fn a_quote_that_is_closed_by_anothers_beginning_costs_its_line_alone() {
    let head = "email,list,Attributes.x\n";
    let text = format!("{head}a@x.co,l,\"1\nb@x.co,l,2\nc@x.co,l,\"3\"\n");
    assert_eq!(all(&text), [&format!("! NOT_CSV {head}a@x.co,l,\"1"), "\"2\"", "\"3\""]);
}

#[test]
fn a_bad_row_reads_the_same_when_it_is_read_again_and_can_be_corrected() {
    let given = Given {
        list: Some("a, \"b\"".to_owned()),
        columns: vec![("email".to_owned(), "Wohin".to_owned())],
        ..Given::default()
    };
    let reading = Reading { given: given.into(), ..members() };
    let bad = read_body(reading, b"Wohin;status\na@x.co;yes;more\n").remove(0);
    let text = String::from_utf8(bad.raw.clone()).expect("text");
    assert_eq!(text, "email;status;default_list\na@x.co;yes;more;\"a, \"\"b\"\"\"");
    let again = read_body(members(), &bad.raw).remove(0);
    assert_eq!(again.outcome.as_ref().map_err(|refused| refused.code), Err(bad.outcome.expect_err("refused").code));
    assert_eq!(again.raw, bad.raw, "and is known again");
    let mended = read_body(members(), text.replace(";more", "").as_bytes()).remove(0);
    assert_eq!(mended.outcome.expect("taken")[0].list.as_deref(), Some("a, \"b\""));
}

#[test]
fn lines_may_end_in_any_way_and_files_be_joined() {
    for end in ["\n", "\r\n", "\r"] {
        let text = format!("email,list,Attributes.x{end}a@x.co,l,\"1{end}2\"{end}{end},,{end}b@x.co,l,3");
        let first = json!(format!("1{end}2")).to_string();
        assert_eq!(all(&text), [&first, "\"3\""], "{end:?}");
        let joined = format!("\u{feff}{text}{end}\u{feff}{text}{end}");
        assert_eq!(all(&joined), [&first, "\"3\"", &first, "\"3\""], "{end:?}");
    }
}

#[test]
fn files_of_lists_may_have_no_heading() {
    let text = "a@x.co\nb@x.co\n+442079460958\n";
    let given = Given { list: Some("l".to_owned()), ..Given::default() };
    let reading = Reading { given: given.into(), ..members() };
    let records = read_body(reading, text.as_bytes());
    let who = |record: &Record| record.outcome.as_ref().expect("taken")[0].identifiers[0].value.clone();
    assert_eq!(records.iter().map(who).collect::<Vec<_>>(), ["a@x.co", "b@x.co", "+442079460958"]);
}

#[test]
fn without_a_word_on_its_form_a_list_is_told_by_its_heading_or_left_alone() {
    let told = |text: &str| {
        let reading = Reading { format: Format::Auto, ..members() };
        read_body(reading, text.as_bytes()).iter().map(|record| record.dialect).collect::<Vec<_>>()
    };
    for (text, dialect) in [
        ("ChannelType,Address\nEMAIL,a@x.co\n", Some(Dialect::PinpointEndpoints)),
        ("email,reason\na@x.co,bounce\n", Some(Dialect::Suppressions)),
        ("address,code,error,created_at\na@x.co,550,no,1735787045\n", Some(Dialect::Suppressions)),
        ("type,address,reason,since\nemail,a@x.co,other,1735787045\n", Some(Dialect::Suppressions)),
        ("email;list\na@x.co;l\n", Some(Dialect::ListMembers)),
        ("email,created\na@x.co,1735787045\n", None),
        ("a@x.co\n", None),
        ("<html>reason,email</html>", None),
    ] {
        assert_eq!(told(text), [dialect], "{text}");
    }
}

#[test]
fn rows_that_are_too_long_are_passed_over() {
    let long = "y".repeat(17 * 1024 * 1024);
    let text = format!("email,list,Attributes.x\na@x.co,l,1\nb@x.co,l,{long}\nc@x.co,l,\"2\n{long}\nd@x.co,l,3\n");
    let records = read_body(members(), text.as_bytes());
    let codes: Vec<_> = records.iter().map(|record| record.outcome.as_ref().map_err(|r| r.code.name()).err()).collect();
    assert_eq!(codes, [None, Some("TOO_LARGE"), Some("NOT_CSV"), Some("TOO_LARGE"), None]);
    assert_eq!((records[1].raw.len(), records[1].raw_len as usize), (65_536, long.len() + "b@x.co,l,".len()));
    assert!(records[1].whole_hash.is_some() && records[2].whole_hash.is_none());
    let cell = "z".repeat(1024 * 1024 + 1);
    let text = format!("email,list,Attributes.x\na@x.co,l,{cell}\nb@x.co,l,2\n");
    let records = read_body(members(), text.as_bytes());
    assert_eq!(records[0].outcome.as_ref().expect_err("refused").path, "Attributes.x");
    assert!(records[1].outcome.is_ok());
}

#[test]
fn many_open_quotes_are_read_in_linear_time() {
    let rows = "a@x.co,l,\"1\n".repeat(100_000);
    let records = read_body(members(), format!("email,list,Attributes.x\n{rows}").as_bytes());
    assert_eq!(records.len(), 100_000);
}

/// Hands over a few bytes at a time.
struct Trickle<'a>(&'a [u8]);

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = buffer.len().min(3).min(self.0.len());
        buffer[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

fn cell() -> impl Strategy<Value = String> {
    prop_oneof!["[a-c,;\t|\"\n é]{0,6}", "[a-z]{1,3}"]
}

proptest! {
    /// What the csv crate writes is read as the same rows, whatever the separator and however the bytes come.
    #[test]
    fn files_of_the_csv_crate_come_back(
        rows in prop::collection::vec(prop::collection::vec(cell(), 3), 1..8),
        separator in prop::sample::select(vec![b',', b';', b'\t', b'|']),
        crlf in any::<bool>(),
    ) {
        let terminator = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
        let mut writer = csv::WriterBuilder::new().delimiter(separator).terminator(terminator).from_writer(Vec::new());
        writer.write_record(["email", "list", "one", "two", "three"]).expect("written");
        for row in &rows {
            writer.write_record(["a@x.co", "l"].into_iter().chain(row.iter().map(String::as_str))).expect("written");
        }
        let text = writer.into_inner().expect("flushed");
        let expected: Vec<Value> = rows.iter().map(|row| {
            let cells = ["one", "two", "three"].into_iter().zip(row).filter(|(_, cell)| !cell.trim().is_empty());
            let mut data: Map<String, Value> = cells.map(|(name, cell)| (name.to_owned(), json!(cell.trim()))).collect();
            data.extend([("email".to_owned(), json!("a@x.co")), ("list".to_owned(), json!("l"))]);
            Value::Object(data)
        }).collect();
        for reader in [Box::new(&text[..]) as Box<dyn Read>, Box::new(Trickle(&text))] {
            let records = read(members(), BufReader::with_capacity(5, reader));
            let read: Vec<Value> =
                records.map(|record| serde_json::from_slice(&record.raw).expect("a row as JSON")).collect();
            prop_assert_eq!(&read, &expected);
        }
    }

    /// Nothing makes it stop or lose its way: the last, good row is always read.
    #[test]
    fn any_rows_before_a_good_one_do_not_cost_it(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let mut text = b"email,list,Attributes.x\n".to_vec();
        text.extend(&bytes);
        text.extend(b"\n\"good@x.co\",l,1\n");
        let records = read_body(members(), &text);
        let last = records.last().expect("a record");
        let is_good = last.outcome.as_ref().is_ok_and(|events| events[0].identifiers[0].value == "good@x.co");
        // A quote may be open that the good row's first one closes, with nothing behind the cell to say that it is none.
        prop_assert!(is_good, "{:?} {:?}", String::from_utf8_lossy(&text), last.outcome);
    }
}
