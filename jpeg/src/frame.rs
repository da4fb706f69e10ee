//! The frame header: size, components and how they are sampled.

use crate::error::Error;

/// A frame that can be decoded here.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub size: (u32, u32),
    pub progressive: bool,
    pub arithmetic: bool,
    pub components: Vec<Component>,
    /// MCUs of an interleaved scan, across and down.
    pub mcus: (u32, u32),
}

/// A component of a frame.
#[derive(Clone, Debug)]
pub(crate) struct Component {
    pub id: u8,
    /// The slot of its quantisation table.
    pub table: usize,
    /// Blocks of an MCU, across and down: 1 to 4.
    pub sampling: (u32, u32),
    /// Source pixels for each sample, across and down.
    pub step: (u32, u32),
    /// Samples.
    pub size: (u32, u32),
    /// Blocks that hold samples; an interleaved scan may have more.
    pub blocks: (u32, u32),
}

impl Frame {
    /// From the payload of a frame header of this marker.
    pub fn new(marker: u8, payload: &[u8]) -> Result<Self, Error> {
        let (progressive, arithmetic) = match marker {
            0xC0 | 0xC1 => (false, false),
            0xC2 => (true, false),
            0xC9 => (false, true),
            0xCA => (true, true),
            0xC3 | 0xC7 | 0xCB | 0xCF => return Err(Error::Unsupported("lossless coding")),
            _ => return Err(Error::Unsupported("hierarchical coding")),
        };
        let &[bits, h1, h0, w1, w0, count, ref rest @ ..] = payload else {
            return Err(Error::Malformed("frame header ends early"));
        };
        if bits != 8 {
            return Err(Error::Unsupported("other than 8 bits a sample"));
        }
        let size = (
            u32::from(u16::from_be_bytes([w1, w0])),
            u32::from(u16::from_be_bytes([h1, h0])),
        );
        if size.0 == 0 {
            return Err(Error::Malformed("picture has no width"));
        }
        if size.1 == 0 {
            return Err(Error::Unsupported("height behind the picture"));
        }
        if !matches!(count, 1 | 3 | 4) {
            return Err(Error::Unsupported("other than 1, 3 or 4 components"));
        }
        let (specs, _) = rest.as_chunks::<3>();
        let specs = specs
            .get(..count.into())
            .ok_or(Error::Malformed("frame header ends early"))?;
        let (components, mcus) = laid_out(size, specs)?;
        Ok(Self {
            size,
            progressive,
            arithmetic,
            components,
            mcus,
        })
    }
}

/// Components and MCUs across and down.
fn laid_out(size: (u32, u32), specs: &[[u8; 3]]) -> Result<(Vec<Component>, (u32, u32)), Error> {
    let sampling = |&[_, both, _]: &[u8; 3]| (u32::from(both >> 4), u32::from(both & 15));
    let allowed = |n| (1..=4).contains(&n);
    let mut samplings: Vec<(u32, u32)> = specs.iter().map(sampling).collect();
    if !samplings.iter().all(|&(h, v)| allowed(h) && allowed(v)) {
        return Err(Error::Malformed("no such sampling"));
    }
    // A component alone has nothing to be sampled against: its MCU is one block, whatever it says.
    if let [alone] = samplings.as_mut_slice() {
        *alone = (1, 1);
    }
    let most = samplings.iter().fold((1, 1), |most, sampling| {
        (most.0.max(sampling.0), most.1.max(sampling.1))
    });
    // Three samples beside two: libjpeg, and with it every browser, refuses them too.
    if samplings
        .iter()
        .any(|&(h, v)| most.0 % h > 0 || most.1 % v > 0)
    {
        return Err(Error::Unsupported("sampling in parts of a sample"));
    }
    let components = specs
        .iter()
        .zip(samplings)
        .map(|(&[id, _, table], sampling)| {
            let step = (most.0 / sampling.0, most.1 / sampling.1);
            let size = (size.0.div_ceil(step.0), size.1.div_ceil(step.1));
            Component {
                id,
                table: usize::from(table & 3),
                sampling,
                step,
                size,
                blocks: (size.0.div_ceil(8), size.1.div_ceil(8)),
            }
        })
        .collect();
    let mcus = (size.0.div_ceil(8 * most.0), size.1.div_ceil(8 * most.1));
    Ok((components, mcus))
}
