//! Animated PNG, held against exact composition and a second decoder.

use super::{Alpha, Dice, Dispose, Part, assert_alike, composed, moved, parts, png::decoded};
use crate::render::animation::Shown;
use crate::render::sources::Picture;
use cldgate::spec::Format;

/// Parts as a file by the `png` crate, half of them behind a picture that is no frame.
pub fn file(width: u32, height: u32, parts: &[Part], apart: bool) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_animated(parts.len() as u32, 3).unwrap();
    encoder.set_sep_def_img(apart).unwrap();
    let mut writer = encoder.write_header().unwrap();
    if apart {
        writer
            .write_image_data(&vec![77; (width * height * 4) as usize])
            .unwrap();
    }
    for part in parts {
        let size = part.picture.size;
        // The crate looks at each against what was set before.
        writer.set_frame_position(0, 0).unwrap();
        writer.set_frame_dimension(size.width, size.height).unwrap();
        writer.set_frame_position(part.left, part.top).unwrap();
        writer
            .set_frame_delay(part.milliseconds as u16, 1000)
            .unwrap();
        writer
            .set_dispose_op(match part.dispose {
                Dispose::Keep => png::DisposeOp::None,
                Dispose::Clear => png::DisposeOp::Background,
                Dispose::Restore => png::DisposeOp::Previous,
            })
            .unwrap();
        let blend = if part.over {
            png::BlendOp::Over
        } else {
            png::BlendOp::Source
        };
        writer.set_blend_op(blend).unwrap();
        writer.write_image_data(&part.picture.rgba()).unwrap();
    }
    writer.finish().unwrap();
    file
}

/// A file taken apart by its chunks, each frame decoded as a still by another crate.
pub fn play(file: &[u8]) -> (Vec<Shown>, u32) {
    let be = |at: usize| u32::from_be_bytes(file[at..at + 4].try_into().unwrap());
    let short = |at: usize| u32::from(u16::from_be_bytes([file[at], file[at + 1]]));
    let (mut at, mut plays, mut canvas) = (8, 0, (0, 0));
    let mut parts: Vec<(Part, (u32, u32), Vec<u8>)> = Vec::new();
    let mut head = Vec::new();
    while at < file.len() {
        let (length, name) = (be(at) as usize, &file[at + 4..at + 8]);
        let body = at + 8;
        match name {
            b"IHDR" => {
                canvas = (be(body), be(body + 4));
                head = file[body..body + length].to_vec();
            }
            b"acTL" => plays = be(body + 4),
            b"fcTL" => parts.push((
                Part {
                    left: be(body + 12),
                    top: be(body + 16),
                    picture: Picture::new(0, 0, |_, _| [0; 4]),
                    milliseconds: short(body + 20) * 1000 / short(body + 22),
                    dispose: [Dispose::Keep, Dispose::Clear, Dispose::Restore]
                        [usize::from(file[body + 24])],
                    over: file[body + 25] == 1,
                },
                (be(body + 4), be(body + 8)),
                Vec::new(),
            )),
            b"IDAT" if !parts.is_empty() => parts
                .last_mut()
                .unwrap()
                .2
                .extend(&file[body..body + length]),
            b"fdAT" => parts
                .last_mut()
                .unwrap()
                .2
                .extend(&file[body + 4..body + length]),
            _ => {}
        }
        at = body + length + 4;
    }
    let parts: Vec<Part> = parts
        .into_iter()
        .map(|(part, (width, height), data)| {
            head[..4].copy_from_slice(&width.to_be_bytes());
            head[4..8].copy_from_slice(&height.to_be_bytes());
            Part {
                picture: decoded(&still(&head, &data)),
                ..part
            }
        })
        .collect();
    (composed(canvas.0, canvas.1, &parts), plays)
}

/// A PNG of a header and its compressed data.
fn still(head: &[u8], data: &[u8]) -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    for (name, body) in [(b"IHDR", head), (b"IDAT", data), (b"IEND", &[])] {
        file.extend((body.len() as u32).to_be_bytes());
        file.extend(name);
        file.extend(body);
        file.extend(crc(name.iter().chain(body)).to_be_bytes());
    }
    file
}

fn crc<'a>(bytes: impl Iterator<Item = &'a u8>) -> u32 {
    !bytes.fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            crc >> 1 ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 }
        })
    })
}

#[test]
fn animations_are_read_as_the_specification_says() {
    for seed in 0..200 {
        let mut dice = Dice::new(3000 + seed);
        let (width, height, mut parts) = parts(&mut dice, Alpha::Any, false, true);
        parts
            .iter_mut()
            .for_each(|part| part.over = dice.below(2) == 0);
        let file = file(width, height, &parts, dice.below(2) == 0);
        let made = moved(&file, Format::Png, 90).unwrap();
        let (shown, plays) = play(&made.body);
        assert_eq!(plays, 3, "{seed}");
        // Blends round once each; their differences stay below two steps.
        assert_alike(
            shown,
            composed(width, height, &parts),
            2.5,
            &format!("seed {seed}"),
        );
    }
}

#[test]
fn a_frame_may_stand_for_hours() {
    let frames: Vec<Part> = [50, 120_000]
        .map(|milliseconds| Part {
            left: 0,
            top: 0,
            picture: Picture::new(3, 2, |x, _| [x as u8, (milliseconds / 1000) as u8, 0, 255]),
            milliseconds,
            dispose: Dispose::Keep,
            over: true,
        })
        .to_vec();
    let mut source = Vec::new();
    let mut encoder = gif::Encoder::new(&mut source, 3, 2, &[]).unwrap();
    for part in &frames {
        let frame = gif::Frame {
            delay: (part.milliseconds / 10) as u16,
            ..gif::Frame::from_rgb(3, 2, &part.picture.rgb())
        };
        encoder.write_frame(&frame).unwrap();
    }
    drop(encoder);
    let (shown, _) = play(&moved(&source, Format::Png, 90).unwrap().body);
    assert_alike(shown, composed(3, 2, &frames), 0.0, "two minutes");
}
