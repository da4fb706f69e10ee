//! The scan header: which components a scan is about, and in a progressive frame which bits of them.

use crate::error::Error;
use crate::frame::{Component, Frame};
use crate::progressive::Precision;

/// A scan that the frame allows.
pub(crate) struct ScanHeader {
    /// In the order of the scan, each component once.
    pub parts: Vec<ScanPart>,
    /// For progressive frames.
    pub progress: Option<Progress>,
}

/// A component of a scan.
#[derive(Clone, Copy)]
pub(crate) struct ScanPart {
    /// Index in the frame.
    pub index: usize,
    /// Slots of its Huffman tables.
    pub dc: usize,
    pub ac: usize,
}

/// What a progressive scan adds.
#[derive(Clone, Copy)]
pub(crate) struct Progress {
    /// First and last coefficient in zigzag order.
    pub first: u32,
    pub last: u32,
    pub precision: Precision,
}

impl ScanHeader {
    /// From the payload of a scan header.
    pub fn new(frame: &Frame, payload: &[u8]) -> Result<Self, Error> {
        let early = Error::Malformed("scan header ends early");
        let (&count, rest) = payload.split_first().ok_or(early)?;
        let (specs, rest) = rest.split_at_checked(2 * usize::from(count)).ok_or(early)?;
        let (specs, _) = specs.as_chunks::<2>();
        let mut parts: Vec<ScanPart> = Vec::with_capacity(specs.len());
        for &[id, tables] in specs {
            // Some writers give all components the same name: each is taken once, in order.
            let named = |&(index, component): &(usize, &Component)| {
                component.id == id && parts.iter().all(|part| part.index != index)
            };
            let (index, _) = frame
                .components
                .iter()
                .enumerate()
                .find(named)
                .ok_or(Error::Malformed("a scan of a component that is not there"))?;
            parts.push(ScanPart {
                index,
                dc: usize::from(tables >> 4),
                ac: usize::from(tables & 15),
            });
        }
        let blocks: u32 = parts
            .iter()
            .filter_map(|part| frame.components.get(part.index))
            .map(|component| component.sampling.0 * component.sampling.1)
            .sum();
        if parts.is_empty() || parts.len() > 1 && blocks > 10 {
            return Err(Error::Malformed("more blocks in an MCU than allowed"));
        }
        let progress = if frame.progressive {
            Some(progress(rest, parts.len())?)
        } else {
            None
        };
        Ok(Self { parts, progress })
    }
}

fn progress(bytes: &[u8], components: usize) -> Result<Progress, Error> {
    let &[first, last, precision, ..] = bytes else {
        return Err(Error::Malformed("scan header ends early"));
    };
    let (high, low) = (precision >> 4, precision & 15);
    let band = if first == 0 {
        last == 0
    } else {
        first <= last && last < 64 && components == 1
    };
    // A refining scan adds the bit below the last one read; libjpeg lets other steps pass too.
    if !band || low > 13 {
        return Err(Error::Malformed("no such progressive scan"));
    }
    Ok(Progress {
        first: first.into(),
        last: last.into(),
        precision: Precision {
            refining: high > 0,
            low: low.into(),
        },
    })
}
