//! Do frames keep their pictures, their time and their number, whatever they are written as?

use super::sources::{Picture, encode};
use cldgate::plan::{self, Frames, Motion, Order, RasterPlan, Region, Size, Step};
use cldgate::render::{self, Budget, Rendered};
use cldgate::spec::{Format, Turn};

/// A frame as it is seen, and how long.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    pub picture: Picture,
    pub milliseconds: u32,
}

/// A square on a field with a strip, at a place of its own in each frame.
fn scene(n: u32) -> Picture {
    Picture::new(64, 48, |x, y| {
        let (left, top) = (4 + n * 7, 8 + n * 3);
        if (left..left + 12).contains(&x) && (top..top + 12).contains(&y) {
            [220, 40, 30, 255]
        } else if y < 6 {
            [20, 60, 200, 255]
        } else {
            [240, 240, 220, 255]
        }
    })
}

const COLOURS: [[u8; 3]; 3] = [[220, 40, 30], [20, 60, 200], [240, 240, 220]];

/// Frames of whole pictures in [`COLOURS`] as GIF, by the crate itself; the last place is clear.
fn gif_of(frames: &[(Picture, u16)], repeat: gif::Repeat) -> Vec<u8> {
    let size = frames[0].0.size;
    let (w, h) = (size.width as u16, size.height as u16);
    let palette: Vec<u8> = COLOURS.iter().flatten().copied().chain([0; 3]).collect();
    let mut file = Vec::new();
    let mut encoder = gif::Encoder::new(&mut file, w, h, &palette).unwrap();
    encoder.set_repeat(repeat).unwrap();
    for (picture, delay) in frames {
        let place = |p: &[u8; 4]| COLOURS.iter().position(|c| c == &p[..3]).unwrap_or(3) as u8;
        let frame = gif::Frame {
            width: w,
            height: h,
            delay: *delay,
            dispose: gif::DisposalMethod::Background,
            transparent: Some(3),
            buffer: picture.pixels.iter().map(place).collect::<Vec<u8>>().into(),
            ..gif::Frame::default()
        };
        encoder.write_frame(&frame).unwrap();
    }
    drop(encoder);
    file
}

fn scenes(count: u32) -> Vec<u8> {
    let frames: Vec<(Picture, u16)> = (0..count).map(|n| (scene(n), 5 + n as u16 * 3)).collect();
    gif_of(&frames, gif::Repeat::Infinite)
}

/// Puts a frame on a canvas, read by nothing of the renderer's.
fn lay(canvas: &mut Picture, (left, top, width): (u32, u32, u32), pixels: &[[u8; 4]], over: bool) {
    for (n, pixel) in (0_u32..).zip(pixels) {
        let (x, y) = (left + n % width, top + n / width);
        if (!over || pixel[3] != 0) && x < canvas.size.width && y < canvas.size.height {
            canvas.pixels[(y * canvas.size.width + x) as usize] = *pixel;
        }
    }
}

/// Plays a file with another program's decoder: frames, and how often they are played.
pub fn play(file: &[u8], format: Format) -> (Vec<Shown>, u32) {
    match format {
        Format::Gif => play_gif(file),
        Format::WebP => play_webp(file),
        Format::Png => play_png(file),
        other => panic!("{other:?}"),
    }
}

fn play_gif(file: &[u8]) -> (Vec<Shown>, u32) {
    let mut decoder = gif::Decoder::new(file).unwrap();
    let mut canvas = Picture::new(decoder.width().into(), decoder.height().into(), |_, _| {
        [0; 4]
    });
    let global = decoder.global_palette().map(<[u8]>::to_vec);
    let mut shown = Vec::new();
    while let Some(frame) = decoder.read_next_frame().unwrap() {
        let before = canvas.clone();
        let palette = frame.palette.as_ref().or(global.as_ref()).unwrap();
        let colour = |&index: &u8| {
            if frame.transparent == Some(index) {
                return [0; 4];
            }
            let at = usize::from(index) * 3;
            [palette[at], palette[at + 1], palette[at + 2], 255]
        };
        let pixels: Vec<[u8; 4]> = frame.buffer.iter().map(colour).collect();
        let place = (frame.left.into(), frame.top.into(), frame.width.into());
        lay(&mut canvas, place, &pixels, true);
        shown.push(Shown {
            picture: canvas.clone(),
            milliseconds: u32::from(frame.delay) * 10,
        });
        match frame.dispose {
            gif::DisposalMethod::Background => {
                lay(&mut canvas, place, &vec![[0; 4]; pixels.len()], false);
            }
            gif::DisposalMethod::Previous => canvas = before,
            _ => {}
        }
    }
    let plays = match decoder.repeat() {
        gif::Repeat::Infinite => 0,
        gif::Repeat::Finite(again) => u32::from(again) + 1,
    };
    (shown, plays)
}

fn play_webp(file: &[u8]) -> (Vec<Shown>, u32) {
    let mut decoder = image_webp::WebPDecoder::new(std::io::Cursor::new(file)).unwrap();
    let (width, height) = decoder.dimensions();
    let mut buffer = vec![0; decoder.output_buffer_size().unwrap()];
    let mut shown = Vec::new();
    for _ in 0..decoder.num_frames() {
        let milliseconds = decoder.read_frame(&mut buffer).unwrap();
        let pixels = if decoder.has_alpha() {
            buffer.chunks(4).map(|p| [p[0], p[1], p[2], p[3]]).collect()
        } else {
            buffer.chunks(3).map(|p| [p[0], p[1], p[2], 255]).collect()
        };
        let size = Size::new(width, height);
        shown.push(Shown {
            picture: Picture { size, pixels },
            milliseconds,
        });
    }
    let plays = match decoder.loop_count() {
        image_webp::LoopCount::Forever => 0,
        image_webp::LoopCount::Times(n) => u32::from(n.get()),
    };
    (shown, plays)
}

fn play_png(file: &[u8]) -> (Vec<Shown>, u32) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(file))
        .read_info()
        .unwrap();
    let control = reader.info().animation_control.unwrap();
    let mut buffer = vec![0; reader.output_buffer_size().unwrap()];
    let mut shown = Vec::new();
    for _ in 0..control.num_frames {
        let info = reader.next_frame(&mut buffer).unwrap();
        let frame = *reader.info().frame_control().unwrap();
        let pixels = buffer.chunks(4).map(|p| [p[0], p[1], p[2], p[3]]).collect();
        shown.push(Shown {
            picture: Picture {
                size: Size::new(info.width, info.height),
                pixels,
            },
            milliseconds: u32::from(frame.delay_num) * 1000 / u32::from(frame.delay_den),
        });
    }
    (shown, control.num_plays)
}

fn moved(file: &[u8], steps: &[Step], format: Format, motion: Motion) -> Rendered {
    let facts = render::probe(file).unwrap();
    let (window, steps) = plan::fold(facts.size, steps.to_vec());
    let plan = RasterPlan {
        source: facts.size,
        window,
        frames: Frames::All(motion),
        steps,
        encode: encode(format, 90),
        scaling: plan::Scaling::default(),
    };
    render::run(&plan, file, &Budget::unlimited()).unwrap()
}

fn tolerance(format: Format) -> f64 {
    match format {
        Format::Png | Format::Gif => 0.0,
        _ => 4.0,
    }
}

#[test]
fn every_animation_to_every_animation() {
    let original = scenes(6);
    let formats = [Format::Gif, Format::WebP, Format::Png];
    for from in formats {
        let source = moved(&original, &[], from, Motion::default()).body;
        let facts = render::probe(&source).unwrap();
        assert_eq!((facts.format, facts.frames), (from, 6), "{from:?}");
        for to in formats {
            let made = moved(&source, &[], to, Motion::default());
            assert_eq!((made.format, made.size), (to, Size::new(64, 48)));
            assert!(!made.alpha, "{from:?} to {to:?}");
            let (shown, plays) = play(&made.body, to);
            assert_eq!((shown.len(), plays), (6, 0), "{from:?} to {to:?}");
            for (n, shown) in (0..).zip(&shown) {
                assert_eq!(shown.milliseconds, 50 + n * 30, "{from:?} to {to:?}");
                let off = shown.picture.mean(&scene(n));
                let allowed = tolerance(from) + tolerance(to) + 0.5;
                assert!(off <= allowed, "{from:?} to {to:?}, frame {n}: {off}");
            }
        }
    }
}

#[test]
fn steps_are_done_on_every_frame() {
    let source = scenes(4);
    let half = Step::Resample {
        from: Region::whole(Size::new(64, 48)),
        to: Size::new(32, 24),
    };
    let steps = [half, Step::Turn(Turn::quarters(1))];
    for format in [Format::Gif, Format::WebP, Format::Png] {
        let (shown, _) = play(
            &moved(&source, &steps, format, Motion::default()).body,
            format,
        );
        assert_eq!(shown.len(), 4);
        for (n, shown) in (0..).zip(&shown) {
            let still = super::sources::run_frame(&source, n, &steps, encode(Format::Png, 90));
            let still = super::sources::open(&still.unwrap().body, Format::Png);
            assert_eq!(shown.picture.size, Size::new(24, 32));
            let off = shown.picture.mean(&still);
            assert!(off < 5.0, "{format:?}, frame {n}: {off}");
        }
    }
}

#[test]
fn frames_leave_the_canvas_as_they_ask() {
    use gif::DisposalMethod::{Background, Keep, Previous};
    let palette = [255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0];
    let mut file = Vec::new();
    {
        let mut encoder = gif::Encoder::new(&mut file, 20, 10, &palette).unwrap();
        for (n, dispose) in [Keep, Previous, Background, Keep, Previous, Keep]
            .into_iter()
            .enumerate()
        {
            let n = n as u16;
            let frame = gif::Frame {
                left: n * 2,
                top: n,
                width: 12,
                height: 6,
                delay: 10,
                dispose,
                transparent: Some(3),
                // Every fifth pixel shows what lies below; the frame may hang over the edge.
                buffer: (0..72)
                    .map(|i| if i % 5 == 0 { 3 } else { n as u8 % 3 })
                    .collect(),
                ..gif::Frame::default()
            };
            encoder.write_frame(&frame).unwrap();
        }
    }
    let (expected, plays) = play_gif(&file);
    assert_eq!(plays, 1);
    for format in [Format::Png, Format::Gif] {
        let made = moved(&file, &[], format, Motion::default());
        assert!(made.alpha);
        let (shown, plays) = play(&made.body, format);
        assert_eq!(plays, 1, "{format:?}");
        assert_eq!(shown.len(), expected.len(), "{format:?}");
        for (n, (shown, expected)) in shown.iter().zip(&expected).enumerate() {
            assert_eq!(
                shown.picture.worst(&expected.picture),
                0,
                "{format:?}, frame {n}"
            );
        }
    }
}

#[test]
fn time_and_repeats_are_set() {
    let source = scenes(3);
    let motion = Motion {
        delay: Some(200),
        plays: Some(4),
        ..Motion::default()
    };
    for format in [Format::Gif, Format::WebP, Format::Png] {
        let (shown, plays) = play(&moved(&source, &[], format, motion.clone()).body, format);
        assert_eq!(plays, 4, "{format:?}");
        assert!(
            shown.iter().all(|shown| shown.milliseconds == 200),
            "{format:?}"
        );
    }
}

/// Frames keep their pictures and their time in any order, however few may be held.
#[test]
fn frames_are_shown_in_any_order() {
    let original = scenes(6);
    let formats = [Format::Gif, Format::WebP, Format::Png];
    for from in formats {
        let source = moved(&original, &[], from, Motion::default()).body;
        for (frames, hold) in [
            (vec![5, 4, 3, 2, 1, 0], 100),
            (vec![5, 4, 3, 2, 1, 0], 2),
            (vec![0, 1, 2, 3, 4, 5, 4, 3, 2, 1, 0], 3),
            (vec![1, 3, 4], 1),
            (vec![4, 1, 4, 0], 1),
            (vec![2], 1),
        ] {
            for to in formats {
                let motion = Motion {
                    order: Some(Order::new(frames.clone(), hold)),
                    ..Motion::default()
                };
                let made = moved(&source, &[], to, motion);
                assert!(!made.damaged);
                let (shown, _) = play(&made.body, to);
                assert_eq!(shown.len(), frames.len(), "{from:?} to {to:?}, {frames:?}");
                for (n, shown) in frames.iter().zip(&shown) {
                    assert_eq!(shown.milliseconds, 50 + n * 30, "{from:?} to {to:?}");
                    let off = shown.picture.mean(&scene(*n));
                    let allowed = tolerance(from) + tolerance(to) + 0.5;
                    assert!(off <= allowed, "{from:?} to {to:?}, frame {n}: {off}");
                }
            }
        }
    }
}

#[test]
fn a_broken_animation_is_shown_backwards_as_far_as_it_goes() {
    let source = scenes(6);
    let cut = &source[..source.len() * 2 / 3];
    for hold in [1, 2, 100] {
        let motion = Motion {
            order: Some(Order::new((0..6).rev().collect(), hold)),
            ..Motion::default()
        };
        let made = moved(cut, &[], Format::Gif, motion);
        let (shown, _) = play(&made.body, Format::Gif);
        let last = shown.last().unwrap();
        assert!((2..6).contains(&shown.len()), "{hold}: {}", shown.len());
        assert!(last.picture.mean(&scene(0)) < 1.0, "{hold}");
    }
}

#[test]
fn speed_scales_what_is_stored_or_asked_for() {
    // Stored or asked for, thousandths of the speed, shown.
    for (stored, delay, pace, shown) in [
        (100, None, 2000, 50),
        (100, None, 500, 200),
        (100, Some(300), 1500, 200),
        (30, None, 2000, 20),
        (10, None, 2000, 10),
        (0, None, 500, 0),
        (600_000, None, 500, 655_350),
    ] {
        let motion = Motion {
            delay,
            pace: Some(pace),
            ..Motion::default()
        };
        assert_eq!(motion.shown_for(stored), shown, "{stored} at {pace}");
    }
}

#[test]
fn a_frame_that_changes_nothing_is_not_written_again() {
    let same: Vec<(Picture, u16)> = [0, 0, 0, 2].map(|n| (scene(n), 10)).to_vec();
    let source = gif_of(&same, gif::Repeat::Finite(2));
    for format in [Format::Gif, Format::WebP] {
        let (shown, plays) = play(&moved(&source, &[], format, Motion::default()).body, format);
        let times: Vec<u32> = shown.iter().map(|shown| shown.milliseconds).collect();
        assert_eq!((times, plays), (vec![300, 100], 3), "{format:?}");
    }
}

#[test]
fn an_animation_that_ends_early_is_played_as_far_as_it_goes() {
    let source = scenes(6);
    let cut = &source[..source.len() * 2 / 3];
    for format in [Format::Gif, Format::WebP, Format::Png] {
        let made = moved(cut, &[], format, Motion::default());
        let (shown, _) = play(&made.body, format);
        assert!(
            (2..6).contains(&shown.len()) || format == Format::Png,
            "{format:?}"
        );
        assert!(shown[0].picture.mean(&scene(0)) < 4.0);
    }
    assert!(moved(cut, &[], Format::WebP, Motion::default()).damaged);
}

#[test]
fn photographs_share_a_palette() {
    let photo = |n: u32| Picture::gradient(90, 60 + n);
    let mut file = Vec::new();
    {
        let mut encoder = gif::Encoder::new(&mut file, 90, 60, &[]).unwrap();
        for n in 0..5 {
            let mut pixels: Vec<u8> = photo(n).rgba();
            pixels.truncate(90 * 60 * 4);
            let frame = gif::Frame::from_rgba_speed(90, 60, &mut pixels, 10);
            encoder.write_frame(&frame).unwrap();
        }
    }
    let made = moved(&file, &[], Format::Gif, Motion::default());
    let mut decoder = gif::Decoder::new(&made.body[..]).unwrap();
    while let Some(frame) = decoder.read_next_frame().unwrap() {
        assert!(frame.palette.is_none());
    }
    let (shown, _) = play(&made.body, Format::Gif);
    let (before, _) = play(&file, Format::Gif);
    for (shown, before) in shown.iter().zip(&before) {
        let off = shown.picture.mean(&before.picture);
        assert!(off < 6.0, "{off}");
    }
}
