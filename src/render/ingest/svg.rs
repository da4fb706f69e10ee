//! SVG: drawn at the size that is wanted, with nothing fetched.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{
    ImageHrefResolver, ImageKind, Indent, Options, Tree, WriteOptions, fontdb, roxmltree,
};

use super::{Decoded, Packed, Request, raster};
use crate::plan::{Facts, Size};
use crate::render::error::Error;
use crate::render::raster::{ColourSpace, Layout};
use crate::spec::Format;

/// Drawings nest; both parser and painter follow them by recursion. This is enough for the deepest that
/// the parser lets through.
const STACK: usize = 64 << 20;

/// Pixels of all pictures inside a drawing together.
const MOST_EMBEDDED: u64 = 16_000_000;

/// Bytes of a drawing, unpacked.
const MOST_BYTES: usize = 16 << 20;

/// Bytes of a drawing that is written anew: texts have become outlines.
const MOST_WRITTEN: usize = 64 << 20;

/// The fonts of the system, and one family that is always there.
static FONTS: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::new();
    for face in [
        dejavu::sans::regular(),
        dejavu::sans::bold(),
        dejavu::sans::oblique(),
        dejavu::sans::bold_oblique(),
        dejavu::serif::regular(),
        dejavu::serif::bold(),
        dejavu::sans_mono::regular(),
        dejavu::sans_mono::bold(),
    ] {
        fonts.load_font_source(fontdb::Source::Binary(Arc::new(face)));
    }
    fonts.load_system_fonts();
    fonts.set_sans_serif_family("DejaVu Sans");
    fonts.set_serif_family("DejaVu Serif");
    fonts.set_monospace_family("DejaVu Sans Mono");
    fonts.set_cursive_family("DejaVu Sans");
    fonts.set_fantasy_family("DejaVu Sans");
    Arc::new(fonts)
});

fn bad(error: impl std::fmt::Display) -> Error {
    Error::bad(Format::Svg, error)
}

/// Size in pixels of the drawing's own, rounded up so that nothing is cut.
pub(in crate::render) fn describe(bytes: &[u8]) -> Result<Size, Error> {
    apart(|| Ok(size(&parse(bytes)?)))
}

/// The drawing written anew from what is drawn of it, and its size in pixels.
pub(in crate::render) fn sanitized(bytes: &[u8]) -> Result<(String, Size), Error> {
    apart(|| {
        let tree = parse(bytes)?;
        let written = tree.to_string(&WriteOptions {
            indent: Indent::None,
            ..WriteOptions::default()
        });
        if written.len() > MOST_WRITTEN {
            return Err(Error::OverLimit {
                what: "drawing in bytes",
                value: written.len() as u64,
                limit: MOST_WRITTEN as u64,
            });
        }
        if !only_shows(&written) {
            return Err(bad(
                "it cannot be written without what may do more than show",
            ));
        }
        Ok((written, size(&tree)))
    })
}

/// Elements that are not written where a drawing is cleaned: those that run, embed or lead away.
const ACTIVE: [&str; 9] = [
    "a",
    "animate",
    "embed",
    "foreignObject",
    "iframe",
    "object",
    "script",
    "set",
    "style",
];

/// Whether a drawing has nothing that runs and names nothing outside of itself. The writer makes such
/// drawings alone; this stands behind it.
fn only_shows(written: &str) -> bool {
    let Ok(document) = roxmltree::Document::parse(written) else {
        return false;
    };
    let inner = |value: &str| {
        let pictures = ["png", "jpg", "jpeg", "gif", "webp"];
        value.starts_with('#')
            || value
                .strip_prefix("data:image/")
                .and_then(|data| data.split_once(';'))
                .is_some_and(|(kind, _)| pictures.contains(&kind))
    };
    document.descendants().all(|node| {
        let element = !node.is_element() || !ACTIVE.contains(&node.tag_name().name());
        element
            && node.attributes().all(|attribute| match attribute.name() {
                "href" => inner(attribute.value()),
                name => !name.starts_with("on") && !attribute.value().contains("script:"),
            })
    })
}

/// Draws what the first resampling wants, at its size.
pub(super) fn decode(bytes: &[u8], facts: &Facts, request: &Request) -> Result<Decoded, Error> {
    apart(|| {
        let tree = parse(bytes)?;
        if size(&tree) != facts.size {
            return Err(bad("size differs between headers"));
        }
        let (from, to) = request
            .exact
            .unwrap_or_else(|| (crate::plan::Region::whole(facts.size), facts.size));
        let scale = (
            f64::from(to.width) / from.width,
            f64::from(to.height) / from.height,
        );
        let mut canvas =
            Pixmap::new(to.width, to.height).ok_or_else(|| bad("size out of range"))?;
        #[allow(
            clippy::cast_possible_truncation,
            reason = "the painter works in single precision"
        )]
        let transform = Transform::from_row(
            scale.0 as f32,
            0.0,
            0.0,
            scale.1 as f32,
            (-from.x * scale.0) as f32,
            (-from.y * scale.1) as f32,
        );
        resvg::render(&tree, transform, &mut canvas.as_mut());
        let pixels: Vec<[u8; 4]> = canvas
            .pixels()
            .iter()
            .map(|pixel| {
                let straight = pixel.demultiply();
                [
                    straight.red(),
                    straight.green(),
                    straight.blue(),
                    straight.alpha(),
                ]
            })
            .collect();
        let packed = Packed {
            raster: raster(Format::Svg, to, Layout::Rgba, pixels.into_flattened())?,
            origin: (from.x, from.y),
            scale,
        };
        Ok(Decoded::packed(packed, ColourSpace::Srgb))
    })
}

fn parse(bytes: &[u8]) -> Result<Tree, Error> {
    if bytes.len() > MOST_BYTES {
        return Err(Error::OverLimit {
            what: "drawing in bytes",
            value: bytes.len() as u64,
            limit: MOST_BYTES as u64,
        });
    }
    let embedded = AtomicU64::new(0);
    let options = Options {
        resources_dir: None,
        font_family: "DejaVu Sans".to_owned(),
        fontdb: FONTS.clone(),
        image_href_resolver: ImageHrefResolver {
            // Pictures inside the file, if they are not too large; never a drawing inside a drawing.
            resolve_data: Box::new(|_, data, _| {
                let facts = crate::render::probe(&data).ok()?;
                let pixels = facts.size.pixels();
                if embedded
                    .fetch_add(pixels, Ordering::Relaxed)
                    .saturating_add(pixels)
                    > MOST_EMBEDDED
                {
                    return None;
                }
                match facts.format {
                    Format::Jpeg => Some(ImageKind::JPEG(data)),
                    Format::Png => Some(ImageKind::PNG(data)),
                    Format::Gif => Some(ImageKind::GIF(data)),
                    Format::WebP => Some(ImageKind::WEBP(data)),
                    _ => None,
                }
            }),
            // No file and no address is followed.
            resolve_string: Box::new(|_, _| None),
        },
        ..Options::default()
    };
    Tree::from_data(bytes, &options).map_err(bad)
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positive, and what is too large saturates"
)]
fn size(tree: &Tree) -> Size {
    let side = |n: f32| n.ceil() as u32;
    Size::new(side(tree.size().width()), side(tree.size().height()))
}

/// Runs on a thread with room for deep drawings.
fn apart<T: Send>(work: impl FnOnce() -> Result<T, Error> + Send) -> Result<T, Error> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("svg".to_owned())
            .stack_size(STACK)
            .spawn_scoped(scope, work)
            .map_err(bad)?;
        thread
            .join()
            .unwrap_or_else(|_| Err(bad("the drawing library crashed on it")))
    })
}
