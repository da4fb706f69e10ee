//! Where results outlive a restart: nowhere, in a folder of this machine, or in a bucket.

use std::sync::Arc;

use super::{Bucket, DerivedKey, Disk, Heard, Purge, Record, Unfinished};

/// The derived store. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub enum Store {
    /// Results live in memory alone.
    #[default]
    Nowhere,
    /// Files on a disk.
    Disk(Arc<Disk>),
    /// Objects of a bucket, shared by many gateways.
    Bucket(Arc<Bucket>),
}

/// What lies in a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Records.
    pub entries: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// What a derived store did since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreCounters {
    /// What it holds, as far as it has been counted yet; `None` where nobody counts.
    pub held: Option<Held>,
    /// Records served.
    pub hits: u64,
    /// Records found torn or damaged, never served.
    pub damaged: u64,
    /// Records removed to stay within the size.
    pub evicted: u64,
    /// Reads that failed or took too long.
    pub read_errors: u64,
    /// Records that could not be written.
    pub write_errors: u64,
    /// Records on their way.
    pub waiting: u64,
    /// Of reading and writing, how many are left alone because they failed too often.
    pub out_of_order: u64,
}

impl Store {
    /// A record of an asset, whole and undamaged, or none. Failures are counted and are none.
    pub async fn get(&self, key: &DerivedKey, public_id: &str) -> Option<Record> {
        match self {
            Self::Nowhere => None,
            Self::Disk(disk) => disk.get(key).await,
            Self::Bucket(bucket) => bucket.get(key, public_id).await,
        }
    }

    /// A record that is at hand, without waiting for anything; none says nothing.
    #[must_use]
    pub fn get_at_once(&self, key: &DerivedKey) -> Option<Record> {
        match self {
            Self::Nowhere | Self::Bucket(_) => None,
            Self::Disk(disk) => disk.get_at_once(key),
        }
    }

    /// Keeps a record, later and if it can be done.
    pub fn put(&self, key: DerivedKey, record: Record) {
        match self {
            Self::Nowhere => {}
            Self::Disk(disk) => disk.put(key, record),
            Self::Bucket(bucket) => bucket.put(key, record),
        }
    }

    /// Removes what a purge names, and comes back when it is gone. How many records that were.
    ///
    /// # Errors
    /// [`Unfinished`] when some of it may be left.
    pub async fn purge(&self, purge: &Purge) -> Result<u64, Unfinished> {
        match self {
            Self::Nowhere => Ok(0),
            Self::Disk(disk) => {
                let (disk, purge) = (disk.clone(), purge.clone());
                let done = tokio::task::spawn_blocking(move || disk.purge(&purge));
                let done = done.await.map_err(|error| Unfinished::because(&error))?;
                done.map_err(|error| Unfinished::because(&error))
            }
            Self::Bucket(bucket) => {
                let done = bucket.purge(purge).await;
                done.map_err(|error| Unfinished::because(&error))
            }
        }
    }

    /// Takes back what was written here and a purge of another gateway has missed.
    ///
    /// # Errors
    /// [`Unfinished`] when some of it may be left.
    pub async fn take_back(&self, purge: &Purge) -> Result<u64, Unfinished> {
        match self {
            Self::Nowhere | Self::Disk(_) => Ok(0),
            Self::Bucket(bucket) => {
                let done = bucket.take_back(purge).await;
                done.map_err(|error| Unfinished::because(&error))
            }
        }
    }

    /// The next purge of another gateway over this store; never where nobody tells of any.
    pub async fn heard(&self) -> Heard {
        match self {
            Self::Nowhere | Self::Disk(_) => std::future::pending().await,
            Self::Bucket(bucket) => bucket.heard().await,
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
            Self::Bucket(bucket) => {
                let bucket = bucket.clone();
                let _done = tokio::task::spawn_blocking(move || bucket.flush()).await;
            }
        }
    }

    /// What happened so far; `None` where there is no store.
    #[must_use]
    pub fn counters(&self) -> Option<StoreCounters> {
        match self {
            Self::Nowhere => None,
            Self::Disk(disk) => Some(disk.counters()),
            Self::Bucket(bucket) => Some(bucket.counters()),
        }
    }
}
