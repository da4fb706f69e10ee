//! Delivery signatures: made and checked. Pure; the secret is an argument.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha1::Sha1;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

/// Length of the short form.
const SHORT: usize = 8;
/// Length of the long form.
const LONG: usize = 32;
/// Rounds of percent-decoding after which a text is taken as it is.
const MAX_DECODINGS: usize = 10;

/// A secret: never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Box<str>);

impl Secret {
    /// From its text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Which signature is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Eight characters of SHA-1, the default of SDKs.
    Sha1,
    /// Eight characters of SHA-256.
    Sha256,
    /// Thirty-two characters of SHA-256.
    Long,
}

/// The signature of a text: base64url of the digest of text and secret, cut.
#[must_use]
pub fn sign(secret: &Secret, text: &str, kind: Kind) -> String {
    let (digest, length) = match kind {
        Kind::Sha1 => (digest::<Sha1>(secret, text), SHORT),
        Kind::Sha256 => (digest::<Sha256>(secret, text), SHORT),
        Kind::Long => (digest::<Sha256>(secret, text), LONG),
    };
    let mut signature = URL_SAFE_NO_PAD.encode(digest.get(..24).unwrap_or(&digest));
    signature.truncate(length);
    signature
}

/// Whether a signature belongs to a text. Takes the same time wherever they differ.
#[must_use]
pub fn verify(secret: &Secret, written: &str, text: &str) -> bool {
    let kinds: &[Kind] = match written.len() {
        SHORT => &[Kind::Sha1, Kind::Sha256],
        LONG => &[Kind::Long],
        _ => return false,
    };
    let matches = |kind: &Kind| {
        bool::from(
            sign(secret, text, *kind)
                .as_bytes()
                .ct_eq(written.as_bytes()),
        )
    };
    kinds
        .iter()
        .fold(false, |found, kind| found | matches(kind))
}

/// Percent-decodes again and again until nothing changes, as some SDKs do before they sign.
#[must_use]
pub fn decode_until_stable(text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..MAX_DECODINGS {
        let decoded = decode(&text);
        if decoded == text {
            break;
        }
        text = decoded;
    }
    text
}

/// One percent-decoding. What is no escape, or would be no UTF-8, stays as it is.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        if let (b'%', [high, low, after @ ..]) = (first, tail)
            && let (Some(high), Some(low)) = (
                char::from(*high).to_digit(16),
                char::from(*low).to_digit(16),
            )
        {
            bytes.push(u8::try_from(high * 16 + low).unwrap_or_default());
            rest = after;
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

fn digest<D: sha1::Digest>(secret: &Secret, text: &str) -> Vec<u8> {
    let mut hash = D::new();
    hash.update(text.as_bytes());
    hash.update(secret.0.as_bytes());
    hash.finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_as_the_sdks_do() {
        let secret = |text: &str| Secret::new(text);
        for (key, text, kind, expected) in [
            ("b", "c_crop,h_20,w_10/image.jpg", Kind::Sha1, "Ai4Znfl3"),
            ("b", "image.jpg", Kind::Sha1, "--SjmNDA"),
            ("b", "sample.jpg", Kind::Sha1, "v2fTPYTu"),
            ("b", "sample.jpg", Kind::Sha256, "2hbrSMPO"),
            (
                "b",
                "sample.jpg",
                Kind::Long,
                "2hbrSMPOjj5BJ4xV7SgFbRDevFaQNUFf",
            ),
            (
                "b",
                "http://google.com/path/to/image.png",
                Kind::Sha1,
                "hH_YcbiS",
            ),
            (
                "b",
                "co_red,l_text:Times_70_bold:Cool%25F0%259F%2598%258D/image.jpg",
                Kind::Sha1,
                "Uqk1a-5W",
            ),
            (
                "AbcdEfghIjklmnopq1234567890",
                "l_text:Helvetica_50:test+text/some_public_id.jpg",
                Kind::Sha1,
                "j5Z1ILxd",
            ),
        ] {
            assert_eq!(sign(&secret(key), text, kind), expected, "{text}");
            assert!(verify(&secret(key), expected, text), "{text}");
            assert!(!verify(&secret("c"), expected, text), "{text}");
            assert!(
                !verify(&secret(key), expected, &format!("{text}x")),
                "{text}"
            );
        }
    }

    #[test]
    fn decodes_until_nothing_changes() {
        assert_eq!(decode_until_stable("a%2525b%"), "a%b%");
        assert_eq!(decode_until_stable("plus+%zz"), "plus+%zz");
    }
}
