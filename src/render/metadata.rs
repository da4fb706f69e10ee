//! What a file says beside its picture: author and place, density, the colour profile. Taken from the
//! source and put into the result, as far as both formats have a place for it.

mod exif;
mod path;
mod read;
mod write;

pub(super) use path::of_mask;

use crate::plan::Encode;
use crate::spec::{Format, Metadata};

/// What a file carries, each in the form that all formats share.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Carried {
    /// A TIFF block.
    exif: Option<Vec<u8>>,
    /// An XML packet.
    xmp: Option<Vec<u8>>,
    /// Photoshop's image resources, which hold IPTC records; only JPEG has a place for them.
    iptc: Option<Vec<u8>>,
    /// An ICC profile.
    profile: Option<Vec<u8>>,
    /// Dots per inch.
    density: Option<u16>,
}

/// The most that is carried of any one kind: what fits into one segment of a JPEG.
const MOST: usize = 65_000;

/// What a finished file is to carry that its source's metadata does not tell.
#[derive(Debug, Default)]
pub(super) struct Made {
    /// The profile, where the samples are not sRGB.
    pub profile: Option<Vec<u8>>,
    /// A clipping path, as Photoshop's image resources.
    pub path: Option<Vec<u8>>,
}

/// Puts into a finished file what of its source's metadata is to be kept, the density, what was made for
/// it, and the profile.
pub(super) fn carry(
    file: Vec<u8>,
    how: &Encode,
    source: &[u8],
    format: Format,
    made: Made,
) -> Vec<u8> {
    let mut carried = match how.metadata {
        Metadata::Strip => Carried::default(),
        Metadata::Keep => {
            let mut all = read::read(source, format);
            all.exif = all.exif.map(exif::upright);
            all
        }
        Metadata::Attribution => Carried {
            exif: read::read(source, format)
                .exif
                .and_then(|block| exif::attribution(&block)),
            ..Carried::default()
        },
    };
    if let Some(path) = made.path {
        carried.iptc = Some(path::joined(carried.iptc, path));
    }
    let fits = |bytes: &Vec<u8>| bytes.len() <= MOST;
    carried.exif = carried.exif.filter(fits);
    carried.xmp = carried.xmp.filter(fits);
    carried.iptc = carried.iptc.filter(fits);
    carried.density = how.density;
    carried.profile = made.profile.or_else(|| how.profile.then(srgb).flatten());
    if carried == Carried::default() {
        return file;
    }
    write::write(file, how.format, &carried)
}

/// The profile of sRGB.
fn srgb() -> Option<Vec<u8>> {
    moxcms::ColorProfile::new_srgb().encode().ok()
}
