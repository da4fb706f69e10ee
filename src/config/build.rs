//! From a configuration to the parts that answer requests.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use super::{Bucket, Config, Endpoint, Error, OnUnsupported, Origin, OriginKind, Store};
use crate::cache::{Flights, Memory};
use crate::deliver::{self, Counters, Gateway, Shared};
use crate::dialect::{self, CloudRule, signature};
use crate::origin::index::Watched;
use crate::origin::locate::BackupLayout;
use crate::origin::{self, Backup, CallBook, Layout, Library, ListingLife, Plain, s3};
use crate::plan::{self, Writable};
use crate::render::{self, Pool};

/// What outlives a reload: the caches, the render pool, the counters.
///
/// # Errors
/// [`Error::Threads`] when the system gives no thread.
pub fn shared(config: &Config) -> Result<Arc<Shared>, Error> {
    let default = render::Config::default();
    let size = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    let pool = Pool::new(render::Config {
        threads: NonZeroUsize::new(size(config.render.threads)).unwrap_or(default.threads),
        queue: size(config.render.queue),
    });
    Ok(Arc::new(Shared {
        memory: Memory::new(config.cache.memory.0),
        flights: Flights::new(),
        pool: pool.map_err(Error::Threads)?,
        deadline: config.limits.render_time.0,
        counters: Counters::default(),
        origin_calls: CallBook::default(),
    }))
}

/// Everything that answers requests.
///
/// # Errors
/// [`Error::Secret`] when a secret cannot be had any more.
pub fn gateway(config: &Config, shared: Arc<Shared>) -> Result<Gateway, Error> {
    let origins: HashMap<&str, (&Origin, Arc<dyn origin::Origin>)> = config
        .origins
        .iter()
        .map(|origin| {
            let opened = open(origin, &shared.origin_calls)?;
            Ok((origin.name.as_str(), (origin, opened)))
        })
        .collect::<Result<_, Error>>()?;
    let files = super::fonts::files(&config.fonts)?;
    let fonts = Typeface {
        fingerprint: super::fonts::fingerprint(&config.fonts, &files),
        fonts: Arc::new(render::Fonts::new(files, config.fonts.system)),
    };
    let endpoints = config
        .endpoints
        .iter()
        .map(|endpoint| make(endpoint, config, &origins, &fonts).map(Arc::new))
        .collect::<Result<_, _>>()?;
    Ok(Gateway { endpoints, shared })
}

/// The fonts, and what identifies them.
struct Typeface {
    fonts: Arc<render::Fonts>,
    fingerprint: String,
}

fn open(origin: &Origin, calls: &CallBook) -> Result<Arc<dyn origin::Origin>, Error> {
    let life = ListingLife {
        found: origin.found_for.0,
        missing: origin.missing_for.0,
        ..ListingLife::default()
    };
    Ok(match &origin.kind {
        OriginKind::CloudinaryBackup {
            store,
            folder,
            version,
            index,
            index_for,
        } => {
            let opened = open_store(&origin.name, store, calls)?;
            let backup = Backup::new(opened, folder, *version, life);
            Arc::new(match (index, store) {
                (Some(path), Store::Bucket(bucket)) => backup.with_index(Watched::new(
                    path.clone(),
                    &bucket.bucket,
                    BackupLayout::new(folder).folder(),
                    index_for.0,
                )),
                _ => backup,
            })
        }
        OriginKind::S3 { bucket, folder } => {
            let store = open_bucket(&origin.name, bucket, calls)?;
            Arc::new(Plain::new(store, folder, Layout::Any, life))
        }
        OriginKind::Folder { path } => {
            let store = origin::Store::folder(&origin.name, path, calls.of(&origin.name));
            Arc::new(Plain::new(store, "", Layout::Any, life))
        }
        OriginKind::MediaLibrary { store, folder, .. } => {
            let store = open_store(&origin.name, store, calls)?;
            Arc::new(Plain::new(store, folder, Layout::Typed, life))
        }
    })
}

/// The writing side of the media library with this name; `None` when there is no such library.
///
/// # Errors
/// [`Error::Secret`] when a secret cannot be had any more.
pub fn library(config: &Config, name: &str) -> Result<Option<Library>, Error> {
    let origin = config.origins.iter().find(|origin| origin.name == name);
    match origin.map(|origin| &origin.kind) {
        Some(OriginKind::MediaLibrary { store, folder, .. }) => {
            let store = open_store(name, store, &CallBook::default())?;
            Ok(Some(Library::new(store, folder)))
        }
        _ => Ok(None),
    }
}

/// A client of the bucket of an origin, with the origin's name; `None` for origins without a bucket.
///
/// # Errors
/// [`Error::Secret`] when a secret cannot be had any more.
pub fn client(origin: &Origin) -> Result<Option<s3::Client>, Error> {
    let bucket = match &origin.kind {
        OriginKind::CloudinaryBackup { store, .. } | OriginKind::MediaLibrary { store, .. } => {
            match store {
                Store::Bucket(bucket) => bucket,
                Store::Folder { .. } => return Ok(None),
            }
        }
        OriginKind::S3 { bucket, .. } => bucket,
        OriginKind::Folder { .. } => return Ok(None),
    };
    connect(&origin.name, bucket).map(Some)
}

fn open_store(name: &str, store: &Store, calls: &CallBook) -> Result<origin::Store, Error> {
    match store {
        Store::Folder { path } => Ok(origin::Store::folder(name, path, calls.of(name))),
        Store::Bucket(bucket) => open_bucket(name, bucket, calls),
    }
}

fn open_bucket(name: &str, bucket: &Bucket, calls: &CallBook) -> Result<origin::Store, Error> {
    Ok(origin::Store::bucket(
        connect(name, bucket)?,
        calls.of(name),
    ))
}

fn connect(name: &str, bucket: &Bucket) -> Result<s3::Client, Error> {
    let reach = bucket.reach().map_err(|reason| Error::Secret {
        section: "origin",
        name: name.to_owned(),
        reason,
    })?;
    Ok(s3::Client::new(name, reach))
}

fn make(
    endpoint: &Endpoint,
    config: &Config,
    origins: &HashMap<&str, (&Origin, Arc<dyn origin::Origin>)>,
    fonts: &Typeface,
) -> Result<deliver::Endpoint, Error> {
    let own: Vec<_> = config
        .search_order(endpoint)
        .into_iter()
        .filter_map(|name| origins.get(name))
        .collect();
    let limits = plan::Limits {
        source_bytes: config.limits.source_bytes.0,
        source_pixels: config.limits.source_pixels,
        output_pixels: config.limits.output_pixels,
        ops: usize::try_from(config.limits.chain_length).unwrap_or(usize::MAX),
    };
    let rules = plan::Rules {
        limits,
        quality: endpoint.quality,
        writable: Writable(super::writable()),
    };
    let on_unsupported = match endpoint.on_unsupported {
        OnUnsupported::Ignore => deliver::OnUnsupported::Ignore,
        OnUnsupported::Error => deliver::OnUnsupported::Error,
    };
    Ok(deliver::Endpoint {
        name: endpoint.name.as_str().into(),
        prefix: endpoint.prefix.as_str().into(),
        hosts: endpoint
            .hosts
            .iter()
            .map(|host| host.as_str().into())
            .collect(),
        rules: dialect_rules(endpoint)?,
        origins: own.iter().map(|(_, origin)| origin.clone()).collect(),
        f_auto: endpoint.f_auto.clone(),
        rules_text: format!(
            "{}, {}",
            rules_text(&rules, on_unsupported),
            fonts.fingerprint
        )
        .into(),
        fonts: fonts.fonts.clone(),
        plan: rules,
        on_unsupported,
        cache_control: endpoint.cache_control.as_str().into(),
        canonical_base_url: own
            .iter()
            .find_map(|(origin, _)| origin.canonical_base_url.as_deref().map(Into::into)),
        tell_origin: endpoint.tell_origin,
    })
}

fn dialect_rules(endpoint: &Endpoint) -> Result<dialect::Rules, Error> {
    let secret = match &endpoint.signing_secret {
        None => None,
        Some(name) => Some(name.read().map_err(|reason| Error::Secret {
            section: "endpoint",
            name: endpoint.name.clone(),
            reason: format!("signing_secret: {reason}"),
        })?),
    };
    // The last segment of a prefix is the cloud name; what stands before it is no part of the URL
    // language.
    let (before, cloud) = match (endpoint.prefix.rsplit_once('/'), &endpoint.cloud_name) {
        (Some((before, _)), _) => (before, CloudRule::InPath),
        (None, Some(name)) => ("", CloudRule::Fixed(name.as_str().into())),
        (None, None) if !endpoint.hosts.is_empty() => ("", CloudRule::NotInPath),
        (None, None) => ("", CloudRule::ByHost),
    };
    Ok(dialect::Rules {
        prefix: before.into(),
        cloud,
        signing_secret: secret.as_deref().map(signature::Secret::new),
        named: endpoint
            .named_transformations
            .iter()
            .map(|(name, chain)| (name.as_str().into(), chain.as_str().into()))
            .collect(),
        styles: endpoint
            .text_styles
            .iter()
            .map(|(name, style)| (name.as_str().into(), style.as_str().into()))
            .collect(),
    })
}

/// The owner's rules that shape a result, for its key: another rule, another result.
fn rules_text(rules: &plan::Rules, on_unsupported: deliver::OnUnsupported) -> String {
    let plan::Rules {
        limits,
        quality,
        writable,
    } = rules;
    let formats: Vec<_> = writable.0.iter().map(|format| format.word()).collect();
    format!(
        "quality {quality:?}, source {} bytes {} pixels, output {} pixels, {} ops, writes {}, unsupported {on_unsupported:?}",
        limits.source_bytes,
        limits.source_pixels,
        limits.output_pixels,
        limits.ops,
        formats.join(" "),
    )
}
