//! What must hold for the JPEG decoder: shared by the fuzz targets and the test that replays their finds.

use cldgate_jpeg::{Model, Picture, Plane, Request, Scale, decode, decode_portable, recode};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use zune_jpeg::zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};

#[path = "coefficients.rs"]
pub mod coefficients;
use coefficients::{Coefficients, Noise};

/// Any bytes are decoded or refused, with and without vector instructions to the same planes, which have the
/// sizes they say and lie inside the picture.
pub fn survives(file: &[u8]) {
    for (scale, colour_alike) in Scale::ALL.into_iter().zip([true, false, true, false]) {
        let request = Request {
            columns: (3, 40),
            rows: (5, 70),
            scale,
            colour_alike,
            memory: 1 << 18,
        };
        let picture = decode(file, &request, &mut || false);
        assert!(picture == decode_portable(file, &request, &mut || false));
        let Ok(picture) = picture else { continue };
        for plane in &picture.planes {
            assert_eq!(plane.samples.len(), plane.width * plane.height);
            assert!(plane.width > 0 && plane.height > 0);
            assert!(plane.left * (plane.step.0 as usize) < picture.size.0 as usize);
            assert!(plane.top * (plane.step.1 as usize) < picture.size.1 as usize);
        }
    }
    recoded_agrees(file);
}

/// A file with tables of its own is shorter and the same picture.
fn recoded_agrees(file: &[u8]) {
    let Some(recoded) = recode(file, &mut || false) else {
        return;
    };
    assert!(recoded.len() < file.len());
    let shown = |file| decode(file, &Request::whole(Scale::Full), &mut || false);
    assert!(shown(&recoded) == shown(file));
}

const SAMPLINGS: [SamplingFactor; 6] = [
    SamplingFactor::F_1_1,
    SamplingFactor::F_2_1,
    SamplingFactor::F_1_2,
    SamplingFactor::F_2_2,
    SamplingFactor::F_4_1,
    SamplingFactor::F_1_4,
];

/// A file that an encoder makes of any settings and samples is shown as another decoder shows it, and at every
/// scale and for every part as the whole at full size is.
pub fn agrees(bytes: &[u8]) {
    let [
        width,
        height,
        quality,
        sampling,
        settings,
        interval,
        samples @ ..,
    ] = bytes
    else {
        return;
    };
    let (width, height) = (u16::from(width % 48) + 1, u16::from(height % 48) + 1);
    let grey = settings & 1 == 1;
    let channels = if grey { 1 } else { 3 };
    let count = usize::from(width) * usize::from(height) * channels;
    // Few bytes give a whole picture: each is used again, a little different.
    let samples: Vec<u8> = (0..count)
        .map(|n| match samples.len() {
            0 => 128,
            length => samples[n % length].wrapping_add((n / length) as u8),
        })
        .collect();
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, quality % 100 + 1);
    encoder.set_sampling_factor(SAMPLINGS[usize::from(*sampling) % SAMPLINGS.len()]);
    let mut scans_apart = false;
    match settings >> 1 & 3 {
        0 => encoder.set_progressive_scans(settings >> 3 & 15 | 2),
        // The encoder's own tables do not know of restarts: together they make unsound files.
        1 if interval % 16 == 0 => {
            encoder.set_optimized_huffman_tables(true);
            scans_apart = !grey;
        }
        _ => {}
    }
    if interval % 16 > 0 {
        encoder.set_restart_interval(u16::from(interval % 16));
    }
    let colours = if grey {
        ColorType::Luma
    } else {
        ColorType::Ycbcr
    };
    let Ok(()) = encoder.encode(&samples, width, height, colours) else {
        return;
    };
    let full = decode(&file, &Request::whole(Scale::Full), &mut || false).expect("a sound file");
    recoded_agrees(&file);
    assert!(
        !full.damaged,
        "{width}x{height} {sampling} {settings} {interval}"
    );
    // The other decoder misreads files sampled by four, and sequential ones with a scan for each component.
    if sampling % 6 < 4 && !scans_apart {
        light_agrees(&file, &full, channels);
    }
    for scale in Scale::ALL {
        scaled_agrees(&file, &full, scale);
    }
}

/// Samplings of the components of pictures made of coefficients.
const MIXED: [&[(usize, usize)]; 12] = [
    &[(1, 1)],
    &[(1, 1), (1, 1), (1, 1)],
    &[(2, 2), (1, 1), (1, 1)],
    &[(2, 1), (1, 1), (1, 1)],
    &[(1, 2), (1, 1), (1, 1)],
    &[(4, 1), (1, 1), (2, 1)],
    &[(1, 2), (1, 4), (1, 1)],
    &[(2, 2), (2, 1), (1, 2)],
    &[(4, 4), (1, 2), (2, 1)],
    &[(2, 1), (1, 1), (1, 1), (2, 1)],
    &[(3, 1), (1, 1), (1, 1)],
    &[(3, 2), (1, 2), (3, 1)],
];

/// A picture made of coefficients is shown alike from a sequential file, from one with its
/// components apart, and from a progressive one with any script, with and without restarts: at
/// every scale, undamaged, and as the other decoder shows it.
pub fn twins_agree(bytes: &[u8]) {
    let [
        width,
        height,
        sampling,
        settings,
        interval,
        seed,
        content @ ..,
    ] = bytes
    else {
        return;
    };
    let mut noise = Noise(u64::from(*seed) << 8 | u64::from(*settings));
    let (picture, interval) = made([*width, *height, *sampling, *settings, *interval], content);
    let samplings = MIXED[usize::from(*sampling) % MIXED.len()];
    let size = picture.size;
    let script = picture.script(&mut noise);
    let files = [
        picture.sequential(&picture.scans(), 0, &mut noise),
        picture.sequential(&picture.scans_apart(), interval, &mut noise),
        picture.progressive(&script, 0, &mut noise),
        picture.progressive(&script, interval, &mut noise),
    ];
    for scale in Scale::ALL {
        let [first, others @ ..] = files.each_ref().map(|file| {
            let shown = decode(file, &Request::whole(scale), &mut || false).expect("a sound file");
            assert!(
                !shown.damaged,
                "{size:?} {samplings:?} {interval} {script:?}"
            );
            shown
        });
        let alike = others.iter().all(|other| *other == first);
        assert!(alike, "{size:?} {samplings:?} {interval} {script:?}");
    }
    recoded_agrees(&files[0]);
    if usize::from(*sampling) % MIXED.len() < 5 {
        let full = decode(&files[3], &Request::whole(Scale::Full), &mut || false);
        light_agrees(&files[3], &full.expect("a sound file"), samplings.len());
    }
}

/// A picture of coefficients, and after how many MCUs a restart marker stands.
pub fn made(settings: [u8; 5], content: &[u8]) -> (Coefficients, usize) {
    let [width, height, sampling, settings, interval] = settings;
    // One side may be long: runs of ended blocks are as long as the picture.
    let long = usize::from(settings & 3 == 3) * 400;
    let size = (
        1 + usize::from(width % 64) + long,
        1 + usize::from(height % 64),
    );
    let mut steps = [1 + u16::from(settings >> 4); 64];
    if settings & 4 > 0 {
        steps = std::array::from_fn(|k| 1 + k as u16 / 2);
    }
    let samplings = MIXED[usize::from(sampling) % MIXED.len()];
    let mut picture = Coefficients::new(size, samplings, steps);
    fill(&mut picture, content);
    let interval = if settings & 8 > 0 { interval.into() } else { 0 };
    (picture, interval)
}

/// Content for a picture of coefficients: each byte says what becomes of the next block. Most are
/// flat or have a little more than the one before, as smooth pictures do; sums stay where no
/// decoder cuts in the middle.
fn fill(picture: &mut Coefficients, content: &[u8]) {
    let mut bytes = content.iter().copied().cycle();
    let mut next = || bytes.next().unwrap_or(0);
    let step = i32::from(picture.steps[63].max(picture.steps[0]));
    for component in &mut picture.components {
        let mut mean = 0;
        for block in &mut component.blocks {
            let kind = next();
            mean = (mean + i32::from(kind & 15) - 7).clamp(-900 / step, 900 / step);
            block[0] = mean as i16;
            let count = match kind >> 4 {
                0..=7 => 0,
                8..=11 => 1,
                12..=14 => 5,
                _ => 60,
            };
            let mut left = 1500 / step;
            for _ in 0..count {
                let (place, value) = (next(), next());
                let size = (1 << (value & 7)) + i32::from(value >> 3 & 15) % (1 << (value & 7));
                if size > left {
                    break;
                }
                left -= size;
                let signed = if value > 127 { -size } else { size };
                block[1 + usize::from(place) % 63] = signed as i16;
            }
        }
    }
}

/// The other decoder's samples of light are ours within a rounding.
fn light_agrees(file: &[u8], full: &Picture, channels: usize) {
    let [light, ..] = full.planes.as_slice() else {
        panic!("no planes");
    };
    let colours = if full.model == Model::Grey {
        ColorSpace::Luma
    } else {
        ColorSpace::YCbCr
    };
    let options = DecoderOptions::default().jpeg_set_out_colorspace(colours);
    let other = zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(file), options).decode();
    // It knows fewer samplings than we do.
    let Ok(other) = other else { return };
    for (ours, theirs) in light.samples.iter().zip(other.chunks(channels)) {
        assert!(
            ours.abs_diff(theirs[0]) <= 3,
            "{ours} and {}, {}x{}",
            theirs[0],
            light.width,
            light.height
        );
    }
}

/// A scaled picture is the mean of what it stands for, as far as its edges and the sharpness of what it cannot
/// show let it; a part of it is just that.
fn scaled_agrees(file: &[u8], full: &Picture, scale: Scale) {
    let small = decode(file, &Request::whole(scale), &mut || false).expect("a sound file");
    let (width, height) = full.size;
    let request = Request {
        columns: (width / 3, width / 3 + 9),
        rows: (height / 2, height),
        ..Request::whole(scale)
    };
    let part = decode(file, &request, &mut || false).expect("a sound file");
    for ((small, full), part) in small.planes.iter().zip(&full.planes).zip(&part.planes) {
        let side = scale.reduction() as usize;
        assert_eq!(small.width, full.width.div_ceil(side));
        assert_eq!(small.height, full.height.div_ceil(side));
        for y in 0..part.height {
            for x in 0..part.width {
                assert_eq!(at(part, x, y), at(small, x + part.left, y + part.top));
            }
        }
        if scale == Scale::Eighth {
            means_agree(small, full);
        }
    }
}

/// The mean of a block is its first coefficient: they agree where no sample was cut at black or white.
fn means_agree(small: &Plane, full: &Plane) {
    for y in 0..full.height / 8 {
        for x in 0..full.width / 8 {
            let block = (0..64).map(|n| at(full, x * 8 + n % 8, y * 8 + n / 8));
            let (mut sum, mut cut) = (0, false);
            for sample in block {
                sum += u32::from(sample);
                cut |= sample == 0 || sample == 255;
            }
            let mean = f64::from(sum) / 64.0;
            assert!(cut || (f64::from(at(small, x, y)) - mean).abs() <= 1.5);
        }
    }
}

fn at(plane: &Plane, x: usize, y: usize) -> u8 {
    plane.samples[y * plane.width + x]
}
