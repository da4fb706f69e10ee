//! A folder of files, and the file access that every origin on disk shares.

use std::io::{ErrorKind, Read as _, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::{Bytes, BytesMut};
use futures_util::stream;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use super::locate::is_plain;
use super::{Answer, Candidate, Error, Found, ListingLife, Listings, Origin, Pieces};
use crate::spec::{AssetRef, AssetType, Format};

/// Bytes a piece.
const PIECE: u64 = 256 << 10;

/// Files of one folder that are looked at when an asset is asked for in another format.
const MAX_NAMES: usize = 100_000;

/// A folder with files named as the public IDs are: `<path>/<public_id>.<format>`, or below
/// `<path>/<asset type>/<delivery type>/`.
#[derive(Debug)]
pub struct Folder {
    name: Box<str>,
    root: PathBuf,
    listings: Listings,
}

impl Folder {
    /// `root` is the folder that public IDs are relative to.
    #[must_use]
    pub fn new(name: &str, root: PathBuf, life: ListingLife) -> Self {
        Self {
            name: name.into(),
            root,
            listings: Listings::new(life),
        }
    }

    /// The paths without extension under which an asset may lie, in order.
    fn stems(asset: &AssetRef) -> Vec<String> {
        if !is_plain(&asset.public_id) {
            return Vec::new();
        }
        let id = &asset.public_id;
        let typed = format!(
            "{}/{}/{id}",
            asset.asset_type.word(),
            asset.delivery_type.word()
        );
        vec![id.to_string(), typed]
    }

    async fn look(&self, asset: &AssetRef) -> Result<Found, Error> {
        for stem in Self::stems(asset) {
            let exact = match &asset.extension {
                Some(extension) => format!("{stem}.{extension}"),
                None => stem.clone(),
            };
            match stat(&self.name, &self.root.join(&exact), &exact).await {
                Ok(meta) => return Ok(meta.found(exact)),
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error),
            }
            if asset.asset_type == AssetType::Raw {
                continue;
            }
            // Stored in another format than the one asked for.
            let (parent, leaf) = stem.rsplit_once('/').unwrap_or(("", &stem));
            let names = names(&self.name, &self.root.join(parent), parent, MAX_NAMES).await?;
            let mut others: Vec<&String> = names
                .iter()
                .filter(|name| {
                    name.rsplit_once('.').is_some_and(|(stem, extension)| {
                        stem == leaf && Format::from_extension(extension).is_some()
                    })
                })
                .collect();
            others.sort();
            if let Some(name) = others.first() {
                let key = if parent.is_empty() {
                    (*name).clone()
                } else {
                    format!("{parent}/{name}")
                };
                let meta = stat(&self.name, &self.root.join(&key), &key).await?;
                return Ok(meta.found(key));
            }
        }
        Err(Error::NotFound {
            origin: self.name.clone(),
            key: asset.to_string().into(),
        })
    }

    fn path(&self, found: &Found) -> PathBuf {
        self.root.join(Path::new(&*found.key))
    }
}

impl Origin for Folder {
    fn name(&self) -> &str {
        &self.name
    }

    fn candidates(&self, asset: &AssetRef) -> Vec<Candidate> {
        let stems = Self::stems(asset).into_iter();
        stems
            .map(|stem| match &asset.extension {
                Some(extension) => Candidate::Get(format!("{stem}.{extension}")),
                None => Candidate::Get(stem),
            })
            .collect()
    }

    fn find<'a>(&'a self, asset: &'a AssetRef) -> Answer<'a, Found> {
        Box::pin(async move {
            if let Some(known) = self.listings.get(asset) {
                return known;
            }
            let result = self.look(asset).await;
            self.listings.put(asset, &result);
            result
        })
    }

    fn read<'a>(&'a self, found: &'a Found, limit: u64) -> Answer<'a, Bytes> {
        Box::pin(async move { read(&self.name, &self.path(found), found, limit).await })
    }

    fn open<'a>(&'a self, found: &'a Found, range: Range<u64>) -> Answer<'a, Pieces> {
        Box::pin(async move { open(&self.name, &self.path(found), found, range).await })
    }

    fn is_local(&self) -> bool {
        true
    }

    fn forget(&self, asset: &AssetRef) {
        self.listings.forget(asset);
    }
}

/// What the file system tells about a file.
#[derive(Debug)]
pub(super) struct FileMeta {
    pub bytes: u64,
    pub modified: Option<SystemTime>,
}

impl FileMeta {
    /// Changes with name, size or time of change.
    pub(super) fn etag(&self, key: &str) -> Box<str> {
        let mut hash = Sha256::new();
        hash.update(key.as_bytes());
        hash.update(self.bytes.to_le_bytes());
        let since = self
            .modified
            .and_then(|t| t.duration_since(UNIX_EPOCH).ok())
            .unwrap_or_default();
        hash.update(since.as_nanos().to_le_bytes());
        let digest = hash.finalize();
        digest
            .iter()
            .take(16)
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
            .into()
    }

    fn found(&self, key: String) -> Found {
        let leaf = key.rsplit('/').next().unwrap_or_default();
        Found {
            etag: self.etag(&key),
            extension: leaf.rsplit_once('.').map(|(_, extension)| extension.into()),
            version: None,
            bytes: self.bytes,
            modified: self.modified,
            key: key.into(),
        }
    }
}

fn failure(origin: &str, key: &str, error: &std::io::Error) -> Error {
    let (origin, key) = (origin.into(), key.into());
    match error.kind() {
        // A name too long for the file system, or a file where a folder would be, is no asset.
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidFilename => {
            Error::NotFound { origin, key }
        }
        ErrorKind::PermissionDenied => Error::Denied { origin, key },
        _ => Error::Upstream {
            origin,
            key,
            reason: error.to_string().into(),
        },
    }
}

pub(super) async fn stat(origin: &str, path: &Path, key: &str) -> Result<FileMeta, Error> {
    let meta = tokio::fs::metadata(path)
        .await
        .map_err(|error| failure(origin, key, &error))?;
    if !meta.is_file() {
        return Err(Error::NotFound {
            origin: origin.into(),
            key: key.into(),
        });
    }
    Ok(FileMeta {
        bytes: meta.len(),
        modified: meta.modified().ok(),
    })
}

/// Names of the plain files in a folder; none where there is no such folder.
pub(super) async fn names(
    origin: &str,
    path: &Path,
    key: &str,
    most: usize,
) -> Result<Vec<String>, Error> {
    let path = path.to_owned();
    let listed = tokio::task::spawn_blocking(move || -> std::io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&path)?.take(most) {
            let entry = entry?;
            if !entry.file_type()?.is_dir() {
                names.extend(entry.file_name().into_string());
            }
        }
        Ok(names)
    })
    .await;
    match listed {
        Ok(Ok(names)) => Ok(names),
        Ok(Err(error)) => match failure(origin, key, &error) {
            error if error.is_not_found() => Ok(Vec::new()),
            error => Err(error),
        },
        Err(_) => Err(stopped(origin, key)),
    }
}

pub(super) async fn read(
    origin: &str,
    path: &Path,
    found: &Found,
    limit: u64,
) -> Result<Bytes, Error> {
    if found.bytes > limit {
        let (origin, key) = (origin.into(), found.key.clone());
        return Err(Error::TooLarge {
            origin,
            key,
            bytes: found.bytes,
            limit,
        });
    }
    // In one go on a blocking thread: asynchronous file access would copy every byte once more.
    let (path, expected) = (path.to_owned(), found.bytes);
    let read = tokio::task::spawn_blocking(move || -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(usize::try_from(expected).unwrap_or(0));
        // One byte more than expected tells a file that grew since it was found.
        let mut file = std::fs::File::open(path)?.take(expected.saturating_add(1));
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    });
    match read.await {
        Ok(Ok(bytes)) if bytes.len() as u64 == found.bytes => Ok(bytes.into()),
        Ok(Ok(_)) => Err(changed(origin, found)),
        Ok(Err(error)) => Err(failure(origin, &found.key, &error)),
        Err(_) => Err(stopped(origin, &found.key)),
    }
}

pub(super) async fn open(
    origin: &str,
    path: &Path,
    found: &Found,
    range: Range<u64>,
) -> Result<Pieces, Error> {
    let fail = |error: std::io::Error| failure(origin, &found.key, &error);
    let mut file = tokio::fs::File::open(path).await.map_err(fail)?;
    file.seek(SeekFrom::Start(range.start))
        .await
        .map_err(fail)?;
    let left = range.end.saturating_sub(range.start);
    let (origin, found): (Box<str>, Found) = (origin.into(), found.clone());
    Ok(Box::pin(stream::try_unfold(
        (file, left),
        move |(mut file, left)| {
            let (origin, found) = (origin.clone(), found.clone());
            async move {
                if left == 0 {
                    return Ok(None);
                }
                let want = left.min(PIECE);
                let mut piece = BytesMut::with_capacity(usize::try_from(want).unwrap_or(0));
                let read = (&mut file).take(want).read_buf(&mut piece).await;
                let got = read.map_err(|error| failure(&origin, &found.key, &error))? as u64;
                if got == 0 {
                    return Err(changed(&origin, &found));
                }
                Ok(Some((piece.freeze(), (file, left.saturating_sub(got)))))
            }
        },
    )))
}

fn stopped(origin: &str, key: &str) -> Error {
    Error::Upstream {
        origin: origin.into(),
        key: key.into(),
        reason: "the reader was stopped".into(),
    }
}

fn changed(origin: &str, found: &Found) -> Error {
    Error::Upstream {
        origin: origin.into(),
        key: found.key.clone(),
        reason: "the file changed while it was read".into(),
    }
}
