//! The bytes of a body or file, decompressed where they begin as gzip does. Several gzip members in a row are one text.
//! What gzip gives out within a wrapper is counted against an allowance.

use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};

use flate2::bufread::MultiGzDecoder;

use super::envelope::Allowance;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// Bytes taken at once, so that a body in memory is not copied whole.
const CHUNK_BYTES: usize = 256 * 1024;

type Whole<R> = Chain<Cursor<Vec<u8>>, R>;

/// Where the text of the records comes from.
pub(super) struct Input<R> {
    source: Source<R>,
    allowance: Option<Allowance>,
}

enum Source<R> {
    /// Not looked at yet.
    Fresh(Option<R>),
    Plain(Whole<R>),
    Gzip(BufReader<MultiGzDecoder<Whole<R>>>),
}

impl<R: BufRead> Input<R> {
    pub(super) fn new(body: R, allowance: Option<Allowance>) -> Self {
        Self { source: Source::Fresh(Some(body)), allowance }
    }

    /// Appends the next bytes to `buffer` and tells how many; 0 at the end.
    pub(super) fn read_more(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize> {
        loop {
            let read = match &mut self.source {
                Source::Fresh(body) => {
                    let Some(body) = body.take() else { return Ok(0) };
                    self.source = detect(body)?;
                    continue;
                }
                Source::Plain(text) => append(text, buffer),
                Source::Gzip(text) => append_counted(text, buffer, self.allowance.as_ref()),
            };
            match read {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }
}

fn detect<R: BufRead>(mut body: R) -> io::Result<Source<R>> {
    let mut start = Vec::with_capacity(GZIP_MAGIC.len());
    body.by_ref().take(GZIP_MAGIC.len() as u64).read_to_end(&mut start)?;
    let is_gzip = start == GZIP_MAGIC;
    let whole = Cursor::new(start).chain(body);
    Ok(if is_gzip { Source::Gzip(BufReader::new(MultiGzDecoder::new(whole))) } else { Source::Plain(whole) })
}

fn append(text: &mut impl BufRead, buffer: &mut Vec<u8>) -> io::Result<usize> {
    let available = text.fill_buf()?;
    let count = available.len().min(CHUNK_BYTES);
    buffer.extend_from_slice(&available[..count]);
    text.consume(count);
    Ok(count)
}

/// What the allowance does not cover is not handed out.
fn append_counted(text: &mut impl BufRead, buffer: &mut Vec<u8>, allowance: Option<&Allowance>) -> io::Result<usize> {
    let before = buffer.len();
    let count = append(text, buffer)?;
    if let Some(Err(error)) = allowance.map(|allowance| allowance.take(count)) {
        buffer.truncate(before);
        return Err(error);
    }
    Ok(count)
}
