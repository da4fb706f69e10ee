//! Pictures against a second decoder, and against themselves at other scales.

use cldgate_jpeg::{Model, Picture, Plane, Request, Scale, decode, decode_portable};
use jpeg_encoder::{ChromaSubsamplingMethod, ColorType, SamplingFactor};
use zune_jpeg::zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};

use super::sources::{SAMPLINGS, SIDES, slopes, waves};

/// Decodes with and without vector instructions, which must be one.
pub fn decoded(file: &[u8], request: &Request) -> Picture {
    let picture = decode(file, request, &mut || false).unwrap();
    let portable = decode_portable(file, request, &mut || false).unwrap();
    assert_same(&picture, &portable, "portable");
    picture
}

/// Without printing samples where they differ.
fn assert_same(a: &Picture, b: &Picture, what: &str) {
    assert_eq!(
        (a.size, a.model, a.damaged),
        (b.size, b.model, b.damaged),
        "{what}"
    );
    assert!(a.planes == b.planes, "{what}: samples differ");
}

fn whole(file: &[u8], scale: Scale) -> Picture {
    decoded(file, &Request::whole(scale))
}

/// The components of a file, interleaved and all at full size, by the other decoder.
fn other(file: &[u8], colours: ColorSpace) -> Vec<u8> {
    let options = DecoderOptions::default().jpeg_set_out_colorspace(colours);
    zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(file), options)
        .decode()
        .unwrap()
}

fn at(plane: &Plane, x: usize, y: usize) -> u8 {
    plane.samples[y * plane.width + x]
}

/// Mean and largest difference of a plane and a channel of interleaved samples, each sample of the plane
/// against the mean of the pixels that it stands for.
fn difference(
    plane: &Plane,
    size: (usize, usize),
    channel: usize,
    of: usize,
    other: &[u8],
) -> (f64, f64) {
    let step = (plane.step.0 as usize, plane.step.1 as usize);
    let (mut sum, mut worst) = (0.0, 0.0_f64);
    for y in 0..plane.height {
        for x in 0..plane.width {
            let xs = (x + plane.left) * step.0..((x + plane.left + 1) * step.0).min(size.0);
            let ys = (y + plane.top) * step.1..((y + plane.top + 1) * step.1).min(size.1);
            let count = (xs.len() * ys.len()) as f64;
            assert!(count > 0.0, "a sample that stands for nothing");
            let total: u64 = ys
                .flat_map(|y| xs.clone().map(move |x| (y * size.0 + x) * of + channel))
                .map(|index| u64::from(other[index]))
                .sum();
            let off = (f64::from(at(plane, x, y)) - total as f64 / count).abs();
            sum += off;
            worst = worst.max(off);
        }
    }
    (sum / (plane.width * plane.height).max(1) as f64, worst)
}

#[test]
fn light_is_what_the_other_decoder_gives_at_every_size() {
    for width in SIDES {
        for height in SIDES {
            for sampling in [
                SamplingFactor::F_1_1,
                SamplingFactor::F_2_2,
                SamplingFactor::F_2_1,
            ] {
                let file = waves(width, height, ColorType::Rgb)
                    .file(90, |encoder| encoder.set_sampling_factor(sampling));
                let picture = whole(&file, Scale::Full);
                assert_eq!(picture.model, Model::YCbCr);
                assert!(!picture.damaged);
                let size = (usize::from(width), usize::from(height));
                let [light, ..] = picture.planes.as_slice() else {
                    panic!("no planes");
                };
                assert_eq!((light.width, light.height), size);
                let (mean, worst) = difference(light, size, 0, 3, &other(&file, ColorSpace::YCbCr));
                assert!(
                    worst <= 2.0 && mean < 0.3,
                    "{width}x{height} {sampling:?}: {mean} {worst}"
                );
            }
        }
    }
}

/// Against the picture itself: the other decoder misreads some of the rarer samplings.
#[test]
fn colours_are_those_of_the_source_at_every_sampling() {
    for sampling in SAMPLINGS {
        for (width, height) in [(67, 45), (64, 64), (33, 80)] {
            let source = slopes(width, height, ColorType::Ycbcr);
            let file = source.file(97, |encoder| {
                encoder.set_sampling_factor(sampling);
                encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
            });
            let picture = whole(&file, Scale::Full);
            let size = (usize::from(width), usize::from(height));
            for (channel, plane) in picture.planes.iter().enumerate() {
                let (mean, worst) = difference(plane, size, channel, 3, &source.samples);
                assert!(
                    mean < 1.5 && worst < 12.0,
                    "{width}x{height} {sampling:?} {channel}: {mean} {worst}"
                );
            }
        }
    }
}

#[test]
fn grey_and_inks() {
    let file = waves(67, 45, ColorType::Luma).file(90, |_| {});
    let picture = whole(&file, Scale::Full);
    assert_eq!(picture.model, Model::Grey);
    let (mean, worst) = difference(
        &picture.planes[0],
        (67, 45),
        0,
        1,
        &other(&file, ColorSpace::Luma),
    );
    assert!(worst <= 2.0 && mean < 0.3, "{mean} {worst}");
    for (colours, model) in [
        (ColorType::Cmyk, Model::Cmyk),
        (ColorType::CmykAsYcck, Model::Ycck),
    ] {
        let file = waves(67, 45, colours).file(90, |_| {});
        let picture = whole(&file, Scale::Full);
        assert_eq!(picture.model, model);
        assert_eq!(picture.planes.len(), 4);
    }
}

/// What a scale makes of a plane at full size is near the means of its samples.
#[test]
fn every_scale_is_the_picture_made_smaller() {
    for sampling in SAMPLINGS {
        for (width, height) in [(67, 45), (64, 64), (1, 1), (90, 131)] {
            let file = slopes(width, height, ColorType::Rgb)
                .file(95, |encoder| encoder.set_sampling_factor(sampling));
            let full = whole(&file, Scale::Full);
            for scale in Scale::ALL {
                let small = whole(&file, scale);
                for (plane, full) in small.planes.iter().zip(&full.planes) {
                    let reduction = scale.reduction() as usize;
                    assert_eq!(plane.width, full.width.div_ceil(reduction));
                    assert_eq!(plane.height, full.height.div_ceil(reduction));
                    // The last sample of a side may stand for the filling of its block too.
                    let inner = cut(plane, full.width / reduction, full.height / reduction);
                    let relative = Plane {
                        step: (scale.reduction(), scale.reduction()),
                        ..inner
                    };
                    let size = (full.width, full.height);
                    let (mean, worst) = difference(&relative, size, 0, 1, &full.samples);
                    assert!(
                        mean < 3.0 && worst < 12.0,
                        "{width}x{height} {sampling:?} {scale:?}: {mean} {worst}"
                    );
                }
            }
        }
    }
}

/// The top left of a plane.
fn cut(plane: &Plane, width: usize, height: usize) -> Plane {
    let rows = plane.samples.chunks(plane.width).take(height);
    Plane {
        width,
        height,
        samples: rows.flat_map(|row| &row[..width]).copied().collect(),
        ..plane.clone()
    }
}

/// Whole blocks have no filling: the mean of a block is just that.
#[test]
fn an_eighth_is_the_mean_of_each_block() {
    let file = waves(128, 64, ColorType::Luma).file(92, |_| {});
    let (full, small) = (whole(&file, Scale::Full), whole(&file, Scale::Eighth));
    let relative = Plane {
        step: (8, 8),
        ..small.planes[0].clone()
    };
    let (_, worst) = difference(&relative, (128, 64), 0, 1, &full.planes[0].samples);
    assert!(worst <= 1.0, "{worst}");
}

#[test]
fn a_part_is_cut_out_of_the_whole() {
    for sampling in SAMPLINGS {
        let file = waves(203, 150, ColorType::Rgb)
            .file(90, |encoder| encoder.set_sampling_factor(sampling));
        for scale in Scale::ALL {
            let full = whole(&file, scale);
            for (columns, rows) in [
                ((50, 60), (30, 100)),
                ((0, 1), (149, 150)),
                ((90, 203), (0, 9)),
            ] {
                let request = Request {
                    columns,
                    rows,
                    ..Request::whole(scale)
                };
                let part = decoded(&file, &request);
                for (part, full) in part.planes.iter().zip(&full.planes) {
                    let covers =
                        |start: usize, length: usize, step: u32, asked: (u32, u32), side: u32| {
                            let (from, to) = (start as u32 * step, (start + length) as u32 * step);
                            from <= asked.0 && to.min(side) >= asked.1
                        };
                    assert!(covers(part.left, part.width, part.step.0, columns, 203));
                    assert!(covers(part.top, part.height, part.step.1, rows, 150));
                    for y in 0..part.height {
                        for x in 0..part.width {
                            assert_eq!(at(part, x, y), at(full, x + part.left, y + part.top));
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn restart_markers_change_nothing() {
    let source = waves(131, 67, ColorType::Rgb);
    for sampling in SAMPLINGS {
        let plain = source.file(90, |encoder| encoder.set_sampling_factor(sampling));
        for interval in [1, 2, 3, 7, 100] {
            let marked = source.file(90, |encoder| {
                encoder.set_sampling_factor(sampling);
                encoder.set_restart_interval(interval);
            });
            for scale in Scale::ALL {
                assert_same(
                    &whole(&plain, scale),
                    &whole(&marked, scale),
                    &format!("{sampling:?} {interval}"),
                );
            }
        }
    }
}

#[test]
fn a_scan_for_each_component_changes_nothing() {
    let source = waves(131, 67, ColorType::Rgb);
    for sampling in SAMPLINGS {
        let plain = source.file(90, |encoder| encoder.set_sampling_factor(sampling));
        let apart = source.file(90, |encoder| {
            encoder.set_sampling_factor(sampling);
            encoder.set_optimized_huffman_tables(true);
        });
        for scale in Scale::ALL {
            assert_same(
                &whole(&plain, scale),
                &whole(&apart, scale),
                &format!("{sampling:?}"),
            );
        }
    }
}

/// A progressive file holds the coefficients of the sequential one, in another order.
#[test]
fn progressive_files_show_the_same() {
    for colours in [ColorType::Rgb, ColorType::Luma, ColorType::Cmyk] {
        let source = waves(131, 67, colours);
        for sampling in SAMPLINGS {
            let set = |encoder: &mut jpeg_encoder::Encoder<&mut Vec<u8>>| {
                encoder.set_sampling_factor(sampling);
            };
            let plain = source.file(90, set);
            for scans in [2, 5, 16] {
                for interval in [0, 5] {
                    let progressive = source.file(90, |encoder| {
                        set(encoder);
                        encoder.set_progressive_scans(scans);
                        if interval > 0 {
                            encoder.set_restart_interval(interval);
                        }
                    });
                    for scale in Scale::ALL {
                        assert_same(
                            &whole(&plain, scale),
                            &whole(&progressive, scale),
                            &format!("{colours:?} {sampling:?} {scans} {interval} {scale:?}"),
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn a_part_of_a_progressive_file() {
    let source = waves(203, 150, ColorType::Rgb);
    for sampling in SAMPLINGS {
        let set = |encoder: &mut jpeg_encoder::Encoder<&mut Vec<u8>>| {
            encoder.set_sampling_factor(sampling);
        };
        let plain = source.file(90, set);
        let progressive = source.file(90, |encoder| {
            set(encoder);
            encoder.set_progressive(true);
        });
        for scale in Scale::ALL {
            let request = Request {
                columns: (100, 150),
                rows: (40, 90),
                ..Request::whole(scale)
            };
            assert_same(
                &decoded(&plain, &request),
                &decoded(&progressive, &request),
                &format!("{sampling:?} {scale:?}"),
            );
        }
    }
}

/// libjpeg's usual script refines coefficients bit by bit. Its files of one picture, made by one program with
/// one quality, hold the same coefficients.
#[test]
fn refined_files_show_the_same() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files");
    for kind in ["420", "422", "444", "grey"] {
        let read = |name: &str| std::fs::read(folder.join(format!("{name}-{kind}.jpg"))).unwrap();
        let (plain, progressive) = (read("sequential"), read("progressive"));
        for scale in Scale::ALL {
            for (columns, rows) in [((0, 83), (0, 61)), ((20, 40), (17, 30))] {
                let request = Request {
                    columns,
                    rows,
                    ..Request::whole(scale)
                };
                assert_same(
                    &decoded(&plain, &request),
                    &decoded(&progressive, &request),
                    &format!("{kind} {scale:?}"),
                );
            }
        }
    }
}
