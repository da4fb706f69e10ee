//! `cldgate check --connect`: asks every origin, and the bucket of the derived store, what they will be
//! asked in service.

use std::fmt;

use futures_util::StreamExt as _;

use super::sample::{self, Sample};
use crate::config::{self, Config, Origin, OriginKind, Store};
use crate::origin::locate::BackupLayout;
use crate::origin::{self, Begin, Depth, Found, Object, Reached, s3};
use crate::spec::OneLine;

/// What came of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Ok,
    /// The origin is well and does not have it.
    None,
    Failed,
}

/// What was asked, and what came of it.
#[derive(Debug)]
pub(super) struct Line {
    what: &'static str,
    pub(super) outcome: Outcome,
    text: String,
}

impl Line {
    pub(super) fn new(what: &'static str, outcome: Outcome, text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            what,
            outcome,
            text,
        }
    }

    pub(super) fn of<E: fmt::Display>(what: &'static str, result: Result<String, E>) -> Self {
        match result {
            Ok(text) => Self::new(what, Outcome::Ok, text),
            Err(error) => Self::new(what, Outcome::Failed, error.to_string()),
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = match self.outcome {
            Outcome::Ok => "ok",
            Outcome::None => "none",
            Outcome::Failed => "FAILED",
        };
        let text = OneLine(&self.text);
        write!(f, "  {:<6} {outcome}: {text}", self.what)
    }
}

/// Asks every origin and, with a sample, looks that up. True when everything is as it should be.
pub(super) async fn connect(config: &Config, sample: Option<&str>) -> Result<bool, config::Error> {
    let mut all_well = true;
    let mut tell = |line: Line| {
        all_well &= line.outcome != Outcome::Failed;
        println!("{line}");
    };
    for origin in &config.origins {
        println!("{}: {}", origin.name, place(&origin.kind));
        for line in ask(origin, sample.is_some()).await? {
            tell(line);
        }
    }
    if let (Some((client, folder)), Some(place)) =
        (config::store_client(config)?, &config.cache.store)
        && let Some((named, _)) = place.bucket()
    {
        println!("derived store: {}", of_bucket(&named));
        for line in bucket(&client, &folder, true).await {
            tell(line);
        }
    }
    if let Some(text) = sample {
        println!("sample: {}", OneLine(text));
        let lines = match Sample::read(text) {
            Sample::Url => vec![sample::at_endpoint(config, text).await?],
            Sample::Assets(assets) => sample::at_origins(config, &assets).await?,
        };
        for line in lines {
            tell(line);
        }
    }
    Ok(all_well)
}

fn place(kind: &OriginKind) -> String {
    let of_store = |store: &Store| match store {
        Store::Folder { path } => format!("folder {}", path.display()),
        Store::Bucket(bucket) => of_bucket(bucket),
    };
    match kind {
        OriginKind::CloudinaryBackup { store, .. } => format!("backup in {}", of_store(store)),
        OriginKind::MediaLibrary { store, .. } => format!("media library in {}", of_store(store)),
        OriginKind::S3 { bucket, .. } => of_bucket(bucket),
        OriginKind::Folder { path } => format!("folder {}", path.display()),
        OriginKind::WebServer { base_url, .. } => format!("web server {base_url}"),
        OriginKind::Fetch {
            hosts, auto_upload, ..
        } => match (hosts.len(), auto_upload.len()) {
            (0, folders) => format!("remote pictures for {folders} folders"),
            (_, 0) => format!("remote pictures of {}", hosts.join(", ")),
            (_, folders) => format!(
                "remote pictures of {}, and for {folders} folders",
                hosts.join(", ")
            ),
        },
    }
}

fn of_bucket(bucket: &config::Bucket) -> String {
    match &bucket.access.endpoint {
        Some(endpoint) => format!("bucket {} at {endpoint}", bucket.bucket),
        None => format!("bucket {}", bucket.bucket),
    }
}

async fn ask(origin: &Origin, has_sample: bool) -> Result<Vec<Line>, config::Error> {
    let (path, folder, written) = match &origin.kind {
        OriginKind::CloudinaryBackup { store, folder, .. } => (path(store), folder.as_str(), false),
        OriginKind::MediaLibrary { store, folder, .. } => (path(store), folder.as_str(), true),
        OriginKind::S3 { folder, .. } => (None, folder.as_str(), false),
        OriginKind::Folder { path } => (Some(path), "", false),
        OriginKind::WebServer { .. } | OriginKind::Fetch { .. } => {
            let reached = config::opened(origin)?.reach().await;
            return Ok(servers(&origin.kind, reached, has_sample));
        }
    };
    let folder = BackupLayout::new(folder).folder().to_owned();
    if let Some(path) = path {
        let path = path.join(&folder);
        let listed = std::fs::read_dir(&path).map(Iterator::count);
        let told = match listed {
            Ok(count) => Ok(format!("{count} names in {}", path.display())),
            Err(error) => Err(format!("{}: {error}", path.display())),
        };
        return Ok(vec![Line::of("list", told)]);
    }
    match config::client(origin)? {
        Some(client) => Ok(bucket(&client, &folder, written).await),
        None => Ok(Vec::new()),
    }
}

const fn path(store: &Store) -> Option<&std::path::PathBuf> {
    match store {
        Store::Folder { path } => Some(path),
        Store::Bucket(_) => None,
    }
}

/// What web servers answered. A refusal of the base URL is no refusal of what is below it: a folder
/// that may be read need not be listed.
fn servers(kind: &OriginKind, reached: Vec<Reached>, has_sample: bool) -> Vec<Line> {
    let mut lines: Vec<Line> = reached
        .into_iter()
        .map(|Reached { place, status }| {
            let told = status.map(|status| format!("{place} answers, status {status}"));
            Line::of("reach", told)
        })
        .collect();
    match kind {
        OriginKind::Fetch { hosts, .. } if !hosts.is_empty() => lines.push(Line::new(
            "reach",
            Outcome::None,
            "hosts of pictures are asked for pictures alone",
        )),
        OriginKind::WebServer { .. } if !has_sample => lines.push(Line::new(
            "get",
            Outcome::None,
            "not tried: only the URL of an original tells; --sample ID tries one",
        )),
        _ => {}
    }
    lines
}

/// Lists, then gets the first byte of the first object, then, where it may be written, writes.
async fn bucket(client: &s3::Client, folder: &str, written: bool) -> Vec<Line> {
    let listed = client.list(folder, Depth::All, &Begin::First).await;
    let first = match &listed {
        Ok(page) => page.objects.iter().find(|object| object.bytes > 0).cloned(),
        Err(_) => None,
    };
    let refused = listed.is_err();
    let listed = listed.map(|page| {
        let more = if page.next.is_some() { " and more" } else { "" };
        let count = page.objects.len();
        match folder {
            "" => format!("{count} keys{more}"),
            folder => format!("{count} keys{more} below {folder}"),
        }
    });
    let get = match first {
        Some(object) => Line::of("get", get(client, object).await),
        None if refused => Line::new(
            "get",
            Outcome::Failed,
            "not tried: without the right to list no key is known; --sample ID tries one",
        ),
        None => Line::new(
            "get",
            // A media library begins empty.
            if written {
                Outcome::None
            } else {
                Outcome::Failed
            },
            format!("not tried: there is nothing below \"{folder}\" yet"),
        ),
    };
    let mut lines = vec![Line::of("list", listed), get];
    if written {
        let key = format!("{folder}.cldgate-check");
        let put = client
            .put(&key, bytes::Bytes::from_static(b"check\n"))
            .await;
        lines.push(Line::of("put", put.map(|()| key.clone())));
        lines.push(Line::of("delete", client.remove(&key).await.map(|()| key)));
    }
    lines
}

async fn get(client: &s3::Client, object: Object) -> Result<String, origin::Error> {
    let found = object.found();
    first_byte(client.open(&found, 0..1).await?).await?;
    Ok(size(&found))
}

/// Key and length.
pub(super) fn size(found: &Found) -> String {
    format!("{}, {} bytes", found.key, found.bytes)
}

/// Whether bytes really come.
pub(super) async fn first_byte(mut pieces: origin::Pieces) -> Result<(), origin::Error> {
    match pieces.next().await {
        Some(piece) => piece.map(|_| ()),
        None => Ok(()),
    }
}
