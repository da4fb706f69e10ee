//! Access tokens: made and checked. Pure; key, time and client are arguments.
//!
//! A token is parts joined by `~`, in this order: `ip=`, `st=`, `exp=`, `acl=`, `hmac=`. The last is an
//! HMAC-SHA-256 in hex over the others; where there is no `acl` the path itself is signed as one more part that
//! the token does not carry.

use std::fmt::{self, Write as _};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use thiserror::Error as ThisError;

/// The name under which a token is sent where the owner says nothing else.
pub const NAME: &str = "__cld_token__";

/// Longest token that is looked at, in bytes.
const MAX_TOKEN: usize = 4096;

/// Patterns of an `acl` that are tried.
const MAX_PATTERNS: usize = 32;

/// The key of tokens, not the API secret: never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(Box<[u8]>);

impl Key {
    /// From its hexadecimal text; `None` for anything else, and for none.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(16)).collect();
        let bytes: Option<Vec<u8>> = digits?
            .chunks(2)
            .map(|pair| match *pair {
                [high, low] => u8::try_from(high * 16 + low).ok(),
                _ => None,
            })
            .collect();
        bytes
            .filter(|bytes| !bytes.is_empty())
            .map(|bytes| Self(bytes.into()))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// How an endpoint checks tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The query parameter or cookie that carries them, usually [`NAME`].
    pub name: Box<str>,
    /// What they are made with.
    pub key: Key,
}

impl Rules {
    /// The token in a query, undecoded.
    #[must_use]
    pub fn in_query<'q>(&self, query: &'q str) -> Option<&'q str> {
        query.split('&').find_map(|item| self.value(item))
    }

    /// The token among cookies.
    #[must_use]
    pub fn in_cookies<'c>(&self, cookies: &'c str) -> Option<&'c str> {
        cookies
            .split(';')
            .find_map(|item| self.value(item.trim_start()))
    }

    /// A query without the token.
    #[must_use]
    pub fn without<'q>(&self, query: &'q str) -> Option<&'q str> {
        // SDKs put it last.
        let at = query.find(&*self.name)?;
        query.get(..at)?.strip_suffix('&')
    }

    fn value<'i>(&self, item: &'i str) -> Option<&'i str> {
        item.strip_prefix(&*self.name)?
            .strip_prefix('=')
            .filter(|token| !token.is_empty())
    }
}

/// What a token grants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grant {
    /// The one client that may use it.
    pub ip: Option<String>,
    /// First second at which it holds, since 1970.
    pub start: Option<u64>,
    /// Last second at which it holds, since 1970.
    pub expires: u64,
    /// Paths it holds for, patterns with `*`. Empty: the one path that it was made for.
    pub acl: Vec<String>,
}

/// Why a token does not open a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
#[allow(missing_docs, reason = "the messages are the documentation")]
pub enum Fault {
    #[error("the token cannot be read")]
    Malformed,
    #[error("the token was made with another key, or for another path")]
    Wrong,
    #[error("the token has expired")]
    Expired,
    #[error("the token does not hold yet")]
    TooEarly,
    #[error("the token is for another client")]
    OtherClient,
    #[error("the token is for other paths")]
    OtherPath,
    #[error("a token can only be checked when the picture is asked for")]
    NoClock,
}

/// Makes a token. `path` is signed where the grant names no paths.
#[must_use]
pub fn sign(key: &Key, grant: &Grant, path: &str) -> String {
    let mut token = parts(grant);
    let mut signed = token.clone();
    if grant.acl.is_empty() {
        let _infallible = write!(signed, "~url={}", escape(path));
    }
    let _infallible = write!(token, "~hmac={}", digest(key, &signed));
    token
}

/// Whether a token opens a path, now, for a client. The digest is compared in constant time and before anything else
/// that the token says is believed.
///
/// # Errors
/// The first [`Fault`] found.
pub fn verify(
    key: &Key,
    token: &str,
    path: &str,
    now: u64,
    client: Option<&str>,
) -> Result<(), Fault> {
    if token.len() > MAX_TOKEN {
        return Err(Fault::Malformed);
    }
    let (carried, hmac) = token.rsplit_once("~hmac=").ok_or(Fault::Malformed)?;
    let part = |name: &str| {
        carried
            .split('~')
            .find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
    };
    let acl = part("acl");
    let signed = match acl {
        Some(_) => carried.to_owned(),
        None => format!("{carried}~url={}", escape(path)),
    };
    if !bool::from(digest(key, &signed).as_bytes().ct_eq(hmac.as_bytes())) {
        return Err(Fault::Wrong);
    }
    let seconds = |text: &str| text.parse::<u64>().map_err(|_| Fault::Malformed);
    if seconds(part("exp").ok_or(Fault::Malformed)?)? < now {
        return Err(Fault::Expired);
    }
    if let Some(start) = part("st")
        && seconds(start)? > now
    {
        return Err(Fault::TooEarly);
    }
    if let Some(ip) = part("ip")
        && client != Some(ip)
    {
        return Err(Fault::OtherClient);
    }
    let escaped = escape(path);
    match acl {
        Some(acl)
            if !acl
                .split('!')
                .take(MAX_PATTERNS)
                .any(|pattern| matches(pattern, &escaped)) =>
        {
            Err(Fault::OtherPath)
        }
        _ => Ok(()),
    }
}

fn parts(grant: &Grant) -> String {
    let mut parts = Vec::new();
    parts.extend(grant.ip.as_ref().map(|ip| format!("ip={ip}")));
    parts.extend(grant.start.map(|start| format!("st={start}")));
    parts.push(format!("exp={}", grant.expires));
    if !grant.acl.is_empty() {
        let patterns: Vec<String> = grant.acl.iter().map(|pattern| escape(pattern)).collect();
        parts.push(format!("acl={}", patterns.join("!")));
    }
    parts.join("~")
}

/// Whether a path fits a pattern in which `*` stands for any text. Both are escaped alike. Linear but for the stars,
/// and the pattern is one that we signed.
fn matches(pattern: &str, path: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = path.strip_prefix(first) else {
        return false;
    };
    let mut last = None;
    for piece in pieces {
        if let Some(piece) = last.replace(piece) {
            let Some((_, after)) = rest.split_once(piece) else {
                return false;
            };
            rest = after;
        }
    }
    match last {
        Some(piece) => rest.ends_with(piece),
        None => rest.is_empty(),
    }
}

/// Percent-encodes what tokens escape, in lower-case hex; `*` and `!` stay.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c == ' ' || "\"#%&'/:;<=>?@[\\]^`{|}~".contains(c) {
            let _infallible = write!(out, "%{:02x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

fn digest(key: &Key, text: &str) -> String {
    // A key of any length is a key to this digest.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&key.0) else {
        return String::new();
    };
    mac.update(text.as_bytes());
    mac.finalize()
        .into_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACL: &str = "st=1111111111~exp=1111111411~acl=%2fimage%2f*\
                       ~hmac=1751370bcc6cfe9e03f30dd1a9722ba0f2cdca283fa3e6df3342a00a7528cc51";

    fn key() -> Key {
        Key::from_hex("00112233FF99").unwrap()
    }

    #[test]
    fn tokens_are_those_of_the_sdks() {
        let grant = Grant {
            start: Some(1_111_111_111),
            expires: 1_111_111_411,
            acl: vec!["/image/*".to_owned()],
            ip: None,
        };
        assert_eq!(sign(&key(), &grant, ""), ACL);
        let path = "/image/authenticated/v1486020273/sample.jpg";
        let grant = Grant {
            start: Some(11_111_111),
            expires: 11_111_411,
            ..Grant::default()
        };
        let token = sign(&key(), &grant, path);
        let hmac = "8db0d753ee7bbb9e2eaf8698ca3797436ba4c20e31f44527e43b6a6e995cfdb3";
        assert_eq!(token, format!("st=11111111~exp=11111411~hmac={hmac}"));
        assert_eq!(verify(&key(), &token, path, 11_111_200, None), Ok(()));
        assert_eq!(
            verify(&key(), &token, "/image/other.jpg", 11_111_200, None),
            Err(Fault::Wrong)
        );
    }

    #[test]
    fn a_token_opens_what_it_says_when_it_says() {
        let open = |path, now| verify(&key(), ACL, path, now, None);
        assert_eq!(open("/image/authenticated/a.jpg", 1_111_111_200), Ok(()));
        assert_eq!(open("/video/a.mp4", 1_111_111_200), Err(Fault::OtherPath));
        assert_eq!(open("/image/a.jpg", 1_111_111_000), Err(Fault::TooEarly));
        assert_eq!(open("/image/a.jpg", 1_111_111_412), Err(Fault::Expired));
        let other = Key::from_hex("00").unwrap();
        assert_eq!(
            verify(&other, ACL, "/image/a.jpg", 1_111_111_200, None),
            Err(Fault::Wrong)
        );
        for broken in [
            "",
            "~",
            "hmac=",
            "~hmac=",
            "exp=1~hmac=00",
            &"~".repeat(9000),
        ] {
            assert!(
                verify(&key(), broken, "/image/a.jpg", 0, None).is_err(),
                "{broken}"
            );
        }
    }

    #[test]
    fn a_token_may_be_for_one_client() {
        let grant = Grant {
            ip: Some("10.0.0.7".to_owned()),
            expires: 9,
            ..Grant::default()
        };
        let token = sign(&key(), &grant, "/a");
        assert_eq!(verify(&key(), &token, "/a", 1, Some("10.0.0.7")), Ok(()));
        assert_eq!(
            verify(&key(), &token, "/a", 1, Some("10.0.0.8")),
            Err(Fault::OtherClient)
        );
        assert_eq!(
            verify(&key(), &token, "/a", 1, None),
            Err(Fault::OtherClient)
        );
    }

    #[test]
    fn patterns_match_as_written() {
        for (pattern, path, fits) in [
            ("/a/*", "/a/b", true),
            ("/a/*", "/b/b", false),
            ("*", "", true),
            ("*/c", "/a/b/c", true),
            ("/a/*/c*e", "/a/b/cde", true),
            ("/a", "/a/b", false),
            ("/a/*/c", "/a/c", false),
        ] {
            assert_eq!(
                matches(&escape(pattern), &escape(path)),
                fits,
                "{pattern} {path}"
            );
        }
    }

    #[test]
    fn keys_are_hexadecimal() {
        assert!(
            Key::from_hex("").is_none()
                && Key::from_hex("0").is_none()
                && Key::from_hex("xy").is_none()
        );
        assert_eq!(format!("{:?}", key()), "Key(…)");
    }
}
