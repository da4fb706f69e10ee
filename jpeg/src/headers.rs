//! The segments before and between scans: tables, the frame, what the colours mean.

use crate::arithmetic::Conditioning;
use crate::block::Steps;
use crate::error::Error;
use crate::frame::Frame;
use crate::huffman::{Class, Spec, Table};
use crate::picture::Model;
use crate::standard::standard;

/// What the headers read so far say.
#[derive(Default)]
pub(crate) struct Headers {
    pub frame: Option<Frame>,
    /// MCUs between restart markers; 0 for none.
    pub interval: u32,
    steps: [Option<Box<Steps>>; 4],
    dc: [Slot; 4],
    ac: [Slot; 4],
    /// For arithmetic coding.
    pub conditioning: Conditioning,
    jfif: bool,
    adobe: Option<u8>,
    profile: Vec<(u8, Vec<u8>)>,
}

/// A Huffman table, made ready when a scan first asks for it.
#[derive(Default)]
struct Slot {
    spec: Option<Spec>,
    table: Option<Box<Table>>,
}

impl Slot {
    fn ready(&mut self, class: Class) -> Result<(), Error> {
        let spec = self
            .spec
            .as_ref()
            .ok_or(Error::Malformed("a scan without its Huffman table"))?;
        if self.table.is_none() {
            let table = Table::new(spec, class).ok_or(Error::Malformed("no such Huffman table"))?;
            self.table = Some(Box::new(table));
        }
        Ok(())
    }
}

impl Headers {
    /// Reads a segment. Those that do not matter are passed over.
    pub fn read(&mut self, marker: u8, payload: &[u8]) -> Result<(), Error> {
        match marker {
            0xC4 => self.huffman(payload),
            0xDB => self.quantisation(payload),
            0xDD => {
                let interval = payload
                    .first_chunk()
                    .map(|&bytes| u16::from_be_bytes(bytes));
                self.interval = interval.ok_or(EARLY)?.into();
                Ok(())
            }
            0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => {
                if self.frame.is_some() {
                    return Err(Error::Unsupported("more than one frame"));
                }
                self.frame = Some(Frame::new(marker, payload)?);
                Ok(())
            }
            0xCC => payload
                .as_chunks()
                .0
                .iter()
                .try_for_each(|&[place, value]| self.conditioning.read(place, value))
                .ok_or(Error::Malformed("no such conditioning")),
            0xE0 => {
                self.jfif |= payload.starts_with(b"JFIF\0") && payload.len() >= 14;
                Ok(())
            }
            0xE2 => {
                if let Some([number, _, part @ ..]) = payload.strip_prefix(b"ICC_PROFILE\0") {
                    self.profile.push((*number, part.to_vec()));
                }
                Ok(())
            }
            0xEE => {
                if let Some([_, _, _, _, _, _, transform, ..]) = payload.strip_prefix(b"Adobe") {
                    self.adobe = Some(*transform);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn huffman(&mut self, mut payload: &[u8]) -> Result<(), Error> {
        while let [place, rest @ ..] = payload {
            let (counts, rest) = rest.split_first_chunk::<16>().ok_or(EARLY)?;
            let count = counts.iter().map(|&n| usize::from(n)).sum();
            let (symbols, rest) = rest.split_at_checked(count).ok_or(EARLY)?;
            let slots = match place >> 4 {
                0 => &mut self.dc,
                1 => &mut self.ac,
                _ => return Err(Error::Malformed("no such kind of Huffman table")),
            };
            let slot = slots
                .get_mut(usize::from(place & 15))
                .ok_or(Error::Malformed("no such Huffman table"))?;
            let spec = Spec::new(*counts, symbols)
                .ok_or(Error::Malformed("Huffman table is no prefix code"))?;
            *slot = Slot {
                spec: Some(spec),
                table: None,
            };
            payload = rest;
        }
        Ok(())
    }

    fn quantisation(&mut self, mut payload: &[u8]) -> Result<(), Error> {
        while let [place, rest @ ..] = payload {
            let wide = match place >> 4 {
                0 => false,
                1 => true,
                _ => return Err(Error::Malformed("no such kind of quantisation table")),
            };
            let length = if wide { 128 } else { 64 };
            let (values, rest) = rest.split_at_checked(length).ok_or(EARLY)?;
            let mut steps = [0; 128];
            for (k, step) in steps.iter_mut().take(64).enumerate() {
                let byte = |n: usize| values.get(n).copied().unwrap_or(0);
                // Products are taken modulo 2^16, where the sign of a step makes no difference.
                *step = if wide {
                    i16::from_be_bytes([byte(2 * k), byte(2 * k + 1)])
                } else {
                    byte(k).into()
                };
            }
            let slot = self
                .steps
                .get_mut(usize::from(place & 15))
                .ok_or(Error::Malformed("no such quantisation table"))?;
            *slot = Some(Box::new(steps));
            payload = rest;
        }
        Ok(())
    }

    /// The quantisation table in a slot.
    pub fn steps(&self, slot: usize) -> Result<&Steps, Error> {
        self.steps
            .get(slot)
            .and_then(Option::as_deref)
            .ok_or(Error::Malformed("a scan without its quantisation table"))
    }

    /// Makes the tables of a scan ready; [`dc`](Self::dc) and [`ac`](Self::ac) find them then.
    pub fn prepare(&mut self, class: Class, slot: usize) -> Result<(), Error> {
        let slots = match class {
            Class::Dc => &mut self.dc,
            Class::Ac | Class::ProgressiveAc => &mut self.ac,
        };
        let place = slots
            .get_mut(slot)
            .ok_or(Error::Malformed("no such Huffman table"))?;
        // Frames of motion JPEG leave the tables out, which are those of the standard then.
        if place.spec.is_none() && class != Class::ProgressiveAc {
            place.spec = standard(class, slot);
        }
        place.ready(class)
    }

    pub fn dc(&self, slot: usize) -> Result<&Table, Error> {
        table(&self.dc, slot)
    }

    pub fn ac(&self, slot: usize) -> Result<&Table, Error> {
        table(&self.ac, slot)
    }

    /// What the components mean, found as libjpeg does: JFIF's word, then Adobe's, then the components'
    /// names.
    pub fn model(&self, frame: &Frame) -> Model {
        let names: Vec<u8> = frame.components.iter().map(|c| c.id).collect();
        match (names.len(), self.adobe) {
            (1, _) => Model::Grey,
            (3, _) if self.jfif => Model::YCbCr,
            (3, Some(0)) => Model::Rgb,
            (3, None) if names == *b"RGB" => Model::Rgb,
            (3, _) => Model::YCbCr,
            (_, None | Some(0)) => Model::Cmyk,
            _ => Model::Ycck,
        }
    }

    /// The ICC profile, put together.
    pub fn profile(&mut self) -> Option<Vec<u8>> {
        let mut parts = std::mem::take(&mut self.profile);
        parts.sort_by_key(|&(number, _)| number);
        parts.dedup_by_key(|&mut (number, _)| number);
        let whole = parts
            .iter()
            .map(|(_, part)| part.as_slice())
            .collect::<Vec<_>>()
            .concat();
        (!whole.is_empty()).then_some(whole)
    }
}

const EARLY: Error = Error::Malformed("segment ends early");

fn table(slots: &[Slot; 4], slot: usize) -> Result<&Table, Error> {
    slots
        .get(slot)
        .and_then(|slot| slot.table.as_deref())
        .ok_or(Error::Malformed("a scan without its Huffman table"))
}
