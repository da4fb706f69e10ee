//! Sizes and times as people write them: `256MiB`, `1GB`, `30s`, `1h30m`.

use std::fmt;
use std::time::Duration;

use serde::{Serialize, Serializer};

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(pub u64);

/// Units with their bytes, largest first: [`Bytes`] prints in the first that leaves no rest.
const SIZES: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("TB", 1_000_000_000_000),
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("KB", 1_000),
    ("B", 1),
];

impl Bytes {
    /// Reads `256MiB`, `64 MB` or `1024`; units in any case. `None` for anything else, and above 64 bits.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let digits = text
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len());
        let (number, unit) = text.split_at_checked(digits)?;
        let unit = unit.trim_start();
        let factor = if unit.is_empty() {
            1
        } else {
            SIZES
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(unit))?
                .1
        };
        number.parse::<u64>().ok()?.checked_mul(factor).map(Self)
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exact = SIZES
            .iter()
            .find(|(_, factor)| self.0 >= *factor && self.0.is_multiple_of(*factor));
        match exact {
            Some((unit, factor)) => write!(f, "{}{unit}", self.0 / factor),
            None => write!(f, "{}B", self.0),
        }
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A length of time, in whole milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub Duration);

/// Units with their milliseconds, largest first.
const TIMES: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

impl Time {
    /// So many seconds.
    #[must_use]
    pub const fn seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// Reads `30s`, `250ms`, `1h30m`. `None` for anything else, and for a number without a unit.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let mut rest = text.trim();
        if rest.is_empty() {
            return None;
        }
        let mut total = 0_u64;
        while !rest.is_empty() {
            let (number, after) =
                rest.split_at_checked(rest.find(|c: char| !c.is_ascii_digit())?)?;
            let end = after
                .find(|c: char| !c.is_ascii_alphabetic())
                .unwrap_or(after.len());
            let (unit, next) = after.split_at_checked(end)?;
            let factor = TIMES.iter().find(|(name, _)| *name == unit)?.1;
            total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(factor)?)?;
            rest = next.trim_start();
        }
        Some(Self(Duration::from_millis(total)))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        if left == 0 {
            return f.write_str("0s");
        }
        for (unit, factor) in TIMES {
            if left >= factor {
                write!(f, "{}{unit}", left / factor)?;
                left %= factor;
            }
        }
        Ok(())
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_printed() {
        for (text, bytes, printed) in [
            ("256MiB", 256 << 20, "256MiB"),
            ("64 mb", 64_000_000, "64MB"),
            ("1024", 1024, "1KiB"),
            ("1000001", 1_000_001, "1000001B"),
            ("0", 0, "0B"),
        ] {
            let read = Bytes::read(text);
            assert_eq!(read, Some(Bytes(bytes)), "{text}");
            assert_eq!(Bytes(bytes).to_string(), printed);
            assert_eq!(Bytes::read(printed), read);
        }
        for text in [
            "",
            "MiB",
            "-1",
            "1.5GB",
            "1 PB",
            "99999999TiB",
            "18446744073709551616",
        ] {
            assert_eq!(Bytes::read(text), None, "{text}");
        }
    }

    #[test]
    fn times_are_read_and_printed() {
        for (text, millis, printed) in [
            ("30s", 30_000, "30s"),
            ("1h30m", 5_400_000, "1h30m"),
            ("90s", 90_000, "1m30s"),
            ("250ms", 250, "250ms"),
            ("2d", 172_800_000, "2d"),
            ("0s", 0, "0s"),
        ] {
            let read = Time::read(text);
            assert_eq!(read, Some(Time(Duration::from_millis(millis))), "{text}");
            assert_eq!(Time(Duration::from_millis(millis)).to_string(), printed);
            assert_eq!(Time::read(printed), read);
        }
        for text in [
            "",
            "30",
            "s",
            "-1s",
            "1.5s",
            "10 parsecs",
            "99999999999999999d",
        ] {
            assert_eq!(Time::read(text), None, "{text}");
        }
    }
}
