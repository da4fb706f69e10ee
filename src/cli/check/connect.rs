//! `cldgate check --connect`: asks every origin what it will be asked in service.

use std::sync::Arc;

use crate::config::{self, Config, Origin, OriginKind, Store};
use crate::deliver::{self, Gateway};
use crate::dialect;
use crate::origin::locate::BackupLayout;
use crate::origin::{self, Begin, Depth, Object, s3};
use crate::spec::{AssetRef, AssetType, DeliveryType};

/// What was asked, and what came of it.
struct Line {
    what: &'static str,
    /// `Err` is a failure, `None` could not be tried.
    result: Result<String, String>,
}

impl Line {
    fn of(what: &'static str, result: Result<String, origin::Error>) -> Self {
        let result = result.map_err(|error| error.to_string());
        Self { what, result }
    }
}

/// Asks every origin and, with a sample, looks that up. True when everything is as it should be.
pub(super) async fn connect(config: &Config, sample: Option<&str>) -> Result<bool, config::Error> {
    let gateway = config::gateway(config, config::shared(config)?)?;
    let mut all_well = true;
    for origin in &config.origins {
        println!("{}: {}", origin.name, place(&origin.kind));
        for line in ask(origin).await? {
            all_well &= line.result.is_ok();
            tell(&line);
        }
    }
    if let Some(sample) = sample {
        println!("sample: {sample}");
        for line in look(&gateway, sample).await {
            all_well &= line.result.is_ok();
            tell(&line);
        }
    }
    Ok(all_well)
}

fn tell(line: &Line) {
    match &line.result {
        Ok(text) => println!("  {:<6} ok: {text}", line.what),
        Err(text) => println!("  {:<6} FAILED: {text}", line.what),
    }
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
        OriginKind::Fetch { hosts, .. } => format!("remote pictures of {}", hosts.join(", ")),
    }
}

fn of_bucket(bucket: &config::Bucket) -> String {
    match &bucket.endpoint {
        Some(endpoint) => format!("bucket {} at {endpoint}", bucket.bucket),
        None => format!("bucket {}", bucket.bucket),
    }
}

async fn ask(origin: &Origin) -> Result<Vec<Line>, config::Error> {
    let (folder, written) = match &origin.kind {
        OriginKind::CloudinaryBackup { folder, .. } | OriginKind::S3 { folder, .. } => {
            (folder.as_str(), false)
        }
        OriginKind::MediaLibrary { folder, .. } => (folder.as_str(), true),
        OriginKind::Folder { .. } | OriginKind::WebServer { .. } | OriginKind::Fetch { .. } => {
            ("", false)
        }
    };
    let folder = BackupLayout::new(folder).folder().to_owned();
    match (config::client(origin)?, &origin.kind) {
        (Some(client), _) => Ok(bucket(&client, &folder, written).await),
        (
            None,
            OriginKind::CloudinaryBackup {
                store: Store::Folder { path },
                ..
            }
            | OriginKind::MediaLibrary {
                store: Store::Folder { path },
                ..
            }
            | OriginKind::Folder { path },
        ) => {
            let path = path.join(&folder);
            let listed = std::fs::read_dir(&path).map(Iterator::count);
            Ok(vec![Line {
                what: "list",
                result: match listed {
                    Ok(count) => Ok(format!("{count} names in {}", path.display())),
                    Err(error) => Err(format!("{}: {error}", path.display())),
                },
            }])
        }
        (None, _) => Ok(Vec::new()),
    }
}

/// Lists, then gets the first byte of the first object, then, where it may be written, writes.
async fn bucket(client: &s3::Client, folder: &str, written: bool) -> Vec<Line> {
    let listed = client.list(folder, Depth::All, &Begin::First).await;
    let first = match &listed {
        Ok(page) => page.objects.iter().find(|object| object.bytes > 0).cloned(),
        Err(_) => None,
    };
    let refused = listed.is_err();
    let mut lines = vec![Line::of(
        "list",
        listed.map(|page| {
            let more = if page.next.is_some() { " and more" } else { "" };
            let count = page.objects.len();
            match folder {
                "" => format!("{count} keys{more}"),
                folder => format!("{count} keys{more} below {folder}"),
            }
        }),
    )];
    match first {
        Some(object) => lines.push(Line::of("get", get(client, object).await)),
        None if refused => lines.push(Line {
            what: "get",
            result: Err(
                "not tried: without the right to list no key is known; --sample ID tries one"
                    .to_owned(),
            ),
        }),
        None => lines.push(Line {
            what: "get",
            result: Err(format!(
                "not tried: there is nothing below \"{folder}\" yet"
            )),
        }),
    }
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
    let mut pieces = client.open(&found, 0..1).await?;
    if let Some(piece) = futures_util::StreamExt::next(&mut pieces).await {
        piece?;
    }
    Ok(format!("{}, {} bytes", found.key, found.bytes))
}

/// A sample is a URL or path of one of the endpoints, or an asset that every origin is asked for:
/// `[image|video|raw/[upload/]]ID`.
async fn look(gateway: &Gateway, sample: &str) -> Vec<Line> {
    if sample.starts_with('/') || sample.contains("://") {
        let (host, path) = dialect::route(sample);
        let Some(endpoint) = gateway.endpoint(host.as_deref(), &path) else {
            return vec![Line {
                what: "find",
                result: Err("no endpoint answers for it".to_owned()),
            }];
        };
        let result = match dialect::read(&endpoint.rules, sample) {
            Err(error) => Err(error.to_string()),
            Ok(delivery) => {
                deliver::find_reading(endpoint, &delivery.asset, &delivery.others, host.as_deref())
                    .await
                    .map(|(_, origin, found)| told(origin.name(), &found))
                    .map_err(|error| error.to_string())
            }
        };
        return vec![Line {
            what: "find",
            result,
        }];
    }
    let mut names = std::collections::BTreeSet::new();
    let origins = gateway.endpoints.iter().flat_map(|one| &one.origins);
    let mut lines = Vec::new();
    for origin in origins.filter(|origin| names.insert(Arc::as_ptr(origin).cast::<()>())) {
        let mut result = Err(format!("origin {} has no such asset", origin.name()));
        let mut failed = false;
        for asset in assets(sample) {
            match origin.find(&asset).await {
                Ok(found) => {
                    result = Ok(told(origin.name(), &found));
                    break;
                }
                // The first failure is told, unless another type is there.
                Err(error) if error.is_not_found() || failed => {}
                Err(error) => {
                    result = Err(error.to_string());
                    failed = true;
                }
            }
        }
        lines.push(Line {
            what: "find",
            result,
        });
    }
    lines
}

fn told(origin: &str, found: &origin::Found) -> String {
    format!("{origin} has {}, {} bytes", found.key, found.bytes)
}

/// The assets that a sample may mean.
fn assets(sample: &str) -> Vec<AssetRef> {
    const TYPES: [AssetType; 3] = [AssetType::Image, AssetType::Video, AssetType::Raw];
    let typed = TYPES.into_iter().find_map(|asset_type| {
        let rest = sample.strip_prefix(asset_type.word())?.strip_prefix('/')?;
        Some((asset_type, rest.strip_prefix("upload/").unwrap_or(rest)))
    });
    let (types, rest) = match typed {
        Some((asset_type, rest)) => (vec![asset_type], rest),
        None => (TYPES.to_vec(), sample),
    };
    let (version, rest) = match rest.split_once('/') {
        Some((first, after)) => match first.strip_prefix('v').map(str::parse) {
            Some(Ok(version)) => (Some(version), after),
            _ => (None, rest),
        },
        None => (None, rest),
    };
    let of = |asset_type: AssetType| {
        let cut = rest
            .rsplit_once('.')
            .filter(|(_, format)| crate::grammar::params::is_format(format));
        let (id, extension) = match (asset_type, cut) {
            (AssetType::Image | AssetType::Video, Some((id, format))) => (id, Some(format.into())),
            _ => (rest, None),
        };
        AssetRef {
            asset_type,
            delivery_type: DeliveryType::Upload,
            public_id: id.into(),
            extension,
            version,
        }
    };
    types.into_iter().map(of).collect()
}
