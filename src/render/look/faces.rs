//! Frontal faces, by the SeetaFace detector of the `rustface` crate and the model in its package.

use std::cell::RefCell;

use rustface::{Detector, ImageData};

use crate::plan::Region;
use crate::render::raster::Raster;

/// The model as it lies in the package; `build.rs` finds it there.
const MODEL: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/faces.bin"));

/// Smallest face that is looked for, as a part of the longest side: one in twenty.
const SMALLEST: u32 = 20;

/// The detector's own least.
const LEAST_PIXELS: u32 = 20;

/// Detections of less certainty are left out; the detector's own examples use 2.0.
const CERTAINTY: f64 = 2.0;

/// How much smaller each look at the picture is than the one before.
const STEP: f32 = 0.8;

thread_local! {
    /// One for each render thread: reading the model takes longer than a small picture.
    static DETECTOR: RefCell<Option<Box<dyn Detector>>> = const { RefCell::new(None) };
}

/// The faces of an RGB picture as shares of its sides, the largest first.
pub(super) fn find(picture: &Raster) -> Vec<Region> {
    let size = picture.size();
    let longest = size.width.max(size.height);
    let smallest = (longest / SMALLEST).max(LEAST_PIXELS);
    if size.width.min(size.height) < 2 * LEAST_PIXELS || picture.layout().bytes() != 3 {
        return Vec::new();
    }
    let (rgb, _) = picture.pixels().as_chunks::<3>();
    let grey: Vec<u8> = rgb
        .iter()
        .map(|&[r, g, b]| {
            let sum = 77 * u32::from(r) + 150 * u32::from(g) + 29 * u32::from(b);
            u8::try_from(sum >> 8).unwrap_or(u8::MAX)
        })
        .collect();
    // Taken out while it works: a detector that gave up half-way is not used again.
    let Some(mut detector) = DETECTOR.take().or_else(detector) else {
        return Vec::new();
    };
    detector.set_min_face_size(smallest);
    let found = detector.detect(&ImageData::new(&grey, size.width, size.height));
    DETECTOR.set(Some(detector));
    let (w, h) = (f64::from(size.width), f64::from(size.height));
    let mut faces: Vec<Region> = found
        .iter()
        .map(|face| {
            let area = face.bbox();
            let (x, y) = (f64::from(area.x()).max(0.0), f64::from(area.y()).max(0.0));
            Region {
                x: x / w,
                y: y / h,
                width: f64::from(area.width()).min(w - x) / w,
                height: f64::from(area.height()).min(h - y) / h,
            }
        })
        .filter(|face| face.width > 0.0 && face.height > 0.0)
        .collect();
    faces.sort_by(|a, b| (b.width * b.height).total_cmp(&(a.width * a.height)));
    faces
}

fn detector() -> Option<Box<dyn Detector>> {
    let model = rustface::read_model(MODEL).ok()?;
    let mut detector = rustface::create_detector_with_model(model);
    detector.set_score_thresh(CERTAINTY);
    detector.set_pyramid_scale_factor(STEP);
    detector.set_slide_window_step(4, 4);
    Some(detector)
}
