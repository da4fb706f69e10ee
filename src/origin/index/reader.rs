//! From an asset to its newest version.

use std::cmp::Ordering;
use std::fs::File;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::block::{self, Decoder, HEAD, MAX_BYTES};
use super::{END, Error, MAGIC, Source, Stored, order};

/// Bytes of the tail: four numbers and the last mark.
const TAIL: u64 = 4 * 8 + 8;
/// Bytes of a table: a billion assets.
const MAX_TABLE: u64 = 8 << 30;
/// How often a file is looked at whether it is another.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// An index that is read. The table is in memory, the entries are on disk, in the system's cache
/// mostly: a look-up is one read of two kilobytes.
#[derive(Debug)]
pub struct Index {
    path: PathBuf,
    file: File,
    source: Source,
    entries: u64,
    /// Where each block begins, and its first ID.
    table: Vec<(u64, Box<str>)>,
}

impl Index {
    /// Opens a whole and undamaged file.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Damaged`].
    pub fn open(path: &Path) -> Result<Self, Error> {
        let io = |reason| Error::Io {
            path: path.to_owned(),
            reason,
        };
        let damaged = |what| Error::Damaged {
            path: path.to_owned(),
            what,
        };
        let file = File::open(path).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        let short = || damaged("it is too short");
        let tail_at = length.checked_sub(TAIL).ok_or_else(short)?;
        let mut head = [0; 12];
        file.read_exact_at(&mut head, 0).map_err(io)?;
        let (magic, size) = head.split_at(8);
        if magic != MAGIC {
            return Err(damaged("it is no index, or of another version"));
        }
        let size = size
            .iter()
            .rev()
            .fold(0, |n, byte| n << 8 | usize::from(*byte));
        if size > MAX_BYTES || size as u64 > tail_at {
            return Err(short());
        }
        let mut source = vec![0; size];
        file.read_exact_at(&mut source, 12).map_err(io)?;
        let source = serde_json::from_slice(&source).map_err(|_| damaged("its head"))?;

        let mut tail = [0; 32];
        file.read_exact_at(&mut tail, tail_at).map_err(io)?;
        let mut end = [0; 8];
        file.read_exact_at(&mut end, tail_at + 32).map_err(io)?;
        let mut numbers = tail.chunks_exact(8).map(|bytes| {
            bytes
                .iter()
                .rev()
                .fold(0_u64, |n, byte| n << 8 | u64::from(*byte))
        });
        let mut next = || numbers.next().unwrap_or(0);
        let (start, blocks, entries, sum) = (next(), next(), next(), next());
        let bytes = tail_at
            .checked_sub(start)
            .filter(|bytes| *bytes <= MAX_TABLE);
        let bytes = bytes.and_then(|bytes| usize::try_from(bytes).ok());
        let (Some(bytes), true) = (bytes, &end == END) else {
            return Err(damaged("its end"));
        };
        let mut table = vec![0; bytes];
        file.read_exact_at(&mut table, start).map_err(io)?;
        if !block::is_whole(&table, sum) {
            return Err(damaged("its table"));
        }
        let mut decoder = Decoder(&table);
        let table = (0..blocks).map(|_| {
            let at = decoder.number()?;
            let first = std::str::from_utf8(decoder.text()?).ok()?;
            Some((at, first.into()))
        });
        let table: Option<Vec<_>> = table.collect();
        Ok(Self {
            path: path.to_owned(),
            file,
            source,
            entries,
            table: table.ok_or_else(|| damaged("its table"))?,
        })
    }

    /// Of which place it is, and of when.
    #[must_use]
    pub const fn source(&self) -> &Source {
        &self.source
    }

    /// How many entries there are.
    #[must_use]
    pub const fn entries(&self) -> u64 {
        self.entries
    }

    /// The formats of an asset's newest version; none when it was not there. `id` is the asset's
    /// folder below the bucket's, without slashes at its ends.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Damaged`].
    pub fn get(&self, id: &str) -> Result<Vec<Stored>, Error> {
        let behind = self
            .table
            .partition_point(|(_, first)| order(first, id) != Ordering::Greater);
        let Some((at, _)) = behind.checked_sub(1).and_then(|n| self.table.get(n)) else {
            return Ok(Vec::new());
        };
        let block = self.block(*at)?;
        let mut decoder = Decoder(&block);
        let mut current = Vec::new();
        let mut found = Vec::new();
        while let Some(entry) = decoder.entry(&mut current) {
            if current == id.as_bytes() {
                found.push(entry.stored().ok_or_else(|| self.damaged("an entry"))?);
            } else if !found.is_empty() {
                break;
            }
        }
        Ok(found)
    }

    fn block(&self, at: u64) -> Result<Vec<u8>, Error> {
        let io = |reason| Error::Io {
            path: self.path.clone(),
            reason,
        };
        let mut head = [0; HEAD];
        self.file.read_exact_at(&mut head, at).map_err(io)?;
        let (length, sum) = block::head(&head);
        if length > MAX_BYTES {
            return Err(self.damaged("a block"));
        }
        let mut entries = vec![0; length];
        let from = at.saturating_add(HEAD as u64);
        self.file.read_exact_at(&mut entries, from).map_err(io)?;
        if !block::is_whole(&entries, sum) {
            return Err(self.damaged("a block"));
        }
        Ok(entries)
    }

    fn damaged(&self, what: &'static str) -> Error {
        Error::Damaged {
            path: self.path.clone(),
            what,
        }
    }
}

/// An index at a path, opened anew when another file lies there. Without a file that can be used the
/// bucket is listed, as if there were none.
#[derive(Debug)]
pub struct Watched {
    path: PathBuf,
    bucket: String,
    folder: String,
    /// How long after its walk began an index is believed.
    life: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    looked: Option<Instant>,
    /// Inode, length and time of the file.
    stamp: Option<(u64, u64, i64, i64)>,
    index: Option<Arc<Index>>,
}

impl Watched {
    /// An index of this folder of this bucket, whether it is there already or not.
    #[must_use]
    pub fn new(path: PathBuf, bucket: &str, folder: &str, life: Duration) -> Self {
        Self {
            path,
            bucket: bucket.to_owned(),
            folder: folder.to_owned(),
            life,
            state: Mutex::default(),
        }
    }

    /// The formats of an asset's newest version as far as the index knows and is believed; `prefix`
    /// is that of its keys. What is wrong with the index goes to the log.
    pub fn get(&self, prefix: &str) -> Vec<Stored> {
        let id = prefix.strip_prefix(&self.folder).unwrap_or(prefix);
        let id = id.trim_end_matches('/');
        let Some(index) = self.current() else {
            return Vec::new();
        };
        index.get(id).unwrap_or_else(|error| {
            tracing::warn!(%error, "the bucket is listed instead");
            Vec::new()
        })
    }

    #[allow(
        clippy::disallowed_methods,
        reason = "the file is looked at every few seconds, and its age is measured by the clock"
    )]
    fn current(&self) -> Option<Arc<Index>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state
            .looked
            .is_none_or(|since| since.elapsed() >= LOOK_EVERY)
        {
            state.looked = Some(Instant::now());
            let stamp = std::fs::metadata(&self.path)
                .map(|meta| (meta.ino(), meta.len(), meta.mtime(), meta.mtime_nsec()))
                .ok();
            if stamp != state.stamp {
                state.stamp = stamp;
                state.index = stamp.and_then(|_| self.open());
            }
        }
        let index = state.index.clone()?;
        let began = UNIX_EPOCH.checked_add(Duration::from_secs(index.source.began))?;
        let age = SystemTime::now().duration_since(began).unwrap_or_default();
        (age < self.life).then_some(index)
    }

    fn open(&self) -> Option<Arc<Index>> {
        let opened = Index::open(&self.path).and_then(|index| {
            let source = &index.source;
            if source.bucket == self.bucket && source.folder == self.folder {
                return Ok(index);
            }
            Err(Error::Elsewhere {
                path: self.path.clone(),
                found: format!("{}/{}", source.bucket, source.folder),
                wanted: format!("{}/{}", self.bucket, self.folder),
            })
        });
        match opened {
            Ok(index) => {
                tracing::info!(path = %self.path.display(), entries = index.entries, "index opened");
                Some(Arc::new(index))
            }
            Err(error) => {
                tracing::warn!(%error, "the bucket is listed instead");
                None
            }
        }
    }
}
