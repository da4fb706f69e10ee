//! The frame header: size, components and how they are sampled.

use crate::error::Error;

/// A frame that can be decoded here.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub size: (u32, u32),
    pub progressive: bool,
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
    /// Blocks of an MCU, across and down: 1, 2 or 4.
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
        let progressive = match marker {
            0xC0 | 0xC1 => false,
            0xC2 => true,
            0xC3 | 0xC7 | 0xCB | 0xCF => return Err(Error::Unsupported("lossless coding")),
            0xC5 | 0xC6 | 0xCD | 0xCE => return Err(Error::Unsupported("hierarchical coding")),
            _ => return Err(Error::Unsupported("arithmetic coding")),
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
        Self::laid_out(size, progressive, specs)
    }

    fn laid_out(size: (u32, u32), progressive: bool, specs: &[[u8; 3]]) -> Result<Self, Error> {
        let sampling = |&[_, both, _]: &[u8; 3]| (u32::from(both >> 4), u32::from(both & 15));
        let usual = |n| matches!(n, 1 | 2 | 4);
        if specs
            .iter()
            .map(sampling)
            .any(|(h, v)| !usual(h) || !usual(v))
        {
            return Err(Error::Unsupported("this sampling"));
        }
        // A component alone has nothing to be sampled against: its MCU is one block, whatever it says.
        let sampling = |spec: &[u8; 3]| {
            if specs.len() == 1 {
                (1, 1)
            } else {
                sampling(spec)
            }
        };
        let most = specs.iter().map(sampling).fold((1, 1), |most, sampling| {
            (most.0.max(sampling.0), most.1.max(sampling.1))
        });
        let components = specs
            .iter()
            .map(|spec| {
                let &[id, _, table] = spec;
                let sampling = sampling(spec);
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
        Ok(Self {
            size,
            progressive,
            components,
            mcus: (size.0.div_ceil(8 * most.0), size.1.div_ceil(8 * most.1)),
        })
    }
}
