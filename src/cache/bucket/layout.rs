//! Where things lie in the bucket.
//!
//! ```text
//! results/<public id>/<key>     a record
//! layers/<public id>/<key>      names the record that has this asset as a layer
//! purges/<time>-<number>        a purge, for the other gateways
//! ```
//!
//! A public ID stands there as letters, digits, `-` and `_`, every other byte as `!` and two hex
//! digits: so all forms of an asset, and all assets whose ID begins alike, have keys that begin
//! alike, and a listing finds them without a look into any of them. An ID that would make too long a
//! key stands there as `!long/` and its hash.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::cache::{AssetHash, DerivedKey, Purge};

const RESULTS: &str = "results/";
const LAYERS: &str = "layers/";
const PURGES: &str = "purges/";

/// Where IDs lie that are too long to be written out.
const LONG: &str = "!long/";

/// Letters of an ID that is written out: with the folder and the rest no more than the 1,024 bytes
/// that S3 allows.
const MAX_ID: usize = 600;

/// Letters between two slashes: many stores keep each part as the name of a file.
const PART: usize = 200;

/// The longest folder, in bytes.
pub(super) const MAX_FOLDER: usize = 256;

/// The keys below a folder.
#[derive(Debug)]
pub(super) struct Layout {
    /// Empty, or ended by a slash.
    folder: Box<str>,
}

/// One listing of a purge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listing {
    /// Keys that begin so.
    pub(super) prefix: String,
    /// They only name records.
    pub(super) names: bool,
    /// Whether a record is meant is told by its owner alone.
    pub(super) look: bool,
}

impl Layout {
    pub(super) fn new(folder: &str) -> Self {
        let folder = folder.trim_matches('/');
        Self {
            folder: match folder {
                "" => "".into(),
                folder => format!("{folder}/").into(),
            },
        }
    }

    /// Of the result of an asset.
    pub(super) fn record(&self, public_id: &str, key: &DerivedKey) -> String {
        format!(
            "{}{RESULTS}{}/{}",
            self.folder,
            place(public_id),
            key.name()
        )
    }

    /// Of what tells that the result has this asset as a layer.
    pub(super) fn layer(&self, public_id: &str, key: &DerivedKey) -> String {
        format!("{}{LAYERS}{}/{}", self.folder, place(public_id), key.name())
    }

    /// Whether this is the key of a record of ours.
    pub(super) fn is_record(&self, key: &str) -> bool {
        let inside = key
            .strip_prefix(&*self.folder)
            .and_then(|key| key.strip_prefix(RESULTS));
        let name = inside.and_then(|inside| inside.rsplit('/').next());
        name.is_some_and(|name| DerivedKey::from_name(name).is_some())
    }

    /// What has to be listed for a purge. Each public ID is one listing, and one for layers.
    pub(super) fn listings(&self, purge: &Purge) -> Vec<Listing> {
        let listing = |kind: &str, id: &str, look| Listing {
            prefix: format!("{}{kind}{id}", self.folder),
            names: kind == LAYERS,
            look,
        };
        if !purge.endpoints.is_empty() {
            // Endpoints stand in the records alone, and so do all assets that take part.
            return vec![listing(RESULTS, "", true)];
        }
        let mut all = Vec::new();
        for kind in [RESULTS, LAYERS] {
            for id in &purge.public_ids {
                let place = place(id);
                all.push(listing(kind, &format!("{place}/"), place.starts_with(LONG)));
            }
            for prefix in &purge.prefixes {
                let written = written(prefix);
                if written.len() <= MAX_ID {
                    all.push(listing(kind, &written, false));
                }
            }
            let whole = purge.prefixes.iter().any(|prefix| prefix.is_empty());
            if !purge.prefixes.is_empty() && !whole {
                all.push(listing(kind, LONG, true));
            }
        }
        all
    }

    /// The log of purges.
    pub(super) fn purges(&self) -> String {
        format!("{}{PURGES}", self.folder)
    }

    /// Of a purge at a time; `number` tells it from others of the same moment.
    pub(super) fn purge(&self, at: SystemTime, number: u64) -> String {
        format!("{}-{number:016x}", self.purges_from(at))
    }

    /// Before the keys of all purges from this time on.
    pub(super) fn purges_from(&self, at: SystemTime) -> String {
        let millis = at
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_millis();
        let millis = u64::try_from(millis).unwrap_or(u64::MAX);
        format!("{}{PURGES}{millis:012x}", self.folder)
    }

    /// When a purge of the log began, by the clock of who wrote it.
    pub(super) fn time_of(&self, key: &str) -> Option<SystemTime> {
        let name = key.strip_prefix(&*self.folder)?.strip_prefix(PURGES)?;
        let (millis, _) = name.split_once('-')?;
        let millis = u64::from_str_radix(millis, 16).ok()?;
        UNIX_EPOCH.checked_add(Duration::from_millis(millis))
    }
}

/// A public ID as a part of a key.
fn place(public_id: &str) -> String {
    let written = written(public_id);
    match written.len() {
        0 => "!none".to_owned(),
        1..=MAX_ID => written,
        _ => {
            let hash = DerivedKey::asset_name(AssetHash::of(public_id));
            format!("{LONG}{hash}")
        }
    }
}

/// Of a public ID, or of its beginning: then this is the beginning of what the whole is written as.
fn written(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut letters = 0;
    for byte in text.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        let width = if plain { 1 } else { 3 };
        if letters + width > PART {
            out.push('/');
            letters = 0;
        }
        letters += width;
        if plain {
            out.push(char::from(byte));
        } else {
            // Text takes whatever is written to it.
            let _written = write!(out, "!{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::KeyParts;

    fn key() -> DerivedKey {
        DerivedKey::new(&KeyParts::of("a", "o"))
    }

    #[test]
    fn ids_are_told_apart_and_stay_inside() {
        let long = "x".repeat(601);
        let longer = "é".repeat(250);
        let ids = [
            "a", "a/b", "a!2Fb", "A", "a.", "..", ".", "", "a b", "!none", "!long", "é", &long,
            &longer, "x//y", "/x", "x/",
        ];
        let layout = Layout::new("/derived/pictures/");
        let mut seen = std::collections::BTreeSet::new();
        for id in ids {
            let record = layout.record(id, &key());
            assert!(record.starts_with("derived/pictures/results/"), "{record}");
            assert!(layout.is_record(&record), "{record}");
            assert!(record.len() <= 1024 - MAX_FOLDER);
            for part in record.split('/') {
                assert!(
                    !part.is_empty() && !part.starts_with('.') && part.len() <= 255,
                    "{record}"
                );
            }
            assert!(seen.insert(record), "{id} meets another");
            assert!(!layout.is_record(&layout.layer(id, &key())));
        }
        assert_eq!(
            Layout::new("").record("a/b.c", &key()),
            format!("results/a!2Fb!2Ec/{}", key().name())
        );
    }

    #[test]
    fn what_begins_alike_is_listed_together() {
        let layout = Layout::new("d");
        let ids = ["shop/2019/é".repeat(30), "shop/".to_owned(), "é".repeat(90)];
        for id in &ids {
            let record = layout.record(id, &key());
            for (end, _) in id.char_indices().chain([(id.len(), ' ')]) {
                let purge = Purge {
                    prefixes: vec![id[..end].into()],
                    ..Purge::default()
                };
                let listed = layout.listings(&purge);
                assert!(
                    listed
                        .iter()
                        .any(|listing| !listing.names && record.starts_with(&listing.prefix)),
                    "{id} by {end} letters"
                );
            }
        }
        let by_id = Purge {
            public_ids: vec!["shop".into()],
            ..Purge::default()
        };
        let listed: Vec<_> = layout.listings(&by_id);
        let listed: Vec<_> = listed.iter().map(|listing| &*listing.prefix).collect();
        assert_eq!(listed, ["d/results/shop/", "d/layers/shop/"]);
    }

    #[test]
    fn purges_stand_in_the_order_of_time() {
        let layout = Layout::new("d");
        let at = |millis| UNIX_EPOCH + Duration::from_millis(millis);
        let first = layout.purge(at(1_700_000_000_000), u64::MAX);
        let second = layout.purge(at(1_700_000_000_001), 0);
        assert!(first < second);
        assert!(layout.purges_from(at(1_700_000_000_000)) < first);
        assert!(layout.purges_from(at(1_700_000_000_001)) > first);
        assert_eq!(layout.time_of(&second), Some(at(1_700_000_000_001)));
        assert_eq!(layout.time_of("d/purges/elsewhere"), None);
    }
}
