//! The derived store in a folder: results that outlive a restart.
//!
//! One file a record, its place told by the key alone: the first answer after a start needs no
//! index, and several gateways and commands may share a folder. The index ([`index`]) only keeps the
//! folder within its size and is gathered in the background. A record is checked to its last byte
//! before it is served, and whatever goes wrong means a result that is made anew: counted, logged
//! once a minute, never an error to a client.

mod files;
mod index;
#[cfg(target_os = "linux")]
mod quick;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::trouble::Trouble;
use super::writer::Writer;
use super::{DerivedKey, Held, Purge, Record, StoreCounters};
use crate::cache::purge::Verdict;
use files::{Files, Read};
use index::Index;

/// Files read at once; whoever comes while all are busy goes without the store.
const READERS: usize = 64;

/// A file that takes longer is as good as none: rendering is quicker.
const READ_LIMIT: Duration = Duration::from_secs(2);

/// A folder of records, kept within a size.
#[derive(Debug)]
pub struct Disk {
    shared: Arc<Shared>,
    readers: Arc<Semaphore>,
    writer: Writer,
}

#[derive(Debug)]
struct Shared {
    files: Files,
    limit: u64,
    index: Mutex<Index>,
    walked: AtomicBool,
    reading: Trouble,
    writing: Trouble,
    hits: AtomicU64,
    damaged: AtomicU64,
    evicted: AtomicU64,
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Index({} files, {} bytes)", self.len(), self.bytes())
    }
}

impl Disk {
    /// Opens a folder at once and without a look at it; what lies there is gathered in the
    /// background. `limit`: bytes of all records together.
    ///
    /// # Errors
    /// What the system says when it gives no thread.
    pub fn open(root: PathBuf, limit: u64) -> std::io::Result<Self> {
        let said = Arc::default();
        let shared = Arc::new(Shared {
            files: Files::new(root),
            limit,
            index: Mutex::new(Index::new()),
            walked: AtomicBool::new(false),
            reading: Trouble::new("derived store cannot be read", &said),
            writing: Trouble::new("derived store cannot be written", &said),
            hits: AtomicU64::new(0),
            damaged: AtomicU64::new(0),
            evicted: AtomicU64::new(0),
        });
        let walker = shared.clone();
        std::thread::Builder::new()
            .name("store-walk".to_owned())
            .spawn(move || walker.walk())?;
        let keeper = shared.clone();
        let writer = Writer::start(1, move |key, record| keeper.write(key, record))?;
        Ok(Self {
            shared,
            readers: Arc::new(Semaphore::new(READERS)),
            writer,
        })
    }

    /// The folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        self.shared.files.root()
    }

    /// A record, whole and undamaged, or none.
    pub async fn get(&self, key: &DerivedKey) -> Option<Record> {
        let shared = &self.shared;
        if let Some(record) = self.writer.waiting(key) {
            return Some(record);
        }
        if shared.reading.is_paused() {
            return None;
        }
        let Ok(permit) = self.readers.clone().try_acquire_owned() else {
            shared.reading.report(&"all readers are busy");
            return None;
        };
        let (theirs, key) = (shared.clone(), *key);
        let reading = tokio::task::spawn_blocking(move || {
            // Held until the read has ended, however long nobody waits for it any more.
            let _permit = permit;
            theirs.read(&key)
        });
        match tokio::time::timeout(READ_LIMIT, reading).await {
            Ok(record) => record.unwrap_or_default(),
            Err(_) => {
                shared.reading.report(&"reading takes too long");
                None
            }
        }
    }

    /// A record that is at hand: read by this thread and without waiting, or none, which says nothing.
    #[must_use]
    pub fn get_at_once(&self, key: &DerivedKey) -> Option<Record> {
        let shared = &self.shared;
        if let Some(record) = self.writer.waiting(key) {
            return Some(record);
        }
        if shared.reading.is_paused() {
            return None;
        }
        let record = shared.read_at_once(key)?;
        shared.hits.fetch_add(1, Ordering::Relaxed);
        // Whoever holds it may be long about it; that this use is not noted does no harm.
        if let Ok(mut index) = shared.index.try_lock() {
            index.touch(*key, record.len());
        }
        Some(record)
    }

    /// Keeps a record, later; it is dropped when too many wait already.
    pub fn put(&self, key: DerivedKey, record: Record) {
        if record.len() > self.shared.limit / 2 {
            return;
        }
        if self.shared.writing.is_paused() {
            self.shared.writing.skip();
        } else if !self.writer.put(key, record) {
            self.shared
                .writing
                .report(&"too many results wait to be written");
        }
    }

    /// Removes what a purge names, and comes back when it is gone. How many records that were. Blocks.
    ///
    /// # Errors
    /// The first thing that went wrong; what could be removed is gone all the same.
    pub fn purge(&self, purge: &Purge) -> std::io::Result<u64> {
        let waiting = self.writer.purge(|record| purge.takes_record(record));
        Ok(waiting + self.shared.purge(purge)?)
    }

    /// Waits until everything that was put is written. Blocks.
    pub fn flush(&self) {
        self.writer.flush();
    }

    /// Waits until the folder has been looked through. Blocks.
    pub fn wait_walked(&self) {
        while !self.shared.walked.load(Ordering::Acquire) {
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// What happened so far.
    #[must_use]
    pub fn counters(&self) -> StoreCounters {
        let shared = &self.shared;
        let held = {
            let index = shared.index();
            Held {
                entries: index.len() as u64,
                bytes: index.bytes(),
            }
        };
        StoreCounters {
            held: Some(held),
            hits: shared.hits.load(Ordering::Relaxed),
            damaged: shared.damaged.load(Ordering::Relaxed),
            evicted: shared.evicted.load(Ordering::Relaxed),
            read_errors: shared.reading.count(),
            write_errors: shared.writing.count(),
            waiting: self.writer.len() as u64,
            out_of_order: u64::from(shared.reading.is_paused())
                + u64::from(shared.writing.is_paused()),
        }
    }
}

impl Shared {
    /// The index; each change to it is whole.
    fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(target_os = "linux")]
    fn read_at_once(&self, key: &DerivedKey) -> Option<Record> {
        self.files.read_at_once(key)
    }

    /// Elsewhere every read may have to wait.
    #[cfg(not(target_os = "linux"))]
    const fn read_at_once(&self, _: &DerivedKey) -> Option<Record> {
        None
    }

    fn read(&self, key: &DerivedKey) -> Option<Record> {
        match self.files.read(key) {
            Ok(Read::Whole(record)) => {
                self.reading.relax();
                self.hits.fetch_add(1, Ordering::Relaxed);
                self.index().touch(*key, record.len());
                Some(record)
            }
            Ok(Read::Nothing) => {
                self.reading.relax();
                None
            }
            Ok(Read::Damaged) => {
                self.damaged.fetch_add(1, Ordering::Relaxed);
                self.index().remove(key);
                None
            }
            Err(error) => {
                self.reading.report(&error);
                None
            }
        }
    }

    fn write(&self, key: &DerivedKey, record: &Record) {
        match self.files.write(key, record) {
            Ok(()) => {
                self.writing.relax();
                self.index().touch(*key, record.len());
                self.evict();
            }
            Err(error) => {
                self.writing.report(&error);
                if error.kind() == std::io::ErrorKind::StorageFull {
                    self.make_room(record.len());
                }
            }
        }
    }

    /// Removes the longest unused until the rest is within the limit.
    fn evict(&self) {
        while self.index().bytes() > self.limit {
            if !self.remove_oldest() {
                return;
            }
        }
    }

    /// The disk is full before the limit is reached: twice the room that was lacking, for the next.
    fn make_room(&self, bytes: u64) {
        let target = self.index().bytes().saturating_sub(bytes.saturating_mul(2));
        while self.index().bytes() > target {
            if !self.remove_oldest() {
                return;
            }
        }
    }

    fn remove_oldest(&self) -> bool {
        let Some(key) = self.index().pop_oldest() else {
            return false;
        };
        match self.files.remove(&key) {
            Ok(_) => {
                self.evicted.fetch_add(1, Ordering::Relaxed);
                true
            }
            Err(error) => {
                self.writing.report(&error);
                false
            }
        }
    }

    fn walk(&self) {
        match self.files.walk() {
            Ok(entries) => {
                let found = entries.iter().map(|entry| (entry.key, entry.bytes));
                self.index().adopt(found);
                self.evict();
            }
            Err(error) => self.reading.report(&error),
        }
        self.walked.store(true, Ordering::Release);
    }

    fn purge(&self, purge: &Purge) -> std::io::Result<u64> {
        let assets = purge.assets();
        let keys = self
            .files
            .keys()
            .inspect_err(|error| self.reading.report(error))?;
        let mut gone = 0;
        let mut failed = None;
        for key in keys {
            if purge.judge(&key, &assets) == Verdict::Stays {
                continue;
            }
            match self.is_meant(purge, &key).and_then(|meant| {
                if meant {
                    self.files.remove(&key)
                } else {
                    Ok(false)
                }
            }) {
                Ok(removed) => {
                    if removed {
                        self.index().remove(&key);
                        gone += 1;
                    }
                }
                Err(error) => {
                    self.writing.report(&error);
                    failed.get_or_insert(error);
                }
            }
        }
        failed.map_or(Ok(gone), Err)
    }

    fn is_meant(&self, purge: &Purge, key: &DerivedKey) -> std::io::Result<bool> {
        let head = self.files.read_owner(key)?;
        // A record that does not tell its owner is damaged, and no loss.
        Ok(
            head.is_some_and(|head| {
                Record::owner_of(&head).is_none_or(|owner| purge.takes(&owner))
            }),
        )
    }
}
