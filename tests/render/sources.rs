//! Generated pictures, plans for them, and second decoders to look at results with.

use cldgate::plan::{self, Encode, Frames, RasterPlan, Region, Size, Step};
use cldgate::render::{self, Budget, Rendered};
use cldgate::spec::{Chroma, Format};

/// Formats that are written by a build with all features.
pub const WRITTEN: [Format; 8] = [
    Format::Jpeg,
    Format::Png,
    Format::WebP,
    Format::Avif,
    Format::Gif,
    Format::Bmp,
    Format::Tiff,
    Format::Ico,
];

/// RGBA pixels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    pub size: Size,
    pub pixels: Vec<[u8; 4]>,
}

impl Picture {
    pub fn new(width: u32, height: u32, colour: impl Fn(u32, u32) -> [u8; 4]) -> Self {
        let pixels = (0..height)
            .flat_map(|y| (0..width).map(move |x| (x, y)))
            .map(|(x, y)| colour(x, y))
            .collect();
        Self {
            size: Size::new(width, height),
            pixels,
        }
    }

    /// Red grows to the right, green downwards, blue falls: no two corners alike.
    pub fn gradient(width: u32, height: u32) -> Self {
        let part = |n: u32, of: u32| u8::try_from(n * 255 / of.max(2).saturating_sub(1)).unwrap();
        Self::new(width, height, |x, y| {
            let (r, g) = (part(x, width), part(y, height));
            [r, g, 255 - r / 2 - g / 2, 255]
        })
    }

    /// A filled circle on nothing.
    pub fn circle(side: u32) -> Self {
        let middle = f64::from(side) / 2.0;
        Self::new(side, side, |x, y| {
            let far = (f64::from(x) + 0.5 - middle).hypot(f64::from(y) + 0.5 - middle);
            if far < middle * 0.8 {
                [220, 60, 20, 255]
            } else {
                [0, 0, 0, 0]
            }
        })
    }

    pub fn at(&self, x: u32, y: u32) -> [u8; 4] {
        self.pixels[(y * self.size.width + x) as usize]
    }

    pub fn rgb(&self) -> Vec<u8> {
        self.pixels
            .iter()
            .flat_map(|p| [p[0], p[1], p[2]])
            .collect()
    }

    pub fn rgba(&self) -> Vec<u8> {
        self.pixels.iter().flatten().copied().collect()
    }

    /// As PNG, by the crate itself and not by ours.
    pub fn png(&self) -> Vec<u8> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, self.size.width, self.size.height);
        encoder.set_color(png::ColorType::Rgba);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(&self.rgba()).unwrap();
        writer.finish().unwrap();
        file
    }

    /// As a PNG with no more channels than the picture needs.
    pub fn plain_png(&self) -> Vec<u8> {
        let opaque = self.pixels.iter().all(|p| p[3] == 255);
        let grey = self.pixels.iter().all(|p| p[0] == p[1] && p[1] == p[2]);
        let (kind, data) = match (opaque, grey) {
            (true, true) => (
                png::ColorType::Grayscale,
                self.pixels.iter().map(|p| p[0]).collect(),
            ),
            (true, false) => (png::ColorType::Rgb, self.rgb()),
            (false, _) => return self.png(),
        };
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, self.size.width, self.size.height);
        encoder.set_color(kind);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(&data).unwrap();
        writer.finish().unwrap();
        file
    }

    /// The largest difference of any sample; pixels invisible in both are equal.
    pub fn worst(&self, other: &Self) -> u8 {
        assert_eq!(self.size, other.size);
        self.pixels
            .iter()
            .zip(&other.pixels)
            .filter(|(a, b)| a[3] > 0 || b[3] > 0)
            .flat_map(|(a, b)| a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)))
            .max()
            .unwrap_or(0)
    }

    /// The mean difference of all samples.
    pub fn mean(&self, other: &Self) -> f64 {
        assert_eq!(self.size, other.size);
        let sum: u64 = self
            .pixels
            .iter()
            .zip(&other.pixels)
            .filter(|(a, b)| a[3] > 0 || b[3] > 0)
            .flat_map(|(a, b)| a.iter().zip(b).map(|(a, b)| u64::from(a.abs_diff(*b))))
            .sum();
        sum as f64 / (self.pixels.len() * 4) as f64
    }
}

pub fn encode(format: Format, quality: u8) -> Encode {
    Encode {
        chroma: Chroma::Full,
        ..Encode::new(format, quality)
    }
}

pub fn plan(source: Size, steps: &[Step], encode: Encode) -> RasterPlan {
    let (window, steps) = plan::fold(source, steps.to_vec());
    RasterPlan {
        source,
        window,
        frames: Frames::One(0),
        steps,
        encode,
        scaling: plan::Scaling::default(),
    }
}

/// The whole of a picture scaled.
pub fn scaled(from: Size, to: Size) -> Step {
    Step::Resample {
        from: Region {
            x: 0.0,
            y: 0.0,
            width: from.width.into(),
            height: from.height.into(),
        },
        to,
    }
}

/// Probes, plans and runs.
pub fn run(file: &[u8], steps: &[Step], how: Encode) -> Result<Rendered, render::Error> {
    let facts = render::probe(file)?;
    render::run(&plan(facts.size, steps, how), file, &Budget::unlimited())
}

/// The same for one frame, counted from 0.
pub fn run_frame(
    file: &[u8],
    frame: u32,
    steps: &[Step],
    how: Encode,
) -> Result<Rendered, render::Error> {
    let facts = render::probe(file)?;
    let plan = RasterPlan {
        frames: Frames::One(frame),
        ..plan(facts.size, steps, how)
    };
    render::run(&plan, file, &Budget::unlimited())
}

/// Steps over a picture, seen through PNG.
pub fn through_png(picture: &Picture, steps: &[Step]) -> Picture {
    let rendered = run(&picture.png(), steps, encode(Format::Png, 80)).unwrap();
    let seen = open(&rendered.body, Format::Png);
    assert_eq!(seen.size, rendered.size);
    seen
}

/// A file through another decoder than the renderer's, where there is one.
pub fn open(file: &[u8], format: Format) -> Picture {
    match format {
        // Of files with a scan for each component this decoder reads only 4:4:4 rightly (0.5.15).
        Format::Jpeg => {
            let options = zune_jpeg::zune_core::options::DecoderOptions::default()
                .jpeg_set_out_colorspace(zune_jpeg::zune_core::colorspace::ColorSpace::RGB);
            let cursor = zune_jpeg::zune_core::bytestream::ZCursor::new(file);
            let mut decoder = zune_jpeg::JpegDecoder::new_with_options(cursor, options);
            let pixels = decoder.decode().unwrap();
            let (width, height) = decoder.dimensions().unwrap();
            let size = Size::new(width as u32, height as u32);
            let pixels = pixels.chunks(3).map(|p| [p[0], p[1], p[2], 255]).collect();
            Picture { size, pixels }
        }
        Format::Png => {
            let mut decoder = png::Decoder::new(std::io::Cursor::new(file));
            decoder.set_transformations(
                png::Transformations::normalize_to_color8() | png::Transformations::ALPHA,
            );
            let mut reader = decoder.read_info().unwrap();
            let mut buffer = vec![0; reader.output_buffer_size().unwrap()];
            let info = reader.next_frame(&mut buffer).unwrap();
            let pixels = match info.color_type {
                png::ColorType::Rgba => {
                    buffer.chunks(4).map(|p| [p[0], p[1], p[2], p[3]]).collect()
                }
                png::ColorType::GrayscaleAlpha => {
                    buffer.chunks(2).map(|p| [p[0], p[0], p[0], p[1]]).collect()
                }
                other => panic!("{other:?}"),
            };
            Picture {
                size: Size::new(info.width, info.height),
                pixels,
            }
        }
        Format::Bmp | Format::Tiff | Format::Ico => {
            let kind = match format {
                Format::Bmp => image::ImageFormat::Bmp,
                Format::Tiff => image::ImageFormat::Tiff,
                _ => image::ImageFormat::Ico,
            };
            let picture = image::load_from_memory_with_format(file, kind)
                .unwrap()
                .into_rgba8();
            Picture {
                size: Size::new(picture.width(), picture.height()),
                pixels: picture.pixels().map(|p| p.0).collect(),
            }
        }
        Format::WebP => {
            let mut decoder = image_webp::WebPDecoder::new(std::io::Cursor::new(file)).unwrap();
            let (width, height) = decoder.dimensions();
            let mut buffer = vec![0; decoder.output_buffer_size().unwrap()];
            decoder.read_image(&mut buffer).unwrap();
            let pixels = if decoder.has_alpha() {
                buffer.chunks(4).map(|p| [p[0], p[1], p[2], p[3]]).collect()
            } else {
                buffer.chunks(3).map(|p| [p[0], p[1], p[2], 255]).collect()
            };
            Picture {
                size: Size::new(width, height),
                pixels,
            }
        }
        Format::Gif => {
            let (shown, _) = super::animation::play(file, Format::Gif);
            shown.into_iter().next().unwrap().picture
        }
        // Read back by the renderer itself: no second decoder is among the dependencies.
        other => {
            assert_eq!(render::probe(file).unwrap().format, other);
            let rendered = run(file, &[], encode(Format::Png, 80)).unwrap();
            open(&rendered.body, Format::Png)
        }
    }
}

/// A PNG of samples as they are; `adjust` adds what else it says.
pub fn png_of(
    size: Size,
    colour: png::ColorType,
    depth: png::BitDepth,
    data: &[u8],
    adjust: impl FnOnce(&mut png::Info<'static>),
) -> Vec<u8> {
    let mut info = png::Info::with_size(size.width, size.height);
    info.color_type = colour;
    info.bit_depth = depth;
    adjust(&mut info);
    let mut file = Vec::new();
    let mut writer = png::Encoder::with_info(&mut file, info)
        .unwrap()
        .write_header()
        .unwrap();
    writer.write_image_data(data).unwrap();
    writer.finish().unwrap();
    file
}
