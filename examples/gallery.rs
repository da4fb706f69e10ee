//! Renders every chain of `tests/tables/*.tsv` whose second column names a picture, and puts the results
//! on one page that needs nothing else: `just gallery`, then open `target/gallery.html`.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a developer's tool that stops where something is wrong"
)]

use std::fmt::Write;
use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cldgate::dialect::{self, Rules};
use cldgate::plan::{self, Hints, Limits, Negotiated, Plan, Writable};
use cldgate::render::{self, Budget, Fonts, Sources};
use cldgate::spec::{Format, Quality};

/// What stands for the generated pictures of the tests, and how it is made small first.
const PICTURES: &[(&str, &str, &str)] = &[
    ("scene", "sample/1312461204.jpg", "c_fill,w_240,h_160"),
    (
        "grey",
        "people/portrait/1371281596.jpg",
        "c_fill,w_240,h_160/e_grayscale",
    ),
    ("badge", "logo/1451606400.png", "c_pad,w_240,h_160"),
    ("face", "people/portrait/1371281596.jpg", "c_fit,w_240"),
];

/// What is done to a face, on the portrait.
const FACES: &[&str] = &[
    "e_blur_faces",
    "e_blur_faces:1500",
    "e_pixelate_faces",
    "e_pixelate_faces:25",
    "e_blur_region:300,g_faces",
    "c_thumb,g_face,w_160,h_160",
    "c_fill,g_face,w_240,h_80",
];

/// A result as the text of a picture's address.
fn rendered(chain: &str, source: &[u8]) -> Result<(String, u32, u32), Box<dyn std::error::Error>> {
    let url = format!("/demo/image/upload/{chain}/f_webp,q_90/x");
    let (delivery, _) = dialect::interpret(&Rules::default(), &url)?;
    let rules = plan::Rules {
        limits: Limits::default(),
        quality: Quality::Fixed(90),
        writable: Writable([Format::WebP].into_iter().collect()),
        scaling: plan::Scaling::default(),
    };
    let facts = render::probe(source)?;
    let (negotiated, hints) = (Negotiated::default(), Hints::default());
    let (fonts, budget) = (Fonts::default(), Budget::unlimited());
    let sources = Sources::new(&[], &fonts, &budget).below(source);
    let spec = &delivery.spec;
    let plan = plan::make_with(spec, &facts, &sources, &negotiated, &hints, &rules)?;
    let Plan::Raster(plan) = plan else {
        return Err("the original".into());
    };
    let made = render::run_with(&plan, source, &sources, &budget)?;
    let text = STANDARD.encode(&made.body);
    Ok((
        format!("data:image/webp;base64,{text}"),
        made.size.width,
        made.size.height,
    ))
}

/// The golden pictures of layers and texts, each under its chain.
fn golden(root: &Path, page: &mut String) -> usize {
    let mut count = 0;
    for topic in ["layers", "texts"] {
        let table = root.join(format!("tests/tables/{topic}.tsv"));
        for line in fs::read_to_string(table).unwrap().lines() {
            let cells: Vec<&str> = line.split('\t').collect();
            let [name, size, chain] = cells[..] else {
                continue;
            };
            let file = root.join(format!("tests/golden/{topic}/{name}.png"));
            let Ok(picture) = fs::read(file) else {
                continue;
            };
            let text = STANDARD.encode(&picture);
            writeln!(
                page,
                "<figure><img src=\"data:image/png;base64,{text}\" alt=\"\"><figcaption>{chain} \
                 <small>{size}</small></figcaption></figure>"
            )
            .unwrap();
            count += 1;
        }
    }
    count
}

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut page = String::from(
        "<!doctype html><meta charset=utf-8><title>Gallery</title><style>\
         body{font:13px sans-serif;background:#cdd8cd;display:flex;flex-wrap:wrap;gap:10px}\
         figure{margin:0;max-width:260px}figcaption{overflow-wrap:anywhere}\
         img{max-width:260px;background:repeating-conic-gradient(#bbb 0 25%,#ddd 0 50%) 0/16px 16px}\
         </style>",
    );
    let mut tables: Vec<_> = fs::read_dir(root.join("tests/tables"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    tables.sort();
    let mut lines: Vec<String> = FACES.iter().map(|chain| format!("{chain}\tface")).collect();
    for table in tables {
        let text = fs::read_to_string(table).unwrap();
        lines.extend(text.lines().map(String::from));
    }
    let mut count = 0;
    for line in &lines {
        let mut columns = line.split('\t');
        let (Some(chain), Some(name)) = (columns.next(), columns.next()) else {
            continue;
        };
        let Some((_, file, small)) = PICTURES.iter().find(|(word, ..)| *word == name) else {
            continue;
        };
        let photos = root.join("examples/photos/res/demo/image/upload");
        let source = fs::read(photos.join(file)).unwrap();
        match rendered(&format!("{small}/{chain}"), &source) {
            Ok((address, width, height)) => writeln!(
                page,
                "<figure><img src=\"{address}\" alt=\"\"><figcaption>{chain} \
                 <small>{width}x{height}</small></figcaption></figure>"
            )
            .unwrap(),
            Err(error) => writeln!(page, "<figure>{chain}: {error}</figure>").unwrap(),
        }
        count += 1;
    }
    count += golden(root, &mut page);
    let path = root.join("target/gallery.html");
    fs::write(&path, page).unwrap();
    println!("{count} pictures on {}", path.display());
}
