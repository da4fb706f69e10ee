//! A place in the URL space: which hosts and paths it answers, how its URLs are read, where its
//! originals are.

use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use smallvec::SmallVec;

use super::{Error, Fallback, Lookups};
use crate::dialect::{self, Delivery, Note, NoteLevel, Notes};
use crate::origin::{Found, Origin, Upstream};
use crate::plan::{self, Facts, Frames, RasterPlan};
use crate::render;
use crate::spec::{AssetRef, Effect, Format, FormatChoice, Op, Select, Setting, TransformSpec};

/// What happens to a parameter that is understood and cannot be rendered here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnUnsupported {
    /// Left out, with a note: a page keeps its picture.
    #[default]
    Ignore,
    /// Refused.
    Error,
    /// Asked of a service that can.
    Upstream,
}

/// How an origin that cannot be asked looks to clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outage {
    /// As what it is: 502 or 504.
    #[default]
    Told,
    /// As a missing picture, with the reason in a header of its own.
    Hidden,
}

/// A place in the URL space.
#[derive(Debug)]
pub struct Endpoint {
    /// Its name in the configuration.
    pub name: Box<str>,
    /// What its paths begin with: empty, or a slash and the cloud name.
    pub prefix: Box<str>,
    /// Its hosts in lower case; empty: every host.
    pub hosts: Vec<Box<str>>,
    /// How its URLs are read.
    pub rules: dialect::Rules,
    /// Asked in this order.
    pub origins: Vec<Arc<dyn Origin>>,
    /// What they answered lately.
    pub lookups: Lookups,
    /// Formats that automatic choice may take, best first.
    pub f_auto: SmallVec<[Format; 4]>,
    /// Limits and defaults of its pictures.
    pub plan: plan::Rules,
    /// `plan` and `on_unsupported` as text: part of every key of a result.
    pub rules_text: Box<str>,
    /// What texts are drawn with.
    pub fonts: Arc<render::Fonts>,
    /// What happens to what cannot be rendered.
    pub on_unsupported: OnUnsupported,
    /// `Cache-Control` of every success.
    pub cache_control: Box<str>,
    /// The same where the URL has a version: its bytes never change.
    pub cache_control_versioned: Option<Box<str>>,
    /// Where its origin says how long the original may be kept, that is passed on instead, within
    /// these bounds; `None`: never.
    pub cache_control_of_origin: Option<RangeInclusive<Duration>>,
    /// Origins that send a canonical `Link`, each with its base without a trailing slash.
    pub canonical: Vec<(Box<str>, Box<str>)>,
    /// Asked for what cannot be rendered here.
    pub upstream: Option<Upstream>,
    /// Which failures of an origin let the next one be asked.
    pub fallback: Fallback,
    /// How an outage looks to clients.
    pub outage: Outage,
    /// Stands in for a missing picture whose URL names no other.
    pub default_image: Option<AssetRef>,
    /// Tells the origin's name in a header.
    pub tell_origin: bool,
}

impl Endpoint {
    /// Whether this endpoint answers for a host and path.
    #[must_use]
    pub fn answers(&self, host: Option<&str>, path: &str) -> bool {
        let host_fits = self.hosts.is_empty()
            || host.is_some_and(|host| self.hosts.iter().any(|own| own.eq_ignore_ascii_case(host)));
        let below = path.strip_prefix(&*self.prefix);
        host_fits && below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// `Cache-Control` of a success that is made of this original.
    #[must_use]
    pub fn cache_control(&self, asset: &AssetRef, original: &Found) -> Cow<'_, str> {
        if let (Some(bounds), Some(keeping)) = (&self.cache_control_of_origin, &original.keeping) {
            return keeping.within(*bounds.start(), *bounds.end()).into();
        }
        // The SDKs write `v1` before folders, where no version is known.
        let versioned = asset.version.is_some_and(|version| version > 1);
        match &self.cache_control_versioned {
            Some(versioned_control) if versioned => Cow::Borrowed(&**versioned_control),
            _ => Cow::Borrowed(&*self.cache_control),
        }
    }

    /// Where the asset stands for search engines, when an origin has it that says so.
    #[must_use]
    pub fn canonical(&self, origin: &str) -> Option<&str> {
        let named = self.canonical.iter().find(|(name, _)| **name == *origin);
        named.map(|(_, base)| &**base)
    }

    /// Refuses what the owner does not want left out.
    pub(super) fn accepts(&self, delivery: &Delivery) -> Result<(), Error> {
        let lacking = delivery
            .notes
            .iter()
            .find(|note| note.level == NoteLevel::Unsupported);
        match (self.on_unsupported, lacking) {
            (OnUnsupported::Error, Some(note)) => Err(dialect::Error::Unsupported {
                parameter: note.parameter.clone(),
                reason: note.message.clone(),
            }
            .into()),
            _ => Ok(()),
        }
    }
}

/// Notes that need facts about the source and about what was made of it.
pub(super) fn late_notes(
    facts: &Facts,
    spec: &TransformSpec,
    made: &render::Rendered,
    plan: Option<&RasterPlan>,
) -> Notes {
    let animated = plan.is_some_and(|plan| !matches!(plan.frames, Frames::One(_)));
    let travels = plan.is_some_and(|plan| plan.steps.iter().any(|step| step.travel().is_some()));
    let approximated = |message: &'static str| Note {
        level: NoteLevel::Approximated,
        parameter: facts.format.word().into(),
        message: message.into(),
    };
    let replaced = spec.output.format == FormatChoice::Stored && made.format != facts.format;
    let whole = spec.select == Select::Whole;
    let cases = [
        (
            facts.frames > 1 && whole && !animated,
            match facts.format {
                Format::Tiff => "source of several pages: the first is shown",
                _ => "animated source: the first frame is shown",
            },
        ),
        (
            !animated && spec.ops.iter().any(plays),
            "a still picture does not play: this effect is left out",
        ),
        (
            travels && !animated,
            "as written, this format does not move: the beginning of the motion is shown",
        ),
        (made.damaged, "damaged source: what could be read is shown"),
        (
            replaced,
            "this format cannot be written here: another was chosen",
        ),
    ];
    cases
        .into_iter()
        .filter(|(holds, _)| *holds)
        .map(|(_, message)| approximated(message))
        .collect()
}

/// Whether a result is to be cut along the path in its file.
pub(super) fn clips(spec: &TransformSpec) -> bool {
    let mut settings = spec.output.settings.iter();
    settings.any(|setting| {
        matches!(
            setting,
            Setting::Switch("clip-path" | "clip-path-evenodd", _)
        )
    })
}

/// Whether an op changes how an animation plays, and nothing else.
fn plays(op: &Op) -> bool {
    // Played once or again, a still looks the same.
    matches!(op, Op::Effect(effect) if effect.is_of_playback() && !matches!(**effect, Effect::Loop { .. }))
}

/// A note about a layer that looks other than asked.
pub(super) fn approximated((layer, message): (Box<str>, Cow<'static, str>)) -> Note {
    Note {
        level: NoteLevel::Approximated,
        parameter: layer,
        message,
    }
}
