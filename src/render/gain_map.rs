//! Gain maps: a second picture in the file, from which a screen that can makes the first one
//! brighter (Ultra HDR).

use super::probe::{bmff, jpeg_segments, sniff};
use crate::spec::Format;

const APP1: u8 = 0xE1;
const APP2: u8 = 0xE2;
/// What Adobe's and Google's form of it names in XMP.
const XMP: &[u8] = b"http://ns.adobe.com/hdr-gain-map/1.0/";
/// What its standard puts before its own segments.
const ISO: &[u8] = b"urn:iso:std:iso:ts:21496:-1";

/// Whether a file carries a gain map, which no result has.
#[must_use]
pub fn has_gain_map(source: &[u8]) -> bool {
    match sniff(source) {
        Some(Format::Jpeg) => jpeg_segments(source).any(|(marker, body)| match marker {
            APP1 => body.windows(XMP.len()).any(|part| part == XMP),
            APP2 => body.starts_with(ISO),
            _ => false,
        }),
        Some(Format::Avif) => bmff::has_gain_map(source),
        _ => false,
    }
}
