//! The language of Cloudinary delivery URLs: text to tree and back. No I/O, and no meaning: what a value does to a
//! picture is decided elsewhere.
//!
//! ```
//! use cldgate_grammar::{Options, ParamKey, UrlText, Value, params::CropMode, parse};
//!
//! let text = UrlText::new("https://res.cloudinary.com/demo/image/upload/c_fill,w_300/v12/folder/photo.jpg");
//! let url = parse(&text, &Options::default())?;
//! assert_eq!(url.head.cloud_name, Some("demo"));
//! assert_eq!(url.head.version.map(|version| version.number), Some(12));
//! assert_eq!((&*url.asset.public_id, url.asset.extension), ("folder/photo", Some("jpg")));
//! let crop = url.chain[0].last(ParamKey::Crop).map(|param| &param.value);
//! assert_eq!(crop, Some(&Value::Crop(CropMode::Fill)));
//! # Ok::<(), cldgate_grammar::SyntaxError>(())
//! ```
//!
//! Errors point at their place:
//!
//! ```
//! # use cldgate_grammar::{Options, UrlText, parse};
//! let text = UrlText::new("/demo/image/upload/c_fil,w_300/photo.jpg");
//! let error = parse(&text, &Options::default()).unwrap_err();
//! assert_eq!(error.to_string(), "invalid crop `fil`: expected a crop mode; did you mean `c_fill`?");
//! assert_eq!(error.caret(), "/demo/image/upload/c_fil,w_300/photo.jpg\n                     ^^^");
//! ```
//!
//! The written grammar is in `cloudinary.abnf`; the tables in [`params`] say what each key takes.
//!
#![doc = "```text"]
#![doc = include_str!("../cloudinary.abnf")]
#![doc = "```"]

pub mod ast;
pub mod cloudinary;
mod error;
pub mod params;
mod print;
mod text;
pub mod value;

pub use ast::{
    AssetType, BranchScope, Component, DeliveryType, DeliveryUrl, Form, Head, LayerScope, Param,
    RawPath, Signature, Span, Version,
};
pub use cloudinary::{Anatomy, Chain, HeadRule, Limits, Options, parse, parse_chain, split};
pub use error::{ErrorKind, SyntaxError};
pub use params::{KeySet, ParamKey};
pub use text::UrlText;
pub use value::{Expr, Number, Value};
