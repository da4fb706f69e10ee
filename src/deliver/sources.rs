//! What layers are made of: found before the cache is asked, read only when something is made.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use futures_util::future::{join_all, try_join_all};

use super::{Endpoint, Error, Shared, find};
use crate::origin::{Found, Origin};
use crate::plan;
use crate::spec::{AssetRef, AssetType, Op, TransformSpec};

/// Most different assets that the layers of one URL may name.
const MAX_SOURCES: usize = 64;

/// An asset that a layer names, and where it is; `None` when no origin has it.
#[derive(Clone, Debug)]
pub(super) struct Source {
    asset: AssetRef,
    found: Option<(Arc<dyn Origin>, Found)>,
}

/// Looks for everything that the layers of a specification name.
///
/// # Errors
/// [`plan::Error::NoLayer`] for what no origin has, unless only a condition could ask for it;
/// [`Error::Origin`] when an origin could not be asked; [`plan::Error::OverLimit`].
pub(super) async fn find_all(
    endpoint: &Endpoint,
    spec: &TransformSpec,
    host: Option<&str>,
) -> Result<Vec<Source>, Error> {
    let mut assets: Vec<&AssetRef> = Vec::new();
    for asset in spec.layers() {
        if !assets.contains(&asset) {
            assets.push(asset);
        }
    }
    if assets.len() > MAX_SOURCES {
        return Err(plan::Error::OverLimit {
            what: "layers",
            asked: assets.len() as u64,
            limit: MAX_SOURCES as u64,
        }
        .into());
    }
    let certain = !spec.ops.iter().any(|op| matches!(op, Op::When(_)));
    let looked = join_all(assets.into_iter().map(|asset| async move {
        match find(endpoint, asset, host).await {
            Ok(found) => Ok(Some(found)),
            // A font that is not there has a stand-in; a table of colours is asked for by the plan.
            Err(Error::NotFound(_)) if certain && asset.asset_type != AssetType::Raw => {
                Err(plan::Error::NoLayer(asset.clone()).into())
            }
            Err(Error::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
        .map(|found| Source {
            asset: asset.clone(),
            found,
        })
    }))
    .await;
    looked.into_iter().collect()
}

/// What identifies the bytes of all sources, for the key of a result.
pub(super) fn etags(sources: &[Source]) -> String {
    let mut text = String::new();
    for source in sources {
        text.push(' ');
        match &source.found {
            Some((origin, found)) => {
                text.push_str(origin.name());
                text.push(':');
                text.push_str(&found.key);
                text.push(':');
                text.push_str(&found.etag);
            }
            None => text.push_str("none"),
        }
    }
    text
}

/// Reads all sources at once.
///
/// # Errors
/// The first that an origin gives.
pub(super) async fn read_all(
    sources: &[Source],
    limit: u64,
    shared: &Shared,
) -> Result<Vec<(AssetRef, Option<Bytes>)>, Error> {
    try_join_all(sources.iter().map(|source| async move {
        let bytes = match &source.found {
            Some((origin, found)) => Some(origin.read(found, limit).await?),
            None => None,
        };
        let count = bytes.as_ref().map_or(0, Bytes::len) as u64;
        let counter = &shared.counters.origin_bytes;
        counter.fetch_add(count, Ordering::Relaxed);
        Ok((source.asset.clone(), bytes))
    }))
    .await
}
