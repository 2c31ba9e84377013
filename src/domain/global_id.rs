//! The opaque text of a global id: `Customer:7` in base64 for URLs.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The opaque text of a plain one, such as `Customer:7`.
pub fn encode(plain: &str) -> String {
    URL_SAFE_NO_PAD.encode(plain)
}

/// The plain text of an opaque one; none where it is none.
pub fn decode(opaque: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(opaque).ok()?).ok()
}
