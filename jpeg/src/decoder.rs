//! From the first marker to the last: headers, scans, planes.

use crate::block::{Steps, Tables};
use crate::error::Error;
use crate::frame::{Component, Frame};
use crate::headers::Headers;
use crate::huffman::Class;
use crate::kernels::dispatch;
use crate::marker::find_marker;
use crate::picture::{Picture, Request};
use crate::plane::Canvas;
use crate::reader::Reader;
use crate::scale::Scale;
use crate::sequential::{Part, Scan};

/// More scans than any encoder writes. Each may visit every block for a few bytes of file.
const MOST_SCANS: usize = 200;

/// Decodes what is asked for. `stop` is asked before every row of MCUs whether to give up.
///
/// # Errors
///
/// [`Error::Unsupported`] and [`Error::Malformed`] from the headers, before anything large is allocated;
/// [`Error::TooLarge`] when it would be over the request's memory; [`Error::Stopped`].
pub fn decode(
    file: &[u8],
    request: &Request,
    stop: &mut dyn FnMut() -> bool,
) -> Result<Picture, Error> {
    Decoder::new(file, request, false).run(stop)
}

/// [`decode`] without vector instructions beyond what every processor has. Gives the same bytes; here for
/// tests to say so.
///
/// # Errors
///
/// Those of [`decode`].
pub fn decode_portable(
    file: &[u8],
    request: &Request,
    stop: &mut dyn FnMut() -> bool,
) -> Result<Picture, Error> {
    Decoder::new(file, request, true).run(stop)
}

struct Decoder<'a> {
    file: &'a [u8],
    at: usize,
    request: &'a Request,
    portable: bool,
    headers: Headers,
    canvases: Vec<Canvas>,
    /// The quantisation table that each component had in its first scan.
    steps: Vec<Option<Box<Steps>>>,
    scans: usize,
    damaged: bool,
}

/// The payload of a scan header.
struct ScanHeader {
    /// Index of the component, slots of its DC and AC tables.
    parts: Vec<(usize, usize, usize)>,
}

impl<'a> Decoder<'a> {
    fn new(file: &'a [u8], request: &'a Request, portable: bool) -> Self {
        Self {
            file,
            at: 0,
            request,
            portable,
            headers: Headers::default(),
            canvases: Vec::new(),
            steps: Vec::new(),
            scans: 0,
            damaged: false,
        }
    }

    fn run(mut self, stop: &mut dyn FnMut() -> bool) -> Result<Picture, Error> {
        let Some(rest) = self.file.strip_prefix(&[0xFF, 0xD8]) else {
            return Err(Error::Malformed("no JPEG file"));
        };
        self.at = self.file.len() - rest.len();
        loop {
            match self.step(stop) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error @ (Error::Stopped | Error::TooLarge)) => return Err(error),
                Err(error) if self.scans == 0 => return Err(error),
                Err(_) => {
                    self.damaged = true;
                    break;
                }
            }
        }
        self.finish()
    }

    /// One segment or scan. `false` when nothing more is needed or there.
    fn step(&mut self, stop: &mut dyn FnMut() -> bool) -> Result<bool, Error> {
        let Some((marker, at)) = find_marker(self.file, self.at) else {
            if self.scans == 0 {
                return Err(Error::Malformed("file ends before the picture"));
            }
            self.damaged = true;
            return Ok(false);
        };
        self.at = at + 2;
        match marker {
            0xD9 => {
                if self.scans == 0 {
                    return Err(Error::Malformed("file ends before the picture"));
                }
                return Ok(false);
            }
            // Markers that stand alone.
            0x01 | 0xD0..=0xD8 => return Ok(true),
            _ => {}
        }
        let rest = self.file.get(self.at..).unwrap_or_default();
        let payload = rest
            .first_chunk()
            .map(|&length| usize::from(u16::from_be_bytes(length)))
            .and_then(|length| rest.get(2..length))
            .ok_or(Error::Malformed("segment ends early"))?;
        self.at += payload.len() + 2;
        if marker == 0xDA {
            return self.scan(payload, stop);
        }
        self.headers.read(marker, payload)?;
        Ok(true)
    }

    fn scan(&mut self, payload: &[u8], stop: &mut dyn FnMut() -> bool) -> Result<bool, Error> {
        let frame = self
            .headers
            .frame
            .take()
            .ok_or(Error::Malformed("a scan before the frame header"))?;
        let result = self.scan_of(&frame, payload, stop);
        self.headers.frame = Some(frame);
        result
    }

    fn scan_of(
        &mut self,
        frame: &Frame,
        payload: &[u8],
        stop: &mut dyn FnMut() -> bool,
    ) -> Result<bool, Error> {
        let header = scan_header(frame, payload)?;
        if self.canvases.is_empty() {
            self.lay_out(frame)?;
        }
        if frame.progressive {
            return Err(Error::Unsupported("progressive coding"));
        }
        for &(index, dc, ac) in &header.parts {
            self.headers.prepare(Class::Dc, dc)?;
            self.headers.prepare(Class::Ac, ac)?;
            self.latch(frame, index)?;
        }
        self.scans += 1;
        if self.scans > MOST_SCANS {
            return Err(Error::Malformed("too many scans"));
        }
        self.sequential(frame, &header, stop)?;
        Ok(self.steps.iter().any(Option::is_none))
    }

    /// Keeps the quantisation table of a component's first scan.
    fn latch(&mut self, frame: &Frame, index: usize) -> Result<(), Error> {
        if let (Some(slot), Some(component)) =
            (self.steps.get_mut(index), frame.components.get(index))
            && slot.is_none()
        {
            *slot = Some(Box::new(*self.headers.steps(component.table)?));
        }
        Ok(())
    }

    fn lay_out(&mut self, frame: &Frame) -> Result<(), Error> {
        let cut = |(start, end): (u32, u32), side: u32| {
            let end = end.clamp(1, side);
            (start.min(end - 1), end)
        };
        let (x, y) = (
            cut(self.request.columns, frame.size.0),
            cut(self.request.rows, frame.size.1),
        );
        let mut canvases: Vec<Canvas> = frame
            .components
            .iter()
            .map(|component| Canvas::new(component, self.scale(component), x, y))
            .collect();
        let bytes = canvases.iter().map(Canvas::bytes).sum::<u64>();
        if bytes > self.request.memory {
            return Err(Error::TooLarge);
        }
        for canvas in &mut canvases {
            canvas.allocate()?;
        }
        self.steps = canvases.iter().map(|_| None).collect();
        self.canvases = canvases;
        Ok(())
    }

    fn scale(&self, component: &Component) -> Scale {
        let scale = self.request.scale;
        if !self.request.colour_alike {
            return scale;
        }
        let step = component.step.0.min(component.step.1);
        Scale::ALL
            .into_iter()
            .rev()
            .find(|finer| finer.samples() <= scale.samples() * step)
            .unwrap_or(scale)
    }

    fn sequential(
        &mut self,
        frame: &Frame,
        header: &ScanHeader,
        stop: &mut dyn FnMut() -> bool,
    ) -> Result<(), Error> {
        let alone = header.parts.len() == 1;
        let mut parts = Vec::with_capacity(header.parts.len());
        for (index, canvas) in self.canvases.iter_mut().enumerate() {
            // In the order of the frame, which the standard asks for in a scan too.
            let Some(&(_, dc, ac)) = header.parts.iter().find(|part| part.0 == index) else {
                continue;
            };
            let (Some(component), Some(Some(steps))) =
                (frame.components.get(index), self.steps.get(index))
            else {
                continue;
            };
            parts.push(Part {
                tables: Tables {
                    dc: self.headers.dc(dc)?,
                    ac: self.headers.ac(ac)?,
                    steps,
                },
                sampling: if alone { (1, 1) } else { component.sampling },
                canvas,
                prediction: 0,
            });
        }
        let mut reader = Reader::new(self.file);
        reader.begin(self.at);
        let mcus = match header.parts.as_slice() {
            [(index, ..)] => frame.components.get(*index).map_or((0, 0), |c| c.blocks),
            _ => frame.mcus,
        };
        let scan = Scan {
            parts,
            mcus,
            interval: self.headers.interval,
            reader: &mut reader,
            stop,
        };
        dispatch(scan, self.portable)?;
        self.at = reader.position();
        self.damaged |= reader.damaged;
        Ok(())
    }

    fn finish(mut self) -> Result<Picture, Error> {
        let frame = self
            .headers
            .frame
            .take()
            .ok_or(Error::Malformed("no frame header"))?;
        if self.steps.iter().any(Option::is_none) {
            self.damaged = true;
        }
        Ok(Picture {
            size: frame.size,
            model: self.headers.model(&frame),
            inverted: self.headers.inverted(),
            planes: self
                .canvases
                .into_iter()
                .zip(&frame.components)
                .map(|(canvas, component)| canvas.finish(component))
                .collect(),
            profile: self.headers.profile(),
            damaged: self.damaged,
        })
    }
}

fn scan_header(frame: &Frame, payload: &[u8]) -> Result<ScanHeader, Error> {
    let early = Error::Malformed("scan header ends early");
    let (&count, rest) = payload.split_first().ok_or(early)?;
    let (specs, _) = rest.as_chunks::<2>();
    let specs = specs.get(..count.into()).ok_or(early)?;
    let mut parts: Vec<(usize, usize, usize)> = Vec::with_capacity(specs.len());
    for &[id, tables] in specs {
        let index = frame
            .components
            .iter()
            .position(|component| component.id == id)
            .ok_or(Error::Malformed("a scan of a component that is not there"))?;
        if parts.iter().any(|&(other, ..)| other == index) {
            return Err(Error::Malformed("a component twice in a scan"));
        }
        if parts.last().is_some_and(|&(other, ..)| other > index) {
            return Err(Error::Unsupported(
                "components in another order than the frame's",
            ));
        }
        parts.push((index, usize::from(tables >> 4), usize::from(tables & 15)));
    }
    let blocks: u32 = parts
        .iter()
        .filter_map(|&(index, ..)| frame.components.get(index))
        .map(|component| component.sampling.0 * component.sampling.1)
        .sum();
    if parts.is_empty() || parts.len() > 1 && blocks > 10 {
        return Err(Error::Malformed("more blocks in an MCU than allowed"));
    }
    Ok(ScanHeader { parts })
}
