//! Which assets a URL may mean that leaves its types out: `/acme/folder/photo.jpg`.
//!
//! The vendor reads it as an uploaded image. Guides for moving away also leave the types out of the
//! URLs of videos and raw files, so these come next; the extension says what to try first. SDKs put a
//! caption behind the ID of an image too, which looks like a folder's name before it: last of all, the
//! part before the last slash is the ID.

use crate::grammar::Form;
use crate::spec::{AssetRef, AssetType};

/// The asset that a URL most likely means, and what else it may mean. Nothing else where the types
/// are written.
pub(super) fn readings(asset: AssetRef, form: Form) -> (AssetRef, Vec<AssetRef>) {
    if form != Form::Root {
        return (asset, Vec::new());
    }
    let video = AssetRef {
        asset_type: AssetType::Video,
        ..asset.clone()
    };
    let raw = AssetRef {
        asset_type: AssetType::Raw,
        public_id: match &asset.extension {
            Some(extension) => format!("{}.{extension}", asset.public_id).into(),
            None => asset.public_id.clone(),
        },
        extension: None,
        ..asset.clone()
    };
    let captioned = asset.public_id.rsplit_once('/').map(|(id, _)| AssetRef {
        public_id: id.into(),
        ..asset.clone()
    });
    let extension = asset.extension.as_deref().unwrap_or_default();
    let (first, second) = if AssetType::of_extension(extension) == AssetType::Video {
        (video, asset)
    } else {
        (asset, video)
    };
    let mut others = vec![second, raw];
    others.extend(captioned);
    (first, others)
}
