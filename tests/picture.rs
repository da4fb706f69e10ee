//! Whole pictures for tests: a chain over generated sources, and golden pictures to hold it against.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use bytes::Bytes;
use cldgate::dialect::{self, CloudRule, Rules};
use cldgate::plan::{self, Hints, Limits, Negotiated, Plan, Writable};
use cldgate::render::{self, Budget, Fonts, Sources};
use cldgate::spec::{AssetRef, Format, Quality};
use smallvec::smallvec;

use crate::render::sources::{Picture, open};

/// The fonts that come along: the same everywhere.
pub static FONTS: LazyLock<Fonts> = LazyLock::new(Fonts::default);

/// What became of a chain, and what was noted while it was drawn.
pub struct Made {
    pub picture: Picture,
    pub notes: Vec<String>,
    /// What the steps took, layers' own decoding left out.
    pub transform: std::time::Duration,
}

/// Reads a chain, plans it over a source and follows the plan, as a gateway would.
pub fn make(
    rules: &Rules,
    chain: &str,
    source: &Picture,
    assets: &dyn Fn(&AssetRef) -> Option<Vec<u8>>,
    fonts: &Fonts,
) -> Result<Made, String> {
    let url = format!("/demo/image/upload/{chain}/v1/base.png");
    let rules = Rules {
        cloud: CloudRule::InPath,
        ..rules.clone()
    };
    let delivery = dialect::read(&rules, &url).map_err(|error| error.to_string())?;
    let stored: Vec<_> = delivery
        .spec
        .layers()
        .into_iter()
        .map(|asset| (asset.clone(), assets(asset).map(Bytes::from)))
        .collect();
    let file = source.png();
    let facts = render::probe(&file).map_err(|error| error.to_string())?;
    let plan_rules = plan::Rules {
        limits: Limits::default(),
        quality: Quality::default(),
        writable: Writable(smallvec![Format::Png]),
        scaling: plan::Scaling::default(),
    };
    let budget = Budget::unlimited();
    let sources = Sources::new(&stored, fonts, &budget);
    let (negotiated, hints) = (Negotiated::default(), Hints::default());
    let plan = plan::make_with(
        &delivery.spec,
        &facts,
        &sources,
        &negotiated,
        &hints,
        &plan_rules,
    )
    .map_err(|error| error.to_string())?;
    let Plan::Raster(plan) = plan else {
        return Ok(Made {
            picture: source.clone(),
            notes: Vec::new(),
            transform: std::time::Duration::ZERO,
        });
    };
    let rendered =
        render::run_with(&plan, &file, &sources, &budget).map_err(|error| error.to_string())?;
    let notes = sources
        .into_notes()
        .into_iter()
        .map(|(_, note)| note.into_owned())
        .collect();
    Ok(Made {
        picture: open(&rendered.body, Format::Png),
        notes,
        transform: rendered.timings.transform,
    })
}

fn golden(topic: &str, name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(topic)
        .join(format!("{name}.png"))
}

/// Why a picture is not its golden one: exactly its size, every sample nearly the same. With
/// `UPDATE_GOLDEN` it becomes the golden one.
pub fn differs(topic: &str, name: &str, picture: &Picture) -> Option<String> {
    /// Mean difference of all samples that rounding may make.
    const MEAN: f64 = 0.4;
    /// Largest difference of one.
    const WORST: u8 = 40;
    let path = golden(topic, name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, picture.png()).expect("a golden picture");
    }
    let Ok(file) = std::fs::read(&path) else {
        return Some(format!("{name}: there is no golden picture"));
    };
    let kept = open(&file, Format::Png);
    if kept.size != picture.size {
        return Some(format!("{name}: {:?}, not {:?}", picture.size, kept.size));
    }
    let (mean, worst) = (picture.mean(&kept), picture.worst(&kept));
    (mean > MEAN || worst > WORST).then(|| format!("{name}: mean {mean:.2}, worst {worst}"))
}
