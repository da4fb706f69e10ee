//! What an origin says about how long an object may be kept: `Cache-Control` and `Expires` of HTTP.

use std::fmt::Write as _;
use std::time::Duration;

/// How long and by whom an object may be kept, as its origin says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a word of the header of its own"
)]
pub struct Keeping {
    /// By nobody.
    pub no_store: bool,
    /// Not without asking each time.
    pub no_cache: bool,
    /// By the client alone.
    pub private: bool,
    /// Never beyond its time.
    pub must_revalidate: bool,
    /// It never changes.
    pub immutable: bool,
    /// Seconds.
    pub max_age: Option<u32>,
    /// Seconds, for caches that many share.
    pub s_maxage: Option<u32>,
}

impl Keeping {
    /// Of the values of `Cache-Control`, and of `Expires` with the time at which it was sent; `None`
    /// where they say nothing.
    #[must_use]
    pub fn read<'a>(
        cache_control: impl IntoIterator<Item = &'a str>,
        expires: Option<&str>,
        sent: Option<&str>,
    ) -> Option<Self> {
        let mut own = Self::default();
        let words = cache_control.into_iter().flat_map(|value| value.split(','));
        for word in words {
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            let seconds = || {
                let value = value.trim().trim_matches('"');
                // What is no number, or none that fits, was meant to be long or is a mistake; 0 is safe.
                let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
                digits
                    .then(|| value.parse().unwrap_or(u32::MAX))
                    .or(Some(0))
            };
            match name.trim().to_ascii_lowercase().as_str() {
                "no-store" => own.no_store = true,
                "no-cache" => own.no_cache = true,
                "private" => own.private = true,
                "must-revalidate" => own.must_revalidate = true,
                "immutable" => own.immutable = true,
                "max-age" => own.max_age = own.max_age.or_else(seconds),
                "s-maxage" => own.s_maxage = own.s_maxage.or_else(seconds),
                _ => {}
            }
        }
        if let (None, Some(expires)) = (own.max_age, expires) {
            // What is no date has expired.
            own.max_age = Some(until(expires, sent).unwrap_or(0));
        }
        (own != Self::default()).then_some(own)
    }

    /// As the value of a `Cache-Control` of ours, no time shorter than `least` or longer than `most`.
    /// What may not be kept stays so; where no time is said, none is.
    #[must_use]
    pub fn within(&self, least: Duration, most: Duration) -> String {
        if self.no_store {
            return "no-store".to_owned();
        }
        let mut text = String::from(if self.private { "private" } else { "public" });
        let words = [
            (self.no_cache, ", no-cache"),
            (self.must_revalidate, ", must-revalidate"),
            (self.immutable, ", immutable"),
        ];
        text.extend(
            words
                .iter()
                .filter(|(said, _)| *said)
                .map(|(_, word)| *word),
        );
        for (name, seconds) in [("max-age", self.max_age), ("s-maxage", self.s_maxage)] {
            if let Some(seconds) = seconds {
                let bounded = u64::from(seconds).max(least.as_secs()).min(most.as_secs());
                // Text takes whatever is written to it.
                let _written = write!(text, ", {name}={bounded}");
            }
        }
        text
    }
}

fn until(expires: &str, sent: Option<&str>) -> Option<u32> {
    let expires = httpdate::parse_http_date(expires.trim()).ok()?;
    let sent = httpdate::parse_http_date(sent?.trim()).ok()?;
    let left = expires.duration_since(sent).unwrap_or_default();
    Some(u32::try_from(left.as_secs()).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENT: Option<&str> = Some("Sun, 06 Nov 1994 08:49:37 GMT");

    #[test]
    fn what_an_origin_says_is_passed_on_within_bounds() {
        for (said, expires, told) in [
            ("", None, None),
            ("no-transform", None, None),
            ("public, max-age=300", None, Some("public, max-age=300")),
            (
                "Max-Age=\"300\" , S-MaxAge = 60",
                None,
                Some("public, max-age=300, s-maxage=60"),
            ),
            ("max-age=5", None, Some("public, max-age=10")),
            ("max-age=99999999999999", None, Some("public, max-age=1000")),
            ("max-age=-1", None, Some("public, max-age=10")),
            ("max-age=300, max-age=5", None, Some("public, max-age=300")),
            (
                "private, must-revalidate, max-age=20",
                None,
                Some("private, must-revalidate, max-age=20"),
            ),
            ("no-cache", None, Some("public, no-cache")),
            ("no-store, max-age=300", None, Some("no-store")),
            (
                "immutable, max-age=900",
                None,
                Some("public, immutable, max-age=900"),
            ),
            (
                "",
                Some("Sun, 06 Nov 1994 08:50:37 GMT"),
                Some("public, max-age=60"),
            ),
            (
                "",
                Some("Sun, 06 Nov 1994 08:40:37 GMT"),
                Some("public, max-age=10"),
            ),
            ("", Some("0"), Some("public, max-age=10")),
            (
                "max-age=30",
                Some("Sun, 06 Nov 1994 08:50:37 GMT"),
                Some("public, max-age=30"),
            ),
        ] {
            let keeping = Keeping::read([said], expires, SENT);
            let text = keeping
                .map(|keeping| keeping.within(Duration::from_secs(10), Duration::from_secs(1000)));
            assert_eq!(text.as_deref(), told, "{said:?} {expires:?}");
        }
    }
}
