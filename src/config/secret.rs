//! Secrets by the name of where they are. The configuration never holds one.

use std::path::{Path, PathBuf};

use serde::Serialize;

/// Bytes of a secret's file; a larger one is not a secret.
const MAX_FILE: u64 = 64 << 10;

/// Where a secret is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SecretName {
    /// In an environment variable.
    Env(String),
    /// In a file; white space at its end does not count. A relative path starts at the folder of the
    /// configuration.
    File(PathBuf),
}

impl SecretName {
    /// The secret itself.
    ///
    /// # Errors
    /// Why it cannot be had, in words that do not tell it.
    pub fn read(&self) -> Result<String, String> {
        let secret = match self {
            Self::Env(name) => match std::env::var(name) {
                Ok(secret) => secret,
                Err(std::env::VarError::NotPresent) => {
                    return Err(format!("environment variable {name} is not set"));
                }
                Err(std::env::VarError::NotUnicode(_)) => {
                    return Err(format!("environment variable {name} is not UTF-8"));
                }
            },
            Self::File(path) => read_file(path)?,
        };
        if secret.is_empty() {
            return Err(match self {
                Self::Env(name) => format!("environment variable {name} is empty"),
                Self::File(path) => format!("file {} is empty", path.display()),
            });
        }
        Ok(secret)
    }

    /// With a relative path put below `folder`.
    #[must_use]
    pub(super) fn below(self, folder: &Path) -> Self {
        match self {
            Self::Env(name) => Self::Env(name),
            Self::File(path) => Self::File(folder.join(path)),
        }
    }
}

fn read_file(path: &Path) -> Result<String, String> {
    let told = |reason: &dyn std::fmt::Display| format!("file {}: {reason}", path.display());
    let meta = std::fs::metadata(path).map_err(|error| told(&error))?;
    if !meta.is_file() {
        return Err(told(&"not a file"));
    }
    if meta.len() > MAX_FILE {
        return Err(told(&"too large for a secret"));
    }
    let text = std::fs::read_to_string(path).map_err(|error| told(&error))?;
    Ok(text.trim_end().to_owned())
}
