//! A reader of GIF written from the specification (GIF89a) alone: blocks, LZW, interlacing,
//! composition.

use super::{Dispose, Part, composed};
use crate::render::animation::Shown;
use crate::render::sources::Picture;

/// The frames of a file, and how often they are played.
pub fn play(file: &[u8]) -> (Vec<Shown>, u32) {
    let u16_at = |at: usize| u32::from(u16::from_le_bytes([file[at], file[at + 1]]));
    assert_eq!(&file[..6], b"GIF89a");
    let (width, height) = (u16_at(6), u16_at(8));
    let (global, mut at) = table(file, file[10], 13);
    let mut plays = 1;
    let mut control = [0; 4];
    let mut parts = Vec::new();
    loop {
        match file[at] {
            b';' => break,
            b'!' => {
                let label = file[at + 1];
                let (body, behind) = sub_blocks(file, at + 2);
                if label == 0xF9 {
                    control.copy_from_slice(&body);
                } else if label == 0xFF && body.starts_with(b"NETSCAPE2.0\x01") {
                    let again = u32::from(u16::from_le_bytes([body[12], body[13]]));
                    plays = if again == 0 { 0 } else { again + 1 };
                }
                at = behind;
            }
            b',' => {
                let (left, top) = (u16_at(at + 1), u16_at(at + 3));
                let (wide, high) = (u16_at(at + 5), u16_at(at + 7));
                let flags = file[at + 9];
                let (local, behind) = table(file, flags, at + 10);
                let (data, next) = sub_blocks(file, behind + 1);
                let mut places = unpacked(&data, file[behind], (wide * high) as usize);
                if flags & 0x40 != 0 {
                    places = woven(&places, wide as usize, high as usize);
                }
                let colours = if local.is_empty() { &global } else { &local };
                let clear = (control[0] & 1 == 1).then_some(control[3]);
                let colour = |place: u8| match colours.get(usize::from(place)) {
                    Some(&[r, g, b]) if clear != Some(place) => [r, g, b, 255],
                    _ => [0; 4],
                };
                parts.push(Part {
                    left,
                    top,
                    picture: Picture::new(wide, high, |x, y| {
                        colour(places[(y * wide + x) as usize])
                    }),
                    milliseconds: u32::from(u16::from_le_bytes([control[1], control[2]])) * 10,
                    dispose: match control[0] >> 2 & 7 {
                        2 => Dispose::Clear,
                        3 => Dispose::Restore,
                        _ => Dispose::Keep,
                    },
                    over: true,
                });
                control = [0; 4];
                at = next;
            }
            other => panic!("block {other}"),
        }
    }
    assert_eq!(at + 1, file.len(), "bytes behind the end");
    (composed(width, height, &parts), plays)
}

/// A colour table that the flags announce, and what stands behind it.
fn table(file: &[u8], flags: u8, at: usize) -> (Vec<[u8; 3]>, usize) {
    if flags & 0x80 == 0 {
        return (Vec::new(), at);
    }
    let end = at + (6 << (flags & 7));
    (file[at..end].as_chunks::<3>().0.to_vec(), end)
}

fn sub_blocks(file: &[u8], mut at: usize) -> (Vec<u8>, usize) {
    let mut body = Vec::new();
    while file[at] != 0 {
        let end = at + 1 + usize::from(file[at]);
        body.extend(&file[at + 1..end]);
        at = end;
    }
    (body, at + 1)
}

/// LZW, appendix F: codes from the low bits up, one bit longer whenever the table is full.
fn unpacked(data: &[u8], least: u8, count: usize) -> Vec<u8> {
    let clear = 1_usize << least;
    let (mut out, mut width) = (Vec::new(), u32::from(least) + 1);
    let mut table: Vec<Vec<u8>> = Vec::new();
    let mut last: Option<Vec<u8>> = None;
    let (mut held, mut bits) = (0_u64, 0);
    let mut bytes = data.iter();
    loop {
        while bits < width {
            held |= u64::from(*bytes.next().expect("codes up to the end code")) << bits;
            bits += 8;
        }
        let code = (held & ((1 << width) - 1)) as usize;
        (held, bits) = (held >> width, bits - width);
        if code == clear {
            table = (0..clear + 2)
                .map(|n| if n < clear { vec![n as u8] } else { Vec::new() })
                .collect();
            (width, last) = (u32::from(least) + 1, None);
            continue;
        }
        if code == clear + 1 {
            break;
        }
        let string = match (&last, table.get(code)) {
            (_, Some(known)) => known.clone(),
            (Some(last), None) if code == table.len() => [&last[..], &last[..1]].concat(),
            _ => panic!("code {code} of {}", table.len()),
        };
        if let Some(last) = last
            && table.len() < 4096
        {
            table.push([&last[..], &string[..1]].concat());
            if table.len() == 1 << width && width < 12 {
                width += 1;
            }
        }
        out.extend(&string);
        last = Some(string);
    }
    assert_eq!(out.len(), count, "pixels of a frame");
    out
}

/// Rows out of their four passes.
fn woven(places: &[u8], width: usize, height: usize) -> Vec<u8> {
    let mut out = vec![0; places.len()];
    let passes = [(0, 8), (4, 8), (2, 4), (1, 2)];
    let rows = passes
        .iter()
        .flat_map(|&(first, apart)| (first..height).step_by(apart));
    for (from, to) in rows.enumerate() {
        out[to * width..(to + 1) * width]
            .copy_from_slice(&places[from * width..(from + 1) * width]);
    }
    out
}
