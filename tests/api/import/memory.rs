//! Bombs: the memory of an import is bounded whatever a file holds. The kernel tells the most that the program ever held.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::assert_ended;
use crate::kit::record::{keyed, lines};
use crate::kit::{Program, TestDatabase, stored};

const IMPORT: [&str; 4] = ["import", "--output", "json", "in"];
const GIB: usize = 1 << 30;
const MIB: usize = 1 << 20;

/// What one long text may take: the program with its libraries and a database without much in it (some 60 MiB), a text of up
/// to 16 MiB that is held while its end is looked for (32 MiB, as a buffer grows by doubling), the copy that is looked
/// at, and buffers.
const LIMIT_MIB: u64 = 160;

/// Writes a file of one record, then about so much filling, then one record more; the length of the filling.
fn write_bomb(path: &Path, filling: &[u8], bytes: usize) -> usize {
    std::fs::create_dir_all(path.parent().expect("it is in a folder")).expect("folders can be made");
    let file = File::create(path).expect("a file can be made");
    let mut writer = BufWriter::new(GzEncoder::new(file, Compression::fast()));
    let block = filling.repeat((MIB / filling.len()).max(1));
    writer.write_all(lines(&[keyed("before", "ada@example.com")]).as_bytes()).expect("it is written");
    for _ in 0..bytes / block.len() {
        writer.write_all(&block).expect("it is written");
    }
    writer.write_all(format!("\n{}", lines(&[keyed("after", "ada@example.com")])).as_bytes()).expect("it is written");
    writer.into_inner().expect("it is written").finish().expect("it is written");
    bytes / block.len() * block.len()
}

/// Imports it: the neighbours are taken, the filling is one quarantined record, memory is bounded.
async fn survive(filling: &[u8], bytes: usize, code: &str) {
    let database = TestDatabase::sqlite();
    let program = Program::over(database.url());
    let bytes = write_bomb(&program.directory().join("in/bomb.gz"), filling, bytes);
    let (ended, peak_mib) = program.run_measured(IMPORT);
    assert_ended(&ended, 3, [3, 2, 0, 1]);
    assert!(peak_mib > 10 && peak_mib < LIMIT_MIB, "{peak_mib} MiB were held");
    let kept = stored::quarantined(&database).await;
    assert_eq!(kept.len(), 1);
    let row = &kept[0];
    assert_eq!((row.code.as_str(), row.raw.len(), row.position), (code, 64 * 1_024, 1), "{}", row.message);
    let before = lines(&[keyed("before", "ada@example.com")]).len();
    assert_eq!(row.byte_offset as usize, before);
    let length = row.raw_len as usize;
    assert!(length == bytes || length == bytes + 1, "{length} of {bytes} bytes and a line break");
    assert_eq!(row.whole_hash.as_ref().map(String::len), Some(64));
}

#[tokio::test]
async fn a_gigabyte_of_zeros_is_one_bad_record() {
    survive(&[0], GIB, "NOT_JSON").await;
}

#[tokio::test]
async fn a_gigabyte_of_one_line_is_one_bad_record() {
    survive(b"x", GIB, "NOT_JSON").await;
}

#[tokio::test]
async fn a_long_line_that_looks_like_json_is_one_bad_record() {
    // The brackets never close, so that every byte must be looked at.
    survive(b"{\"a\":[1,\"text\",{\"b\":null}],\"c\":", 192 * MIB, "TOO_LARGE").await;
}

#[tokio::test]
async fn a_long_line_of_json_is_one_bad_record() {
    let database = TestDatabase::sqlite();
    let program = Program::over(database.url());
    let path = program.directory().join("in/bomb.gz");
    std::fs::create_dir_all(path.parent().expect("it is in a folder")).expect("folders can be made");
    let mut writer = GzEncoder::new(File::create(&path).expect("a file can be made"), Compression::fast());
    writer.write_all(b"{\"type\":\"x\",\"list\":[0").expect("it is written");
    let block = b",{\"a\":[1,\"text\"]}".repeat(64 * 1_024);
    for _ in 0..192 {
        writer.write_all(&block).expect("it is written");
    }
    writer.write_all(format!("]}}{}", keyed("after", "ada@example.com")).as_bytes()).expect("it is written");
    writer.finish().expect("it is written");
    let (ended, peak_mib) = program.run_measured(IMPORT);
    assert_ended(&ended, 3, [2, 1, 0, 1]);
    assert!(peak_mib < LIMIT_MIB, "{peak_mib} MiB were held");
    let kept = stored::quarantined(&database).await;
    assert_eq!((kept[0].code.as_str(), kept[0].raw_len as usize), ("TOO_LARGE", 21 + 192 * block.len() + 2));
}

/// Records just below the limit are parsed, one at a time.
#[tokio::test]
async fn the_longest_records_that_are_taken_do_not_add_up() {
    let database = TestDatabase::sqlite();
    let program = Program::over(database.url());
    for file in 0..4 {
        let texts: Vec<String> = (0..3).map(|number| long_record(&format!("{file}-{number}"))).collect();
        program.write(&format!("in/{file}"), texts.join("\n"));
    }
    let (ended, peak_mib) = program.run_measured(IMPORT);
    assert_ended(&ended, 0, [12, 12, 0, 0]);
    // Beside the above: such a record as a tree of values.
    assert!(peak_mib < LIMIT_MIB + 256, "{peak_mib} MiB were held");
}

fn long_record(key: &str) -> String {
    let mut record = keyed(key, "ada@example.com");
    record["data"]["filling"] = (0..400_000).map(|number| format!("part {number} of the filling")).collect();
    let text = record.to_string();
    assert!(text.len() > 8 * MIB && text.len() < 16 * MIB, "{}", text.len());
    text
}
