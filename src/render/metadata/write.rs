//! Metadata into a finished file: segments, chunks, and what announces them.

use super::Carried;
use crate::spec::Format;

/// Bytes of a profile in one segment of a JPEG.
const PROFILE_PIECE: usize = 65_000;
const ICC: &[u8] = b"ICC_PROFILE\0";

/// The file with everything in its place; unchanged in formats that have none.
pub(super) fn write(file: Vec<u8>, format: Format, carried: &Carried) -> Vec<u8> {
    let made = match format {
        Format::Jpeg => jpeg(&file, carried),
        Format::Png => png(&file, carried),
        Format::WebP => webp(&file, carried),
        _ => None,
    };
    made.unwrap_or(file)
}

/// Segments behind the start of the image, or behind the JFIF header where there is one.
fn jpeg(file: &[u8], carried: &Carried) -> Option<Vec<u8>> {
    const SOI: usize = 2;
    let jfif = file.get(SOI..)?.starts_with(&[0xFF, 0xE0]);
    let at = if jfif {
        SOI + 2 + usize::from(u16::from_be_bytes([*file.get(4)?, *file.get(5)?]))
    } else {
        SOI
    };
    let mut made = file.get(..at)?.to_vec();
    if let (true, Some(density)) = (jfif, carried.density) {
        // Units (1: per inch) and both densities stand behind the name and the version.
        let place = made.get_mut(13..18)?;
        let [high, low] = density.to_be_bytes();
        place.copy_from_slice(&[1, high, low, high, low]);
    }
    let mut segment = |marker: u8, parts: &[&[u8]]| {
        let length = 2 + parts.iter().map(|part| part.len()).sum::<usize>();
        if let Ok(length) = u16::try_from(length) {
            made.extend([0xFF, marker]);
            made.extend(length.to_be_bytes());
            parts.iter().for_each(|part| made.extend_from_slice(part));
        }
    };
    if let Some(exif) = &carried.exif {
        segment(0xE1, &[b"Exif\0\0", exif]);
    }
    if let Some(xmp) = &carried.xmp {
        segment(0xE1, &[b"http://ns.adobe.com/xap/1.0/\0", xmp]);
    }
    if let Some(iptc) = &carried.iptc {
        segment(0xED, &[b"Photoshop 3.0\0", iptc]);
    }
    if let Some(profile) = &carried.profile {
        let count = u8::try_from(profile.len().div_ceil(PROFILE_PIECE)).ok()?;
        for (number, piece) in (1..=count).zip(profile.chunks(PROFILE_PIECE)) {
            segment(0xE2, &[ICC, &[number, count], piece]);
        }
    }
    made.extend_from_slice(file.get(at..)?);
    Some(made)
}

/// Chunks behind the header, which is always the first and of one length.
fn png(file: &[u8], carried: &Carried) -> Option<Vec<u8>> {
    const HEAD: usize = 8 + 25;
    let mut made = file.get(..HEAD)?.to_vec();
    let mut chunk = |name: &[u8; 4], body: &[u8]| {
        if let Ok(length) = u32::try_from(body.len()) {
            made.extend(length.to_be_bytes());
            made.extend(name);
            made.extend(body);
            made.extend(crc(name, body).to_be_bytes());
        }
    };
    if let Some(profile) = &carried.profile {
        let mut body = b"icc\0\0".to_vec();
        body.extend(deflated(profile));
        chunk(b"iCCP", &body);
    }
    if let Some(density) = carried.density {
        // Dots a metre, along both sides.
        let dots = (u32::from(density) * 10_000 + 127) / 254;
        let [a, b, c, d] = dots.to_be_bytes();
        chunk(b"pHYs", &[a, b, c, d, a, b, c, d, 1]);
    }
    if let Some(exif) = &carried.exif {
        chunk(b"eXIf", exif);
    }
    if let Some(xmp) = &carried.xmp {
        chunk(
            b"iTXt",
            &[b"XML:com.adobe.xmp\0\0\0\0\0", xmp.as_slice()].concat(),
        );
    }
    made.extend_from_slice(file.get(HEAD..)?);
    Some(made)
}

/// A zlib stream of stored blocks: profiles are small, and hardly shrink.
fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0x78, 0x01];
    let mut blocks = bytes.chunks(usize::from(u16::MAX)).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        out.push(u8::from(blocks.peek().is_none()));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend_from_slice(block);
    }
    let (mut a, mut b) = (1_u32, 0_u32);
    for &byte in bytes {
        a = (a + u32::from(byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    out.extend((b << 16 | a).to_be_bytes());
    out
}

fn crc(name: &[u8], body: &[u8]) -> u32 {
    let mut sum = u32::MAX;
    for &byte in name.iter().chain(body) {
        sum ^= u32::from(byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 {
                sum >> 1 ^ 0xEDB8_8320
            } else {
                sum >> 1
            };
        }
    }
    !sum
}

/// The extended container: its head says what there is, the profile stands before the picture, the rest
/// behind it.
fn webp(file: &[u8], carried: &Carried) -> Option<Vec<u8>> {
    const PROFILE: u8 = 0x20;
    const ALPHA: u8 = 0x10;
    const EXIF: u8 = 0x08;
    const XMP: u8 = 0x04;
    if carried.profile.is_none() && carried.exif.is_none() && carried.xmp.is_none() {
        return None;
    }
    let body = file.get(12..)?;
    let (mut head, picture) = match body.get(..4)? {
        b"VP8X" => (
            <[u8; 10]>::try_from(body.get(8..18)?).ok()?,
            body.get(18..)?,
        ),
        _ => {
            let probed = crate::render::probe(file).ok()?;
            let [w0, w1, w2, _] = (probed.size.width - 1).to_le_bytes();
            let [h0, h1, h2, _] = (probed.size.height - 1).to_le_bytes();
            let flags = if probed.alpha { ALPHA } else { 0 };
            ([flags, 0, 0, 0, w0, w1, w2, h0, h1, h2], body)
        }
    };
    let [flags, ..] = &mut head;
    let has = |what: &Option<Vec<u8>>, flag: u8| if what.is_some() { flag } else { 0 };
    *flags |= has(&carried.profile, PROFILE) | has(&carried.exif, EXIF) | has(&carried.xmp, XMP);
    let mut chunks = Vec::with_capacity(file.len() + 4096);
    riff(&mut chunks, b"VP8X", &head);
    if let Some(profile) = &carried.profile {
        riff(&mut chunks, b"ICCP", profile);
    }
    chunks.extend_from_slice(picture);
    if let Some(exif) = &carried.exif {
        riff(&mut chunks, b"EXIF", exif);
    }
    if let Some(xmp) = &carried.xmp {
        riff(&mut chunks, b"XMP ", xmp);
    }
    let mut made = b"RIFF".to_vec();
    made.extend(u32::try_from(chunks.len() + 4).ok()?.to_le_bytes());
    made.extend(b"WEBP");
    made.extend(chunks);
    Some(made)
}

/// A chunk, padded to an even length.
fn riff(chunks: &mut Vec<u8>, name: &[u8; 4], body: &[u8]) {
    chunks.extend(name);
    chunks.extend(u32::try_from(body.len()).unwrap_or(u32::MAX).to_le_bytes());
    chunks.extend_from_slice(body);
    if body.len() % 2 == 1 {
        chunks.push(0);
    }
}
