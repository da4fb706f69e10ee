//! From a configuration to the parts that answer requests.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use super::{
    Bucket, Config, Endpoint, Error, FallbackOn, OnUnsupported, Origin, OriginErrors, OriginKind,
    SecretName, Store, StorePlace, TOKEN_KEY, web,
};
use crate::cache::{self, Disk, Failures, Flights, Memory, Originals};
use crate::deliver::{self, Admission, Counters, Gateway, Lookups, Purges, Shared, Windows};
use crate::dialect::{self, CloudRule, signature, token};
use crate::origin::guard::HostEntry;
use crate::origin::index::Watched;
use crate::origin::locate::BackupLayout;
use crate::origin::{
    self, Backup, CallBook, Fetch, FetchRules, Layout, Library, ListingLife, Mapping, Plain,
    Upstream, Url, WebRules, WebServer, s3,
};
use crate::plan::{self, Writable};
use crate::render::{self, Ledger, Pool, Workers};

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
        store: store(config)?,
        originals: Originals::new(config.cache.originals.0),
        flights: Flights::new(),
        failures: Failures::new(),
        purges: Purges::default(),
        pool: pool.map_err(Error::Threads)?,
        workers: config.codec_program.clone().map(Workers::new),
        // One half for pixels, one for the files that they come from: a rendering that has its file never waits for another file.
        ledger: Ledger::new(config.render.memory.0 / 2),
        admission: Admission::new(config.render.memory.0 / 2, size(config.render.queue)),
        deadline: config.limits.render_time.0,
        counters: Counters::default(),
        origin_calls: CallBook::default(),
    }))
}

fn store(config: &Config) -> Result<cache::Store, Error> {
    let Some(place) = &config.cache.store else {
        return Ok(cache::Store::Nowhere);
    };
    if let StorePlace::Folder { path, size } = place {
        let disk = Disk::open(path.clone(), size.0);
        return Ok(cache::Store::Disk(Arc::new(disk.map_err(Error::Threads)?)));
    }
    let Some((bucket, folder)) = place.bucket() else {
        return Ok(cache::Store::Nowhere);
    };
    let reach = reach("cache", "store", &bucket)?;
    let bucket = cache::Bucket::open(reach, &folder).map_err(Error::Threads)?;
    Ok(cache::Store::Bucket(bucket))
}

/// A client of the bucket of the derived store, and its folder there; `None` where the store is none
/// or on a disk.
///
/// # Errors
/// [`Error::Secret`] when a secret cannot be had any more.
pub fn store_client(config: &Config) -> Result<Option<(s3::Client, String)>, Error> {
    let place = config.cache.store.as_ref().and_then(StorePlace::bucket);
    let Some((bucket, folder)) = place else {
        return Ok(None);
    };
    let client = s3::Client::new("store", reach("cache", "store", &bucket)?);
    Ok(Some((client, folder)))
}

/// Everything that answers requests.
///
/// # Errors
/// [`Error::Secret`] when a secret cannot be had any more.
pub fn gateway(config: &Config, shared: Arc<Shared>) -> Result<Gateway, Error> {
    let origins: Origins<'_> = config
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
    let origins = config.origins.iter().filter_map(|origin| {
        let (_, (opened, _)) = origins.get(origin.name.as_str())?;
        Some(opened.clone())
    });
    Ok(Gateway {
        origins: origins.collect(),
        endpoints,
        shared,
    })
}

/// The fonts, and what identifies them.
struct Typeface {
    fonts: Arc<render::Fonts>,
    fingerprint: String,
}

/// An origin, and the service behind it where it is one that renders.
type Opened = (Arc<dyn origin::Origin>, Option<Upstream>);
type Origins<'c> = HashMap<&'c str, (&'c Origin, Opened)>;

fn open(origin: &Origin, calls: &CallBook) -> Result<Opened, Error> {
    let life = ListingLife {
        found: origin.found_for.0,
        missing: origin.missing_for.0,
        ..ListingLife::default()
    };
    let failed = |reason: String| Error::Origin {
        origin: origin.name.clone(),
        reason,
    };
    let url = |text: &str| Url::parse(text).map_err(|error| failed(error.to_string()));
    let opened: Arc<dyn origin::Origin> = match &origin.kind {
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
        OriginKind::WebServer {
            base_url,
            forward_host,
            bearer,
            headers,
            patience,
        } => {
            let rules = WebRules {
                base: url(base_url)?,
                forward_host: *forward_host,
                headers: web::header_map(&origin.name, bearer.as_ref(), headers)?,
                patience: patience.build(),
                life,
            };
            let server = WebServer::new(&origin.name, rules);
            let server = server.map_err(|error| failed(error.to_string()))?;
            let upstream = server.upstream();
            return Ok((Arc::new(server), Some(upstream)));
        }
        OriginKind::Fetch {
            hosts,
            private_addresses,
            auto_upload,
            patience,
        } => {
            let mappings = auto_upload.iter().map(|(folder, prefix)| {
                Ok(Mapping {
                    folder: folder.as_str().into(),
                    url: url(prefix)?,
                })
            });
            let rules = FetchRules {
                hosts: hosts
                    .iter()
                    .filter_map(|host| HostEntry::read(host))
                    .collect(),
                private_addresses: *private_addresses,
                mappings: mappings.collect::<Result<_, Error>>()?,
                patience: patience.build(),
                life,
            };
            let fetch = Fetch::new(&origin.name, rules);
            Arc::new(fetch.map_err(|error| failed(error.to_string()))?)
        }
    };
    Ok((opened, None))
}

/// An origin by itself, whether an endpoint names it or not.
///
/// # Errors
/// [`Error::Secret`] when a secret cannot be had any more, [`Error::Origin`].
pub fn opened(origin: &Origin) -> Result<Arc<dyn origin::Origin>, Error> {
    open(origin, &CallBook::default()).map(|(opened, _)| opened)
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
        OriginKind::Folder { .. } | OriginKind::WebServer { .. } | OriginKind::Fetch { .. } => {
            return Ok(None);
        }
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
    Ok(s3::Client::new(name, reach("origin", name, bucket)?))
}

fn reach(section: &'static str, name: &str, bucket: &Bucket) -> Result<s3::Config, Error> {
    bucket.reach().map_err(|reason| Error::Secret {
        section,
        name: name.to_owned(),
        reason,
    })
}

fn make(
    endpoint: &Endpoint,
    config: &Config,
    origins: &Origins<'_>,
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
        frame_pixels: config.limits.frame_pixels,
        output_pixels: config.limits.output_pixels,
        ops: usize::try_from(config.limits.chain_length).unwrap_or(usize::MAX),
    };
    let rules = plan::Rules {
        limits,
        quality: endpoint.quality,
        writable: Writable(super::writable()),
        scaling: endpoint.scaling,
    };
    let on_unsupported = match endpoint.on_unsupported {
        OnUnsupported::Ignore => deliver::OnUnsupported::Ignore,
        OnUnsupported::Error => deliver::OnUnsupported::Error,
        OnUnsupported::Upstream => deliver::OnUnsupported::Upstream,
    };
    let falls_back = |on| endpoint.fallback_on.contains(&on);
    Ok(deliver::Endpoint {
        name: endpoint.name.as_str().into(),
        prefix: endpoint.prefix.as_str().into(),
        hosts: endpoint
            .hosts
            .iter()
            .map(|host| host.as_str().into())
            .collect(),
        rules: dialect_rules(endpoint)?,
        origins: own.iter().map(|(_, (origin, _))| origin.clone()).collect(),
        lookups: Lookups::new(Windows {
            while_revalidate: config.cache.stale_while_revalidate.0,
            if_error: config.cache.stale_if_error.0,
        }),
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
        cache_control_versioned: endpoint.cache_control_versioned.as_deref().map(Into::into),
        cache_control_of_origin: endpoint
            .cache_control_of_origin
            .then_some(endpoint.cache_control_least.0..=endpoint.cache_control_most.0),
        canonical: own
            .iter()
            .filter_map(|(origin, _)| {
                let base = origin.canonical_base_url.as_deref()?;
                Some((origin.name.as_str().into(), base.into()))
            })
            .collect(),
        upstream: endpoint
            .upstream
            .as_ref()
            .and_then(|name| origins.get(name.as_str()))
            .and_then(|(_, (_, upstream))| upstream.clone()),
        fallback: deliver::Fallback {
            denied: falls_back(FallbackOn::Denied),
            timeout: falls_back(FallbackOn::Timeout),
            failure: falls_back(FallbackOn::Failure),
        },
        outage: match endpoint.origin_errors {
            OriginErrors::Status => deliver::Outage::Told,
            OriginErrors::ImageKit => deliver::Outage::Hidden,
        },
        default_image: endpoint.default_image.as_deref().map(dialect::picture),
        tell_origin: endpoint.tell_origin,
    })
}

fn dialect_rules(endpoint: &Endpoint) -> Result<dialect::Rules, Error> {
    let secret = |key: &'static str, name: &Option<SecretName>| match name {
        None => Ok(None),
        Some(name) => name.read().map(Some).map_err(|reason| Error::Secret {
            section: "endpoint",
            name: endpoint.name.clone(),
            reason: format!("{key}: {reason}"),
        }),
    };
    let signing = secret("signing_secret", &endpoint.signing_secret)?;
    let tokens = secret("token_key", &endpoint.token_key)?;
    let tokens = match &tokens {
        None => None,
        Some(hex) => Some(token::Key::from_hex(hex).ok_or_else(|| Error::Secret {
            section: "endpoint",
            name: endpoint.name.clone(),
            reason: format!("token_key: {TOKEN_KEY}"),
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
        signing_secret: signing.as_deref().map(signature::Secret::new),
        tokens: tokens.map(|key| token::Rules {
            name: endpoint.token_name.as_str().into(),
            key,
        }),
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
        scaling,
    } = rules;
    let formats: Vec<_> = writable.0.iter().map(|format| format.word()).collect();
    format!(
        "quality {quality:?}, source {} bytes {} pixels, frames {} pixels, output {} pixels, {} ops, writes {}, scaling {scaling:?}, unsupported {on_unsupported:?}",
        limits.source_bytes,
        limits.source_pixels,
        limits.frame_pixels,
        limits.output_pixels,
        limits.ops,
        formats.join(" "),
    )
}
