//! Reading without waiting: a small file that the system holds in memory is read by the thread that
//! answers, in four calls. Whatever would have to wait for a disk is left to the reader threads: the
//! system is asked to refuse then (`RESOLVE_CACHED`, `RWF_NOWAIT`), and one that knows no such calls
//! refuses everything.

use std::fs::File;
use std::io::IoSliceMut;

use bytes::Bytes;
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};
use rustix::io::{ReadWriteFlags, preadv2};

use super::files::{Files, MAX_FILE, is_use_due};
use crate::cache::{DerivedKey, Record};

/// Copying and checking more than this would hold up others on the thread.
const SMALL: u64 = 256 << 10;

impl Files {
    /// A record that is there, small, undamaged and in memory; `None` says nothing.
    pub(super) fn read_at_once(&self, key: &DerivedKey) -> Option<Record> {
        let file = openat2(
            CWD,
            self.path(key),
            OFlags::RDONLY | OFlags::CLOEXEC,
            Mode::empty(),
            ResolveFlags::CACHED,
        );
        let file = File::from(file.ok()?);
        let meta = file.metadata().ok()?;
        // Noting the use would write.
        if meta.len() > SMALL.min(MAX_FILE) || is_use_due(&meta) {
            return None;
        }
        let mut bytes = vec![0; usize::try_from(meta.len()).ok()?];
        let mut room = [IoSliceMut::new(&mut bytes)];
        let read = preadv2(&file, &mut room, 0, ReadWriteFlags::NOWAIT).ok()?;
        // A part of it may not be in memory; and damage is somebody else's business.
        (read == bytes.len()).then(|| Record::open(key, Bytes::from(bytes)))?
    }
}
