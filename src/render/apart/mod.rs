//! Codecs in processes of their own: what cannot be asked to stop can be killed there.
//!
//! libaom, rav1e, rav1d, libwebp's lossless side, the JPEG XL decoder and the encoder of progressive JPEG work in one call that takes as long as the picture is
//! large. A job of theirs that would keep a core for longer than about a tenth of a second after nobody wants it any more is
//! sent to a process: this same program, started for one job, which it reads from its standard input and answers on its standard
//! output. The render thread waits, looks at its budget meanwhile, and kills the process when that says so. A codec that
//! crashes there takes one rendering with it and not the gateway.
//!
//! | module | what |
//! | --- | --- |
//! | [`message`] | jobs and answers as bytes |
//! | [`process`] | the gateway's side: start, send, watch, kill |
//! | [`inside`] | the side of the process |
//! | [`confine`] | what the process may take |

mod confine;
mod inside;
mod message;
mod process;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

pub use inside::work;

use super::budget::Budget;
use super::error::Error;
use super::ingest::{Decoded, Request};
use super::raster::Raster;
use crate::plan::{Encode, Facts};
use crate::spec::{Format, Progressive};
use message::{Answer, Job, Task};
use process::Failure;

/// Pixels above which a codec's longest call that cannot be stopped takes more than about 70 ms, from what
/// `docs/performance.md` ("How soon a core is free again") measures at 12 megapixels in one process.
mod longest {
    /// AVIF out: libaom at speed 9 takes 33 ns a pixel, rav1e at 10 up to ten times as long.
    pub const AVIF_OUT: u64 = if cfg!(feature = "aom") {
        2_000_000
    } else {
        250_000
    };
    /// AVIF in: libaom takes 15 ns a pixel, rav1d without its assembly several times as long.
    pub const AVIF_IN: u64 = if cfg!(feature = "aom") {
        4_000_000
    } else {
        1_000_000
    };
    /// WebP without loss, out: 30 ns a pixel between two looks at the budget.
    pub const LOSSLESS_WEBP_OUT: u64 = 2_000_000;
    /// WebP with loss, out: 9 ns a pixel before the first look.
    pub const WEBP_OUT: u64 = 8_000_000;
    /// JPEG in scans, out: 9 ns a pixel before its first byte.
    pub const JPEG_IN_SCANS_OUT: u64 = 8_000_000;
    /// WebP in: 5 ns a pixel with loss.
    pub const WEBP_IN: u64 = 8_000_000;
    /// JPEG XL in: 70 ns a pixel with loss, 180 without.
    pub const JXL_IN: u64 = 500_000;
}

/// Who starts processes for codecs, and what came of them. Budgets carry it to the codecs.
#[derive(Debug)]
pub struct Workers {
    program: PathBuf,
    started: AtomicU64,
    killed: AtomicU64,
    failed: AtomicU64,
    told: AtomicBool,
}

/// What became of codec processes since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WorkerCounters {
    /// Processes started.
    pub started: u64,
    /// Processes killed because nobody waited any more, or for too long.
    pub killed: u64,
    /// Processes that could not be started, or ended without an answer.
    pub failed: u64,
}

impl Workers {
    /// Processes of this program, which must call [`work`] when its only argument is [`COMMAND`].
    #[must_use]
    pub fn new(program: PathBuf) -> Arc<Self> {
        Arc::new(Self {
            program,
            started: AtomicU64::new(0),
            killed: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            told: AtomicBool::new(false),
        })
    }

    /// What became of them.
    #[must_use]
    pub fn counters(&self) -> WorkerCounters {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        WorkerCounters {
            started: get(&self.started),
            killed: get(&self.killed),
            failed: get(&self.failed),
        }
    }

    /// What a process answers; `None` where none can be started, so that the work is done here.
    fn ask(&self, job: &Job<'_>, budget: &Budget) -> Result<Option<Answer>, Error> {
        let count = |counter: &AtomicU64| counter.fetch_add(1, Ordering::Relaxed);
        budget.check()?;
        let answer = process::run(&self.program, job, budget, || {
            count(&self.started);
        });
        match answer {
            Ok(answer) => Ok(Some(answer)),
            Err(Failure::Stopped(stopped)) => {
                count(&self.killed);
                Err(stopped)
            }
            Err(Failure::Lost(reason)) => {
                count(&self.failed);
                Err(Error::CodecLost {
                    format: job.format(),
                    reason,
                })
            }
            Err(Failure::Unstarted(error)) => {
                count(&self.failed);
                if !self.told.swap(true, Ordering::Relaxed) {
                    let program = self.program.display();
                    tracing::warn!(%error, %program, "no process for a codec: it works inside the gateway, where it cannot be stopped");
                }
                Ok(None)
            }
        }
    }
}

/// The only argument of a program that is started for a codec.
pub const COMMAND: &str = "codec";

/// A picture as a file, by a process; `None` where it is to be written here: it does not take long, or there are no processes.
pub(super) fn written(
    raster: &Raster,
    how: &Encode,
    budget: &Budget,
) -> Result<Option<Vec<u8>>, Error> {
    let Some(workers) = budget.workers() else {
        return Ok(None);
    };
    let most = match how.format {
        Format::Avif => longest::AVIF_OUT,
        Format::WebP if how.quality >= 100 => longest::LOSSLESS_WEBP_OUT,
        Format::WebP => longest::WEBP_OUT,
        Format::Jpeg if how.progressive != Progressive::Off => longest::JPEG_IN_SCANS_OUT,
        _ => return Ok(None),
    };
    if raster.size().pixels() <= most {
        return Ok(None);
    }
    let format = how.format;
    let task = Task::Write {
        size: raster.size(),
        layout: raster.layout(),
        quality: how.quality,
        chroma: how.chroma,
        progressive: how.progressive,
    };
    let job = Job::new(format, task, raster.pixels());
    Ok(match workers.ask(&job, budget)? {
        None => None,
        Some(Answer::File(file)) => Some(file),
        Some(Answer::Refused(reason)) => return Err(Error::Encoder { format, reason }),
        Some(Answer::Picture(_)) => return Err(Error::encoder(format, "it gave no file")),
    })
}

/// A file as a picture, by a process; `None` where it is to be read here.
pub(super) fn read(
    bytes: &[u8],
    facts: &Facts,
    request: &Request,
    budget: &Budget,
) -> Result<Option<Decoded>, Error> {
    let Some(workers) = budget.workers() else {
        return Ok(None);
    };
    let most = match facts.format {
        Format::Avif => longest::AVIF_IN,
        Format::WebP => longest::WEBP_IN,
        Format::Jxl => longest::JXL_IN,
        _ => return Ok(None),
    };
    if facts.size.pixels() <= most {
        return Ok(None);
    }
    let format = facts.format;
    let task = Task::Read {
        limits: *budget.limits(),
        request: Request {
            exact: None,
            ..*request
        },
    };
    let job = Job::new(format, task, bytes);
    Ok(match workers.ask(&job, budget)? {
        None => None,
        Some(Answer::Picture(decoded)) => Some(decoded),
        Some(Answer::Refused(reason)) => return Err(Error::BadSource { format, reason }),
        Some(Answer::File(_)) => return Err(Error::bad(format, "its decoder gave no picture")),
    })
}
