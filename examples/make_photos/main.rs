//! Renders the demo's pictures, laid out as a Cloudinary backup bucket.
//!
//! ```text
//! cargo run --release --example make_photos                    # all, to examples/photos
//! cargo run --release --example make_photos -- /tmp/out logo   # those whose public id contains "logo"
//! ```
//!
//! Every picture is computed: no photograph, no font and no texture is read. On one machine two runs write the same
//! bytes; another processor's `sin` may move a few pixels. The whole set takes two to three minutes of CPU time on two threads.
//!
//! | public id | what it is for |
//! |---|---|
//! | `sample` | two versions: a quay by day, and the older one at nightfall |
//! | `folder/photo` | a mountain lake at 12 MP, to measure with |
//! | `people/portrait` | a face in the upper half, for `c_thumb` and `c_fill,g_north` |
//! | `summer café/still life 1+1` | a name that must be escaped in a URL |
//! | `rotated` | lies on its side, EXIF orientation 6 sets it upright |
//! | `release-1.2` | a dot in the name that is no extension |
//! | `logo` | PNG with transparency |
//! | `animated/lighthouse` | animated GIF |
//! | `docs/readme.txt` | a raw file |

mod bust;
mod canvas;
mod city;
mod facades;
mod files;
mod font;
mod fruit;
mod harbour;
mod leaf;
mod lighthouse;
mod logo;
mod math;
mod mountains;
mod portrait;
mod roofs;
mod shops;
mod still_life;

use canvas::Canvas;
use files::Picture;
use harbour::Hour;
use std::error::Error;
use std::path::PathBuf;

/// Sizes in pixels, as stored.
const SAMPLE: (usize, usize) = (1920, 1080);
const PHOTO: (usize, usize) = (4000, 3000);
const PORTRAIT: (usize, usize) = (1000, 1250);
const STILL_LIFE: (usize, usize) = (1200, 900);
const CITY_UPRIGHT: (usize, usize) = (1080, 1440);
const LEAF: (usize, usize) = (1350, 900);
const LOGO: (usize, usize) = (960, 320);
const LIGHTHOUSE: (usize, usize) = (360, 270);
/// JPEG quality, and that of the 12 MP picture.
const QUALITY: u8 = 86;
const PHOTO_QUALITY: u8 = 82;
/// Time of a frame of the animation, in 1/100 s.
const FRAME_DELAY: u16 = 8;

const README: &str = "\
This folder is the demo of cldgate: pictures rendered by examples/make_photos,
laid out as Cloudinary writes a backup bucket:

  <resource type>/upload/<public id>/<version>.<format>

A raw file, like this one, keeps its extension in its public id and has none
in its version. The newest version of an asset is the one with the largest
number. Point an origin of kind `cloudinary_backup` at a folder like this one.
";

/// A stored file under `res/demo` and what renders it.
struct Asset {
    path: &'static str,
    render: fn() -> Picture,
}

fn jpeg(canvas: &Canvas, exposure: f32, vignette: f32, quality: u8) -> Picture {
    Picture::Jpeg {
        w: canvas.w,
        h: canvas.h,
        rgb: canvas.develop(exposure, vignette),
        quality,
        orientation: 1,
    }
}

fn street() -> Picture {
    let (w, h) = CITY_UPRIGHT;
    let rgb = city::lay_down(&city::render(w, h).develop(1.0, 0.35), w, h);
    Picture::Jpeg {
        w: h,
        h: w,
        rgb,
        quality: QUALITY,
        orientation: 6,
    }
}

fn animation() -> Picture {
    let (w, h) = LIGHTHOUSE;
    let (palette, frames) = lighthouse::render(w, h);
    Picture::Gif {
        w,
        h,
        palette,
        frames,
        delay: FRAME_DELAY,
    }
}

const ASSETS: [Asset; 10] = [
    Asset {
        path: "image/upload/sample/1312461204.jpg",
        render: || {
            jpeg(
                &harbour::render(SAMPLE.0, SAMPLE.1, &Hour::day()),
                0.75,
                0.25,
                QUALITY,
            )
        },
    },
    Asset {
        path: "image/upload/sample/1300000000.jpg",
        render: || {
            jpeg(
                &harbour::render(SAMPLE.0, SAMPLE.1, &Hour::nightfall()),
                1.0,
                0.3,
                QUALITY,
            )
        },
    },
    Asset {
        path: "image/upload/folder/photo/1312461204.jpg",
        render: || {
            jpeg(
                &mountains::render(PHOTO.0, PHOTO.1),
                0.8,
                0.25,
                PHOTO_QUALITY,
            )
        },
    },
    Asset {
        path: "image/upload/people/portrait/1371281596.jpg",
        render: || {
            jpeg(
                &portrait::render(PORTRAIT.0, PORTRAIT.1),
                0.8,
                0.35,
                QUALITY,
            )
        },
    },
    Asset {
        path: "image/upload/summer café/still life 1+1/1406030400.jpg",
        render: || {
            jpeg(
                &still_life::render(STILL_LIFE.0, STILL_LIFE.1),
                1.05,
                0.35,
                QUALITY,
            )
        },
    },
    Asset {
        path: "image/upload/rotated/1417392000.jpg",
        render: street,
    },
    Asset {
        path: "image/upload/release-1.2/1436486400.jpg",
        render: || jpeg(&leaf::render(LEAF.0, LEAF.1), 0.8, 0.35, QUALITY),
    },
    Asset {
        path: "image/upload/logo/1451606400.png",
        render: || Picture::Png {
            w: LOGO.0,
            h: LOGO.1,
            rgba: logo::render(LOGO.0, LOGO.1),
        },
    },
    Asset {
        path: "image/upload/animated/lighthouse/1475280000.gif",
        render: animation,
    },
    Asset {
        path: "raw/upload/docs/readme.txt/1483228800",
        render: || Picture::Raw(README.into()),
    },
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let folder = args.next().map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/photos"),
        PathBuf::from,
    );
    let only = args.next().unwrap_or_default();
    for asset in ASSETS.iter().filter(|a| a.path.contains(&only)) {
        println!(
            "{}",
            (asset.render)().write(&folder.join("res/demo").join(asset.path))?
        );
    }
    Ok(())
}
