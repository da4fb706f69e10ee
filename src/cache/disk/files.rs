//! The files of the derived store: where each lies, how it is written so that a crash leaves a whole
//! file or none, how a folder of them is walked.

use std::fs::{self, File, FileTimes};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use crate::cache::{DerivedKey, Record};

/// Ends the name of a file that is being written.
const UNFINISHED: &str = ".new";

/// An unfinished file this old belongs to nobody any more.
const FORGOTTEN: Duration = Duration::from_secs(600);

/// The last use of a file is written down when it is this much later than the one before.
const USED_STEP: Duration = Duration::from_secs(600);

/// Larger files are none of ours.
pub(super) const MAX_FILE: u64 = u32::MAX as u64;

/// Subfolders; each holds the results whose hash begins with its number.
const SHARDS: u16 = 256;

/// So many tell how many files there are in all of them.
const FEW_SHARDS: u16 = 8;

/// A folder of records.
#[derive(Debug)]
pub(super) struct Files {
    root: PathBuf,
    /// Tells the unfinished files of this process from those of others.
    own: u64,
    next: AtomicU64,
}

/// A file that was found. As small as can be: all of them are in memory at once to be sorted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) key: DerivedKey,
    /// 4 GiB at most; nothing larger is stored.
    pub(super) bytes: u32,
    /// Seconds since 1970; a use is only noted every ten minutes.
    used: u32,
}

/// What reading found.
#[derive(Debug)]
pub(super) enum Read {
    Whole(Record),
    /// Removed: torn, damaged or another layout.
    Damaged,
    Nothing,
}

fn now() -> SystemTime {
    SystemTime::now()
}

impl Files {
    pub(super) fn new(root: PathBuf) -> Self {
        Self {
            root,
            own: fastrand::u64(..),
            next: AtomicU64::new(0),
        }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    fn shard(&self, shard: u8) -> PathBuf {
        self.root.join(format!("{shard:02x}"))
    }

    pub(super) fn path(&self, key: &DerivedKey) -> PathBuf {
        self.shard(key.shard()).join(key.name())
    }

    /// Reads a record and checks it to the last byte.
    pub(super) fn read(&self, key: &DerivedKey) -> io::Result<Read> {
        let path = self.path(key);
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if is_absent(&error) => return Ok(Read::Nothing),
            Err(error) => return Err(error),
        };
        let meta = file.metadata()?;
        let length = usize::try_from(meta.len().min(MAX_FILE)).unwrap_or(0);
        let mut bytes = Vec::with_capacity(length);
        // No further: a file that grows is none of ours.
        (&mut file).take(length as u64).read_to_end(&mut bytes)?;
        let Some(record) = Record::open(key, Bytes::from(bytes)) else {
            drop(file);
            remove(&path)?;
            return Ok(Read::Damaged);
        };
        note_use(&file, &meta);
        Ok(Read::Whole(record))
    }

    /// Writes a record: beside its place, to the disk, then into its place in one step. A crash
    /// before that step leaves an unfinished file, which the next walk removes.
    pub(super) fn write(&self, key: &DerivedKey, record: &Record) -> io::Result<()> {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        let shard = self.shard(key.shard());
        let unfinished = shard.join(format!("{:016x}-{n}{UNFINISHED}", self.own));
        let written = (|| {
            let mut file = match File::create_new(&unfinished) {
                Err(error) if is_absent(&error) => {
                    fs::create_dir_all(&shard)?;
                    File::create_new(&unfinished)?
                }
                opened => opened?,
            };
            file.write_all(record.as_bytes())?;
            file.sync_data()?;
            fs::rename(&unfinished, self.path(key))
        })();
        if written.is_err() {
            // Nothing is lost if this fails too: it is no record yet.
            let _removed = fs::remove_file(&unfinished);
        }
        written
    }

    /// Removes a record, if it is there. Whether it was.
    pub(super) fn remove(&self, key: &DerivedKey) -> io::Result<bool> {
        remove(&self.path(key))
    }

    /// The first bytes of a record, enough to tell its owner.
    pub(super) fn read_owner(&self, key: &DerivedKey) -> io::Result<Option<Vec<u8>>> {
        let mut file = match File::open(self.path(key)) {
            Ok(file) => file,
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut bytes = vec![0; 1024];
        let read = file.read(&mut bytes)?;
        bytes.truncate(read);
        if let Some(whole) = Record::owner_length(&bytes)
            && let Some(more) = whole.checked_sub(read).filter(|more| *more > 0)
        {
            file.take(more as u64).read_to_end(&mut bytes)?;
        }
        Ok(Some(bytes))
    }

    /// Names of all records.
    pub(super) fn keys(&self) -> io::Result<Vec<DerivedKey>> {
        let mut keys = Vec::new();
        self.each_shard(|shard| {
            for entry in fs::read_dir(shard)? {
                keys.extend(entry?.file_name().to_str().and_then(DerivedKey::from_name));
            }
            Ok(())
        })?;
        Ok(keys)
    }

    /// All records with their sizes, the longest unused first. Removes what crashes left behind.
    pub(super) fn walk(&self) -> io::Result<Vec<Entry>> {
        let mut entries: Vec<Entry> = Vec::new();
        let now = now();
        let mut shards = 0;
        self.each_shard(|shard| {
            shards += 1;
            if shards == FEW_SHARDS {
                // All are alike: room for the rest at once leaves no smaller buffers behind.
                let rest = usize::from(SHARDS / FEW_SHARDS);
                entries.reserve_exact(entries.len().saturating_mul(rest));
            }
            for entry in fs::read_dir(shard)? {
                let entry = entry?;
                let name = entry.file_name();
                let name = name.to_str().unwrap_or_default();
                // Whatever vanished since it was listed is not there.
                let Ok(meta) = entry.metadata() else { continue };
                let used = meta.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                if let Some(key) = DerivedKey::from_name(name) {
                    let since = used.duration_since(SystemTime::UNIX_EPOCH);
                    let since = since.unwrap_or_default().as_secs();
                    entries.push(Entry {
                        key,
                        bytes: u32::try_from(meta.len()).unwrap_or(u32::MAX),
                        used: u32::try_from(since).unwrap_or(u32::MAX),
                    });
                } else if name.ends_with(UNFINISHED) && is_old(used, now) {
                    let _removed = fs::remove_file(entry.path());
                }
            }
            Ok(())
        })?;
        entries.sort_unstable_by_key(|entry| entry.used);
        Ok(entries)
    }

    fn each_shard(&self, mut visit: impl FnMut(&Path) -> io::Result<()>) -> io::Result<()> {
        for shard in 0..SHARDS {
            let path = self.shard(u8::try_from(shard).unwrap_or_default());
            match visit(&path) {
                Err(error) if !is_absent(&error) => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn is_old(used: SystemTime, now: SystemTime) -> bool {
    now.duration_since(used).is_ok_and(|age| age > FORGOTTEN)
}

fn remove(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if is_absent(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether the last use of a file that is used now should be written down.
pub(super) fn is_use_due(meta: &fs::Metadata) -> bool {
    let now = now();
    meta.modified()
        .is_ok_and(|used| now.duration_since(used).is_ok_and(|age| age > USED_STEP))
}

/// Writes the time of use into the file's own times, so that the order outlives a restart.
fn note_use(file: &File, meta: &fs::Metadata) {
    if is_use_due(meta) {
        // A folder that may not be written keeps the order it has.
        let _noted = file.set_times(FileTimes::new().set_modified(now()));
    }
}
