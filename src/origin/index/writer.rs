//! A file from entries in order.

use std::cmp::Ordering;
use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_64;

use super::block::{self, Decoder, ENTRIES, Encoder, HEAD, MAX_BYTES};
use super::{END, Error, MAGIC, Source, Stored, order};

/// An index that is being written, beside its place: `<path>.part`.
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    file: BufWriter<File>,
    /// Bytes written.
    length: u64,
    entries: u64,
    block: Encoder,
    /// Where each block begins, and its first ID.
    table: Vec<(u64, String)>,
    last: String,
}

/// Where the file grows until it is whole.
pub(super) fn part(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

impl Writer {
    /// A new file; one that was begun before is overwritten.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn create(path: &Path, source: &Source) -> Result<Self, Error> {
        let io = |reason| Error::Io {
            path: part(path),
            reason,
        };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(io)?;
        }
        let file = File::create(part(path)).map_err(io)?;
        let mut writer = Self {
            path: path.to_owned(),
            file: BufWriter::new(file),
            length: 0,
            entries: 0,
            block: Encoder::default(),
            table: Vec::new(),
            last: String::new(),
        };
        let source = serde_json::to_vec(source).map_err(|error| io(error.into()))?;
        let length = u32::try_from(source.len()).unwrap_or(u32::MAX);
        writer.write(MAGIC)?;
        writer.write(&length.to_le_bytes())?;
        writer.write(&source)?;
        Ok(writer)
    }

    /// Goes on with a file of which `length` bytes and `entries` entries were safe, the last of them
    /// with the ID `last`.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Damaged`].
    pub fn resume(path: &Path, length: u64, entries: u64, last: String) -> Result<Self, Error> {
        let io = |reason| Error::Io {
            path: part(path),
            reason,
        };
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(part(path))
            .map_err(io)?;
        file.set_len(length).map_err(io)?;
        let table = blocks(&file, length, &part(path))?;
        let mut file = BufWriter::new(file);
        file.seek(SeekFrom::Start(length)).map_err(io)?;
        Ok(Self {
            path: path.to_owned(),
            file,
            length,
            entries,
            block: Encoder::default(),
            table,
            last,
        })
    }

    /// How many entries there are.
    #[must_use]
    pub const fn entries(&self) -> u64 {
        self.entries
    }

    /// Adds an entry. An asset may have several, one behind the other: the formats of its newest
    /// version.
    ///
    /// # Errors
    /// [`Error::Disorder`] for one that belongs before the last, [`Error::Io`].
    pub fn add(&mut self, id: &str, stored: &Stored) -> Result<(), Error> {
        if self.entries > 0 && order(&self.last, id) == Ordering::Greater {
            return Err(Error::Disorder(id.to_owned()));
        }
        // All entries of one asset are in one block.
        if self.block.entries() >= ENTRIES && id != self.last {
            self.flush_block()?;
        }
        self.block.add(id, stored);
        self.entries += 1;
        self.last = id.to_owned();
        Ok(())
    }

    fn flush_block(&mut self) -> Result<(), Error> {
        if self.block.entries() == 0 {
            return Ok(());
        }
        self.table
            .push((self.length, self.block.first().to_owned()));
        let block = self.block.finish();
        self.write(&block)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.length += bytes.len() as u64;
        let written = self.file.write_all(bytes);
        written.map_err(|reason| self.io(reason))
    }

    fn io(&self, reason: std::io::Error) -> Error {
        Error::Io {
            path: part(&self.path),
            reason,
        }
    }

    /// Makes everything safe so far. What [`Writer::resume`] needs: length, entries, last ID.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn checkpoint(&mut self) -> Result<(u64, u64, String), Error> {
        self.flush_block()?;
        self.sync()?;
        Ok((self.length, self.entries, self.last.clone()))
    }

    fn sync(&mut self) -> Result<(), Error> {
        let synced = self
            .file
            .flush()
            .and_then(|()| self.file.get_ref().sync_data());
        synced.map_err(|reason| self.io(reason))
    }

    /// Writes table and tail and puts the file in its place; readers see the old one or the new.
    /// How many bytes it has.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn finish(mut self) -> Result<u64, Error> {
        self.flush_block()?;
        let mut table = Vec::new();
        for (at, first) in &self.table {
            block::number(&mut table, *at);
            block::text(&mut table, first.as_bytes());
        }
        let start = self.length;
        let sum = xxh3_64(&table);
        self.write(&table)?;
        for number in [start, self.table.len() as u64, self.entries, sum] {
            self.write(&number.to_le_bytes())?;
        }
        self.write(END)?;
        self.sync()?;
        let moved = std::fs::rename(part(&self.path), &self.path);
        moved.map_err(|reason| self.io(reason))?;
        Ok(self.length)
    }
}

/// The blocks of a file that has no table yet.
fn blocks(file: &File, length: u64, path: &Path) -> Result<Vec<(u64, String)>, Error> {
    let damaged = || Error::Damaged {
        path: path.to_owned(),
        what: "it cannot be gone on with",
    };
    let mut file = BufReader::new(file);
    let mut read = |bytes: &mut [u8]| file.read_exact(bytes).map_err(|_| damaged());
    let mut start = [0; 12];
    read(&mut start)?;
    let [.., a, b, c, d] = start;
    let source = u32::from_le_bytes([a, b, c, d]);
    let mut skipped = vec![0; (source as usize).min(MAX_BYTES)];
    read(&mut skipped)?;
    let mut at = 12 + u64::from(source);
    let mut table = Vec::new();
    while at < length {
        let mut head = [0; HEAD];
        read(&mut head)?;
        let (bytes, sum) = block::head(&head);
        if bytes > MAX_BYTES {
            return Err(damaged());
        }
        let mut entries = vec![0; bytes];
        read(&mut entries)?;
        let mut first = Vec::new();
        let whole = block::is_whole(&entries, sum);
        let entry = Decoder(&entries).entry(&mut first);
        let first = String::from_utf8(first).map_err(|_| damaged())?;
        if !whole || entry.is_none() {
            return Err(damaged());
        }
        table.push((at, first));
        at += (HEAD + bytes) as u64;
    }
    Ok(table)
}
