//! Facts about a picture instead of the picture.

use bytes::Bytes;
use serde::Serialize;

use crate::plan::{Facts, Region};
use crate::render;

#[derive(Serialize)]
struct Info {
    input: Side,
    output: Side,
    #[serde(skip_serializing_if = "Option::is_none")]
    g_auto_info: Option<[Part; 1]>,
}

#[derive(Serialize)]
struct Side {
    width: u32,
    height: u32,
    bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'static str>,
}

#[derive(Serialize)]
struct Part {
    x: u32,
    y: u32,
    width: u32,
    height: u32,
}

/// Sizes, bytes and format of source and result, and the part of the source that an automatic gravity
/// has kept. The source is measured as it is meant to be seen.
pub(super) fn json(facts: &Facts, made: &render::Rendered, salient: Option<Region>) -> Bytes {
    let seen = facts.upright();
    let info = Info {
        input: Side {
            width: seen.width,
            height: seen.height,
            bytes: facts.bytes,
            format: None,
        },
        output: Side {
            width: made.size.width,
            height: made.size.height,
            bytes: made.body.len() as u64,
            format: Some(made.format.word()),
        },
        g_auto_info: salient.map(|region| [part(region)]),
    };
    // Numbers and fixed words: nothing in it can fail.
    serde_json::to_vec(&info).unwrap_or_default().into()
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "inside a picture"
)]
fn part(region: Region) -> Part {
    let nearest = |n: f64| n.round().max(0.0) as u32;
    Part {
        x: nearest(region.x),
        y: nearest(region.y),
        width: nearest(region.width),
        height: nearest(region.height),
    }
}
