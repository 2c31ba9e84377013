//! Placeholder.
use crate::domain::event::{Dialect, Record};
/// Placeholder.
pub fn read_body(_dialect: Dialect, body: &[u8]) -> Vec<Record> {
    read(_dialect, body).collect()
}
/// Placeholder.
pub fn read<B: std::io::BufRead>(_dialect: Dialect, body: B) -> impl Iterator<Item = Record> {
    body.lines().map_while(Result::ok).map(|line| Record {
        raw: line.clone().into(),
        raw_len: 0,
        offset: 0,
        outcome: Ok(vec![]),
    })
}
