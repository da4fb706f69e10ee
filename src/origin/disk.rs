//! A folder on disk as a store: keys are paths below it.

use std::io::{ErrorKind, Read as _, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use bytes::{Bytes, BytesMut};
use futures_util::stream;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use super::store::{Begin, Depth, Object, Page};
use super::{Error, Found, Pieces};

/// Bytes a piece.
const PIECE: u64 = 256 << 10;
/// Entries a page.
const PAGE: usize = 1000;
/// Folders inside folders that are walked into.
const MAX_DEPTH: usize = 64;

/// A folder.
#[derive(Clone, Debug)]
pub(super) struct Disk {
    name: Box<str>,
    root: PathBuf,
}

impl Disk {
    pub(super) fn new(name: &str, root: &Path) -> Self {
        Self {
            name: name.into(),
            root: root.to_owned(),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Runs on a thread that may block.
    async fn blocking<T: Send + 'static>(
        &self,
        key: &str,
        work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        match tokio::task::spawn_blocking(work).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(self.failure(key, &error)),
            Err(_) => Err(Error::Upstream {
                origin: self.name.clone(),
                key: key.into(),
                reason: "the reader was stopped".into(),
            }),
        }
    }

    /// The page behind `from`. Folders on disk have no order and no pages of their own, so every page
    /// reads the folder anew.
    pub(super) async fn list(
        &self,
        prefix: &str,
        depth: Depth,
        from: Begin,
    ) -> Result<Page, Error> {
        let after = match from {
            Begin::First => None,
            Begin::After(key) | Begin::Token(key) => Some(key),
        };
        let (root, start) = (self.root.clone(), prefix.to_owned());
        let listed = self.blocking(prefix, move || {
            let mut walk = Walk {
                root: &root,
                prefix: &start,
                after: after.as_deref(),
                page: Page::default(),
                last: String::new(),
            };
            // The folder to read may be above the prefix: `a/ph` is about names in `a/`.
            let folder = start.rsplit_once('/').map_or("", |(folder, _)| folder);
            let folder = if folder.is_empty() {
                String::new()
            } else {
                format!("{folder}/")
            };
            if walk.folder(&folder, depth, 0)? {
                walk.page.next = Some(walk.last);
            }
            Ok(walk.page)
        });
        match listed.await {
            Err(error) if error.is_not_found() => Ok(Page::default()),
            listed => listed,
        }
    }

    pub(super) async fn head(&self, key: &str) -> Result<Object, Error> {
        let path = self.root.join(key);
        let meta = tokio::fs::metadata(path)
            .await
            .map_err(|error| self.failure(key, &error))?;
        if !meta.is_file() {
            return Err(self.missing(key));
        }
        Ok(object(key, &meta))
    }

    pub(super) async fn read(&self, found: &Found) -> Result<Bytes, Error> {
        // In one go on a blocking thread: asynchronous file access would copy every byte once more.
        let (path, found) = (self.root.join(&*found.key), found.clone());
        let key = found.key.clone();
        let bytes = self
            .blocking(&key, move || {
                let file = std::fs::File::open(path)?;
                if !object(&found.key, &file.metadata()?).is(&found) {
                    return Ok(None);
                }
                let mut bytes = Vec::with_capacity(usize::try_from(found.bytes).unwrap_or(0));
                // One byte more than expected tells a file that grows while it is read.
                file.take(found.bytes.saturating_add(1))
                    .read_to_end(&mut bytes)?;
                Ok((bytes.len() as u64 == found.bytes).then_some(bytes))
            })
            .await?;
        bytes.map(Bytes::from).ok_or_else(|| self.changed(&key))
    }

    pub(super) async fn open(&self, found: &Found, range: Range<u64>) -> Result<Pieces, Error> {
        let fail = |error: std::io::Error| self.failure(&found.key, &error);
        let mut file = tokio::fs::File::open(self.root.join(&*found.key))
            .await
            .map_err(fail)?;
        if !object(&found.key, &file.metadata().await.map_err(fail)?).is(found) {
            return Err(self.changed(&found.key));
        }
        file.seek(SeekFrom::Start(range.start))
            .await
            .map_err(fail)?;
        let left = range.end.saturating_sub(range.start);
        let (disk, key) = (self.clone(), found.key.clone());
        Ok(Box::pin(stream::try_unfold(
            (file, left, disk, key),
            |(mut file, left, disk, key)| async move {
                if left == 0 {
                    return Ok(None);
                }
                let want = left.min(PIECE);
                let mut piece = BytesMut::with_capacity(usize::try_from(want).unwrap_or(0));
                let read = (&mut file).take(want).read_buf(&mut piece).await;
                let got = read.map_err(|error| disk.failure(&key, &error))? as u64;
                if got == 0 {
                    return Err(disk.changed(&key));
                }
                let left = left.saturating_sub(got);
                Ok(Some((piece.freeze(), (file, left, disk, key))))
            },
        )))
    }

    /// Beside its place first, then moved there.
    pub(super) async fn put(&self, key: &str, file: &Path) -> Result<(), Error> {
        let (to, from) = (self.root.join(key), file.to_owned());
        self.blocking(key, move || {
            let folder = to.parent().unwrap_or(Path::new(""));
            std::fs::create_dir_all(folder)?;
            // Hidden, so that no listing takes it for an asset.
            let part = folder.join(format!(".part-{:016x}", fastrand::u64(..)));
            let written = std::fs::copy(&from, &part)
                .and_then(|_| std::fs::File::open(&part)?.sync_all())
                .and_then(|()| std::fs::rename(&part, &to));
            if written.is_err() {
                // What is left of it; the first error is the one to tell.
                let _removed = std::fs::remove_file(&part);
            }
            written
        })
        .await
    }

    pub(super) async fn remove(&self, key: &str) -> Result<(), Error> {
        let path = self.root.join(key);
        let removed = self.blocking(key, move || std::fs::remove_file(path)).await;
        match removed {
            Err(error) if error.is_not_found() => Ok(()),
            removed => removed,
        }
    }

    fn missing(&self, key: &str) -> Error {
        Error::NotFound {
            origin: self.name.clone(),
            key: key.into(),
        }
    }

    fn changed(&self, key: &str) -> Error {
        Error::Changed {
            origin: self.name.clone(),
            key: key.into(),
        }
    }

    fn failure(&self, key: &str, error: &std::io::Error) -> Error {
        let (origin, key) = (self.name.clone(), key.into());
        match error.kind() {
            // A name too long for the file system, or a file where a folder would be, is no asset.
            ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidFilename => {
                Error::NotFound { origin, key }
            }
            ErrorKind::PermissionDenied => Error::Denied {
                origin,
                key,
                reason: error.to_string().into(),
            },
            _ => Error::Upstream {
                origin,
                key,
                reason: error.to_string().into(),
            },
        }
    }
}

fn object(key: &str, meta: &std::fs::Metadata) -> Object {
    Object {
        key: key.to_owned(),
        bytes: meta.len(),
        modified: meta.modified().ok(),
        etag: None,
        keeping: None,
    }
}

/// A walk over a folder in the order of its keys.
struct Walk<'a> {
    root: &'a Path,
    prefix: &'a str,
    after: Option<&'a str>,
    page: Page,
    /// The last key or folder on the page.
    last: String,
}

impl Walk<'_> {
    /// Adds what is in a folder (empty, or with a trailing slash). True when the page is full and
    /// more is to come.
    fn folder(&mut self, folder: &str, depth: Depth, level: usize) -> std::io::Result<bool> {
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(self.root.join(folder))? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            let path = entry.path();
            // Links to files are followed, for a mirror may consist of them. A walk does not follow
            // links to folders: they may lead in circles.
            let kind = entry.file_type()?;
            let is_folder = kind.is_dir() || (kind.is_symlink() && path.is_dir());
            let in_circles = kind.is_symlink() && is_folder && depth == Depth::All;
            let slash = if is_folder { "/" } else { "" };
            let key = format!("{folder}{name}{slash}");
            if !in_circles && self.is_wanted(&key, depth) {
                entries.push((key, path));
            }
        }
        entries.sort_unstable();
        for (key, path) in entries {
            let is_folder = key.ends_with('/');
            if is_folder && depth == Depth::All {
                if level < MAX_DEPTH && self.folder(&key, depth, level + 1)? {
                    return Ok(true);
                }
                continue;
            }
            if self.page.objects.len() + self.page.folders.len() >= PAGE {
                return Ok(true);
            }
            self.last.clone_from(&key);
            if is_folder {
                self.page.folders.push(key);
            } else if let Ok(meta) = std::fs::metadata(path) {
                // What went away since its name was read is not there.
                self.page.objects.push(object(&key, &meta));
            }
        }
        Ok(false)
    }

    fn is_wanted(&self, key: &str, depth: Depth) -> bool {
        // A folder that `after` lies in is still to be walked into.
        let behind = self.after.is_none_or(|after| {
            let is_around = key.ends_with('/') && after.starts_with(key);
            key > after || (depth == Depth::All && is_around)
        });
        key.starts_with(self.prefix) && behind
    }
}
