//! What the kind of an asset makes of what is asked: videos are not rendered, raw files are never changed, pictures
//! have neither sound nor bit rate.

use crate::dialect::{Note, NoteLevel, Notes};
use crate::grammar::{DeliveryUrl, KeySet, ParamKey};
use crate::spec::{
    AssetRef, AssetType, Format, FormatChoice, Output, Select, Setting, Support, TransformSpec,
};

const VIDEO: &str = "video is not rendered: the stored one is delivered";
const FRAME: &str = "no frame is taken from a video";
const WRITTEN: &str = "videos are not written";
const CODING: &str = "a video is not encoded anew: the stored one is delivered";
const RAW: &str = "raw files are delivered byte for byte";
const FOR_VIDEO: &str = "without effect on a picture: for video alone";
const FOLDER: &str = "not a known parameter: read as a folder of the public ID";

/// What only a result with frames or sound can have. That the service passes over it for pictures is assumed.
const OF_VIDEO: KeySet = KeySet::of(&[
    ParamKey::AudioCodec,
    ParamKey::AudioFrequency,
    ParamKey::BitRate,
    ParamKey::DynamicRange,
    ParamKey::KeyframeInterval,
    ParamKey::Quality,
    ParamKey::VideoCodec,
]);

/// Settles the notes of a chain for the asset that it works on.
pub(super) fn judge(
    url: &DeliveryUrl<'_>,
    asset: &AssetRef,
    spec: &TransformSpec,
    notes: &mut Notes,
) {
    once(notes);
    folder(url, notes);
    match asset.asset_type {
        AssetType::Image if moves(asset, spec) => filmed(asset, notes),
        AssetType::Image => {
            for note in notes.iter_mut().filter(|note| is_of_video(note)) {
                note.level = NoteLevel::Ignored;
                note.message = FOR_VIDEO.into();
            }
            written(asset, spec, notes);
        }
        AssetType::Video => video(url, asset, spec, notes),
        AssetType::Raw if is_plain(spec) => {}
        AssetType::Raw => {
            notes.clear();
            push(notes, NoteLevel::Ignored, first(url), RAW);
        }
    }
}

/// Drops what is said twice, of the same parameter in several components. More notes than any honest URL has are
/// left alone: the work shall not grow with their square.
fn once(notes: &mut Notes) {
    const MOST: usize = 64;
    if !(2..=MOST).contains(&notes.len()) {
        return;
    }
    let mut at = 1;
    while let Some((before, [note, ..])) = notes.split_at_checked(at) {
        if before.contains(note) {
            notes.remove(at);
        } else {
            at += 1;
        }
    }
}

fn push(notes: &mut Notes, level: NoteLevel, parameter: &str, message: &'static str) {
    notes.push(Note {
        level,
        parameter: parameter.into(),
        message: message.into(),
    });
}

/// The component that a note about the whole chain points at.
fn first<'a>(url: &DeliveryUrl<'a>) -> &'a str {
    url.chain.first().map_or("", |component| component.text)
}

/// A first folder that the service, without a version before it, would take for a parameter that it does not know.
fn folder(url: &DeliveryUrl<'_>, notes: &mut Notes) {
    if url.head.version.is_some() || url.asset.remote.is_some() {
        return;
    }
    let Some((folder, _)) = url.asset.public_id.split_once('/') else {
        return;
    };
    let key = folder.split_once('_').map_or("", |(key, _)| key);
    if (1..=3).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        push(notes, NoteLevel::Approximated, folder, FOLDER);
    }
}

/// A video goes out as it is stored. One note says so for everything that was to be done to it, beside those that
/// say what cannot be done in any case.
fn video(url: &DeliveryUrl<'_>, asset: &AssetRef, spec: &TransformSpec, notes: &mut Notes) {
    let extension = asset.extension.as_deref().and_then(Format::from_extension);
    let frame = match spec.output.format {
        FormatChoice::Named(format) => Some(format),
        FormatChoice::Stored | FormatChoice::Auto { .. } => extension,
    };
    if let Some(format) = frame {
        notes.clear();
        push(notes, NoteLevel::Unsupported, format.word(), FRAME);
        return;
    }
    if is_plain(spec) {
        return;
    }
    notes.retain(|note| note.level != NoteLevel::Approximated);
    if notes
        .iter()
        .any(|note| note.level == NoteLevel::Unsupported)
    {
        return;
    }
    if spec.ops.is_empty() && spec.select == Select::Whole {
        push(notes, NoteLevel::Approximated, first(url), CODING);
    } else {
        push(notes, NoteLevel::Unsupported, first(url), VIDEO);
    }
}

/// Whether nothing is to be done but to send the asset, for saving perhaps.
fn is_plain(spec: &TransformSpec) -> bool {
    let output = Output {
        attachment: spec.output.attachment.clone(),
        ..Output::default()
    };
    spec.ops.is_empty() && spec.select == Select::Whole && spec.output == output
}

fn is_video(format: &str) -> bool {
    AssetType::of_extension(format) == AssetType::Video
}

/// Whether the result of a picture is a video.
fn moves(asset: &AssetRef, spec: &TransformSpec) -> bool {
    asset.extension.as_deref().is_some_and(is_video)
        || spec.output.settings.iter().any(|setting| match setting {
            Setting::Format(format) => is_video(format),
            Setting::Switch("moving", _) => true,
            _ => false,
        })
}

/// An animation that shall be a video.
fn filmed(asset: &AssetRef, notes: &mut Notes) {
    let extension = asset.extension.as_deref().unwrap_or_default();
    if is_video(extension) {
        push(notes, NoteLevel::Unsupported, extension, WRITTEN);
    }
}

fn is_of_video(note: &Note) -> bool {
    let key = note.parameter.split_once('_').map(|(key, _)| key);
    note.level == NoteLevel::Unsupported
        && Support::VIDEO.reason() == Some(&*note.message)
        && key
            .and_then(ParamKey::from_spelling)
            .is_some_and(|key| OF_VIDEO.has(key))
}

/// A picture that is changed is written anew: notes an extension in whose format that cannot be.
fn written(asset: &AssetRef, spec: &TransformSpec, notes: &mut Notes) {
    let format = asset.extension.as_deref().and_then(Format::from_extension);
    if let (Some(format), false) = (format, spec.ops.is_empty())
        && spec.output.format == FormatChoice::Stored
        && let Some(reason) = format.support().reason()
    {
        push(notes, NoteLevel::Unsupported, format.word(), reason);
    }
}
