//! What layers are made of: found before the cache is asked, read only when something is made.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use futures_util::future::{join_all, try_join_all};

use super::{Endpoint, Error, Located, Lookups, Shared, count};
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

impl Source {
    /// The asset's public ID.
    pub(super) fn public_id(&self) -> &str {
        &self.asset.public_id
    }

    /// The length of its file; 0 for what nobody has.
    pub(super) fn bytes(&self) -> u64 {
        self.found.as_ref().map_or(0, |(_, found)| found.bytes)
    }

    /// Object and what identifies its bytes, for the key of a result; empty for what nobody has.
    pub(super) fn identity(&self) -> (&str, &str) {
        let found = self.found.as_ref();
        found.map_or(("", ""), |(_, found)| (&found.key, &found.etag))
    }
}

/// Looks for everything that the layers of a specification name.
///
/// # Errors
/// [`plan::Error::NoLayer`] for what no origin has, unless only a condition could ask for it;
/// [`Error::Origin`] when an origin could not be asked; [`plan::Error::OverLimit`].
pub(super) async fn find_all(
    endpoint: &Arc<Endpoint>,
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
        match Lookups::locate(endpoint, asset, &[], host).await {
            Ok(Located { origin, found, .. }) => Ok(Some((origin, found))),
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
        let Some((origin, found)) = &source.found else {
            return Ok((source.asset.clone(), None));
        };
        let originals = &shared.originals;
        let original = originals
            .read(origin, found, source.public_id(), limit)
            .await?;
        if original.downloaded {
            let counters = &shared.counters;
            let length = original.bytes.len() as u64;
            count(&counters.origin_reads);
            counters.origin_bytes.fetch_add(length, Ordering::Relaxed);
        }
        Ok((source.asset.clone(), Some(original.bytes)))
    }))
    .await
}
