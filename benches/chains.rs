//! What benchmarks of transformations share: a generated picture, and a chain of URL components done on it.

use bytes::Bytes;
use cldgate::dialect::{self, Rules};
use cldgate::plan::{self, Hints, Limits, Negotiated, Plan, Writable};
use cldgate::render::{self, Budget, Fonts, Rendered, Sources};
use cldgate::spec::{Format, Quality};

const WRITABLE: [Format; 7] = [
    Format::Jpeg,
    Format::Png,
    Format::WebP,
    Format::Avif,
    Format::Gif,
    Format::Tiff,
    Format::Bmp,
];

/// Samples enough for every picture here.
const PIXELS: u64 = 1 << 30;

/// A bitmap file. `colour` gives a pixel's red, green and blue, capped at 255, for its place and a grain of 0 to 15.
pub fn bitmap(width: u32, height: u32, colour: impl Fn(u32, u32, u32) -> [u32; 3]) -> Vec<u8> {
    let mut noise = 1_u32;
    let mut pixels = Vec::with_capacity((width * height * 3) as usize);
    for y in 0..height {
        for x in 0..width {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let rgb = colour(x, y, noise >> 28);
            pixels.extend(rgb.map(|v| u8::try_from(v.min(255)).unwrap()));
        }
    }
    let mut file = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_raw(width, height, pixels)
        .unwrap()
        .write_to(&mut file, image::ImageFormat::Bmp)
        .unwrap();
    file.into_inner()
}

/// Does a chain on a file; `layer` stands for every layer that it names. `None` where it cannot be rendered, or was cancelled.
pub fn render(chain: &str, source: &[u8], layer: &Bytes, budget: &Budget) -> Option<Rendered> {
    let url = format!("/demo/image/upload/{chain}/x");
    let (delivery, _) = dialect::interpret(&Rules::default(), &url).unwrap();
    let rules = plan::Rules {
        limits: Limits {
            output_pixels: PIXELS,
            source_pixels: PIXELS,
            ..Limits::default()
        },
        quality: Quality::Fixed(80),
        writable: Writable(WRITABLE.into_iter().collect()),
        scaling: plan::Scaling::default(),
    };
    let asked = delivery.spec.layers();
    let stored: Vec<_> = asked
        .into_iter()
        .map(|asset| (asset.clone(), Some(layer.clone())))
        .collect();
    let fonts = Fonts::default();
    let sources = Sources::new(&stored, &fonts, budget).below(source);
    let facts = render::probe(source).unwrap();
    let (negotiated, hints) = (Negotiated::default(), Hints::default());
    let spec = &delivery.spec;
    let plan = plan::make_with(spec, &facts, &sources, &negotiated, &hints, &rules).ok()?;
    let Plan::Raster(plan) = plan else {
        panic!("{chain}: the original");
    };
    render::run_with(&plan, source, &sources, budget).ok()
}
