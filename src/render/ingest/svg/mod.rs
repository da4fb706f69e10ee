//! SVG: drawn at the size that is wanted, with nothing fetched.

mod clean;
mod embedded;
mod lacks;
mod root;

use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Indent, Options, Tree, WriteOptions, fontdb, roxmltree};

use super::{Decoded, Packed, Request, raster};
use crate::plan::{Facts, Size};
use crate::render::error::Error;
use crate::render::probe::drawing_text;
use crate::render::raster::{ColourSpace, Layout};
use crate::spec::Format;

/// Drawings nest; both parser and painter follow them by recursion. This is enough for the deepest
/// that the parser lets through.
const STACK: usize = 64 << 20;

/// What browsers have where a drawing names no size of letters.
const FONT_SIZE: f32 = 16.0;

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

/// Size in pixels of the drawing's own.
pub(in crate::render) fn describe(bytes: &[u8]) -> Result<Size, Error> {
    apart(|| Ok(size(&parse(bytes)?.tree)))
}

/// What a drawing asks for and is not drawn, or otherwise than asked.
pub(in crate::render) fn lacks(bytes: &[u8]) -> Vec<&'static str> {
    drawing_text(bytes).map_or_else(|_| Vec::new(), |text| lacks::of(&text))
}

/// The drawing written anew from what is drawn of it, and its size in pixels.
pub(in crate::render) fn sanitized(bytes: &[u8]) -> Result<(String, Size), Error> {
    apart(|| {
        let tree = parse(bytes)?.tree;
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
        if !clean::only_shows(&written) {
            return Err(bad(
                "it cannot be written without what may do more than show",
            ));
        }
        Ok((written, size(&tree)))
    })
}

/// Draws what the first resampling wants, at its size.
pub(super) fn decode(bytes: &[u8], facts: &Facts, request: &Request) -> Result<Decoded, Error> {
    apart(|| {
        let Parsed { tree, lacking } = parse(bytes)?;
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
            (scale.0 * stretch(tree.size().width())) as f32,
            0.0,
            0.0,
            (scale.1 * stretch(tree.size().height())) as f32,
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
        Ok(Decoded {
            damaged: lacking,
            ..Decoded::packed(packed, ColourSpace::Srgb)
        })
    })
}

/// A drawing, and whether a picture inside it cannot be shown.
struct Parsed {
    tree: Tree,
    lacking: bool,
}

fn parse(bytes: &[u8]) -> Result<Parsed, Error> {
    let text = drawing_text(bytes)?;
    let embedded = embedded::Embedded::default();
    let options = Options {
        resources_dir: None,
        font_family: "DejaVu Sans".to_owned(),
        font_size: FONT_SIZE,
        fontdb: FONTS.clone(),
        image_href_resolver: embedded.resolver(),
        ..Options::default()
    };
    let settings = roxmltree::ParsingOptions {
        allow_dtd: true,
        ..roxmltree::ParsingOptions::default()
    };
    let document = roxmltree::Document::parse_with_options(&text, settings).map_err(bad)?;
    let tree = match root::mended(&text, document.root_element()) {
        None => Tree::from_xmltree(&document, &options),
        Some(mended) => Tree::from_str(&mended, &options),
    };
    let tree = tree.map_err(bad)?;
    drop(options);
    Ok(Parsed {
        tree,
        lacking: embedded.is_lacking(),
    })
}

/// Whole pixels of a side, rounded as browsers round the size of a picture; never none.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positive, and what is too large saturates"
)]
fn side(length: f32) -> u32 {
    (length.round() as u32).max(1)
}

fn size(tree: &Tree) -> Size {
    Size::new(side(tree.size().width()), side(tree.size().height()))
}

/// Where a side is rounded up, the drawing grows with it, or its last row would be pale.
/// What is rounded off is cut, as browsers do.
fn stretch(length: f32) -> f64 {
    (f64::from(side(length)) / f64::from(length)).max(1.0)
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
