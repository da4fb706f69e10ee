//! From a public ID to the keys that may hold it, and from keys to the newest version.

use super::spelling::{Spelling, Worked};
use crate::spec::{AssetRef, AssetType, DeliveryType};

/// Longest key that any object store takes, in bytes.
const MAX_KEY: usize = 1024;

/// Longest name of a version, in bytes: a number and a format; leaves are remembered by the thousand.
const MAX_LEAF: usize = 64;

/// Where a backup bucket keeps the versions of an asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupLayout {
    /// Folder of the bucket, without a leading and with one trailing slash, or empty.
    folder: String,
    /// Asset and delivery type that the folder already ends in.
    covered: Option<(AssetType, DeliveryType)>,
}

impl BackupLayout {
    /// From the folder in any spelling: `/res/acme/`, `res/acme`, `res/acme/image/upload`, or empty.
    #[must_use]
    pub fn new(folder: &str) -> Self {
        let covered = covered(folder);
        let folder = super::plain::folder(folder);
        Self { folder, covered }
    }

    /// The places where an asset's versions may lie, in the order to try: every spelling of the public
    /// ID, the one that worked last first; then with the extension as part of the ID (`photo.v2`
    /// asked for without its format). Empty where this layout can never hold the asset.
    #[must_use]
    pub fn prefixes(&self, asset: &AssetRef, worked: &Worked) -> Vec<BackupPlace> {
        let stored = matches!(
            asset.delivery_type,
            DeliveryType::Upload | DeliveryType::Private | DeliveryType::Authenticated
        );
        let same = self
            .covered
            .is_none_or(|covered| covered == (asset.asset_type, asset.delivery_type));
        if !stored || !same || !is_plain(&asset.public_id) {
            return Vec::new();
        }
        let types = match self.covered {
            Some(_) => String::new(),
            None => format!(
                "{}/{}/",
                asset.asset_type.word(),
                asset.delivery_type.word()
            ),
        };
        let mut ids = worked.spellings(&asset.public_id);
        if let Some(extension) = &asset.extension {
            ids.extend(worked.spellings(&format!("{}.{extension}", asset.public_id)));
        }
        let mut places: Vec<BackupPlace> = ids
            .into_iter()
            .map(|(spelling, id)| BackupPlace {
                spelling,
                prefix: format!("{}{types}{id}/", self.folder),
            })
            .collect();
        places.retain(|place| place.prefix.len() <= MAX_KEY);
        places
    }

    /// The folder, without a leading and with one trailing slash, or empty.
    #[must_use]
    pub fn folder(&self) -> &str {
        &self.folder
    }
}

/// A place where an asset's versions may lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupPlace {
    /// How the ID is spelt in it.
    pub spelling: Spelling,
    /// What the keys of all versions begin with; ends in `/`.
    pub prefix: String,
}

/// Whether an ID can be a path below a folder: no empty, `.` or `..` parts, nothing that a file
/// system reads as more than a name.
#[must_use]
pub fn is_plain(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= MAX_KEY
        && id.bytes().all(|byte| byte != 0 && byte != b'\\')
        && id
            .split('/')
            .all(|part| !part.is_empty() && part != "." && part != "..")
}

/// The asset and delivery type that a path already ends in.
#[must_use]
pub fn covered(path: &str) -> Option<(AssetType, DeliveryType)> {
    let mut parts = path.trim_matches('/').rsplit('/');
    let delivery = parts.next().and_then(stored_delivery_type);
    let asset = parts.next().and_then(asset_type);
    asset.zip(delivery)
}

fn asset_type(word: &str) -> Option<AssetType> {
    [AssetType::Image, AssetType::Video, AssetType::Raw]
        .into_iter()
        .find(|t| t.word() == word)
}

fn stored_delivery_type(word: &str) -> Option<DeliveryType> {
    [
        DeliveryType::Upload,
        DeliveryType::Private,
        DeliveryType::Authenticated,
    ]
    .into_iter()
    .find(|t| t.word() == word)
}

/// A stored version: the leaf of a key in a backup bucket, `<digits>` or `<digits>.<format>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// As it stands in the key.
    pub name: Box<str>,
    /// Seconds since 1970 at the upload.
    pub version: u64,
    /// Format at the upload; `None` for raw files.
    pub extension: Option<Box<str>>,
}

impl Leaf {
    /// `None` for anything that is no version: other assets' folders, markers, strangers' files.
    #[must_use]
    pub fn read(name: &str) -> Option<Self> {
        let (digits, extension) = match name.split_once('.') {
            Some((digits, extension)) => (digits, Some(extension)),
            None => (name, None),
        };
        if name.len() > MAX_LEAF {
            return None;
        }
        let numeric = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        let named =
            extension.is_none_or(|e| !e.is_empty() && e.bytes().all(|b| b.is_ascii_alphanumeric()));
        if !numeric || !named {
            return None;
        }
        Some(Self {
            name: name.into(),
            version: digits.parse().ok()?,
            extension: extension.map(Into::into),
        })
    }

    /// The name that one version of an asset has if it is stored as the URL says. `None` where the
    /// URL does not say: no extension.
    #[must_use]
    pub fn named(asset: &AssetRef, version: u64) -> Option<String> {
        match (asset.asset_type, &asset.extension) {
            (AssetType::Raw, _) => Some(version.to_string()),
            (AssetType::Image | AssetType::Video, Some(extension)) => {
                Some(format!("{version}.{extension}"))
            }
            (AssetType::Image | AssetType::Video, None) => None,
        }
    }
}

/// The version that answers: the one asked for where it exists, else the newest. Among several
/// formats of one version the one asked for wins.
#[must_use]
pub fn choose<'a>(
    leaves: impl Iterator<Item = &'a Leaf> + Clone,
    asked: Option<u64>,
    extension: Option<&str>,
) -> Option<&'a Leaf> {
    let newest = leaves.clone().map(|leaf| leaf.version).max()?;
    let version = asked
        .filter(|v| leaves.clone().any(|leaf| leaf.version == *v))
        .unwrap_or(newest);
    let mut same = leaves.filter(|leaf| leaf.version == version);
    let first = same.clone().next();
    same.find(|leaf| leaf.extension.as_deref() == extension)
        .or(first)
}
