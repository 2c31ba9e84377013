//! Files as nobody should send them, and somebody will: what can be read is kept, what cannot goes to the quarantine with
//! its reason, and the neighbours survive.

use entity::quarantine::Model as Quarantined;
use serde_json::{Value, json};

use super::{assert_ended, summary};
use crate::kit::client::gzip;
use crate::kit::record::{RUN_S, keyed, lines, mail, pinpoint};
use crate::kit::{Program, both_databases, stored};

const IMPORT: [&str; 4] = ["import", "--output", "json", "in"];

fn records(name: &str, count: usize) -> Vec<Value> {
    (0..count).map(|number| keyed(&format!("{name}-{number}"), &format!("p{number}@example.com"))).collect()
}

fn codes(kept: &[Quarantined]) -> Vec<(&str, &str)> {
    kept.iter().map(|row| (row.source.as_str(), row.code.as_str())).collect()
}

both_databases! {
    async fn a_truncated_gzip_gives_all_that_is_whole(database: TestDatabase) {
        let program = Program::over(database.url());
        let text = lines(&records("g", 4_000));
        let archive = gzip(text.as_bytes());
        let cut = &archive[..archive.len() / 2];
        let readable = decompressed(cut);
        let whole = readable.split(|byte| *byte == b'\n').count() as u64 - 1;
        assert!(whole > 100 && whole < 4_000, "{whole}");
        program.write("in/1-cut.gz", cut);
        program.write("in/2-whole.gz", gzip(lines(&records("h", 10)).as_bytes()));
        program.write("in/3-bare.gz", &archive[..5]);
        assert_ended(&program.run(IMPORT), 3, [whole + 1 + 10 + 1, whole + 10, 0, 2]);
        let kept = stored::quarantined(&database).await;
        assert_eq!(codes(&kept), [("in/1-cut.gz", "NOT_JSON"), ("in/3-bare.gz", "NOT_JSON")]);
        assert!(kept.iter().all(|row| row.message.contains("the input cannot be read on")), "{kept:?}");
        let rest = &readable[readable.iter().rposition(|byte| *byte == b'\n').expect("a line") + 1..];
        assert_eq!(kept[0].raw, rest, "what is there of the record that was cut");
        assert_eq!(kept[0].position as u64, whole);
    }

    async fn archives_that_end_between_two_records_are_told_apart(database: TestDatabase) {
        let program = Program::over(database.url());
        for name in ["in/a", "in/b"] {
            // A whole gzip member, then the beginning of another.
            let mut archive = gzip(lines(&records(name, 3)).as_bytes());
            archive.extend(&gzip(b"{}")[..5]);
            program.write(name, archive);
        }
        assert_ended(&program.run(IMPORT), 3, [8, 6, 0, 2]);
        assert_ended(&program.run(IMPORT), 3, [8, 0, 6, 2]);
        let kept = stored::quarantined(&database).await;
        assert_eq!(codes(&kept), [("in/a", "NOT_JSON"), ("in/b", "NOT_JSON")]);
    }

    async fn a_file_that_is_cut_in_mid_record_gives_the_records_before(database: TestDatabase) {
        let program = Program::over(database.url());
        let text = lines(&records("m", 5));
        let last = text.trim_end().rfind('\n').expect("several lines") + 1;
        program.write("in/a", &text[..text.len() - 20]);
        program.write("in/b", lines(&records("n", 2)));
        assert_ended(&program.run(IMPORT), 3, [7, 6, 0, 1]);
        let kept = stored::quarantined(&database).await;
        assert_eq!(codes(&kept), [("in/a", "NOT_JSON")]);
        assert!(kept[0].message.contains("the input ends within the record"), "{}", kept[0].message);
        assert_eq!((kept[0].byte_offset, &kept[0].raw[..]), (last as i64, &text.as_bytes()[last..text.len() - 20]));
    }

    async fn utf_16_is_converted_with_a_mark_or_without(database: TestDatabase) {
        let program = Program::over(database.url());
        for (name, mark) in [("marked", "\u{feff}"), ("bare", "")] {
            let text = format!("{mark}{}", lines(&records(name, 3)).replace("Letter", "Lettre d’été 😀"));
            program.write(&format!("in/{name}-le"), text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>());
            let text = text.replace(name, &format!("{name}-big"));
            let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
            program.write(&format!("in/{name}-be.gz"), gzip(&big));
        }
        assert_ended(&program.run(IMPORT), 0, [12, 12, 0, 0]);
        // A unit that is no character spoils its own record.
        let mut units: Vec<u16> = lines(&records("lone", 3)).encode_utf16().collect();
        let second = units.iter().position(|unit| *unit == u16::from(b'\n')).expect("a line") + 1;
        let at = second + units[second..].iter().position(|unit| *unit == u16::from(b'@')).expect("an address");
        units[at] = 0xd800;
        program.write("lone", units.iter().flat_map(|unit| unit.to_le_bytes()).collect::<Vec<_>>());
        assert_ended(&program.run(["import", "--output", "json", "lone"]), 3, [3, 2, 0, 1]);
        assert_eq!(codes(&stored::quarantined(&database).await), [("lone", "INVALID_TEXT")]);
    }

    async fn one_record_in_another_encoding_spoils_itself_alone(database: TestDatabase) {
        let program = Program::over(database.url());
        let mut text = lines(&records("l", 2)).into_bytes();
        let latin: Vec<u8> = mail("open", "rene@example.com", 5).to_string().replace("Letter", "été")
            .chars().map(|character| character as u32 as u8).collect();
        text.extend([&latin[..], b"\n"].concat());
        text.extend(lines(&records("m", 2)).into_bytes());
        program.write("in/a", text);
        assert_ended(&program.run(IMPORT), 3, [5, 4, 0, 1]);
        let kept = stored::quarantined(&database).await;
        assert_eq!(codes(&kept), [("in/a", "INVALID_TEXT")]);
        assert_eq!((kept[0].position, &kept[0].raw), (2, &latin));
    }

    async fn files_with_marks_may_be_joined(database: TestDatabase) {
        let program = Program::over(database.url());
        let one = |name: &str| format!("\u{feff}{}", lines(&records(name, 2)));
        program.write("in/plain", [one("a"), one("b"), one("c")].concat());
        program.write("in/zipped", [gzip(one("d").as_bytes()), gzip(one("e").as_bytes())].concat());
        assert_ended(&program.run(IMPORT), 0, [10, 10, 0, 0]);
    }

    async fn a_record_with_a_broken_inner_document_is_kept_with_a_note(database: TestDatabase) {
        let program = Program::over(database.url());
        let sent = json!({"campaign_id": "c", "treatment_id": "0", "delivery_type": "EMAIL", "campaign_send_status": "SUCCESS"});
        let good = pinpoint("_campaign.send", "e1", RUN_S, sent);
        let mut bad = good.clone();
        bad["client"]["client_id"] = json!("e2");
        bad["client_context"] = json!({"custom": {"endpoint": "{\"ChannelType\":\"EMAIL\",\"Address\":"}});
        program.write("in/a", lines(&[bad, good]));
        assert_ended(&program.run(IMPORT), 0, [2, 2, 0, 0]);
        assert_eq!(stored::notes(&database).await, ["ENDPOINT_UNREADABLE"]);
    }

    async fn clocks_far_ahead_are_quarantined_and_old_times_are_taken(database: TestDatabase) {
        const TEN_YEARS_S: i64 = 10 * 365 * 86_400;
        let program = Program::over(database.url());
        let now_s = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("it is later").as_secs() as i64;
        let at = |name: &str, at_s: i64| {
            let mut record = keyed(name, "ada@example.com");
            record["data"]["ts"] = json!(at_s);
            record
        };
        let all = [at("past", now_s - TEN_YEARS_S), at("future", now_s + TEN_YEARS_S), at("now", now_s)];
        program.write("in/a", lines(&all));
        assert_ended(&program.run(IMPORT), 3, [3, 2, 0, 1]);
        let kept = stored::quarantined(&database).await;
        assert_eq!((codes(&kept), kept[0].path.as_str()), (vec![("in/a", "INVALID_TIME")], "data.ts"));
        let raised = (TEN_YEARS_S * 2).to_string();
        let import = ["import", "--output", "json", "--future-limit-s", &raised, "in"];
        assert_ended(&program.run(import), 0, [3, 1, 2, 0]);
    }

    async fn records_too_long_to_keep_are_known_by_their_hash(database: TestDatabase) {
        let program = Program::over(database.url());
        // 17 MiB each, alike but for the last byte of the text; the first comes twice.
        let long = |last: &str| format!("{{\"type\":\"x\",\"filling\":\"{}{last}\"}}", "0123456789abcdef".repeat(1_114_112));
        let texts = [long("a"), long("b"), long("a")];
        let small = lines(&records("s", 1));
        program.write("in/a", format!("{small}{}\n{}\n{}\n{}", texts[0], texts[1], texts[2], lines(&records("t", 1))));
        assert_ended(&program.run(IMPORT), 3, [5, 2, 0, 3]);
        let kept = stored::quarantined(&database).await;
        assert_eq!(codes(&kept), [("in/a", "TOO_LARGE"); 2]);
        let mut offset = small.len();
        for (row, text) in kept.iter().zip(&texts) {
            let hash = campaignql::domain::hash::WholeHash::of(text.as_bytes());
            let shown: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(row.whole_hash.as_deref(), Some(&shown[..]));
            assert_eq!((row.raw_len as usize, row.byte_offset as usize), (text.len(), offset));
            assert_eq!(row.raw, &text.as_bytes()[..65_536]);
            offset += text.len() + 1;
        }
        assert_eq!(summary(&program.run(IMPORT))["reasons"], json!({"TOO_LARGE": 3}));
        assert_eq!(stored::quarantined(&database).await.len(), 2, "a repeat adds nothing");
    }
}

/// As much as can be had of a damaged archive.
fn decompressed(archive: &[u8]) -> Vec<u8> {
    use std::io::Read;
    let mut decoder = flate2::read::MultiGzDecoder::new(archive);
    let mut text = Vec::new();
    let mut buffer = [0; 1];
    while let Ok(1) = decoder.read(&mut buffer) {
        text.push(buffer[0]);
    }
    text
}
