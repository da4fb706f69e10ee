//! Writing pictures: JPEG with optimised tables and an orientation, PNG, GIF.

use std::borrow::Cow;
use std::error::Error;
use std::path::Path;

/// What a scene hands over to be written.
pub enum Picture {
    /// 8-bit RGB, and the EXIF orientation it shall carry.
    Jpeg {
        w: usize,
        h: usize,
        rgb: Vec<u8>,
        quality: u8,
        orientation: u8,
    },
    /// 8-bit RGBA, straight alpha.
    Png { w: usize, h: usize, rgba: Vec<u8> },
    /// Palette indices per frame, one palette for all, 1/100 s per frame.
    Gif {
        w: usize,
        h: usize,
        palette: Vec<u8>,
        frames: Vec<Vec<u8>>,
        delay: u16,
    },
    /// Anything else.
    Raw(Vec<u8>),
}

impl Picture {
    /// The encoded file.
    pub fn encode(&self) -> Result<Vec<u8>, Box<dyn Error>> {
        let mut out = Vec::new();
        match self {
            Picture::Jpeg {
                w,
                h,
                rgb,
                quality,
                orientation,
            } => {
                let mut e = jpeg_encoder::Encoder::new(&mut out, *quality);
                e.set_sampling_factor(jpeg_encoder::SamplingFactor::R_4_2_0);
                e.set_optimized_huffman_tables(true);
                if *orientation > 1 {
                    e.add_exif_metadata(&exif(*orientation))?;
                }
                e.encode(
                    rgb,
                    u16::try_from(*w)?,
                    u16::try_from(*h)?,
                    jpeg_encoder::ColorType::Rgb,
                )?;
            }
            Picture::Png { w, h, rgba } => {
                let mut e = png::Encoder::new(&mut out, u32::try_from(*w)?, u32::try_from(*h)?);
                e.set_color(png::ColorType::Rgba);
                e.set_depth(png::BitDepth::Eight);
                e.set_compression(png::Compression::High);
                e.write_header()?.write_image_data(rgba)?;
            }
            Picture::Gif {
                w,
                h,
                palette,
                frames,
                delay,
            } => {
                let (w, h) = (u16::try_from(*w)?, u16::try_from(*h)?);
                let mut e = gif::Encoder::new(&mut out, w, h, palette)?;
                e.set_repeat(gif::Repeat::Infinite)?;
                for (before, now) in std::iter::once(&[][..])
                    .chain(frames.iter().map(Vec::as_slice))
                    .zip(frames)
                {
                    e.write_frame(&changed(before, now, w, h, *delay))?;
                }
            }
            Picture::Raw(bytes) => out.extend_from_slice(bytes),
        }
        Ok(out)
    }

    /// Writes the file and returns one line about it.
    pub fn write(&self, path: &Path) -> Result<String, Box<dyn Error>> {
        let bytes = self.encode()?;
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, &bytes)?;
        let size = match self {
            Picture::Jpeg { w, h, .. } | Picture::Png { w, h, .. } => format!("{w}x{h}"),
            Picture::Gif { w, h, frames, .. } => format!("{w}x{h}, {} frames", frames.len()),
            Picture::Raw(_) => String::new(),
        };
        Ok(format!(
            "{:>9} bytes  {size:<22} {}",
            bytes.len(),
            path.display()
        ))
    }
}

/// A TIFF header with one entry: tag 0x0112, orientation.
fn exif(orientation: u8) -> Vec<u8> {
    let mut t = b"II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    t.extend_from_slice(&[orientation, 0, 0, 0, 0, 0, 0, 0]);
    t
}

/// A frame that holds only the rectangle that changed: a still background is stored once.
fn changed(before: &[u8], now: &[u8], w: u16, h: u16, delay: u16) -> gif::Frame<'static> {
    let (wide, high) = (usize::from(w), usize::from(h));
    let differs = |i: usize| before.get(i) != now.get(i);
    let (mut x0, mut x1, mut y0, mut y1) = (wide, 0, high, 0);
    for i in (0..wide * high).filter(|&i| differs(i)) {
        (x0, x1) = (x0.min(i % wide), x1.max(i % wide + 1));
        (y0, y1) = (y0.min(i / wide), y1.max(i / wide + 1));
    }
    if x0 >= x1 {
        (x0, x1, y0, y1) = (0, 1, 0, 1);
    }
    let buffer: Vec<u8> = now
        .chunks(wide)
        .take(y1)
        .skip(y0)
        .flat_map(|row| row.iter().take(x1).skip(x0).copied())
        .collect();
    let small = |v: usize| u16::try_from(v).unwrap_or(0);
    gif::Frame {
        delay,
        dispose: gif::DisposalMethod::Keep,
        left: small(x0),
        top: small(y0),
        width: small(x1 - x0),
        height: small(y1 - y0),
        buffer: Cow::Owned(buffer),
        ..gif::Frame::default()
    }
}
