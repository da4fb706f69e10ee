//! Where results outlive a restart: nowhere, in a folder of this machine, or in a bucket.

use std::sync::Arc;

use super::{DerivedKey, Disk, Purge, Record};

/// The derived store. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub enum Store {
    /// Results live in memory alone.
    #[default]
    Nowhere,
    /// Files on a disk.
    Disk(Arc<Disk>),
}

/// What a derived store did since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreCounters {
    /// Records held, as far as they have been counted yet.
    pub entries: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Records served.
    pub hits: u64,
    /// Records found torn or damaged, removed and never served.
    pub damaged: u64,
    /// Records removed to stay within the size.
    pub evicted: u64,
    /// Reads that failed or took too long.
    pub read_errors: u64,
    /// Records that could not be written.
    pub write_errors: u64,
    /// Records on their way.
    pub waiting: u64,
}

impl Store {
    /// A record, whole and undamaged, or none. Failures are counted and are none.
    pub async fn get(&self, key: &DerivedKey) -> Option<Record> {
        match self {
            Self::Nowhere => None,
            Self::Disk(disk) => disk.get(key).await,
        }
    }

    /// Keeps a record, later and if it can be done.
    pub fn put(&self, key: DerivedKey, record: Record) {
        match self {
            Self::Nowhere => {}
            Self::Disk(disk) => disk.put(key, record),
        }
    }

    /// Removes what a purge names, and comes back when it is gone. How many records that were.
    pub async fn purge(&self, purge: &Purge) -> u64 {
        match self {
            Self::Nowhere => 0,
            Self::Disk(disk) => {
                let (disk, purge) = (disk.clone(), purge.clone());
                let done = tokio::task::spawn_blocking(move || disk.purge(&purge));
                done.await.unwrap_or_default()
            }
        }
    }

    /// Waits until everything that was put is kept.
    pub async fn flush(&self) {
        match self {
            Self::Nowhere => {}
            Self::Disk(disk) => {
                let disk = disk.clone();
                // A thread that is stopped from outside leaves nothing to wait for.
                let _done = tokio::task::spawn_blocking(move || disk.flush()).await;
            }
        }
    }

    /// What happened so far; `None` where there is no store.
    #[must_use]
    pub fn counters(&self) -> Option<StoreCounters> {
        match self {
            Self::Nowhere => None,
            Self::Disk(disk) => Some(disk.counters()),
        }
    }
}
