//! A picture as a JPEG file holds it: a plane for each component, each at its own resolution.
//!
//! Resampling planes instead of pixels leaves out a step and most of the samples: colour differences have
//! often a quarter of them, and only the few pixels that come out are converted.

use cldgate_jpeg::{Model, Picture, Plane};
use fast_image_resize::FilterType;

use super::{Layout, Raster, flat};
use crate::plan::{Region, Size};
use crate::render::budget::Budget;
use crate::render::error::Error;

/// Planes between a decoder and the first resampling.
pub(in crate::render) struct Planes {
    planes: Vec<Placed>,
    model: Model,
}

/// A plane and where it lies.
struct Placed {
    samples: Raster,
    /// Source pixels left of the plane and above it.
    origin: (f64, f64),
    /// Source pixels for each sample, along each side.
    step: (f64, f64),
}

impl Planes {
    /// `None` when a plane is not as large as it says.
    pub fn new(picture: Picture) -> Option<Self> {
        let planes = picture.planes.into_iter().map(Placed::new);
        Some(Self {
            planes: planes.collect::<Option<_>>()?,
            model: picture.model,
        })
    }

    /// Whether they are inks.
    pub const fn is_inks(&self) -> bool {
        matches!(self.model, Model::Cmyk | Model::Ycck)
    }

    /// Cuts `from`, in source pixels, out and scales it to `to`.
    ///
    /// # Errors
    ///
    /// [`Error::Resample`] and [`Error::OverLimit`], from the resampler; [`Error::Timeout`] and [`Error::Cancelled`].
    pub fn resampled(self, from: Region, to: Size, budget: &Budget) -> Result<Raster, Error> {
        let Self { planes, model } = self;
        let mut samples = planes
            .into_iter()
            .map(|plane| {
                budget.check()?;
                plane.resampled(from, to).map(Raster::into_pixels)
            })
            .collect::<Result<Vec<_>, _>>()?
            .into_iter();
        let (layout, pixels) = match (
            samples.next(),
            samples.next(),
            samples.next(),
            samples.next(),
        ) {
            (Some(light), None, ..) => (Layout::Grey, light),
            (Some(a), Some(b), Some(c), None) => {
                let pixels = interleaved([a, b, c]);
                let pixels = match model {
                    Model::YCbCr => flat(pixels.map(rgb)),
                    _ => flat(pixels),
                };
                budget.check()?;
                (Layout::Rgb, pixels)
            }
            (Some(a), Some(b), Some(c), Some(d)) => {
                // Files say how much of the paper is left, and we how much ink there is.
                let pixels = interleaved([a, b, c, d]).map(|[c, m, y, k]| {
                    let [c, m, y] = match model {
                        Model::Ycck => rgb([c, m, y]).map(|sample| 255 - sample),
                        _ => [c, m, y],
                    };
                    [c, m, y, k].map(|left| 255 - left)
                });
                (Layout::Cmyk, flat(pixels))
            }
            _ => return Err(mismatch()),
        };
        Raster::new(to, layout, pixels).ok_or_else(mismatch)
    }

    /// All that the planes show, at the resolution of the finest, and the region of the source that it is.
    ///
    /// # Errors
    ///
    /// Those of [`resampled`](Self::resampled).
    pub fn into_raster(self, budget: &Budget) -> Result<(Raster, Region), Error> {
        let finest = self
            .planes
            .iter()
            .min_by(|a, b| (a.step.0 * a.step.1).total_cmp(&(b.step.0 * b.step.1)))
            .ok_or_else(mismatch)?;
        let (origin, step, size) = (finest.origin, finest.step, finest.samples.size());
        let region = Region {
            x: origin.0,
            y: origin.1,
            width: f64::from(size.width) * step.0,
            height: f64::from(size.height) * step.1,
        };
        Ok((self.resampled(region, size, budget)?, region))
    }
}

impl Placed {
    fn new(plane: Plane) -> Option<Self> {
        let size = Size::new(
            u32::try_from(plane.width).ok()?,
            u32::try_from(plane.height).ok()?,
        );
        let step = (f64::from(plane.step.0), f64::from(plane.step.1));
        // A picture has at most 65,535 pixels along a side, which floats hold exactly.
        let left = f64::from(u32::try_from(plane.left).ok()?) * step.0;
        let top = f64::from(u32::try_from(plane.top).ok()?) * step.1;
        Some(Self {
            samples: Raster::new(size, Layout::Grey, plane.samples)?,
            origin: (left, top),
            step,
        })
    }

    fn resampled(self, from: Region, to: Size) -> Result<Raster, Error> {
        let region = Region {
            x: (from.x - self.origin.0) / self.step.0,
            y: (from.y - self.origin.1) / self.step.1,
            width: from.width / self.step.0,
            height: from.height / self.step.1,
        };
        // Colour between the samples lies on the line between them, as in every other decoder: a filter
        // with lobes would overshoot at the edges of colours.
        let enlarges = region.width < f64::from(to.width) || region.height < f64::from(to.height);
        let filter = if enlarges {
            FilterType::Bilinear
        } else {
            FilterType::Lanczos3
        };
        self.samples.resampled_by(region, to, filter)
    }
}

fn mismatch() -> Error {
    Error::Resample {
        reason: "planes are of different sizes".to_owned(),
    }
}

/// Samples of the same place side by side; of the shortest plane's length.
fn interleaved<const N: usize>(planes: [Vec<u8>; N]) -> impl Iterator<Item = [u8; N]> {
    let length = planes.iter().map(Vec::len).min().unwrap_or(0);
    (0..length).map(move |n| {
        std::array::from_fn(|plane| {
            planes
                .get(plane)
                .and_then(|samples| samples.get(n))
                .copied()
                .unwrap_or(0)
        })
    })
}

/// Light and differences to colours: full range, ITU-R BT.601, as JFIF says; sixteen bits behind the point.
fn rgb([light, blue, red]: [u8; 3]) -> [u8; 3] {
    let light = (i32::from(light) << 16) + (1 << 15);
    let (blue, red) = (i32::from(blue) - 128, i32::from(red) - 128);
    [
        light + 91_881 * red,
        light - 22_554 * blue - 46_802 * red,
        light + 116_130 * blue,
    ]
    .map(|sum| u8::try_from((sum >> 16).clamp(0, 255)).unwrap_or(255))
}

#[cfg(test)]
mod tests {
    use super::rgb;

    #[test]
    fn the_corners_of_the_colour_cube() {
        for (ycc, expected) in [
            ([0, 128, 128], [0, 0, 0]),
            ([255, 128, 128], [255, 255, 255]),
            ([76, 85, 255], [254, 0, 0]),
            ([150, 44, 21], [0, 255, 1]),
            ([29, 255, 107], [0, 0, 254]),
        ] {
            assert_eq!(rgb(ycc), expected);
        }
    }
}
