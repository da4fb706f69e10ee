//! From a configuration to the parts that answer requests.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use super::{
    Config, Endpoint, Error, FallbackOn, OnUnsupported, Origin, OriginErrors, OriginKind,
    SecretName, TOKEN_KEY, web,
};
use crate::cache::{Flights, Memory};
use crate::deliver::{self, Counters, Gateway, Shared};
use crate::dialect::{self, CloudRule, signature, token};
use crate::origin::guard::HostEntry;
use crate::origin::{
    self, BackupFolder, Fetch, FetchRules, Folder, ListingLife, Mapping, Upstream, Url, WebRules,
    WebServer,
};
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
    }))
}

/// Everything that answers requests.
///
/// # Errors
/// [`Error::Secret`] when a secret cannot be had any more.
pub fn gateway(config: &Config, shared: Arc<Shared>) -> Result<Gateway, Error> {
    let origins: Origins<'_> = config
        .origins
        .iter()
        .map(|origin| Ok((origin.name.as_str(), (origin, open(origin)?))))
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

/// An origin, and the service behind it where it is one that renders.
type Opened = (Arc<dyn origin::Origin>, Option<Upstream>);
type Origins<'c> = HashMap<&'c str, (&'c Origin, Opened)>;

fn open(origin: &Origin) -> Result<Opened, Error> {
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
            path,
            folder,
            version,
        } => Arc::new(BackupFolder::new(
            &origin.name,
            path.clone(),
            folder,
            *version,
            life,
        )),
        OriginKind::Folder { path } => Arc::new(Folder::new(&origin.name, path.clone(), life)),
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

fn make(
    endpoint: &Endpoint,
    config: &Config,
    origins: &Origins<'_>,
    fonts: &Typeface,
) -> Result<deliver::Endpoint, Error> {
    let own: Vec<_> = endpoint
        .origins
        .iter()
        .filter_map(|name| origins.get(name.as_str()))
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
            endpoint: endpoint.name.clone(),
            key,
            reason,
        }),
    };
    let signing = secret("signing_secret", &endpoint.signing_secret)?;
    let tokens = secret("token_key", &endpoint.token_key)?;
    let tokens = match &tokens {
        None => None,
        Some(hex) => Some(token::Key::from_hex(hex).ok_or_else(|| Error::Secret {
            endpoint: endpoint.name.clone(),
            key: "token_key",
            reason: TOKEN_KEY.to_owned(),
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
    } = rules;
    let formats: Vec<_> = writable.0.iter().map(|format| format.word()).collect();
    format!(
        "quality {quality:?}, source {} bytes {} pixels, frames {} pixels, output {} pixels, {} ops, writes {}, unsupported {on_unsupported:?}",
        limits.source_bytes,
        limits.source_pixels,
        limits.frame_pixels,
        limits.output_pixels,
        limits.ops,
        formats.join(" "),
    )
}
