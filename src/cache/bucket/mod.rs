//! The derived store in a bucket: results that many gateways share.
//!
//! An object a record, its key told by the result's alone ([`layout`]); a record is checked to its
//! last byte before it is served, so a torn or foreign object is none. Nobody is asked for leave:
//! who writes a result second finds it there. Whatever goes wrong means a result that is made anew:
//! counted, logged once a minute, never an error to a client. A store that does not answer is left
//! alone after a few tries. Purges reach the memory of the other gateways by a log in the bucket
//! ([`log`]).

mod layout;
mod log;
mod purge;

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use lru::LruCache;
use tokio::runtime::{Handle, Runtime};
use tokio::sync::mpsc;

use super::trouble::Trouble;
use super::writer::Writer;
use super::{DerivedKey, Record, StoreCounters};
use crate::origin::{Error, Patience, growing, s3};
use layout::{Layout, MAX_FOLDER};
use log::Log;
pub use purge::Heard;

/// Larger records are not kept here.
const MAX_RECORD: u64 = 64 << 20;

/// Records written at the same time.
const WRITERS: usize = 8;

/// Damaged records that are remembered until they are written anew.
const MAX_DAMAGED: NonZeroUsize = match NonZeroUsize::new(1024) {
    Some(most) => most,
    None => NonZeroUsize::MIN,
};

/// Purges of others that wait to be done here.
const HEARD: usize = 16;

/// A folder of a bucket, full of records.
pub struct Bucket {
    shared: Arc<Shared>,
    writer: Writer,
    heard: tokio::sync::Mutex<mpsc::Receiver<Heard>>,
}

struct Shared {
    layout: Layout,
    /// For requests, which wait.
    reads: s3::Client,
    /// For everything else.
    calls: s3::Client,
    background: Background,
    log: Log,
    tell: mpsc::Sender<Heard>,
    reading: Trouble,
    writing: Trouble,
    looking: Trouble,
    hits: AtomicU64,
    damaged: AtomicU64,
    /// Found damaged: to be replaced.
    replace: Mutex<LruCache<DerivedKey, ()>>,
}

/// A thread for what no request waits for. It may be dropped anywhere.
struct Background(Option<Runtime>);

impl Background {
    fn handle(&self) -> Option<&Handle> {
        self.0.as_ref().map(Runtime::handle)
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Bucket {
    /// The longest folder, in bytes.
    pub const MAX_FOLDER: usize = MAX_FOLDER;

    /// Below `folder` (empty: the whole bucket), at once and without a question. `reach` is how long
    /// requests wait; what is done in the background takes more time.
    ///
    /// # Errors
    /// What the system says when it gives no thread.
    pub fn open(reach: s3::Config, folder: &str) -> std::io::Result<Arc<Self>> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("store-bucket")
            .enable_all()
            .build()?;
        let handle = runtime.handle().clone();
        let (tell, heard) = mpsc::channel(HEARD);
        let calls = s3::Config {
            patience: Patience::without_hurry(reach.patience),
            ..reach.clone()
        };
        let said = Arc::default();
        let shared = Arc::new(Shared {
            layout: Layout::new(folder),
            reads: s3::Client::new("store", reach),
            calls: s3::Client::new("store", calls),
            background: Background(Some(runtime)),
            log: Log::new(),
            tell,
            reading: Trouble::new("derived store cannot be read", &said),
            writing: Trouble::new("derived store cannot be written", &said),
            looking: Trouble::new("derived store tells of no purges", &said),
            hits: AtomicU64::new(0),
            damaged: AtomicU64::new(0),
            replace: Mutex::new(growing(MAX_DAMAGED)),
        });
        let (keeper, on) = (shared.clone(), handle.clone());
        let writer = Writer::start(WRITERS, move |key, record| {
            on.block_on(keeper.write(key, record));
        })?;
        let bucket = Arc::new(Self {
            shared,
            writer,
            heard: tokio::sync::Mutex::new(heard),
        });
        handle.spawn(purge::watch(Arc::downgrade(&bucket)));
        Ok(bucket)
    }

    /// A record of an asset, whole and undamaged, or none.
    pub async fn get(&self, key: &DerivedKey, public_id: &str) -> Option<Record> {
        let shared = &self.shared;
        if let Some(record) = self.writer.waiting(key) {
            return Some(record);
        }
        if shared.reading.is_paused() {
            return None;
        }
        let object = shared.layout.record(public_id, key);
        match shared.reads.fetch(&object, MAX_RECORD).await {
            Ok(bytes) => {
                shared.reading.relax();
                let record = Record::open(key, bytes);
                if record.is_some() {
                    shared.hits.fetch_add(1, Ordering::Relaxed);
                } else {
                    shared.is_damaged(key);
                }
                record
            }
            // Nothing of ours is so long.
            Err(Error::TooLarge { .. }) => {
                shared.is_damaged(key);
                None
            }
            Err(error) if error.is_not_found() => {
                shared.reading.relax();
                None
            }
            Err(error) => {
                shared.reading.report(&error);
                None
            }
        }
    }

    /// Keeps a record, later; it is dropped when too many wait already.
    pub fn put(&self, key: DerivedKey, record: Record) {
        let writing = &self.shared.writing;
        if record.len() > MAX_RECORD {
            return;
        }
        if writing.is_paused() {
            writing.skip();
        } else if !self.writer.put(key, record) {
            writing.report(&"too many results wait to be written");
        }
    }

    /// Waits until everything that was put is written. Blocks.
    pub fn flush(&self) {
        self.writer.flush();
    }

    /// What happened so far. How many records there are only a listing would tell.
    #[must_use]
    pub fn counters(&self) -> StoreCounters {
        let shared = &self.shared;
        let reads_not = shared.reading.is_paused() || shared.reads.is_out_of_order();
        let writes_not = shared.writing.is_paused() || shared.calls.is_out_of_order();
        StoreCounters {
            held: None,
            hits: shared.hits.load(Ordering::Relaxed),
            damaged: shared.damaged.load(Ordering::Relaxed),
            evicted: 0,
            read_errors: shared.reading.count() + shared.looking.count(),
            write_errors: shared.writing.count(),
            waiting: self.writer.len() as u64,
            out_of_order: u64::from(reads_not) + u64::from(writes_not),
        }
    }
}

impl Shared {
    fn replacements(&self) -> std::sync::MutexGuard<'_, LruCache<DerivedKey, ()>> {
        self.replace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_damaged(&self, key: &DerivedKey) {
        self.damaged.fetch_add(1, Ordering::Relaxed);
        self.replacements().put(*key, ());
    }

    async fn write(&self, key: &DerivedKey, record: &Record) {
        // It may have failed since the record was put.
        if self.writing.is_paused() {
            return self.writing.skip();
        }
        let Some(owner) = record.owner() else { return };
        let Some((public_id, layers)) = owner.public_ids.split_first() else {
            return;
        };
        let object = self.layout.record(public_id, key);
        let Some(number) = self.log.begin(&object, record) else {
            let reason = "purges of other gateways are not known";
            return self.writing.report(&reason);
        };
        let written = self.send(key, &object, layers, record).await;
        self.log.end(number);
        match written {
            Ok(()) => self.writing.relax(),
            Err(error) => self.writing.report(&error),
        }
    }

    async fn send(
        &self,
        key: &DerivedKey,
        object: &str,
        layers: &[&str],
        record: &Record,
    ) -> Result<(), Error> {
        // First what finds it by its layers: a purge shall never miss it.
        for layer in layers {
            let name = self.layout.layer(layer, key);
            let record = Bytes::copy_from_slice(object.as_bytes());
            self.calls.put(&name, record).await?;
        }
        let bytes = record.as_bytes().clone();
        if self.replacements().pop(key).is_some() {
            return self.calls.put(object, bytes).await;
        }
        // That another gateway has made it too is no error: both are alike.
        self.calls.put_new(object, bytes).await.map(|_| ())
    }
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bucket")
            .field("layout", &self.shared.layout)
            .field("reads", &self.shared.reads)
            .finish_non_exhaustive()
    }
}
