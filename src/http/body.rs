//! Request bodies: read within a limit of bytes that holds before and after decompression.

use std::io::Read;

use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap};
use actix_web::web::{BytesMut, Payload};
use flate2::read::MultiGzDecoder;
use futures_util::StreamExt;

use super::error::{ApiError, ApiResult};

/// Bodies over this many bytes are parsed on a thread of their own, so that a worker goes on serving others meanwhile.
pub const INLINE_BYTES: usize = 64 * 1_024;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// How a body came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    /// As it is. It may still be gzip: some clients send an archive without saying so.
    Identity,
    Gzip,
}

/// The whole body, decompressed. `limit` bounds it both as sent and after decompression.
pub async fn read(headers: &HeaderMap, payload: Payload, limit: usize) -> ApiResult<Vec<u8>> {
    encoding(headers)?;
    let body = receive(headers, payload, limit).await?;
    unpack(headers, body, limit).await
}

/// A body that came whole, decompressed.
pub async fn unpack(headers: &HeaderMap, body: Vec<u8>, limit: usize) -> ApiResult<Vec<u8>> {
    let encoding = encoding(headers)?;
    if encoding == Encoding::Identity && !body.starts_with(&GZIP_MAGIC) {
        return Ok(body);
    }
    if body.len() > INLINE_BYTES {
        let unpacked = actix_web::web::block(move || gunzip(&body, limit)).await;
        return unpacked.map_err(|_| ApiError::internal())?;
    }
    gunzip(&body, limit)
}

fn encoding(headers: &HeaderMap) -> ApiResult<Encoding> {
    let Some(value) = headers.get(CONTENT_ENCODING) else { return Ok(Encoding::Identity) };
    match value.to_str().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "" | "identity" => Ok(Encoding::Identity),
        "gzip" | "x-gzip" => Ok(Encoding::Gzip),
        other => Err(ApiError::unsupported_media(format!("content-encoding {other} is not known; use gzip or none"))),
    }
}

/// The whole body as it came.
pub async fn receive(headers: &HeaderMap, mut payload: Payload, limit: usize) -> ApiResult<Vec<u8>> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(ApiError::too_large(limit));
    }
    let mut body = BytesMut::with_capacity(announced.unwrap_or(0).min(INLINE_BYTES));
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| ApiError::bad_input(format!("the body ended early: {error}")))?;
        if body.len() + chunk.len() > limit {
            return Err(ApiError::too_large(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.into())
}

fn gunzip(body: &[u8], limit: usize) -> ApiResult<Vec<u8>> {
    let mut unpacked = Vec::new();
    // One byte more than the limit tells a body that fills it from one that exceeds it.
    let read = MultiGzDecoder::new(body).take(limit as u64 + 1).read_to_end(&mut unpacked);
    read.map_err(|error| ApiError::bad_input(format!("the body is not valid gzip: {error}")))?;
    if unpacked.len() > limit { Err(ApiError::too_large(limit)) } else { Ok(unpacked) }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn the_limit_holds_after_decompression() {
        let bomb = gzip(&vec![b' '; 100_000]);
        assert!(bomb.len() < 1_000);
        assert_eq!(gunzip(&bomb, 100_000).unwrap().len(), 100_000);
        assert_eq!(gunzip(&bomb, 99_999).unwrap_err().code(), "LIMIT_EXCEEDED");
    }

    #[test]
    fn several_members_are_one_body_and_broken_ones_are_refused() {
        let mut body = gzip(b"{}");
        body.extend(gzip(b"{}"));
        assert_eq!(gunzip(&body, 10).unwrap(), b"{}{}");
        body.truncate(body.len() - 5);
        assert_eq!(gunzip(&body, 10).unwrap_err().code(), "BAD_INPUT");
    }

    #[test]
    fn only_gzip_is_known() {
        let mut headers = HeaderMap::new();
        assert_eq!(encoding(&headers).unwrap(), Encoding::Identity);
        headers.insert(CONTENT_ENCODING, "GZIP".parse().unwrap());
        assert_eq!(encoding(&headers).unwrap(), Encoding::Gzip);
        headers.insert(CONTENT_ENCODING, "br".parse().unwrap());
        assert!(encoding(&headers).is_err());
    }
}
