//! A request's text to what is meant: the only floor that knows vendors.
//!
//! [`read`] is pure and refuses before any I/O: a wrong value, a missing signature or an unknown
//! endpoint costs nothing but the parse.

mod cloudinary;
pub mod reply;
pub mod signature;
pub mod token;

use std::borrow::Cow;
use std::collections::BTreeMap;

use smallvec::SmallVec;
use thiserror::Error as ThisError;

pub use cloudinary::{
    anatomy, check_chain, colour, interpret, interpret_for, is_text_style, named_transformations,
    parameter_name, parameters, picture, read, read_for, route,
};

use crate::grammar;
use crate::spec::{AssetRef, TransformSpec};

/// What an endpoint says about reading its URLs.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// What stands before the URL language begins, such as `/cdn`; usually nothing.
    pub prefix: Box<str>,
    /// Where the cloud name stands.
    pub cloud: CloudRule,
    /// Checks delivery signatures; absent: signatures are read and not checked.
    pub signing_secret: Option<signature::Secret>,
    /// Checks access tokens; absent: no token opens anything.
    pub tokens: Option<token::Rules>,
    /// Stored chains by name, in the endpoint's own URL language.
    pub named: BTreeMap<Box<str>, Box<str>>,
    /// Stored styles of texts by name, in the endpoint's own URL language: a style, and the parameters
    /// that go with it.
    pub styles: BTreeMap<Box<str>, Box<str>>,
}

/// Where the cloud name stands in a path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CloudRule {
    /// Told by the host's form: shared hosts carry it in the path, private ones in the host.
    #[default]
    ByHost,
    /// It is the first segment.
    InPath,
    /// The path has none: a custom domain.
    NotInPath,
    /// It is this one; the path may repeat it.
    Fixed(Box<str>),
}

/// Who asks: what an access token is held against. By default nobody knows, and no token opens anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Client<'a> {
    /// Seconds since 1970.
    pub now: Option<u64>,
    /// The address that the connection comes from.
    pub address: Option<&'a str>,
    /// The `Cookie` header, or several of them joined by `; `.
    pub cookies: Option<&'a str>,
}

/// What a URL asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Which asset.
    pub asset: AssetRef,
    /// Which asset else, in the order to try, where the URL leaves the types out.
    pub others: Vec<AssetRef>,
    /// What to make of it.
    pub spec: TransformSpec,
    /// What was ignored, approximated or cannot be done.
    pub notes: Notes,
}

/// What stands where in a URL: the text, cut and decoded, without any meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of `explain --json`")]
pub struct Anatomy {
    pub cloud_name: Option<Box<str>>,
    pub asset_type: &'static str,
    pub delivery_type: &'static str,
    pub signature: Option<Box<str>>,
    pub components: Vec<Box<str>>,
    pub version: Option<u64>,
    pub public_id: Option<Box<str>>,
    pub extension: Option<Box<str>>,
    pub remote: Option<Box<str>>,
    pub seo_suffix: Option<Box<str>>,
}

/// Usually none.
pub type Notes = SmallVec<[Note; 1]>;

/// Something in a URL that does not do all that it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// How much it matters.
    pub level: NoteLevel,
    /// The parameter as written.
    pub parameter: Box<str>,
    /// Why, in a few words.
    pub message: Cow<'static, str>,
}

/// How much a note matters, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoteLevel {
    /// Without effect at the original service too.
    Ignored,
    /// Rendered, and may differ.
    Approximated,
    /// Understood, and cannot be rendered here.
    Unsupported,
}

impl NoteLevel {
    /// The word in `explain`, headers and metrics.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ignored => "ignored",
            Self::Approximated => "approximated",
            Self::Unsupported => "unsupported",
        }
    }
}

/// Why a URL is not answered.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
#[allow(missing_docs, reason = "the messages are the documentation")]
pub enum Error {
    #[error(transparent)]
    Syntax(#[from] grammar::SyntaxError),
    #[error("{parameter} cannot be rendered here: {reason}")]
    Unsupported {
        parameter: Box<str>,
        reason: Cow<'static, str>,
    },
    #[error("{parameter}: {reason}")]
    Conflict {
        parameter: Box<str>,
        reason: Cow<'static, str>,
    },
    #[error("{parameter}: auto gravity goes with cropping only")]
    AutoGravity { parameter: Box<str> },
    #[error("no named transformation {name}")]
    UnknownTransformation { name: Box<str> },
    #[error("signature: {0}")]
    Signature(SignatureFault),
    #[error("access token: {0}")]
    Token(token::Fault),
    #[error("no endpoint answers for {host}{path}")]
    UnknownEndpoint { host: Box<str>, path: Box<str> },
}

/// What is wrong with a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
#[allow(missing_docs, reason = "the messages are the documentation")]
pub enum SignatureFault {
    #[error("this asset needs one")]
    Missing,
    #[error("it does not match this URL")]
    Wrong,
    #[error("this asset needs one, and no signing secret is configured to check it")]
    NoSecret,
}
