//! The bytes of a body or file as UTF-8: decompressed where they begin as gzip does (several members in a row are one text),
//! converted where the text begins as UTF-16 does. What gzip gives out within a wrapper is counted against an allowance.

use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};

use flate2::bufread::MultiGzDecoder;

use super::envelope::Allowance;
use super::utf16::Utf16;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// Bytes that tell the encoding of a text.
const START_BYTES: usize = 2;
/// Bytes taken at once, so that a body in memory is not copied whole.
const CHUNK_BYTES: usize = 256 * 1024;
const GZIP_BUFFER_BYTES: usize = 64 * 1024;

type Whole<R> = Chain<Cursor<Vec<u8>>, R>;

/// Where the text of the records comes from.
pub(super) struct Input<R> {
    source: Source<R>,
    allowance: Option<Allowance>,
    encoding: Encoding,
    /// What made reading fail after the first bytes, until it is told.
    failure: Option<io::Error>,
}

enum Source<R> {
    /// Not looked at yet.
    Fresh(Option<R>),
    Plain(Whole<R>),
    Gzip(Box<BufReader<MultiGzDecoder<Whole<R>>>>),
}

enum Encoding {
    /// The first bytes of a text that is not long enough to tell.
    Fresh(Vec<u8>),
    /// Or anything else that needs no conversion.
    Utf8,
    Utf16(Utf16),
}

impl<R: BufRead> Input<R> {
    pub(super) fn new(body: R, allowance: Option<Allowance>) -> Self {
        Self { source: Source::Fresh(Some(body)), allowance, encoding: Encoding::Fresh(Vec::new()), failure: None }
    }

    /// Appends the next bytes to `buffer` and tells how many; 0 at the end.
    pub(super) fn read_more(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        let before = buffer.len();
        loop {
            let is_end = match &mut self.encoding {
                Encoding::Utf8 => return self.source.read_more(buffer, self.allowance.as_ref()),
                Encoding::Fresh(start) => {
                    let read = self.source.read_more(start, self.allowance.as_ref());
                    if start.len() < START_BYTES && matches!(read, Ok(1..)) {
                        continue;
                    }
                    let start = std::mem::take(start);
                    self.encoding = Encoding::of(&start, buffer);
                    match read {
                        Ok(count) => count == 0,
                        Err(failure) if buffer.len() == before => return Err(failure),
                        Err(failure) => {
                            self.failure = Some(failure);
                            false
                        }
                    }
                }
                Encoding::Utf16(decoder) => {
                    let mut part = Vec::new();
                    let is_end = self.source.read_more(&mut part, self.allowance.as_ref())? == 0;
                    decoder.feed(&part, buffer);
                    if is_end {
                        decoder.finish(buffer);
                    }
                    is_end
                }
            };
            if is_end || buffer.len() > before {
                return Ok(buffer.len() - before);
            }
        }
    }
}

impl Encoding {
    /// The encoding of a text that begins so, and its beginning in UTF-8.
    fn of(start: &[u8], buffer: &mut Vec<u8>) -> Self {
        let Some(mut decoder) = Utf16::detect(start) else {
            buffer.extend_from_slice(start);
            return Self::Utf8;
        };
        decoder.feed(start, buffer);
        Self::Utf16(decoder)
    }
}

impl<R: BufRead> Source<R> {
    fn read_more(&mut self, buffer: &mut Vec<u8>, allowance: Option<&Allowance>) -> io::Result<usize> {
        loop {
            let read = match self {
                Self::Fresh(body) => {
                    let Some(body) = body.take() else { return Ok(0) };
                    *self = detect(body)?;
                    continue;
                }
                Self::Plain(text) => append(text, buffer),
                Self::Gzip(text) => append_counted(text, buffer, allowance),
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
    if !is_gzip {
        return Ok(Source::Plain(whole));
    }
    Ok(Source::Gzip(Box::new(BufReader::with_capacity(GZIP_BUFFER_BYTES, MultiGzDecoder::new(whole)))))
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
