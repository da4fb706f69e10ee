//! From the first marker to the last: headers, scans, planes.

use crate::arithmetic;
use crate::block::{Steps, Tables};
use crate::error::Error;
use crate::frame::{Component, Frame};
use crate::headers::Headers;
use crate::huffman::Class;
use crate::kernels::dispatch;
use crate::marker::find_marker;
use crate::picture::{Picture, Request};
use crate::plane::Canvas;
use crate::progressive::{DetailScan, Details, Drawing, MeanScan, Means, Precision, Store};
use crate::reader::Reader;
use crate::scale::Scale;
use crate::scan::{Progress, ScanHeader};
use crate::sequential::{Part, Scan};
use crate::walk::Walk;

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
    /// For progressive frames, what is known of each component so far.
    stores: Vec<Store>,
    /// The quantisation table that each component had in its first scan.
    steps: Vec<Option<Box<Steps>>>,
    scans: usize,
    damaged: bool,
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
            stores: Vec::new(),
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
        self.draw(stop)?;
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
            // A length that leaves itself out is that of an empty segment, as libjpeg has it.
            .map(|&length| usize::from(u16::from_be_bytes(length)).max(2))
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
        let header = ScanHeader::new(frame, payload)?;
        if self.canvases.is_empty() {
            self.lay_out(frame)?;
        }
        self.scans += 1;
        if self.scans > MOST_SCANS {
            return Err(Error::Malformed("too many scans"));
        }
        for part in &header.parts {
            self.latch(frame, part.index)?;
        }
        if frame.arithmetic {
            return self.arithmetic(frame, &header, stop);
        }
        let mut reader = Reader::new(self.file);
        reader.begin(self.at);
        let result = if frame.progressive {
            self.progressive(frame, &header, &mut reader, stop)
        } else {
            self.sequential(frame, &header, &mut reader, stop)
        };
        self.at = reader.position();
        self.damaged |= reader.damaged;
        result
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
        let mut stores = Vec::new();
        if frame.progressive {
            stores = canvases
                .iter()
                .zip(&frame.components)
                .map(|(canvas, component)| {
                    let rows = needed_rows(canvas, component.sampling) * component.sampling.1;
                    Store::new(canvas.scale, frame.mcus.0 * component.sampling.0, rows)
                })
                .collect();
        }
        let bytes: u64 = canvases.iter().map(Canvas::bytes).sum();
        let more: u64 = stores.iter().map(Store::bytes).sum();
        if bytes + more > self.request.memory {
            return Err(Error::TooLarge);
        }
        canvases.iter_mut().try_for_each(Canvas::allocate)?;
        stores.iter_mut().try_for_each(Store::allocate)?;
        self.stores = stores;
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

    /// How a scan is walked through: all blocks of MCUs, or those of one component.
    fn walk<'w, S>(
        &self,
        frame: &Frame,
        header: &ScanHeader,
        source: &'w mut S,
        stop: &'w mut dyn FnMut() -> bool,
    ) -> Walk<'w, S> {
        let mut samplings: Vec<(u32, u32)> = Vec::with_capacity(header.parts.len());
        let mut mcus = frame.mcus;
        let mut rows = 0;
        for part in &header.parts {
            let (Some(component), Some(canvas)) = (
                frame.components.get(part.index),
                self.canvases.get(part.index),
            ) else {
                continue;
            };
            let mut sampling = component.sampling;
            if header.parts.len() == 1 {
                sampling = (1, 1);
                mcus = component.blocks;
            }
            rows = rows.max(needed_rows(canvas, sampling));
            samplings.push(sampling);
        }
        Walk {
            samplings,
            mcus: (mcus.0, mcus.1.min(rows)),
            interval: self.headers.interval,
            source,
            stop,
        }
    }

    /// A scan of a sequential frame. `false` when it was the last that is needed.
    fn sequential(
        &mut self,
        frame: &Frame,
        header: &ScanHeader,
        reader: &mut Reader<'_>,
        stop: &mut dyn FnMut() -> bool,
    ) -> Result<bool, Error> {
        for part in &header.parts {
            self.headers.prepare(Class::Dc, part.dc)?;
            self.headers.prepare(Class::Ac, part.ac)?;
        }
        let walk = self.walk(frame, header, reader, stop);
        let mut parts = Vec::with_capacity(header.parts.len());
        let mut canvases: Vec<_> = self.canvases.iter_mut().map(Some).collect();
        for part in &header.parts {
            parts.push(Part {
                tables: Tables {
                    dc: self.headers.dc(part.dc)?,
                    ac: self.headers.ac(part.ac)?,
                    steps: steps(&self.steps, part.index)?,
                },
                canvas: lend(&mut canvases, part.index)?,
                prediction: 0,
            });
        }
        dispatch(Scan { parts, walk }, self.portable)?;
        Ok(self.steps.iter().any(Option::is_none))
    }

    /// A scan of a progressive frame. `false` when it was the last that is needed.
    fn progressive(
        &mut self,
        frame: &Frame,
        header: &ScanHeader,
        reader: &mut Reader<'_>,
        stop: &mut dyn FnMut() -> bool,
    ) -> Result<bool, Error> {
        let progress = header
            .progress
            .ok_or(Error::Malformed("scan header ends early"))?;
        if progress.first == 0 {
            self.means(frame, header, progress.precision, reader, stop)?;
        } else {
            self.details(frame, header, reader, stop)?;
        }
        Ok(!self.stores.iter().all(Store::is_finished))
    }

    fn means(
        &mut self,
        frame: &Frame,
        header: &ScanHeader,
        precision: Precision,
        reader: &mut Reader<'_>,
        stop: &mut dyn FnMut() -> bool,
    ) -> Result<(), Error> {
        if !precision.refining {
            for part in &header.parts {
                self.headers.prepare(Class::Dc, part.dc)?;
            }
        }
        let walk = self.walk(frame, header, reader, stop);
        let mut parts = Vec::with_capacity(header.parts.len());
        let mut stores: Vec<_> = self.stores.iter_mut().map(Some).collect();
        for part in &header.parts {
            let store = lend(&mut stores, part.index)?;
            let table = if precision.refining {
                None
            } else {
                Some(self.headers.dc(part.dc)?)
            };
            store.note_means(precision);
            parts.push((table, store));
        }
        let means = Means {
            parts,
            predictions: [0; 4],
            precision,
        };
        dispatch(MeanScan { means, walk }, self.portable)
    }

    fn details(
        &mut self,
        frame: &Frame,
        header: &ScanHeader,
        reader: &mut Reader<'_>,
        stop: &mut dyn FnMut() -> bool,
    ) -> Result<(), Error> {
        let ([part], Some(progress)) = (header.parts.as_slice(), header.progress) else {
            return Err(Error::Malformed("details of several components in a scan"));
        };
        if self.stores.get(part.index).is_none_or(Store::means_only) {
            // Passed by without a look inside: the next marker is found from where the scan starts.
            reader.leave(self.at);
            return Ok(());
        }
        self.headers.prepare(Class::ProgressiveAc, part.ac)?;
        let walk = self.walk(frame, header, reader, stop);
        let Some(store) = self.stores.get_mut(part.index) else {
            return Ok(());
        };
        let details = Details {
            table: self.headers.ac(part.ac)?,
            store,
            band: (progress.first, progress.last),
            precision: progress.precision,
            idle: 0,
        };
        dispatch(DetailScan { details, walk }, self.portable)
    }

    /// A scan of an arithmetic-coded frame. `false` when it was the last that is needed.
    fn arithmetic(
        &mut self,
        frame: &Frame,
        header: &ScanHeader,
        stop: &mut dyn FnMut() -> bool,
    ) -> Result<bool, Error> {
        let mut coder = arithmetic::Coder::new(self.file, self.at);
        let models = arithmetic::Models::new(self.headers.conditioning.clone());
        let walk = self.walk(frame, header, &mut coder, stop);
        let mut stores: Vec<_> = self.stores.iter_mut().map(Some).collect();
        match (header.progress, header.parts.as_slice()) {
            (None, parts) => {
                let mut canvases: Vec<_> = self.canvases.iter_mut().map(Some).collect();
                let parts = parts
                    .iter()
                    .map(|part| {
                        Ok(arithmetic::Part {
                            canvas: lend(&mut canvases, part.index)?,
                            steps: steps(&self.steps, part.index)?,
                            tables: (part.dc, part.ac),
                            before: Default::default(),
                        })
                    })
                    .collect::<Result<_, Error>>()?;
                let scan = arithmetic::Scan {
                    parts,
                    models,
                    walk,
                };
                dispatch(scan, self.portable)?;
            }
            (
                Some(Progress {
                    first: 0,
                    precision,
                    ..
                }),
                parts,
            ) => {
                let parts = parts
                    .iter()
                    .map(|part| {
                        let store = lend(&mut stores, part.index)?;
                        store.note_means(precision);
                        Ok((part.dc, store))
                    })
                    .collect::<Result<_, Error>>()?;
                walk.run(&mut arithmetic::Means {
                    parts,
                    before: Default::default(),
                    models,
                    precision,
                })?;
            }
            (Some(progress), [part]) => {
                let store = lend(&mut stores, part.index)?;
                if !store.means_only() {
                    walk.run(&mut arithmetic::Details {
                        table: part.ac,
                        store,
                        band: (progress.first as usize, progress.last as usize),
                        models,
                        precision: progress.precision,
                    })?;
                }
            }
            _ => return Err(Error::Malformed("details of several components in a scan")),
        }
        self.at = coder.position();
        self.damaged |= coder.damaged;
        Ok(if frame.progressive {
            !self.stores.iter().all(Store::is_finished)
        } else {
            self.steps.iter().any(Option::is_none)
        })
    }

    /// Progressive frames: samples from what all scans said.
    fn draw(&mut self, stop: &mut dyn FnMut() -> bool) -> Result<(), Error> {
        let stores = std::mem::take(&mut self.stores);
        for ((store, canvas), steps) in stores.into_iter().zip(&mut self.canvases).zip(&self.steps)
        {
            if let Some(steps) = steps {
                let drawing = Drawing {
                    store,
                    steps,
                    canvas,
                    stop,
                };
                dispatch(drawing, self.portable)?;
            }
        }
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

/// Takes one of several things that a scan works on, by component. A scan names each once.
fn lend<'a, T>(things: &mut [Option<&'a mut T>], index: usize) -> Result<&'a mut T, Error> {
    things
        .get_mut(index)
        .and_then(Option::take)
        .ok_or(Error::Malformed("a scan of a component that is not there"))
}

fn steps(steps: &[Option<Box<Steps>>], index: usize) -> Result<&Steps, Error> {
    steps
        .get(index)
        .and_then(Option::as_deref)
        .ok_or(Error::Malformed("a scan without its quantisation table"))
}

/// Rows of MCUs up to the last that a component needs.
fn needed_rows(canvas: &Canvas, sampling: (u32, u32)) -> u32 {
    canvas.rows.1.div_ceil(sampling.1)
}
