//! `[[origin]]` sections that are asked over HTTP: `web_server` and `fetch`.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use super::problem::Fault;
use super::secret::SecretName;
use super::section::{Section, Value};
use super::value as v;
use super::{Error, OriginKind, patience};
use crate::origin::guard::HostEntry;
use crate::origin::{self, HeaderMap, Url};

/// The value of a header that is sent: open, or by the name of a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum HeaderText {
    /// As it stands.
    Open(String),
    /// Where it is.
    Secret(SecretName),
}

impl HeaderText {
    fn read(&self) -> Result<String, String> {
        match self {
            Self::Open(text) => Ok(text.clone()),
            Self::Secret(name) => name.read(),
        }
    }
}

/// Headers that frame a message or are set by the gateway itself.
const TAKEN: [&str; 8] = [
    "host",
    "range",
    "if-none-match",
    "if-modified-since",
    "if-range",
    "connection",
    "content-length",
    "transfer-encoding",
];

pub(super) fn server(section: &mut Section<'_, '_>, folder: &Path) -> Option<OriginKind> {
    let base_url = section.need(
        "base_url",
        base_url,
        "base_url = \"https://res.cloudinary.com/acme\"",
    );
    let forward_host = section.or("forward_host", v::flag, false);
    let bearer = section
        .get("bearer", v::secret)
        .map(|name| name.below(folder));
    let token = bearer.as_ref().map(SecretName::read);
    let fault = match &token {
        Some(Err(reason)) => Some(Fault::new(format!("`bearer`: {reason}"))),
        Some(Ok(token)) if origin::secret_header("authorization", token).is_none() => {
            Some(Fault::new("`bearer` names what no header can carry"))
        }
        _ => None,
    };
    if let Some(fault) = fault {
        section.wrong(Some("bearer"), fault);
    }
    let headers = headers(section, folder);
    if bearer.is_some()
        && headers
            .keys()
            .any(|name| name.eq_ignore_ascii_case("authorization"))
    {
        let fault = Fault::new("`bearer` and a header Authorization are both given");
        section.wrong(Some("bearer"), fault.hint("keep one of them"));
    }
    Some(OriginKind::WebServer {
        patience: patience::read(section, origin::Patience::default()),
        base_url: base_url?,
        forward_host,
        bearer,
        headers,
    })
}

pub(super) fn fetch(section: &mut Section<'_, '_>) -> Option<OriginKind> {
    let hosts = section.or("hosts", |value| v::list(value, host), Vec::new());
    let private_addresses = section.or("private_addresses", v::flag, false);
    let mut auto_upload = BTreeMap::new();
    let table = section.table("auto_upload", "origin.auto_upload");
    for (prefix, value, at) in table.entries() {
        let bare = prefix.trim_matches('/');
        match base_url(value) {
            Ok(url) if !bare.is_empty() => {
                auto_upload.insert(bare.to_owned(), url);
            }
            Ok(_) => table.wrong_at(at, Fault::new("`auto_upload` needs a folder for each URL")),
            Err(mut fault) => {
                fault.message = format!("`auto_upload` folder `{bare}` {}", fault.message);
                table.wrong_at(at, fault);
            }
        }
    }
    if !section.has("hosts") && !section.has("auto_upload") {
        let fault =
            Fault::new("this origin may fetch nothing: it has no `hosts` and no `auto_upload`");
        section.wrong(
            None,
            fault.hint("hosts = [\"images.example.com\", \"*.example.com\"]"),
        );
    }
    Some(OriginKind::Fetch {
        patience: patience::read(section, origin::Patience::default()),
        hosts,
        private_addresses,
        auto_upload,
    })
}

fn headers(section: &mut Section<'_, '_>, folder: &Path) -> BTreeMap<String, HeaderText> {
    let mut headers = BTreeMap::new();
    let table = section.table("headers", "origin.headers");
    for (name, value, at) in table.entries() {
        let wrong = |reason: String| table.wrong_at(at, Fault::new(reason));
        if TAKEN.contains(&name.to_ascii_lowercase().as_str()) {
            wrong(format!("header `{name}` is set by the gateway"));
            continue;
        }
        let text = match value.as_str() {
            Some(text) => HeaderText::Open(text.to_owned()),
            None => match v::secret(value) {
                Ok(secret) => HeaderText::Secret(secret.below(folder)),
                Err(_) => {
                    wrong(format!(
                        "header `{name}` must be a text, {{ env = \"NAME\" }} or {{ file = \"path\" }}"
                    ));
                    continue;
                }
            },
        };
        match text.read() {
            Err(reason) => wrong(format!("header `{name}`: {reason}")),
            // The value may be a secret: it is not told.
            Ok(value) if origin::secret_header(name, &value).is_none() => {
                wrong(format!("header `{name}` or its value cannot be sent"));
            }
            Ok(_) => {
                headers.insert(name.to_owned(), text);
            }
        }
    }
    headers
}

/// Headers with their secrets, for an origin that is called `origin`.
pub(super) fn header_map(
    origin: &str,
    bearer: Option<&SecretName>,
    headers: &BTreeMap<String, HeaderText>,
) -> Result<HeaderMap, Error> {
    let lost = |reason: String| Error::Origin {
        origin: origin.to_owned(),
        reason,
    };
    let mut map = HeaderMap::new();
    let mut add = |name: &str, value: Result<String, String>| {
        let value = value.map_err(|reason| lost(format!("header {name}: {reason}")))?;
        let header = origin::secret_header(name, &value);
        let (name, value) = header.ok_or_else(|| lost(format!("header {name} cannot be sent")))?;
        map.insert(name, value);
        Ok::<_, Error>(())
    };
    for (name, text) in headers {
        add(name, text.read())?;
    }
    if let Some(bearer) = bearer {
        let token = bearer.read().map(|token| format!("Bearer {token}"));
        add("authorization", token)?;
    }
    Ok(map)
}

/// A base URL that can be asked: with a host, without what a path cannot be put behind.
pub(super) fn base_url(value: &Value<'_>) -> v::Read<String> {
    let text = v::base_url(value)?;
    match Url::parse(&text) {
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            Err(Fault::new("must not hold a user name or password")
                .hint("secrets are never written in this file; see `bearer` and `headers`"))
        }
        Ok(_) => Ok(text),
        Err(error) => Err(Fault::new(format!("is no URL: {error}"))),
    }
}

/// An entry of the allow-list, as it is written.
fn host(value: &Value<'_>) -> v::Read<String> {
    let text = v::text(value)?;
    match HostEntry::read(&text) {
        Some(_) => Ok(text.trim().to_ascii_lowercase()),
        None => Err(Fault::new(
            "must hold host names such as \"images.example.com\" or \"*.example.com\"",
        )
        .hint("without scheme and path; a port that is not 80 or 443 may follow")),
    }
}
