//! Animated PNG: every frame whole.

use std::cell::RefCell;
use std::io::Write;
use std::rc::Rc;

use png::{BitDepth, ColorType, Compression, Encoder, Filter, Writer};

use super::animated::{Settings, rgba};
use crate::render::error::Error;
use crate::render::raster::Raster;
use crate::spec::Format;

pub(in crate::render) struct Apng {
    file: File,
    writer: Writer<File>,
    /// Frames promised in the head and not yet written.
    left: u32,
    now: Vec<[u8; 4]>,
    alpha: bool,
}

/// The file while it is written: the writer keeps what it is given.
#[derive(Clone, Default)]
struct File(Rc<RefCell<Vec<u8>>>);

impl Write for File {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Milliseconds as a share of a second: as fine as 16 bits allow.
fn share(milliseconds: u32) -> (u16, u16) {
    let fits = [1000, 100, 10, 1].into_iter().find_map(|of| {
        let times = (u64::from(milliseconds) * u64::from(of) + 500) / 1000;
        Some((u16::try_from(times).ok()?, of))
    });
    fits.unwrap_or((u16::MAX, 1))
}

fn bad(error: png::EncodingError) -> Error {
    Error::encoder(Format::Png, error)
}

impl Apng {
    pub fn new(settings: Settings) -> Result<Self, Error> {
        let file = File::default();
        let size = settings.size;
        let mut encoder = Encoder::new(file.clone(), size.width, size.height);
        encoder.set_color(ColorType::Rgba);
        encoder.set_depth(BitDepth::Eight);
        encoder.set_compression(Compression::Fast);
        encoder.set_filter(Filter::Adaptive);
        encoder
            .set_animated(settings.frames.max(1), settings.plays.into())
            .map_err(bad)?;
        Ok(Self {
            writer: encoder.write_header().map_err(bad)?,
            file,
            left: settings.frames.max(1),
            now: Vec::new(),
            alpha: false,
        })
    }

    pub fn add(&mut self, frame: &Raster, delay: u32) -> Result<(), Error> {
        if self.left == 0 {
            return Ok(());
        }
        rgba(frame, &mut self.now);
        self.alpha |= self.now.iter().any(|&[.., a]| a != 255);
        let (delay, of) = share(delay);
        self.writer.set_frame_delay(delay, of).map_err(bad)?;
        self.write()
    }

    fn write(&mut self) -> Result<(), Error> {
        self.left -= 1;
        self.writer
            .write_image_data(self.now.as_flattened())
            .map_err(bad)
    }

    pub fn finish(mut self) -> Result<(Vec<u8>, bool), Error> {
        // A source that ends early has promised more than it had: its last frame stands for the rest.
        while self.left > 0 {
            self.write()?;
        }
        self.writer.finish().map_err(bad)?;
        Ok((self.file.0.take(), self.alpha))
    }
}
