//! Where the objects of an origin lie: `path`, or `bucket` and what it needs to be reached.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::patience::{self, Patience};
use super::problem::Fault;
use super::secret::SecretName;
use super::section::Section;
use super::value as v;
use crate::origin::{self, s3};

/// A folder or a bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Store {
    /// A folder on disk.
    Folder {
        /// Where keys start.
        path: PathBuf,
    },
    /// A bucket.
    Bucket(Bucket),
}

/// A bucket, and what it needs to be reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bucket {
    /// Its name.
    pub bucket: String,
    /// How it is reached.
    #[serde(flatten)]
    pub access: Access,
}

/// What a bucket needs to be reached, besides its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Access {
    /// Its region; `None`: from the environment, as every AWS tool finds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Base URL of a store that is not AWS's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// The bucket's name in the path instead of the host.
    pub path_style: bool,
    /// Names the access key and its secret; `None`: the standard chain of AWS tools.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub keys: Option<KeyNames>,
    /// How long it may take, and how often it is asked.
    #[serde(flatten)]
    pub patience: Box<Patience>,
}

/// Where an access key and its secret are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyNames {
    /// The access key ID.
    pub access_key: SecretName,
    /// The secret access key.
    pub secret_key: SecretName,
}

impl Bucket {
    /// What a client needs, secrets included.
    ///
    /// # Errors
    /// The key whose secret cannot be had, and why, in words that do not tell it.
    pub fn reach(&self) -> Result<s3::Config, String> {
        self.access.reach(&self.bucket)
    }
}

impl Access {
    /// As [`Bucket::reach`], of a bucket with this name.
    ///
    /// # Errors
    /// The same.
    pub fn reach(&self, bucket: &str) -> Result<s3::Config, String> {
        let read =
            |key: &str, name: &SecretName| name.read().map_err(|reason| format!("{key}: {reason}"));
        let keys = match &self.keys {
            None => None,
            Some(names) => Some(s3::Keys {
                access: read("access_key", &names.access_key)?,
                secret: read("secret_key", &names.secret_key)?,
            }),
        };
        Ok(s3::Config {
            bucket: bucket.to_owned(),
            region: self.region.clone(),
            endpoint: self.endpoint.clone(),
            path_style: self.path_style,
            keys,
            patience: self.patience.build(),
        })
    }
}

/// Reads `path` or `bucket` with its keys. Just one of the two must be there.
pub(super) fn store(section: &mut Section<'_, '_>, folder: &Path) -> Option<Store> {
    let bucket = bucket(section, folder);
    match (section.has("bucket"), section.has("path")) {
        (true, true) => {
            // Asked for, so that it is a known key.
            section.get("path", v::text);
            let fault = Fault::new("`bucket` and `path` are both given").hint("keep one of them");
            section.wrong(Some("bucket"), fault);
            None
        }
        (true, false) => bucket.map(Store::Bucket),
        (false, true) => Some(Store::Folder {
            path: directory(section, folder)?,
        }),
        (false, false) => {
            // Asked for, so that it is a known key.
            section.get("path", v::text);
            let fault = Fault::new(format!("{} needs `bucket` or `path`", section.title()));
            section.wrong(None, fault.hint("bucket = \"acme-backup\""));
            None
        }
    }
}

/// Reads `bucket`, which must be there, with its keys.
pub(super) fn need_bucket(section: &mut Section<'_, '_>, folder: &Path) -> Option<Bucket> {
    if !section.has("bucket") {
        let fault = Fault::new(format!("{} needs `bucket`", section.title()));
        section.wrong(None, fault.hint("bucket = \"acme-photos\""));
    }
    bucket(section, folder)
}

/// `None` without `bucket`, when what belongs to it is a mistake, and when something is wrong.
fn bucket(section: &mut Section<'_, '_>, folder: &Path) -> Option<Bucket> {
    let given = section.has("bucket");
    let name = section.get("bucket", bucket_name);
    let access = access(section, folder, origin::Patience::of_buckets());
    if !given {
        only_for_buckets(section, "without `bucket`");
        return None;
    }
    Some(Bucket {
        bucket: name?,
        access,
    })
}

/// Keys about buckets are a mistake where there is none.
pub(super) fn only_for_buckets(section: &Section<'_, '_>, when: &str) {
    const ABOUT_BUCKETS: [&str; 5] = [
        "region",
        "endpoint",
        "path_style",
        "access_key",
        "secret_key",
    ];
    for key in ABOUT_BUCKETS.into_iter().chain(patience::KEYS) {
        if section.has(key) {
            let fault = Fault::new(format!("`{key}` means nothing {when}"));
            section.wrong(Some(key), fault);
        }
    }
}

/// Reads the keys about buckets, but the name.
pub(super) fn access(
    section: &mut Section<'_, '_>,
    folder: &Path,
    patience: origin::Patience,
) -> Access {
    let region = section.get("region", region);
    let endpoint = section.get("endpoint", v::base_url);
    let path_style = section.get("path_style", v::flag);
    let access_key = secret(section, "access_key", folder);
    let secret_key = secret(section, "secret_key", folder);
    let patience = patience::read(section, patience);
    for (one, other) in [("access_key", "secret_key"), ("secret_key", "access_key")] {
        if section.has(one) && !section.has(other) {
            let fault = Fault::new(format!("`{one}` is given without `{other}`"));
            section.wrong(
                Some(one),
                fault.hint("without both, the standard AWS credential chain is asked"),
            );
        }
    }
    Access {
        region,
        endpoint,
        path_style: path_style.unwrap_or(false),
        keys: access_key
            .zip(secret_key)
            .map(|(access_key, secret_key)| KeyNames {
                access_key,
                secret_key,
            }),
        patience: Box::new(patience),
    }
}

/// The name of a secret that is there now.
pub(super) fn secret(
    section: &mut Section<'_, '_>,
    key: &'static str,
    folder: &Path,
) -> Option<SecretName> {
    let secret = section.get(key, v::secret)?.below(folder);
    if let Err(reason) = secret.read() {
        section.wrong(Some(key), Fault::new(format!("`{key}`: {reason}")));
    }
    Some(secret)
}

/// The names that S3 allows: what is wrong here would be wrong on every request.
fn bucket_name(value: &super::section::Value<'_>) -> v::Read<String> {
    let text = v::text(value)?;
    if is_bucket_name(&text) {
        return Ok(text);
    }
    let fault =
        Fault::new("must be the name of a bucket: 3 to 63 lower-case letters, digits, `-` and `.`");
    Err(match text.strip_prefix("s3://") {
        Some(rest) => {
            let name = rest.split('/').next().unwrap_or_default();
            fault.hint(format!(
                "write \"{name}\", and what stands behind it as `folder`"
            ))
        }
        None => fault,
    })
}

pub(super) fn is_bucket_name(text: &str) -> bool {
    let plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
    (3..=63).contains(&text.len()) && text.bytes().all(plain)
}

fn region(value: &super::section::Value<'_>) -> v::Read<String> {
    let text = v::text(value)?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if !text.is_empty() && text.len() <= 64 && text.bytes().all(plain) {
        return Ok(text);
    }
    Err(Fault::new("must be a region such as \"eu-west-1\""))
}

/// Reads `path`, an existing folder.
pub(super) fn directory(section: &mut Section<'_, '_>, folder: &Path) -> Option<PathBuf> {
    let path = section.need("path", v::text, "path = \"/srv/photos\"")?;
    let path = folder.join(path);
    let fault = match std::fs::metadata(&path) {
        Ok(meta) if meta.is_dir() => return Some(path),
        Ok(_) => Fault::new(format!("`path` is not a folder: {}", path.display())),
        Err(error) => Fault::new(format!("`path` {}: {error}", path.display())),
    };
    let hint = "a relative path starts at the folder of this file";
    section.wrong(
        Some("path"),
        if path.is_absolute() {
            fault
        } else {
            fault.hint(hint)
        },
    );
    None
}
