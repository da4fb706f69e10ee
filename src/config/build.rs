//! From a configuration to the parts that answer requests.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use super::{Config, Endpoint, Error, OnUnsupported, Origin, OriginKind};
use crate::cache::{Flights, Memory};
use crate::deliver::{self, Counters, Gateway, Shared};
use crate::dialect::{self, CloudRule, signature};
use crate::origin::{self, BackupFolder, Folder, ListingLife};
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
    let origins: HashMap<&str, (&Origin, Arc<dyn origin::Origin>)> = config
        .origins
        .iter()
        .map(|origin| (origin.name.as_str(), (origin, open(origin))))
        .collect();
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

fn open(origin: &Origin) -> Arc<dyn origin::Origin> {
    let life = ListingLife {
        found: origin.found_for.0,
        missing: origin.missing_for.0,
        ..ListingLife::default()
    };
    match &origin.kind {
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
    }
}

fn make(
    endpoint: &Endpoint,
    config: &Config,
    origins: &HashMap<&str, (&Origin, Arc<dyn origin::Origin>)>,
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
            endpoint: endpoint.name.clone(),
            reason,
        })?),
    };
    // The last segment of a prefix is the cloud name; what stands before it is no part of the URL
    // language.
    let (before, cloud) = match (endpoint.prefix.rsplit_once('/'), &endpoint.cloud_name) {
        (Some((before, cloud)), _) => (before, CloudRule::Fixed(cloud.into())),
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
        "quality {quality:?}, source {} bytes {} pixels, frames {} pixels, output {} pixels, {} ops, writes {}, unsupported {on_unsupported:?}",
        limits.source_bytes,
        limits.source_pixels,
        limits.frame_pixels,
        limits.output_pixels,
        limits.ops,
        formats.join(" "),
    )
}
