//! The bucket's keys to entries. A walk that was broken off goes on where it was.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::writer::{Writer, part};
use super::{Error, Source, Stored};
use crate::origin::locate::{BackupLayout, Leaf};
use crate::origin::s3;
use crate::origin::store::{Begin, Depth, Object, Page};

/// Pages between two points from which the walk can go on.
const PAGES: u64 = 50;

/// A walk over a backup bucket.
#[derive(Debug)]
pub struct Walk {
    path: PathBuf,
    source: Source,
    writer: Writer,
    /// Assets of which more versions may come: each is in the folder of the one before.
    open: Vec<Open>,
    after: Option<String>,
    progress: Progress,
}

/// How far a walk is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Pages listed, each one call.
    pub pages: u64,
    /// Keys seen.
    pub keys: u64,
    /// Keys that are no versions.
    pub strange: u64,
    /// Assets so far.
    pub assets: u64,
}

/// An asset of which more versions may come.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Open {
    id: String,
    newest: Vec<Kept>,
}

/// A version, as it is kept beside the file that grows.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    name: Box<str>,
    bytes: u64,
    seconds: Option<u64>,
    etag: Box<str>,
}

/// From where a walk goes on.
#[derive(Debug, Serialize, Deserialize)]
struct State {
    source: Source,
    after: String,
    length: u64,
    entries: u64,
    last: String,
    open: Vec<Open>,
    progress: Progress,
}

fn state_file(path: &Path) -> PathBuf {
    let mut name = part(path).into_os_string();
    name.push(".state");
    name.into()
}

impl Walk {
    /// Goes on with a walk of the same place that was broken off, or begins one. `began` stands for
    /// now.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn begin(
        path: &Path,
        bucket: &str,
        folder: &str,
        began: SystemTime,
    ) -> Result<Self, Error> {
        let began = began.duration_since(UNIX_EPOCH).unwrap_or_default();
        let source = Source {
            bucket: bucket.to_owned(),
            folder: BackupLayout::new(folder).folder().to_owned(),
            began: began.as_secs(),
        };
        if let Some(walk) = Self::resume(path, &source) {
            return Ok(walk);
        }
        Ok(Self {
            path: path.to_owned(),
            writer: Writer::create(path, &source)?,
            source,
            open: Vec::new(),
            after: None,
            progress: Progress::default(),
        })
    }

    /// `None` where there is nothing to go on with, or it is of another place or broken.
    fn resume(path: &Path, source: &Source) -> Option<Self> {
        let text = std::fs::read(state_file(path)).ok()?;
        let state: State = serde_json::from_slice(&text).ok()?;
        let same = state.source.bucket == source.bucket && state.source.folder == source.folder;
        if !same {
            return None;
        }
        let writer = Writer::resume(path, state.length, state.entries, state.last).ok()?;
        Some(Self {
            path: path.to_owned(),
            source: state.source,
            writer,
            open: state.open,
            after: Some(state.after),
            progress: state.progress,
        })
    }

    /// Whether it goes on with an earlier one.
    #[must_use]
    pub const fn is_resumed(&self) -> bool {
        self.after.is_some()
    }

    /// How far it is.
    #[must_use]
    pub const fn progress(&self) -> Progress {
        self.progress
    }

    /// Walks to the end; `tell` hears of every page. The bytes of the index, which is in its place.
    ///
    /// # Errors
    /// [`Error::Origin`] when the store fails: the next walk goes on. [`Error::Io`],
    /// [`Error::Disorder`].
    pub async fn run(
        mut self,
        client: &s3::Client,
        mut tell: impl FnMut(Progress),
    ) -> Result<(Progress, u64), Error> {
        let folder = self.source.folder.clone();
        let mut begin = match &self.after {
            Some(key) => Begin::After(key.clone()),
            None => Begin::First,
        };
        loop {
            let page = match client.list(&folder, Depth::All, &begin).await {
                Ok(page) => page,
                Err(error) => {
                    self.save()?;
                    return Err(error.into());
                }
            };
            let next = page.next.clone();
            self.page(page)?;
            tell(self.progress);
            let Some(token) = next else {
                break;
            };
            begin = Begin::Token(token);
            if self.progress.pages.is_multiple_of(PAGES) {
                self.save()?;
            }
        }
        self.close_until("")?;
        let state = state_file(&self.path);
        let bytes = self.writer.finish()?;
        // What is left of it would only be gone on with in vain.
        let _removed = std::fs::remove_file(state);
        Ok((self.progress, bytes))
    }

    /// Takes one page in.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Disorder`].
    pub fn page(&mut self, page: Page) -> Result<(), Error> {
        self.progress.pages += 1;
        for object in &page.objects {
            self.progress.keys += 1;
            self.object(object)?;
        }
        if let Some(last) = page.objects.into_iter().next_back() {
            self.after = Some(last.key);
        }
        Ok(())
    }

    fn object(&mut self, object: &Object) -> Result<(), Error> {
        let below = object.key.strip_prefix(&self.source.folder);
        let (Some((id, name)), Some(cut)) = (
            below.and_then(|below| below.rsplit_once('/')),
            object.key.rfind('/'),
        ) else {
            self.progress.strange += 1;
            return Ok(());
        };
        let prefix = object.key.get(..=cut).unwrap_or_default();
        let Some(stored) = Stored::read(object, prefix).filter(|_| !name.is_empty()) else {
            self.progress.strange += 1;
            return Ok(());
        };
        self.close_until(id)?;
        match self.open.last_mut() {
            Some(open) if open.id == id => open.take(stored),
            _ => {
                self.progress.assets += 1;
                let mut open = Open {
                    id: id.to_owned(),
                    newest: Vec::new(),
                };
                open.take(stored);
                self.open.push(open);
            }
        }
        Ok(())
    }

    /// Writes the assets that this ID is neither nor lies in the folder of: no more of them will come.
    fn close_until(&mut self, id: &str) -> Result<(), Error> {
        while let Some(open) = self.open.pop() {
            let below = id.strip_prefix(&open.id);
            if below.is_some_and(|below| below.is_empty() || below.starts_with('/')) {
                self.open.push(open);
                return Ok(());
            }
            for kept in &open.newest {
                if let Some(stored) = kept.stored() {
                    self.writer.add(&open.id, &stored)?;
                }
            }
        }
        Ok(())
    }

    /// Keeps what is needed to go on from here.
    fn save(&mut self) -> Result<(), Error> {
        let Some(after) = self.after.clone() else {
            return Ok(());
        };
        let (length, entries, last) = self.writer.checkpoint()?;
        let state = State {
            source: self.source.clone(),
            after,
            length,
            entries,
            last,
            open: self.open.clone(),
            progress: self.progress,
        };
        let path = state_file(&self.path);
        let new = path.with_extension("new");
        let written = serde_json::to_vec(&state)
            .map_err(std::io::Error::from)
            .and_then(|text| std::fs::write(&new, text))
            .and_then(|()| std::fs::rename(&new, &path));
        written.map_err(|reason| Error::Io { path, reason })
    }
}

impl Open {
    /// Keeps a version if none is newer: all formats of the newest.
    fn take(&mut self, stored: Stored) {
        let known = self.newest.first().and_then(|kept| Leaf::read(&kept.name));
        let newest = known.map_or(0, |leaf| leaf.version);
        if stored.leaf.version > newest {
            self.newest.clear();
        }
        if stored.leaf.version >= newest {
            self.newest.push(Kept {
                seconds: stored
                    .modified
                    .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
                    .map(|since| since.as_secs()),
                name: stored.leaf.name,
                bytes: stored.bytes,
                etag: stored.etag,
            });
        }
    }
}

impl Kept {
    fn stored(&self) -> Option<Stored> {
        let modified = match self.seconds {
            Some(seconds) => UNIX_EPOCH.checked_add(Duration::from_secs(seconds)),
            None => None,
        };
        Some(Stored {
            leaf: Leaf::read(&self.name)?,
            bytes: self.bytes,
            modified,
            etag: self.etag.clone(),
        })
    }
}
