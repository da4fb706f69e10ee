//! Cloudinary's delivery URLs: tree to meaning.
//!
//! | module | what |
//! | --- | --- |
//! | [`self`] | the URL as a whole: asset, access, the format that the extension asks for |
//! | `chain` | components in order: conditions, variables, named transformations |
//! | `layer` | layers: where they come from, how they are placed |
//! | `component` | one component to ops, in the one documented order |
//! | `size` | boxes, gravities, offsets |
//! | `effect`, `arguments` | effects with their documented defaults and ranges |
//! | `types` | which assets a URL without types may mean |
//! | `kind` | what images, videos and raw files make of it |
//! | `output`, `video` | format, quality, flags; animation, sound and video |
//! | `expression` | numbers, lengths, colours, expressions |
//! | `variables` | variables that decide what is done |
//! | `import` | named transformations as the service lists them |
//! | `names` | what parameters are called where they are counted |

mod access;
mod arguments;
mod chain;
mod component;
mod effect;
mod expression;
mod import;
mod kind;
mod layer;
mod names;
mod output;
mod size;
mod types;
mod variables;
mod video;
mod zoompan;

pub use expression::colour;
pub use import::{check_chain, named_transformations};
pub use layer::is_text_style;
pub use names::{parameter_name, parameters};

use super::{Anatomy, Client, CloudRule, Delivery, Error, Notes, Rules};
use crate::grammar::params::is_format;
use crate::grammar::{self, DeliveryUrl, HeadRule, Options, UrlText};
use crate::spec::{
    AssetRef, AssetType, DeliveryType, Format, FormatChoice, Setting, TransformSpec,
};

/// Reads a request: a path with its query, or a full URL. Nobody is known to ask, so that what only an access token
/// opens stays closed.
///
/// # Errors
/// As [`read_for`].
pub fn read(rules: &Rules, target: &str) -> Result<Delivery, Error> {
    read_for(rules, target, &Client::default())
}

/// Reads a request of a client.
///
/// # Errors
/// [`Error::Syntax`] with the place in the URL, [`Error::Conflict`] for what cannot be meant,
/// [`Error::Signature`] for a signature that is missing or wrong, [`Error::Token`] for a token that does not open the
/// asset, [`Error::UnknownTransformation`].
pub fn read_for(rules: &Rules, target: &str, client: &Client<'_>) -> Result<Delivery, Error> {
    let (delivery, refusal) = interpret_for(rules, target, client)?;
    match refusal {
        Some(refusal) => Err(refusal),
        None => Ok(delivery),
    }
}

/// What a URL means, beside the reason why it may not be answered as things are: a signature that is
/// missing or wrong, a named transformation that nobody has defined.
///
/// # Errors
/// [`Error::Syntax`] with the place in the URL, [`Error::Conflict`] for what cannot be meant.
pub fn interpret(rules: &Rules, target: &str) -> Result<(Delivery, Option<Error>), Error> {
    interpret_for(rules, target, &Client::default())
}

/// As [`interpret`], for a client whose token may open what is closed.
///
/// # Errors
/// As [`interpret`].
pub fn interpret_for(
    rules: &Rules,
    target: &str,
    client: &Client<'_>,
) -> Result<(Delivery, Option<Error>), Error> {
    let text = UrlText::new(target);
    let url = grammar::parse(&text, &options(rules, target))?;
    let mut spec = TransformSpec::default();
    let mut chain_notes = Notes::new();
    let unknown = chain::read(&url.chain, rules, &mut spec, &mut chain_notes)?;
    // Layers tell as much as the picture itself; fonts and tables of colours do not.
    let sealed = spec
        .layers()
        .iter()
        .filter(|asset| asset.asset_type != AssetType::Raw)
        .any(|asset| asset.delivery_type == DeliveryType::Authenticated);
    let mut notes = Notes::new();
    let denied = access::check(rules, client, &text, &url, sealed, &mut notes).err();
    let (asset, others) = types::readings(asset(&url), url.head.form);
    kind::judge(&url, &asset, &spec, &mut chain_notes);
    notes.extend(chain_notes);
    extension(url.asset.extension, &mut spec);
    Ok((
        Delivery {
            asset,
            others,
            spec,
            notes,
        },
        denied.or(unknown),
    ))
}

/// What stands where in a URL, for `explain`: the cut alone, even where a value is wrong.
///
/// # Errors
/// [`Error::Syntax`] with the place in the URL.
pub fn anatomy(rules: &Rules, target: &str) -> Result<Anatomy, Error> {
    let text = UrlText::new(target);
    let url = grammar::split(&text, &options(rules, target))?;
    Ok(Anatomy {
        cloud_name: url.head.cloud_name.map(Into::into),
        asset_type: url.head.asset_type.as_str(),
        delivery_type: url.head.delivery_type.as_str(),
        signature: url.head.signature.map(|signature| signature.text.into()),
        components: url
            .components
            .iter()
            .map(|component| (*component).into())
            .collect(),
        version: url.head.version.map(|version| version.number),
        public_id: url
            .asset
            .remote
            .is_none()
            .then(|| url.asset.public_id.as_ref().into()),
        extension: url.asset.extension.map(Into::into),
        remote: url.asset.remote.as_deref().map(Into::into),
        seo_suffix: url.head.seo_suffix.map(Into::into),
    })
}

/// The host of a full URL, and its path with the cloud name in front where the host carries it: what
/// an endpoint's hosts and prefix are held against.
#[must_use]
pub fn route(target: &str) -> (Option<String>, String) {
    let text = UrlText::new(target);
    let Ok(url) = grammar::split(&text, &Options::default()) else {
        return (None, text.path().to_owned());
    };
    let host = url
        .head
        .host
        .map(|host| host.split(':').next().unwrap_or(host).to_ascii_lowercase());
    match url.head.cloud_name {
        Some(cloud) if !url.head.cloud_in_path => (host, format!("/{cloud}{}", text.path())),
        _ => (host, text.path().to_owned()),
    }
}

fn options<'a>(rules: &'a Rules, target: &str) -> Options<'a> {
    let head = match &rules.cloud {
        // A full URL tells by its host; a request's path follows the endpoint.
        _ if !target.starts_with('/') && rules.prefix.is_empty() => HeadRule::Guess,
        CloudRule::ByHost => HeadRule::Guess,
        CloudRule::InPath => HeadRule::FromPath,
        CloudRule::NotInPath => HeadRule::Absent,
        CloudRule::Fixed(name) => HeadRule::Fixed(name),
    };
    Options {
        prefix: &rules.prefix,
        head,
        ..Options::default()
    }
}

fn asset(url: &DeliveryUrl<'_>) -> AssetRef {
    AssetRef {
        asset_type: match url.head.asset_type {
            grammar::AssetType::Image => AssetType::Image,
            grammar::AssetType::Video => AssetType::Video,
            grammar::AssetType::Raw => AssetType::Raw,
        },
        delivery_type: delivery_type(url.head.delivery_type),
        public_id: url
            .asset
            .remote
            .as_deref()
            .unwrap_or(&url.asset.public_id)
            .into(),
        extension: url.asset.extension.map(Into::into),
        version: url.head.version.map(|version| version.number),
    }
}

fn delivery_type(written: grammar::DeliveryType) -> DeliveryType {
    match written {
        // `public` is a spelling of SDKs for what is stored and open to all.
        grammar::DeliveryType::Upload | grammar::DeliveryType::Public => DeliveryType::Upload,
        grammar::DeliveryType::Private => DeliveryType::Private,
        grammar::DeliveryType::Authenticated => DeliveryType::Authenticated,
        grammar::DeliveryType::Fetch => DeliveryType::Fetch,
        other => DeliveryType::Other(other.as_str()),
    }
}

/// A public picture by its ID as a parameter or an owner writes it, slashes or colons between folders.
#[must_use]
pub fn picture(id: &str) -> AssetRef {
    stored(AssetType::Image, DeliveryType::Upload, id)
}

/// A stored asset by the ID that a parameter holds, colons for slashes, with an optional version before it and an
/// optional extension.
fn stored(asset_type: AssetType, delivery_type: DeliveryType, id: &str) -> AssetRef {
    let (version, id) = match id.split_once(':') {
        Some((first, rest)) if !rest.is_empty() => match version(first) {
            Some(version) => (Some(version), rest),
            None => (None, id),
        },
        _ => (None, id),
    };
    let id = id.replace(':', "/");
    let cut = id
        .rsplit_once('.')
        .filter(|(_, extension)| asset_type != AssetType::Raw && is_format(extension));
    let (public_id, extension) = match cut {
        Some((public_id, extension)) => (public_id.into(), Some(extension.into())),
        None => (id.as_str().into(), None),
    };
    AssetRef {
        asset_type,
        delivery_type,
        public_id,
        extension,
        version,
    }
}

/// The number of `v123`, the greatest where it has too many digits.
fn version(segment: &str) -> Option<u64> {
    let digits = segment.strip_prefix('v')?;
    let all = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    all.then(|| digits.parse().unwrap_or(u64::MAX))
}

/// A format asked for by extension: weaker than `f_`, the client's last resort beside `f_auto`.
fn extension(extension: Option<&str>, spec: &mut TransformSpec) {
    let Some(asked) = extension.and_then(Format::from_extension) else {
        return;
    };
    let named = |setting: &Setting| matches!(setting, Setting::Format(_));
    if spec.output.settings.iter().any(named) {
        return;
    }
    spec.output.format = match spec.output.format {
        FormatChoice::Stored => FormatChoice::Named(asked),
        FormatChoice::Auto { .. } => FormatChoice::Auto {
            fallback: Some(asked),
        },
        named @ FormatChoice::Named(_) => named,
    };
}
