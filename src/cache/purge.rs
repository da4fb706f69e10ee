//! What a purge takes away.

use serde::{Deserialize, Serialize};
use thiserror::Error as ThisError;

use super::{AssetHash, DerivedKey, Owner, Record};

/// A purge that did not reach everything in the derived store.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
#[error("not everything is gone from the derived store: {reason}")]
pub struct Unfinished {
    /// The first thing that went wrong.
    pub reason: Box<str>,
}

impl Unfinished {
    pub(super) fn because(reason: &dyn std::fmt::Display) -> Self {
        Self {
            reason: reason.to_string().into(),
        }
    }
}

/// Which results are to go. Empty: none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Purge {
    /// Every form of these assets, and every result that has one of them as a layer.
    pub public_ids: Vec<Box<str>>,
    /// The same for all assets whose public ID begins with one of these.
    pub prefixes: Vec<Box<str>>,
    /// Everything that these endpoints were asked for.
    pub endpoints: Vec<Box<str>>,
}

/// How far a key alone decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Stays,
    /// The owner inside the record has to be looked at.
    Perhaps,
}

impl Purge {
    /// Whether nothing is named.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.public_ids.is_empty() && self.prefixes.is_empty() && self.endpoints.is_empty()
    }

    /// Whether assets alone are named, so that keys tell which results are surely not meant.
    #[must_use]
    pub(super) fn is_by_asset(&self) -> bool {
        self.prefixes.is_empty() && self.endpoints.is_empty()
    }

    /// The assets' halves of keys.
    pub(super) fn assets(&self) -> Vec<AssetHash> {
        self.public_ids.iter().map(|id| AssetHash::of(id)).collect()
    }

    /// What a key alone says; `assets` are [`Purge::assets`].
    pub(super) fn judge(&self, key: &DerivedKey, assets: &[AssetHash]) -> Verdict {
        if !self.is_by_asset() || assets.iter().any(|asset| key.may_be_of(*asset)) {
            Verdict::Perhaps
        } else {
            Verdict::Stays
        }
    }

    /// Whether an asset is meant.
    #[must_use]
    pub fn takes_asset(&self, public_id: &str) -> bool {
        self.public_ids.iter().any(|id| **id == *public_id)
            || self
                .prefixes
                .iter()
                .any(|prefix| public_id.starts_with(&**prefix))
    }

    /// Whether an endpoint is meant as a whole.
    #[must_use]
    pub fn takes_endpoint(&self, endpoint: &str) -> bool {
        self.endpoints.iter().any(|name| **name == *endpoint)
    }

    /// Whether a result is meant.
    #[must_use]
    pub fn takes(&self, owner: &Owner<'_>) -> bool {
        self.takes_endpoint(owner.endpoint)
            || owner.public_ids.iter().any(|id| self.takes_asset(id))
    }

    /// Whether a record is meant. One that does not tell its owner is.
    #[must_use]
    pub fn takes_record(&self, record: &Record) -> bool {
        record.owner().is_none_or(|owner| self.takes(&owner))
    }
}
