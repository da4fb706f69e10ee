//! Conditional requests and ranges (RFC 9110, sections 13 and 14), as arithmetic.

use std::ops::Range;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hyper::HeaderMap;
use hyper::header::{IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, RANGE};

/// The first second that an HTTP date cannot say: the year 10000.
const END_OF_DATES: u64 = 253_402_300_800;

/// What a client may compare with what it has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Validators<'a> {
    /// Without quotes; always strong.
    pub(super) etag: &'a str,
    pub(super) modified: Option<SystemTime>,
}

/// The part of the body that goes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Whole,
    Range(Range<u64>),
    /// None of it: the range lies outside.
    Nowhere,
}

/// Whole seconds since 1970, as HTTP counts; `None` for a time that an HTTP date cannot say.
fn seconds(time: SystemTime) -> Option<u64> {
    let seconds = time.duration_since(UNIX_EPOCH).ok()?.as_secs();
    (seconds < END_OF_DATES).then_some(seconds)
}

/// A time as HTTP writes it.
pub(super) fn http_date(time: SystemTime) -> Option<String> {
    let whole = UNIX_EPOCH.checked_add(Duration::from_secs(seconds(time)?))?;
    Some(httpdate::fmt_http_date(whole))
}

fn text(headers: &HeaderMap, name: hyper::header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// Whether the client has these bytes already. Entity tags win over dates.
pub(super) fn not_modified(headers: &HeaderMap, own: Validators<'_>) -> bool {
    let mut tags = headers.get_all(IF_NONE_MATCH).iter().peekable();
    if tags.peek().is_some() {
        return tags.any(|list| list.to_str().is_ok_and(|list| names(list, own.etag)));
    }
    let since = text(headers, IF_MODIFIED_SINCE)
        .and_then(|date| httpdate::parse_http_date(date).ok())
        .and_then(seconds);
    match (since, own.modified.and_then(seconds)) {
        (Some(since), Some(modified)) => modified <= since,
        _ => false,
    }
}

/// Whether a list of entity tags, strong or weak, or `*`, names this one.
fn names(list: &str, etag: &str) -> bool {
    list.split(',').map(str::trim).any(|tag| {
        let tag = tag.strip_prefix("W/").unwrap_or(tag);
        tag == "*" || unquoted(tag) == Some(etag)
    })
}

fn unquoted(tag: &str) -> Option<&str> {
    tag.strip_prefix('"')?.strip_suffix('"')
}

/// The part that a `GET` asks for of a body with `length` bytes. Several ranges at once, another
/// unit, and what is no range at all are as if nothing had been asked.
pub(super) fn part(headers: &HeaderMap, own: Validators<'_>, length: u64) -> Part {
    let Some(asked) = text(headers, RANGE) else {
        return Part::Whole;
    };
    if let Some(condition) = headers.get(IF_RANGE)
        && !condition.to_str().is_ok_and(|text| is_this(text, own))
    {
        return Part::Whole;
    }
    range(asked, length)
}

/// `If-Range`: a strong entity tag, or the very date that we sent.
fn is_this(condition: &str, own: Validators<'_>) -> bool {
    if let Some(tag) = unquoted(condition.trim()) {
        return tag == own.etag;
    }
    let date = httpdate::parse_http_date(condition).ok().and_then(seconds);
    date.is_some() && date == own.modified.and_then(seconds)
}

/// One range of bytes, its end past the last byte.
pub(super) fn range(asked: &str, length: u64) -> Part {
    let Some((unit, set)) = asked.split_once('=') else {
        return Part::Whole;
    };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Part::Whole;
    }
    let Some((first, last)) = set.trim().split_once('-') else {
        return Part::Whole;
    };
    // More digits than 64 bits hold are a position past every end.
    let number = |text: &str| -> Option<Option<u64>> {
        match text {
            "" => Some(None),
            text if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(Some(text.parse().unwrap_or(u64::MAX)))
            }
            _ => None,
        }
    };
    let (Some(first), Some(last)) = (number(first.trim()), number(last.trim())) else {
        return Part::Whole;
    };
    match (first, last) {
        (None, None) => Part::Whole,
        (Some(first), Some(last)) if last < first => Part::Whole,
        (Some(first), _) if first >= length => Part::Nowhere,
        (Some(first), last) => {
            let end = last.map_or(length, |last| last.saturating_add(1).min(length));
            Part::Range(first..end)
        }
        (None, Some(0)) => Part::Nowhere,
        (None, Some(_)) if length == 0 => Part::Nowhere,
        (None, Some(count)) => Part::Range(length.saturating_sub(count)..length),
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::{HeaderName, HeaderValue};

    use super::*;

    const ETAG: &str = "0123456789abcdef0123456789abcdef";

    fn headers(list: &[(HeaderName, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in list {
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn own() -> Validators<'static> {
        Validators {
            etag: ETAG,
            // A stored time has a fraction of a second, the date that was sent has none.
            modified: Some(UNIX_EPOCH + Duration::from_millis(1_000_000_000_700)),
        }
    }

    #[test]
    fn ranges_are_cut_to_the_body() {
        for (asked, length, part) in [
            ("bytes=0-0", 10, Part::Range(0..1)),
            ("bytes=2-", 10, Part::Range(2..10)),
            ("bytes=2-99", 10, Part::Range(2..10)),
            ("bytes=-3", 10, Part::Range(7..10)),
            ("bytes=-99", 10, Part::Range(0..10)),
            ("bytes=9-9", 10, Part::Range(9..10)),
            ("Bytes= 1 - 2", 10, Part::Range(1..3)),
            ("bytes=0-18446744073709551615", 10, Part::Range(0..10)),
            ("bytes=0-99999999999999999999999", 10, Part::Range(0..10)),
            ("bytes=10-", 10, Part::Nowhere),
            ("bytes=99999999999999999999999-", 10, Part::Nowhere),
            ("bytes=-0", 10, Part::Nowhere),
            ("bytes=0-", 0, Part::Nowhere),
            ("bytes=-1", 0, Part::Nowhere),
            ("bytes=3-2", 10, Part::Whole),
            ("bytes=-", 10, Part::Whole),
            ("bytes=0-1,4-5", 10, Part::Whole),
            ("bytes=a-b", 10, Part::Whole),
            ("bytes=+1-2", 10, Part::Whole),
            ("lines=0-1", 10, Part::Whole),
            ("bytes", 10, Part::Whole),
        ] {
            assert_eq!(range(asked, length), part, "{asked} of {length}");
        }
    }

    #[test]
    fn entity_tags_decide_before_dates() {
        let tag = format!("\"{ETAG}\"");
        let later = "Mon, 10 Sep 2001 00:00:00 GMT";
        for (list, fresh) in [
            (vec![(IF_NONE_MATCH, tag.as_str())], true),
            (vec![(IF_NONE_MATCH, &format!("W/{tag}"))], true),
            (vec![(IF_NONE_MATCH, &format!("\"x\", {tag}"))], true),
            (vec![(IF_NONE_MATCH, "\"x\""), (IF_NONE_MATCH, &tag)], true),
            (vec![(IF_NONE_MATCH, "*")], true),
            (vec![(IF_NONE_MATCH, ETAG)], false),
            (
                vec![(IF_NONE_MATCH, "\"x\""), (IF_MODIFIED_SINCE, later)],
                false,
            ),
            (
                vec![(IF_MODIFIED_SINCE, "Sun, 09 Sep 2001 01:46:40 GMT")],
                true,
            ),
            (vec![(IF_MODIFIED_SINCE, later)], true),
            (
                vec![(IF_MODIFIED_SINCE, "Sun, 09 Sep 2001 01:46:39 GMT")],
                false,
            ),
            (vec![(IF_MODIFIED_SINCE, "yesterday")], false),
            (vec![], false),
        ] {
            assert_eq!(not_modified(&headers(&list), own()), fresh, "{list:?}");
        }
    }

    #[test]
    fn a_range_of_other_bytes_is_not_sent() {
        let tag = format!("\"{ETAG}\"");
        for (condition, same) in [
            (tag.as_str(), true),
            (&format!("W/{tag}"), false),
            ("\"x\"", false),
            ("Sun, 09 Sep 2001 01:46:40 GMT", true),
            ("Mon, 10 Sep 2001 00:00:00 GMT", false),
            ("soon", false),
        ] {
            let list = headers(&[(RANGE, "bytes=0-0"), (IF_RANGE, condition)]);
            let expected = if same { Part::Range(0..1) } else { Part::Whole };
            assert_eq!(part(&list, own(), 10), expected, "{condition}");
        }
    }

    #[test]
    fn dates_that_http_cannot_say_are_left_out() {
        let late = UNIX_EPOCH + Duration::from_secs(END_OF_DATES);
        assert_eq!(http_date(late), None);
        assert_eq!(http_date(UNIX_EPOCH - Duration::from_secs(1)), None);
        assert!(http_date(late - Duration::from_secs(1)).is_some());
    }
}
