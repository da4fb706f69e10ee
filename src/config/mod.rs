//! The configuration: one TOML file, all of its problems at once, and the parts made from it.
//!
//! `cldgate.example.toml` is the reference for every key; [`Config`] is the same with every default
//! filled in. A secret is only ever named here ([`SecretName`]), so nothing that prints a
//! configuration can tell one.

#![allow(
    clippy::disallowed_methods,
    reason = "reads the configuration's file, and the files and variables that hold secrets"
)]

mod build;
mod cache;
mod check;
mod fonts;
mod iam;
mod origin;
mod overrides;
mod patience;
mod problem;
mod secret;
mod section;
mod store;
mod telemetry;
mod unit;
mod value;
mod web;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};
use smallvec::SmallVec;
use thiserror::Error as ThisError;

pub use build::{client, gateway, library, opened, shared, store_client};
pub use cache::{Cache, StorePlace, StoreUrl};
pub use fonts::Fonts;
pub use iam::policy;
pub use origin::{Origin, OriginKind};
pub use patience::Patience;
pub use problem::{Problem, Problems};
pub use secret::SecretName;
pub use store::{Access, Bucket, KeyNames, Store};
pub use telemetry::Telemetry;
pub use unit::{Bytes, Time};
pub use web::HeaderText;

use crate::origin::VersionRule;
use crate::plan::Scaling;
use crate::spec::{Format, Level, Quality};

/// Bytes of a configuration file; a larger one is a mistake.
const MAX_FILE: u64 = 16 << 20;

/// What a key of access tokens must be.
const TOKEN_KEY: &str = "must be an even number of hexadecimal digits";

/// `Cache-Control` of every success where an endpoint says nothing else.
pub const CACHE_CONTROL: &str = "public, no-transform, immutable, max-age=2592000";

/// A whole configuration, every default filled in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Config {
    /// Where requests come in.
    pub listen: SocketAddr,
    /// Where operators ask; `None`: nowhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin: Option<SocketAddr>,
    /// Connections.
    pub server: Server,
    /// TLS; `None`: plain connections alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// What is told, and how.
    pub log: Log,
    /// Where traces go.
    pub telemetry: Telemetry,
    /// What one request may cost.
    pub limits: Limits,
    /// The render pool.
    pub render: Render,
    /// Results that are kept.
    pub cache: Cache,
    /// What texts are drawn with.
    pub fonts: Fonts,
    /// Places that hold originals.
    #[serde(rename = "origin")]
    pub origins: Vec<Origin>,
    /// Places in the URL space.
    #[serde(rename = "endpoint")]
    pub endpoints: Vec<Endpoint>,
    /// What is started for codecs that need a process of their own; `None`: they have none. No key of the file: commands that
    /// render name their own program.
    #[serde(skip)]
    pub codec_program: Option<PathBuf>,
}

/// `[server]`: connections.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Server {
    /// How long requests may go on after SIGTERM.
    pub drain: Time,
    /// A request's head must have come within this time; an idle connection is closed after it.
    pub header_timeout: Time,
    /// Most bytes of a request's head.
    pub header_bytes: Bytes,
    /// A client that takes nothing of its answer for this long is given up.
    pub stall_timeout: Time,
    /// Connections at once on each listener; more wait to be accepted.
    pub connections: u64,
    /// How often one client may ask.
    pub client_rate: Rate,
    /// Header in which a proxy before us names the client; `None`: clients come to us themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_header: Option<String>,
}

impl Server {
    /// Whether nothing differs that only a restart changes: how often clients may ask does not.
    fn same_connections(&self, other: &Self) -> bool {
        let Self {
            client_rate: _,
            client_header: _,
            drain,
            header_timeout,
            header_bytes,
            stall_timeout,
            connections,
        } = self;
        (
            drain,
            header_timeout,
            header_bytes,
            stall_timeout,
            connections,
        ) == (
            &other.drain,
            &other.header_timeout,
            &other.header_bytes,
            &other.stall_timeout,
            &other.connections,
        )
    }
}

/// `[tls]`: a listener that speaks TLS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tls {
    /// Where requests come in.
    pub listen: SocketAddr,
    /// The certificate and those that vouch for it, PEM.
    pub certificate: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
}

/// How often something may happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Rate {
    /// Requests a second in the long run; 0: without limit.
    pub per_second: u32,
    /// Requests at once after a pause; 0: as many as `per_second`.
    pub burst: u32,
}

/// `[log]`: what is told, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Log {
    /// How a line looks.
    pub format: LogFormat,
    /// Whether each request gets a line.
    pub access: bool,
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One object a line.
    Json,
}

/// `[limits]`: what one request may cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Limits {
    /// Bytes of a source that is rendered.
    pub source_bytes: Bytes,
    /// Pixels of a source.
    pub source_pixels: u64,
    /// Pixels of all frames of an animated source together.
    pub frame_pixels: u64,
    /// Pixels of a result, and of every picture on the way to it.
    pub output_pixels: u64,
    /// Steps of a chain.
    pub chain_length: u64,
    /// Wall time of one rendering, waiting included.
    pub render_time: Time,
}

/// `[render]`: the render pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Render {
    /// Threads that decode and compress.
    pub threads: u64,
    /// Renderings that may wait; one more is refused.
    pub queue: u64,
    /// Bytes that renderings may take together: half for pixels, half for originals.
    pub memory: Bytes,
}

/// `[[endpoint]]`: a place in the URL space.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Endpoint {
    /// What logs and metrics call it.
    pub name: String,
    /// Empty, or a slash and the cloud name.
    pub prefix: String,
    /// In lower case; empty: every host.
    pub hosts: Vec<String>,
    /// The cloud name of URLs that need not carry it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud_name: Option<String>,
    /// Whose URLs it reads.
    pub dialect: Dialect,
    /// Names of origins, in the order of preference.
    pub origins: Vec<String>,
    /// What happens to what cannot be rendered.
    pub on_unsupported: OnUnsupported,
    /// The origin that is asked for what cannot be rendered here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream: Option<String>,
    /// Stands in for a missing picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_image: Option<String>,
    /// Failures of an origin after which the next one is asked.
    pub fallback_on: Vec<FallbackOn>,
    /// How an origin that fails looks to clients.
    pub origin_errors: OriginErrors,
    /// Checks delivery signatures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signing_secret: Option<SecretName>,
    /// Checks access tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_key: Option<SecretName>,
    /// The query parameter or cookie that carries them.
    pub token_name: String,
    /// `Cache-Control` of every success.
    pub cache_control: String,
    /// The same where the URL has a version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_control_versioned: Option<String>,
    /// What the origin says of the original wins, within the next two.
    pub cache_control_of_origin: bool,
    /// No shorter.
    pub cache_control_least: Time,
    /// No longer.
    pub cache_control_most: Time,
    /// Formats that automatic choice may take, best first.
    #[serde(serialize_with = "format_words")]
    pub f_auto: SmallVec<[Format; 4]>,
    /// Where the URL says nothing about quality.
    #[serde(serialize_with = "quality_word")]
    pub quality: Quality,
    /// How far decoders may go ahead of a resize.
    pub scaling: Scaling,
    /// Tells the origin's name in a header.
    pub tell_origin: bool,
    /// How often all clients together may ask.
    pub rate: Rate,
    /// Stored chains by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub named_transformations: BTreeMap<String, String>,
    /// Stored styles of texts by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub text_styles: BTreeMap<String, String>,
}

/// Whose URLs an endpoint reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// Cloudinary delivery URLs.
    #[default]
    Cloudinary,
}

/// What happens to a parameter that is understood and cannot be rendered here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OnUnsupported {
    /// Left out, with a note.
    #[default]
    Ignore,
    /// Refused.
    Error,
    /// The real service is asked, and its answer kept.
    Upstream,
}

/// A failure of an origin after which the next one may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FallbackOn {
    /// It refuses our credentials.
    Denied,
    /// It does not answer in time.
    Timeout,
    /// It cannot be reached, is out of order, or answers nonsense.
    Failure,
}

/// How an origin that fails looks to clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OriginErrors {
    /// 502 or 504.
    #[default]
    Status,
    /// 404, with `ik-error`.
    ImageKit,
}

/// Why there is no configuration, or nothing can be made of it.
#[derive(Debug, ThisError)]
pub enum Error {
    /// The file cannot be read.
    #[error("configuration {}: {reason}", path.display())]
    Unreadable {
        /// As it was given.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// What the file says cannot be used.
    #[error(transparent)]
    Problems(#[from] Problems),
    /// A secret went away after it was checked.
    #[error("{section} {name}: {reason}")]
    Secret {
        /// `endpoint` or `origin`.
        section: &'static str,
        /// The section's name.
        name: String,
        /// Why, without the secret.
        reason: String,
    },
    /// The owner's fonts cannot be read.
    #[error("fonts {}: {reason}", path.display())]
    Fonts {
        /// The folder or file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// An origin cannot be opened.
    #[error("origin {origin}: {reason}")]
    Origin {
        /// Its name.
        origin: String,
        /// Why, without a secret.
        reason: String,
    },
    /// The system gives no thread to the render pool.
    #[error("render threads: {0}")]
    Threads(std::io::Error),
}

/// What reading a text found.
#[derive(Debug)]
pub struct Reading {
    /// The configuration, or all that is wrong with it.
    pub result: Result<Config, Problems>,
    /// Every key that was looked for, as `section.key`: the shape of the file.
    pub keys: BTreeSet<String>,
}

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// [`Error::Unreadable`], or [`Error::Problems`] with everything that is wrong.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let unreadable = |reason: String| Error::Unreadable {
            path: path.to_owned(),
            reason,
        };
        let meta = std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?;
        if meta.len() > MAX_FILE {
            return Err(unreadable("too large for a configuration".to_owned()));
        }
        let text = std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let variables = overrides::from_environment();
        Ok(check::read(&path.display().to_string(), &text, folder, &variables).result?)
    }

    /// The effective configuration as TOML, without secrets.
    #[must_use]
    pub fn dump(&self) -> String {
        // Plain structs of texts and numbers; the serializer has nothing to refuse.
        toml::to_string(self).unwrap_or_else(|error| format!("# {error}\n"))
    }

    /// Names of the origins that an endpoint looks through, in order: media libraries first, whether
    /// it lists them or they are everywhere, then the others as it lists them.
    #[must_use]
    pub fn search_order<'a>(&'a self, endpoint: &'a Endpoint) -> Vec<&'a str> {
        let libraries = self.origins.iter().filter_map(|origin| match origin.kind {
            OriginKind::MediaLibrary { everywhere, .. } => {
                (everywhere || endpoint.origins.contains(&origin.name)).then_some(&*origin.name)
            }
            _ => None,
        });
        let mut order: Vec<&str> = libraries.collect();
        for name in &endpoint.origins {
            if !order.contains(&name.as_str()) {
                order.push(name);
            }
        }
        order
    }

    /// Names of the media libraries.
    #[must_use]
    pub fn libraries(&self) -> Vec<&str> {
        let is_library = |origin: &&Origin| matches!(origin.kind, OriginKind::MediaLibrary { .. });
        let libraries = self.origins.iter().filter(is_library);
        libraries.map(|origin| origin.name.as_str()).collect()
    }

    /// Keys that a reload cannot change, with other values than `before`.
    #[must_use]
    pub fn needs_restart(&self, before: &Self) -> Vec<&'static str> {
        [
            ("listen", self.listen != before.listen),
            ("admin", self.admin != before.admin),
            ("[server]", !self.server.same_connections(&before.server)),
            (
                "tls.listen",
                self.tls.as_ref().map(|tls| tls.listen)
                    != before.tls.as_ref().map(|tls| tls.listen),
            ),
            ("[log]", self.log != before.log),
            ("[telemetry]", self.telemetry != before.telemetry),
            ("[render]", self.render != before.render),
            ("[cache]", self.cache != before.cache),
            (
                "limits.render_time",
                self.limits.render_time != before.limits.render_time,
            ),
        ]
        .into_iter()
        .filter_map(|(key, differs)| differs.then_some(key))
        .collect()
    }
}

/// Reads and checks a text. `name` stands in messages; relative paths start at `folder`.
#[must_use]
pub fn read(name: &str, text: &str, folder: &Path) -> Reading {
    check::read(name, text, folder, &[])
}

/// As [`read`], with environment variables (name, value) that win over the text.
#[must_use]
pub fn read_with(name: &str, text: &str, folder: &Path, variables: &[(&str, &str)]) -> Reading {
    let variables: Vec<_> = variables
        .iter()
        .map(|(name, value)| overrides::Override {
            name: (*name).to_owned(),
            value: (*value).to_owned(),
        })
        .collect();
    check::read(name, text, folder, &variables)
}

/// The formats that this build writes.
fn writable() -> SmallVec<[Format; 8]> {
    const ALL: [Format; 10] = [
        Format::Jpeg,
        Format::Png,
        Format::WebP,
        Format::Avif,
        Format::Gif,
        Format::Jxl,
        Format::Bmp,
        Format::Tiff,
        Format::Ico,
        Format::Heic,
    ];
    ALL.into_iter()
        .filter(|format| crate::render::can_write(*format))
        .collect()
}

/// Automatic choice's order where an endpoint says nothing else. The AVIF encoder in Rust alone is
/// slower than all the rest together, so WebP goes first where there is no other.
fn f_auto() -> SmallVec<[Format; 4]> {
    let order = if cfg!(feature = "aom") {
        [Format::Avif, Format::WebP]
    } else {
        [Format::WebP, Format::Avif]
    };
    let writable = writable();
    order
        .into_iter()
        .filter(|format| writable.contains(format))
        .collect()
}

fn version_word<S: Serializer>(rule: &VersionRule, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(match rule {
        VersionRule::Newest => "newest",
        VersionRule::AsAsked => "as_asked",
    })
}

fn format_words<S: Serializer>(formats: &[Format], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(formats.iter().map(|format| format.word()))
}

fn quality_word<S: Serializer>(quality: &Quality, serializer: S) -> Result<S::Ok, S::Error> {
    match quality {
        Quality::Fixed(n) => serializer.serialize_u8(*n),
        Quality::Default => serializer.serialize_str("auto:good"),
        Quality::Auto { level, .. } => serializer.serialize_str(match level {
            Level::Best => "auto:best",
            Level::Good => "auto:good",
            Level::Eco => "auto:eco",
            Level::Low => "auto:low",
        }),
    }
}
