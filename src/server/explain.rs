//! What the gateway understands of a URL, without any I/O: the answer of `cldgate explain` and of
//! the operators' `/explain`.

use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};

use serde::Serialize;

use crate::deliver::{Endpoint, Gateway};
use crate::dialect::{self, Anatomy, Delivery, NoteLevel};
use crate::origin;

/// Everything that can be said of a URL. The fields and their order are a fixed contract.
#[derive(Clone, Debug, Serialize)]
pub struct Explained {
    /// As given.
    pub url: String,
    /// How far it can be answered here.
    pub status: Status,
    /// Whose URL language it was read in.
    pub dialect: &'static str,
    /// From the path or the host; `None` where neither carries it.
    pub cloud_name: Option<Box<str>>,
    /// `image`, `video` or `raw`.
    pub asset_type: Option<&'static str>,
    /// `upload`, `fetch`…
    pub delivery_type: Option<&'static str>,
    /// The characters between `s--` and `--`.
    pub signature: Option<Box<str>>,
    /// The components as written, percent-decoded once.
    pub components: Option<Vec<Box<str>>>,
    /// The number behind `v`.
    pub version: Option<u64>,
    /// Decoded; without extension for image and video.
    pub public_id: Option<Box<str>>,
    /// As written.
    pub extension: Option<Box<str>>,
    /// For `fetch`: the URL in the place of the public ID.
    pub remote: Option<Box<str>>,
    /// A caption behind the public ID.
    pub seo_suffix: Option<Box<str>>,
    /// What is made of the asset.
    pub spec: Option<String>,
    /// What would be asked, in this order.
    pub candidates: Vec<Candidate>,
    /// What does not do all that it says.
    pub notes: Vec<Note>,
    /// Why it would be refused.
    pub error: Option<Problem>,
}

/// How far a URL can be answered here, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Exactly.
    Supported,
    /// A note says where the picture may differ.
    Approximated,
    /// Understood, and cannot be rendered here.
    Unsupported,
    /// Not a delivery URL, or a wrong value in it.
    Invalid,
}

impl Status {
    /// All of them, best first.
    pub const ALL: [Self; 4] = [
        Self::Supported,
        Self::Approximated,
        Self::Unsupported,
        Self::Invalid,
    ];

    /// Of what a URL means. The worst note decides.
    #[must_use]
    pub fn of(reading: &Reading) -> Self {
        match reading {
            // An unknown name has its note; a signature has none.
            Ok((_, Some(dialect::Error::Signature(_) | dialect::Error::Token(_)))) => {
                Self::Unsupported
            }
            Ok((delivery, _)) => delivery
                .notes
                .iter()
                .map(|note| Self::of_note(note.level))
                .max()
                .unwrap_or(Self::Supported),
            Err(error) => Self::of_error(error),
        }
    }

    /// What a note makes of its URL, and so of its parameter.
    #[must_use]
    pub const fn of_note(level: NoteLevel) -> Self {
        match level {
            NoteLevel::Ignored => Self::Supported,
            NoteLevel::Approximated => Self::Approximated,
            NoteLevel::Unsupported => Self::Unsupported,
        }
    }

    /// Of a URL that is refused.
    #[must_use]
    pub const fn of_error(error: &dialect::Error) -> Self {
        match error {
            dialect::Error::Syntax(_)
            | dialect::Error::Conflict { .. }
            | dialect::Error::AutoGravity { .. }
            | dialect::Error::UnknownTransformation { .. } => Self::Invalid,
            dialect::Error::Unsupported { .. }
            | dialect::Error::Signature(_)
            | dialect::Error::Token(_)
            | dialect::Error::UnknownEndpoint { .. } => Self::Unsupported,
        }
    }

    /// The word, as in the JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Supported => "supported",
            Self::Approximated => "approximated",
            Self::Unsupported => "unsupported",
            Self::Invalid => "invalid",
        }
    }
}

/// What one origin would be asked: a prefix to list, or a key to get.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// The origin's name.
    pub origin: Box<str>,
    /// All keys below this prefix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
    /// This key or URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub get: Option<String>,
}

/// A note of the dialect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// `ignored`, `approximated` or `unsupported`.
    pub level: &'static str,
    /// As written.
    pub parameter: String,
    /// Why.
    pub message: String,
}

/// Why a URL would be refused, and where. Offset and length in bytes of the URL as given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The reason.
    pub message: String,
    /// Where it begins.
    pub offset: usize,
    /// How far it goes.
    pub length: usize,
    /// What was probably meant.
    pub hint: Option<String>,
}

/// What a URL means, beside why it may not be answered as things are; or why it means nothing.
pub type Reading = Result<(Delivery, Option<dialect::Error>), dialect::Error>;

/// The endpoint that answers for a full URL or a path, and the rules by which it is read: those of
/// the original service where there is none.
#[must_use]
pub fn rules<'a>(
    gateway: &'a Gateway,
    url: &str,
) -> (Option<&'a Arc<Endpoint>>, &'a dialect::Rules) {
    static ANY: LazyLock<dialect::Rules> = LazyLock::new(dialect::Rules::default);
    let (host, path) = dialect::route(url);
    let endpoint = gateway.endpoint(host.as_deref(), &path);
    (endpoint, endpoint.map_or(&*ANY, |endpoint| &endpoint.rules))
}

/// Explains a full URL or a path.
#[must_use]
pub fn explain(gateway: &Gateway, url: &str) -> Explained {
    let (endpoint, rules) = rules(gateway, url);
    let mut explained = blank(url);
    match dialect::anatomy(rules, url) {
        Ok(anatomy) => explained.cut(anatomy),
        Err(error) => return explained.refused(&error),
    }
    let reading = dialect::interpret(rules, url);
    explained.status = Status::of(&reading);
    match reading {
        Ok((delivery, refusal)) => {
            // An unknown name has its note where it stands; a signature has none yet.
            let denied = match refusal {
                Some(dialect::Error::Signature(fault)) => Some(("signature", fault.to_string())),
                Some(dialect::Error::Token(fault)) => Some(("access token", fault.to_string())),
                _ => None,
            };
            if let Some((parameter, fault)) = denied {
                explained.notes.push(Note {
                    level: NoteLevel::Unsupported.word(),
                    parameter: parameter.to_owned(),
                    message: format!("refused: {fault}"),
                });
            }
            explained.read(&delivery, endpoint.map(|endpoint| &**endpoint));
            explained
        }
        Err(error) => explained.refused(&error),
    }
}

fn blank(url: &str) -> Explained {
    Explained {
        url: url.to_owned(),
        status: Status::Supported,
        dialect: "cloudinary",
        cloud_name: None,
        asset_type: None,
        delivery_type: None,
        signature: None,
        components: None,
        version: None,
        public_id: None,
        extension: None,
        remote: None,
        seo_suffix: None,
        spec: None,
        candidates: Vec::new(),
        notes: Vec::new(),
        error: None,
    }
}

impl Explained {
    fn cut(&mut self, anatomy: Anatomy) {
        self.cloud_name = anatomy.cloud_name;
        self.asset_type = Some(anatomy.asset_type);
        self.delivery_type = Some(anatomy.delivery_type);
        self.signature = anatomy.signature;
        self.components = Some(anatomy.components);
        self.version = anatomy.version;
        self.public_id = anatomy.public_id;
        self.extension = anatomy.extension;
        self.remote = anatomy.remote;
        self.seo_suffix = anatomy.seo_suffix;
    }

    fn read(&mut self, delivery: &Delivery, endpoint: Option<&Endpoint>) {
        self.spec = Some(delivery.spec.to_string());
        for origin in endpoint.iter().flat_map(|endpoint| &endpoint.origins) {
            for candidate in origin.candidates(&delivery.asset) {
                let (list, get) = match candidate {
                    origin::Candidate::List(prefix) => (Some(prefix), None),
                    origin::Candidate::Get(key) => (None, Some(key)),
                };
                self.candidates.push(Candidate {
                    origin: origin.name().into(),
                    list,
                    get,
                });
            }
        }
        self.notes.extend(delivery.notes.iter().map(|note| Note {
            level: note.level.word(),
            parameter: note.parameter.to_string(),
            message: note.message.to_string(),
        }));
    }

    fn refused(mut self, error: &dialect::Error) -> Self {
        let url = self.url.as_str();
        let found = |parameter: &str, message: String| {
            let offset = url.find(parameter);
            Problem {
                message,
                offset: offset.unwrap_or_default(),
                length: offset.map_or(0, |_| parameter.len()),
                hint: None,
            }
        };
        let problem = match error {
            dialect::Error::Syntax(syntax) => {
                let hint = syntax.hint().map(str::to_owned);
                let mut message = syntax.to_string();
                if let Some(hint) = &hint
                    && let Some(bare) = message.strip_suffix(&format!("; {hint}"))
                {
                    message.truncate(bare.len());
                }
                let span = syntax.span();
                Problem {
                    message,
                    offset: span.start,
                    length: span.len(),
                    hint,
                }
            }
            dialect::Error::Unsupported { parameter, .. }
            | dialect::Error::Conflict { parameter, .. }
            | dialect::Error::AutoGravity { parameter } => found(parameter, error.to_string()),
            dialect::Error::UnknownTransformation { name } => {
                found(&format!("t_{name}"), error.to_string())
            }
            dialect::Error::Signature(_)
            | dialect::Error::Token(_)
            | dialect::Error::UnknownEndpoint { .. } => found("", error.to_string()),
        };
        self.status = Status::of_error(error);
        self.error = Some(problem);
        self
    }

    /// For people: a few lines, with the place of an error under the URL.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = format!("{}\n", plain(&self.url));
        // Writing to a string does not fail.
        if let Some(error) = &self.error {
            let before = self.url.get(..error.offset).unwrap_or_default();
            let place = self.url.get(error.offset..).unwrap_or_default();
            let marked = place.get(..error.length).unwrap_or(place).chars().count();
            let _written = writeln!(
                out,
                "{}{}",
                " ".repeat(before.chars().count()),
                "^".repeat(marked.max(1))
            );
        }
        let mut line = |label: &str, text: &str| {
            let _written = writeln!(out, "  {label:<12}{}", plain(text));
        };
        line("status", self.status.word());
        if let Some(error) = &self.error {
            line("error", &error.message);
            if let Some(hint) = &error.hint {
                line("hint", hint);
            }
        }
        if let (Some(asset), Some(delivery)) = (self.asset_type, self.delivery_type) {
            line("asset", &format!("{asset}/{delivery}"));
        }
        let texts = [
            ("cloud", &self.cloud_name),
            ("public id", &self.public_id),
            ("remote", &self.remote),
            ("extension", &self.extension),
            ("seo suffix", &self.seo_suffix),
            ("signature", &self.signature),
        ];
        for (label, text) in texts {
            if let Some(text) = text {
                line(label, text);
            }
        }
        if let Some(version) = self.version {
            line("version", &version.to_string());
        }
        if let Some(components) = self.components.as_ref().filter(|list| !list.is_empty()) {
            line("components", &components.join(" / "));
        }
        if let Some(spec) = &self.spec {
            line("spec", spec);
        }
        for candidate in &self.candidates {
            let asked = match (&candidate.list, &candidate.get) {
                (Some(prefix), _) => format!("{}: list {prefix}", candidate.origin),
                (None, Some(key)) => format!("{}: get {key}", candidate.origin),
                (None, None) => continue,
            };
            line("asks", &asked);
        }
        for note in &self.notes {
            line(note.level, &format!("{}: {}", note.parameter, note.message));
        }
        out
    }
}

/// Without what a terminal would obey.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}
