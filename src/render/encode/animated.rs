//! Frames to a file that moves: one kind of animator for each format.

use super::apng::Apng;
use super::gif_animated::MovingGif;
use super::webp_animated::MovingWebP;
use crate::plan::{Encode, Size};
use crate::render::budget::Budget;
use crate::render::error::Error;
use crate::render::raster::{Layout, Raster};
use crate::spec::Format;

/// What is known before the first frame.
#[derive(Clone, Copy, Debug)]
pub(in crate::render) struct Settings {
    pub size: Size,
    /// How often all frames are played; 0 for ever.
    pub plays: u16,
    /// Frames that the source promises.
    pub frames: u32,
}

/// Takes frames and makes a file of them.
pub(in crate::render) enum Animator {
    WebP(MovingWebP),
    Gif(MovingGif),
    Png(Apng),
}

impl Animator {
    /// `seen` are some of the frames to come, for the formats that need to know their colours.
    pub fn new(settings: Settings, how: &Encode, seen: &[Raster]) -> Result<Self, Error> {
        Ok(match how.format {
            Format::WebP => Self::WebP(MovingWebP::new(settings, how)),
            Format::Gif => Self::Gif(MovingGif::new(settings, how, seen)?),
            Format::Png => Self::Png(Apng::new(settings)?),
            format => return Err(Error::NoCodec { format }),
        })
    }

    /// Adds a frame that is shown for `delay` milliseconds.
    pub fn add(&mut self, frame: &Raster, delay: u32, budget: &Budget) -> Result<(), Error> {
        match self {
            Self::WebP(webp) => webp.add(frame, delay, budget),
            Self::Gif(gif) => gif.add(frame, delay),
            Self::Png(png) => png.add(frame, delay),
        }
    }

    /// The file, and whether anything in it is transparent.
    pub fn finish(self, budget: &Budget) -> Result<(Vec<u8>, bool), Error> {
        match self {
            Self::WebP(webp) => webp.finish(budget),
            Self::Gif(gif) => gif.finish(),
            Self::Png(png) => png.finish(),
        }
    }
}

/// Pixels as RGBA, whatever the frame has.
pub(super) fn rgba(frame: &Raster, into: &mut Vec<[u8; 4]>) {
    into.clear();
    match frame.layout() {
        Layout::Grey => into.extend(frame.pixels().iter().map(|&v| [v, v, v, 255])),
        Layout::Rgb => {
            let (rgb, _) = frame.pixels().as_chunks::<3>();
            into.extend(rgb.iter().map(|&[r, g, b]| [r, g, b, 255]));
        }
        Layout::Rgba | Layout::Cmyk => into.extend(frame.pixels().as_chunks::<4>().0),
    }
}

/// A rectangle of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub left: usize,
    pub top: usize,
    pub width: usize,
    pub height: usize,
}

impl Part {
    pub const fn whole(size: Size) -> Self {
        Self {
            left: 0,
            top: 0,
            width: size.width as usize,
            height: size.height as usize,
        }
    }

    /// The smallest part that holds every pixel in which two frames differ; `None` where they are alike.
    pub fn changed(before: &[[u8; 4]], after: &[[u8; 4]], width: usize) -> Option<Self> {
        let width = width.max(1);
        let rows = || before.chunks_exact(width).zip(after.chunks_exact(width));
        let top = rows().position(|(a, b)| a != b)?;
        let bottom = rows().rposition(|(a, b)| a != b)? + 1;
        let (mut left, mut right) = (width, 0);
        for (a, b) in rows().take(bottom).skip(top) {
            let differs = |(x, y): (&[u8; 4], &[u8; 4])| x != y;
            // Only what lies outside the part known so far is looked at.
            let head = a.iter().zip(b).take(left);
            if let Some(at) = head.map(differs).position(|differs| differs) {
                left = at;
            }
            let tail = a.iter().zip(b).skip(right);
            if let Some(at) = tail.map(differs).rposition(|differs| differs) {
                right += at + 1;
            }
        }
        Some(Self {
            left,
            top,
            width: right.saturating_sub(left),
            height: bottom - top,
        })
    }

    /// Its rows in a frame of this width.
    pub fn rows<T>(self, frame: &[T], width: usize) -> impl Iterator<Item = &[T]> + Clone {
        frame
            .chunks_exact(width.max(1))
            .skip(self.top)
            .take(self.height)
            .filter_map(move |row| row.get(self.left..self.left + self.width))
    }
}
