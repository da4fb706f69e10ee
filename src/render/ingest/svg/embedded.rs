//! Pictures inside drawings: those in the file itself, as many as is bearable. Nothing is fetched.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use resvg::usvg::{ImageHrefResolver, ImageKind, Options, Tree};

use crate::plan::{Encode, Facts, Frames, RasterPlan, Scaling, Step, Window};
use crate::render::probe::{self, drawing_text};
use crate::render::{Budget, Limits};
use crate::spec::{Format, Turn};

/// Pixels of all pictures inside a drawing together.
const MOST_PIXELS: u64 = 16_000_000;

/// Bytes of all drawings inside a drawing together, unpacked.
const MOST_BYTES: u64 = 16 << 20;

/// Drawings inside a drawing: each is painted on a canvas as large as the whole.
const MOST_DRAWINGS: u32 = 200;

/// How long all pictures inside a drawing may take.
const LONGEST: Duration = Duration::from_secs(5);

/// How deep drawings stand inside one another.
pub(super) const MOST_DEPTH: u32 = 4;

/// What the pictures inside a drawing have taken so far.
pub(super) struct Embedded {
    budget: Budget,
    pixels: AtomicU64,
    bytes: AtomicU64,
    drawings: AtomicU32,
    depth: AtomicU32,
    lacking: AtomicBool,
}

impl Default for Embedded {
    fn default() -> Self {
        let limits = Limits {
            source_pixels: MOST_PIXELS,
            picture_pixels: MOST_PIXELS,
            ..Limits::default()
        };
        Self {
            budget: Budget::lasting(LONGEST).with_limits(limits),
            pixels: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            drawings: AtomicU32::new(0),
            depth: AtomicU32::new(0),
            lacking: AtomicBool::new(false),
        }
    }
}

impl Embedded {
    pub fn resolver(&self) -> ImageHrefResolver<'_> {
        ImageHrefResolver {
            resolve_data: Box::new(|_, data, options| {
                let found = self.kind(data, options);
                self.lacking.fetch_or(found.is_none(), Relaxed);
                found
            }),
            // No file and no address is followed.
            resolve_string: Box::new(|_, _| None),
        }
    }

    /// Whether one of them cannot be shown.
    pub fn is_lacking(&self) -> bool {
        self.lacking.load(Relaxed)
    }

    fn kind(&self, data: Arc<Vec<u8>>, options: &Options<'_>) -> Option<ImageKind> {
        if crate::render::sniff(&data) == Some(Format::Svg) {
            return self.drawing(&data, options);
        }
        let facts = probe::probe(&data).ok()?;
        let pixels = facts.size.pixels();
        let before = self.pixels.fetch_add(pixels, Relaxed);
        if before.saturating_add(pixels) > MOST_PIXELS {
            return None;
        }
        match facts.format {
            _ if is_special(&data, &facts) => repainted(&data, &facts, &self.budget),
            Format::Jpeg => Some(ImageKind::JPEG(data)),
            Format::Png => Some(ImageKind::PNG(data)),
            Format::Gif => Some(ImageKind::GIF(data)),
            Format::WebP => Some(ImageKind::WEBP(data)),
            // What browsers show beside those.
            Format::Avif | Format::Bmp | Format::Ico => repainted(&data, &facts, &self.budget),
            _ => None,
        }
    }

    fn drawing(&self, data: &[u8], options: &Options<'_>) -> Option<ImageKind> {
        let text = drawing_text(data).ok()?;
        let length = text.len() as u64;
        let before = self.bytes.fetch_add(length, Relaxed);
        if before.saturating_add(length) > MOST_BYTES
            || self.drawings.fetch_add(1, Relaxed) >= MOST_DRAWINGS
            || self.depth.load(Relaxed) >= MOST_DEPTH
        {
            return None;
        }
        self.depth.fetch_add(1, Relaxed);
        // What stands in it comes back here, by way of these options.
        let tree = Tree::from_data_nested(text.as_bytes(), options);
        self.depth.fetch_sub(1, Relaxed);
        tree.ok().map(ImageKind::SVG)
    }
}

/// Whether a picture has colours or an orientation that the painter of drawings knows nothing of.
fn is_special(data: &[u8], facts: &Facts) -> bool {
    let colours = match facts.format {
        Format::Jpeg => probe::jpeg_segments(data).any(|(marker, body)| match marker {
            0xE2 => body.starts_with(b"ICC_PROFILE\0"),
            0xC0..=0xC2 => body.get(5) == Some(&4),
            _ => false,
        }),
        Format::Png => probe::png_chunks(data)
            .any(|(name, _)| matches!(name, b"iCCP" | b"gAMA" | b"cHRM" | b"cICP")),
        Format::WebP => probe::webp_profile(data).is_some(),
        _ => false,
    };
    colours || facts.orientation != Turn::NONE
}

/// The picture as a browser shows it, as PNG.
fn repainted(data: &[u8], facts: &Facts, budget: &Budget) -> Option<ImageKind> {
    let plan = RasterPlan {
        source: facts.size,
        window: Window::whole(facts.size),
        frames: Frames::One(0),
        steps: vec![Step::Turn(facts.orientation)],
        encode: Encode::new(Format::Png, 100),
        scaling: Scaling::default(),
    };
    let made = crate::render::run(&plan, data, budget).ok()?;
    Some(ImageKind::PNG(Arc::new(made.body.to_vec())))
}
