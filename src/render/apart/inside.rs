//! The side of the process: one job, one answer.

use std::io::{Read, Result, Write};

use super::super::budget::Budget;
use super::super::error::Error;
use super::super::raster::Raster;
use super::super::{encode, guarded, ingest, probe};
use super::confine;
use super::message::{Answer, Job, Task};
use crate::plan::Encode;

/// Reads a job, does it and writes its answer: all that a process does which was started for a codec. Jobs come from the gateway
/// alone; anything else is refused.
///
/// # Errors
/// What cannot be read or written, and `InvalidData` for what is no job.
pub fn work(mut input: impl Read, mut output: impl Write) -> Result<()> {
    confine::bound_to_parent();
    let job = Job::receive(&mut input)?;
    let answer = done(job).unwrap_or_else(|error| {
        Answer::Refused(match error {
            // The format is known to who asked.
            Error::BadSource { reason, .. } | Error::Encoder { reason, .. } => reason,
            error => error.to_string(),
        })
    });
    answer.send(&mut output)
}

fn done(job: Job<'_>) -> std::result::Result<Answer, Error> {
    let format = job.format();
    match job.task {
        Task::Write {
            size,
            layout,
            quality,
            chroma,
            progressive,
        } => {
            confine::bound_to(size.pixels());
            let how = Encode {
                chroma,
                progressive,
                ..Encode::new(format, quality)
            };
            let raster = Raster::new(size, layout, job.bytes.into_owned())
                .ok_or_else(|| Error::encoder(format, "other pixels than were announced"))?;
            let write = || encode::write(&raster, &how, &Budget::unlimited());
            guarded(write, || Error::encoder(format, "it crashed")).map(Answer::File)
        }
        Task::Read { limits, request } => {
            let facts = probe(&job.bytes)?;
            limits.source(facts.size)?;
            confine::bound_to(facts.size.pixels());
            let budget = Budget::unlimited().with_limits(limits);
            let read = || ingest::decode(&job.bytes, &facts, &request, &budget);
            let decoded = guarded(read, || Error::bad(format, "the decoder crashed on it"))?;
            Ok(Answer::Picture(decoded))
        }
    }
}
