//! Metadata out of a source.

use super::Carried;
use crate::render::probe;
use crate::spec::Format;

const EXIF: &[u8] = b"Exif\0\0";
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
const PHOTOSHOP: &[u8] = b"Photoshop 3.0\0";
const APP1: u8 = 0xE1;
const APP13: u8 = 0xED;
/// The keyword of the PNG text that holds XMP, with four empty fields behind it.
const PNG_XMP: &[u8] = b"XML:com.adobe.xmp\0\0\0\0\0";

/// What a file carries, but its profile, which is applied and not copied.
pub(super) fn read(bytes: &[u8], format: Format) -> Carried {
    let mut carried = Carried::default();
    match format {
        Format::Jpeg => {
            for (marker, body) in probe::jpeg_segments(bytes) {
                let place = match marker {
                    APP1 if body.starts_with(EXIF) => (&mut carried.exif, EXIF.len()),
                    APP1 if body.starts_with(XMP) => (&mut carried.xmp, XMP.len()),
                    APP13 if body.starts_with(PHOTOSHOP) => (&mut carried.iptc, PHOTOSHOP.len()),
                    _ => continue,
                };
                keep(place.0, body.get(place.1..));
            }
        }
        Format::Png => {
            for (name, body) in probe::png_chunks(bytes) {
                match name {
                    b"eXIf" => keep(&mut carried.exif, Some(body)),
                    b"iTXt" => {
                        if let Some(packet) = body.strip_prefix(PNG_XMP) {
                            keep(&mut carried.xmp, Some(packet));
                        }
                    }
                    _ => {}
                }
            }
        }
        Format::WebP => {
            for (name, body) in probe::webp_chunks(bytes) {
                match name {
                    b"EXIF" => {
                        let block = body.strip_prefix(EXIF).unwrap_or(body);
                        keep(&mut carried.exif, Some(block));
                    }
                    b"XMP " => keep(&mut carried.xmp, Some(body)),
                    _ => {}
                }
            }
        }
        _ => {}
    }
    carried
}

/// The first of a kind counts.
fn keep(place: &mut Option<Vec<u8>>, body: Option<&[u8]>) {
    if place.is_none() {
        *place = body.map(<[u8]>::to_vec);
    }
}
