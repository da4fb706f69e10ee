//! `--sample`: an asset that is looked for as a request would, or in every origin.

use super::connect::{Line, Outcome, first_byte, size};
use crate::config::{self, Config};
use crate::deliver::Lookups;
use crate::dialect;
use crate::origin::{self, Found, Origin};
use crate::spec::{AssetRef, AssetType, DeliveryType};

/// What is looked for.
pub(super) enum Sample {
    /// A URL or path of one of the endpoints.
    Url,
    /// `[image|video|raw/[upload/]][v<n>/]ID`: the assets that it may mean.
    Assets(Vec<AssetRef>),
}

impl Sample {
    pub(super) fn read(text: &str) -> Self {
        if text.starts_with('/') || text.contains("://") {
            Self::Url
        } else {
            Self::Assets(assets(text))
        }
    }
}

/// Looks for what a URL means, in the origins of the endpoint that answers for it.
pub(super) async fn at_endpoint(config: &Config, url: &str) -> Result<Line, config::Error> {
    let gateway = config::gateway(config, config::shared(config)?)?;
    let (host, path) = dialect::route(url);
    let Some(endpoint) = gateway.endpoint(host.as_deref(), &path) else {
        let text = "no endpoint answers for it";
        return Ok(Line::new("find", Outcome::Failed, text));
    };
    let found = match dialect::read(&endpoint.rules, url) {
        Err(error) => Err(error.to_string()),
        Ok(delivery) => {
            let (asset, others) = (&delivery.asset, &delivery.others);
            let located = Lookups::locate(endpoint, asset, others, host.as_deref()).await;
            located
                .map(|located| told(&*located.origin, &located.found))
                .map_err(|error| error.to_string())
        }
    };
    Ok(Line::of("find", found))
}

/// Looks for the assets in every origin, a line each; a failure more where none has one.
pub(super) async fn at_origins(
    config: &Config,
    assets: &[AssetRef],
) -> Result<Vec<Line>, config::Error> {
    let mut lines = Vec::new();
    for origin in &config.origins {
        lines.push(at_origin(&*config::opened(origin)?, assets).await);
    }
    if lines.iter().all(|line| line.outcome == Outcome::None) {
        let text = "no origin has such an asset";
        lines.push(Line::new("find", Outcome::Failed, text));
    }
    Ok(lines)
}

async fn at_origin(origin: &dyn Origin, assets: &[AssetRef]) -> Line {
    let mut failure = None;
    for asset in assets {
        match read(origin, asset).await {
            Ok(found) => return Line::new("find", Outcome::Ok, told(origin, &found)),
            Err(error) if error.is_not_found() => {}
            // The first failure is told, unless another type is there.
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    match failure {
        Some(error) => Line::new("find", Outcome::Failed, error.to_string()),
        None => Line::new(
            "find",
            Outcome::None,
            format!("{} has no such asset", origin.name()),
        ),
    }
}

/// Finds an asset, and gets its first byte: to find may need other rights.
async fn read(origin: &dyn Origin, asset: &AssetRef) -> Result<Found, origin::Error> {
    let found = origin.find(asset).await?;
    first_byte(origin.open(&found, 0..found.bytes.min(1)).await?).await?;
    Ok(found)
}

fn told(origin: &dyn Origin, found: &Found) -> String {
    format!("{} has {}", origin.name(), size(found))
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
