//! One public ID in every spelling that a key may have.
//!
//! Which characters a backup escapes in its keys is not published, and buckets have been seen both
//! ways. So a short, ordered list is tried, and the origin remembers which spelling worked.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU8, Ordering};

use unicode_normalization::UnicodeNormalization as _;

use super::locate::is_plain;

/// How a public ID is written as part of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// As it is, in UTF-8.
    Raw,
    /// Percent-encoded, each segment by itself; a space is `%20`.
    Percent,
    /// Percent-encoded as in forms; a space is `+`.
    Form,
    /// Accents composed with their letters.
    Composed,
    /// Accents behind their letters.
    Decomposed,
    /// Percent-decoded once more.
    Decoded,
}

impl Spelling {
    /// In the order to try.
    pub const ALL: [Self; 6] = [
        Self::Raw,
        Self::Percent,
        Self::Form,
        Self::Composed,
        Self::Decomposed,
        Self::Decoded,
    ];

    /// The ID in this spelling; `None` where it would not be a plain path any more.
    #[must_use]
    pub fn spell(self, id: &str) -> Option<String> {
        let spelt = match self {
            Self::Raw => id.to_owned(),
            Self::Percent => percent_encode(id, "%20"),
            Self::Form => percent_encode(id, "+"),
            Self::Composed => id.nfc().collect(),
            Self::Decomposed => id.nfd().collect(),
            Self::Decoded => percent_decode(id)?,
        };
        is_plain(&spelt).then_some(spelt)
    }
}

/// The spelling that worked last in one origin.
#[derive(Debug, Default)]
pub struct Worked(AtomicU8);

impl Worked {
    /// Every different spelling of an ID, the one that worked last first.
    pub fn spellings(&self, id: &str) -> Vec<(Spelling, String)> {
        let last = usize::from(self.0.load(Ordering::Relaxed));
        let first = Spelling::ALL.get(last).copied().unwrap_or(Spelling::Raw);
        if is_spelt_alike(id) {
            let plain = is_plain(id).then(|| (first, id.to_owned()));
            return plain.into_iter().collect();
        }
        let mut spellings: Vec<(Spelling, String)> = Vec::with_capacity(2);
        let rest = Spelling::ALL.into_iter().filter(|one| *one != first);
        for spelling in std::iter::once(first).chain(rest) {
            let Some(spelt) = spelling.spell(id) else {
                continue;
            };
            if spellings.iter().all(|(_, known)| *known != spelt) {
                spellings.push((spelling, spelt));
            }
        }
        spellings
    }

    /// Remembers a spelling that found an asset, where another would not have.
    pub fn remember(&self, spelling: Spelling, id: &str) {
        // Most IDs tell nothing.
        if is_spelt_alike(id) {
            return;
        }
        let first = self.spellings(id).into_iter().next();
        if first.is_some_and(|(first, _)| first != spelling)
            && let Some(index) = Spelling::ALL.iter().position(|one| *one == spelling)
        {
            self.0
                .store(u8::try_from(index).unwrap_or(0), Ordering::Relaxed);
        }
    }
}

/// Whether no spelling changes anything: so it is with most IDs.
fn is_spelt_alike(id: &str) -> bool {
    id.bytes().all(is_unreserved)
}

const fn is_unreserved(byte: u8) -> bool {
    matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/')
}

/// Percent-encodes everything but unreserved characters and slashes.
pub(super) fn percent_encode(text: &str, space: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            _ if is_unreserved(byte) => out.push(char::from(byte)),
            b' ' => out.push_str(space),
            _ => {
                let _written = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

/// Percent-decodes once; `None` where the result is no UTF-8. What is no escape stays.
#[must_use]
pub fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let digit = |byte: &u8| char::from(*byte).to_digit(16);
        if let (b'%', [high, low, after @ ..]) = (first, tail)
            && let (Some(high), Some(low)) = (digit(high), digit(low))
        {
            bytes.push(u8::try_from(high * 16 + low).unwrap_or_default());
            rest = after;
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(worked: &Worked, id: &str) -> Vec<String> {
        worked
            .spellings(id)
            .into_iter()
            .map(|(_, text)| text)
            .collect()
    }

    #[test]
    fn every_spelling_once_and_in_order() {
        let worked = Worked::default();
        assert_eq!(texts(&worked, "folder/photo"), ["folder/photo"]);
        assert_eq!(
            texts(&worked, "image+example"),
            ["image+example", "image%2Bexample"]
        );
        assert_eq!(texts(&worked, "a b+c"), ["a b+c", "a%20b%2Bc", "a+b%2Bc"]);
        assert_eq!(
            texts(&worked, "e\u{301}"),
            ["e\u{301}", "e%CC%81", "\u{e9}"]
        );
        assert_eq!(texts(&worked, "a%2Fb"), ["a%2Fb", "a%252Fb", "a/b"]);
        // Decoding never leads out of the folder.
        assert_eq!(
            texts(&worked, "%2e%2e/secret"),
            ["%2e%2e/secret", "%252e%252e/secret"]
        );
    }

    #[test]
    fn what_worked_is_tried_first() {
        let worked = Worked::default();
        worked.remember(Spelling::Percent, "a+b");
        assert_eq!(texts(&worked, "c+d"), ["c%2Bd", "c+d"]);
        // An ID that is spelt alike in all ways says nothing new.
        worked.remember(Spelling::Percent, "plain");
        assert_eq!(texts(&worked, "c+d"), ["c%2Bd", "c+d"]);
        worked.remember(Spelling::Raw, "a+b");
        assert_eq!(texts(&worked, "c+d"), ["c+d", "c%2Bd"]);
    }
}
