//! The one EXIF tag that changes what is seen.

use super::bytes::{be16, be32, index, le16, le32};
use crate::spec::Turn;

const ORIENTATION: u16 = 0x0112;
const SHORT: u16 = 3;

/// The orientation that a TIFF block (the body of an EXIF segment) names in its first directory.
/// A block that is damaged or names none stands upright, as viewers have it.
pub(super) fn orientation(block: &[u8]) -> Turn {
    find(block).map_or(Turn::NONE, turn)
}

fn find(block: &[u8]) -> Option<u16> {
    let big = match block.get(..4)? {
        b"II*\0" => false,
        b"MM\0*" => true,
        _ => return None,
    };
    let u16_at = |at| {
        if big {
            be16(block, at)
        } else {
            le16(block, at)
        }
    };
    let directory = index(if big { be32(block, 4) } else { le32(block, 4) }?);
    let entries = usize::from(u16_at(directory)?);
    (0..entries)
        .map_while(|n| directory.checked_add(2 + n * 12))
        .find(|&at| {
            u16_at(at) == Some(ORIENTATION) && at.checked_add(2).and_then(u16_at) == Some(SHORT)
        })
        .and_then(|at| u16_at(at.checked_add(8)?))
}

/// EXIF's eight values: where row 0 and column 0 of the stored picture are seen.
pub(super) fn turn(value: u16) -> Turn {
    let (mirror, quarters) = match value {
        2 => (true, 0),
        3 => (false, 2),
        4 => (true, 2),
        5 => (true, 3),
        6 => (false, 1),
        7 => (true, 1),
        8 => (false, 3),
        _ => (false, 0),
    };
    Turn { mirror, quarters }
}
