//! `cldgate warm`: a list of URLs into the derived store, by the very road that a request takes.

use std::fs::File;
use std::io::{BufRead as _, BufReader, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use futures_util::stream::{self, StreamExt as _};
use hyper::{Method, StatusCode};

use super::render::request;
use super::{ConfigFile, Error, FAILED, codec, load, runtime};
use crate::config;
use crate::server::{App, telemetry};

/// Lines between two notes of how far it has come.
const NOTE_EVERY: u64 = 50;

/// Results that may wait for the disk before the next URL.
const MAX_WAITING: u64 = 200;

/// What current browsers send for a picture.
const BROWSER: &str = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8";

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cldgate warm urls.txt --config cldgate.toml
  cldgate warm urls.txt --config cldgate.toml --accept '*/*' --accept image/webp --rate 20

One URL or path a line; empty lines and lines that begin with # are skipped. How far it has come is noted in
FILE.warmed: started again after it was stopped, it goes on from there. What the store has already costs a look-up.
Exit 0 when every URL was answered, 1 when some failed, 2 without a store.")]
pub(super) struct Arguments {
    /// The list
    urls: PathBuf,
    #[command(flatten)]
    file: ConfigFile,
    /// URLs at once
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=256))]
    parallel: u16,
    /// Most URLs begun a second
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,
    /// What clients show, as in the Accept header; may be given several times [default: as a browser]
    #[arg(long, value_name = "TYPES")]
    accept: Vec<String>,
    /// Begin at the first line, whatever was noted
    #[arg(long)]
    again: bool,
}

/// What came of one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// Empty, or a comment.
    Nothing,
    Made,
    /// The store had it.
    Had,
    /// Goes out as it is stored; nothing is kept.
    Original,
    Failed,
}

#[derive(Debug, Default)]
struct Tally {
    lines: u64,
    made: u64,
    had: u64,
    originals: u64,
    failed: u64,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Error> {
    let mut config = load(arguments.file.config.as_deref(), "".as_ref())?;
    if config.cache.store.is_none() {
        return Err(Error::NoStore);
    }
    config.codec_program = codec::program();
    telemetry::start(&config.log);
    config.log.access = false;
    let accepts: Vec<&str> = match arguments.accept.as_slice() {
        [] => vec![BROWSER],
        given => given.iter().map(String::as_str).collect(),
    };
    runtime::start()?.block_on(async {
        let app = App::new(config::gateway(&config, config::shared(&config)?)?, &config);
        let tally = tokio::select! {
            tally = walk(arguments, &app, &accepts) => tally?,
            () = app.follow() => Tally::default(),
        };
        app.settle().await;
        println!(
            "{} made, {} already there, {} sent as they are stored, {} failed",
            tally.made, tally.had, tally.originals, tally.failed
        );
        Ok(if tally.failed == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(FAILED)
        })
    })
}

async fn walk(arguments: &Arguments, app: &App, accepts: &[&str]) -> Result<Tally, Error> {
    let note = Note::of(&arguments.urls);
    let done = if arguments.again { 0 } else { note.read() };
    let input = |reason| Error::Input {
        path: arguments.urls.clone(),
        reason,
    };
    let file = File::open(&arguments.urls).map_err(input)?;
    let total = BufReader::new(&file).lines().count() as u64;
    let file = File::open(&arguments.urls).map_err(input)?;
    let mut pace = Pace::new(arguments.rate);
    let lines = BufReader::new(file)
        .lines()
        .skip(usize::try_from(done).unwrap_or(usize::MAX));
    let answers = stream::iter(lines)
        .then(|line| {
            let wait = pace.next(line.as_ref().is_ok_and(|line| is_url(line)));
            async move {
                tokio::time::sleep(wait).await;
                line
            }
        })
        .map(|line| answer(app, line, accepts))
        // In the order of the list, so that the note is one number.
        .buffered(usize::from(arguments.parallel));
    let mut answers = std::pin::pin!(answers);
    let mut tally = Tally {
        lines: done,
        ..Tally::default()
    };
    let progress = std::io::stderr().is_terminal();
    while let Some(outcomes) = answers.next().await {
        tally.lines += 1;
        for outcome in outcomes.map_err(input)? {
            match outcome {
                Outcome::Nothing => {}
                Outcome::Made => tally.made += 1,
                Outcome::Had => tally.had += 1,
                Outcome::Original => tally.originals += 1,
                Outcome::Failed => tally.failed += 1,
            }
        }
        if app.waiting() > MAX_WAITING {
            app.settle().await;
        }
        if tally.lines.is_multiple_of(NOTE_EVERY) || tally.lines == total {
            // First kept, then noted: nothing is skipped that was not kept.
            app.settle().await;
            note.write(tally.lines)?;
        }
        if progress {
            eprint!(
                "\r{} of {total} lines, {} made, {} failed ",
                tally.lines, tally.made, tally.failed
            );
        }
    }
    if progress {
        eprintln!();
    }
    note.remove();
    Ok(tally)
}

fn is_url(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && !line.starts_with('#')
}

async fn answer(
    app: &App,
    line: std::io::Result<String>,
    accepts: &[&str],
) -> std::io::Result<Vec<Outcome>> {
    let line = line?;
    if !is_url(&line) {
        return Ok(vec![Outcome::Nothing]);
    }
    let mut outcomes = Vec::with_capacity(accepts.len());
    for accept in accepts {
        outcomes.push(one(app, line.trim(), accept).await);
    }
    Ok(outcomes)
}

/// Asks for the head alone: the picture is made and kept all the same.
async fn one(app: &App, url: &str, accept: &str) -> Outcome {
    let mut parts = match request(url, accept) {
        Ok(parts) => parts,
        Err(error) => {
            eprintln!("{error}");
            return Outcome::Failed;
        }
    };
    parts.method = Method::HEAD;
    let response = app.respond(&parts).await;
    let header = |name: &str| {
        let value = response.headers().get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    match (response.status(), header("x-cache")) {
        (StatusCode::OK, "hit") => Outcome::Had,
        (StatusCode::OK, "bypass") => Outcome::Original,
        (StatusCode::OK, _) => Outcome::Made,
        (status, _) => {
            eprintln!("{} {}: {url}", status.as_u16(), header("x-cld-error"));
            Outcome::Failed
        }
    }
}

/// Spreads the beginnings evenly.
struct Pace {
    step: Option<Duration>,
    next: Instant,
}

impl Pace {
    fn new(rate: Option<u32>) -> Self {
        Self {
            step: rate.map(|rate| Duration::from_secs(1) / rate),
            next: Instant::now(),
        }
    }

    /// How long the next has to wait.
    fn next(&mut self, counts: bool) -> Duration {
        let Some(step) = self.step.filter(|_| counts) else {
            return Duration::ZERO;
        };
        let now = Instant::now();
        let start = self.next.max(now);
        self.next = start + step;
        start.saturating_duration_since(now)
    }
}

/// How far it has come, beside the list.
struct Note(PathBuf);

impl Note {
    fn of(list: &Path) -> Self {
        let mut name = list.as_os_str().to_owned();
        name.push(".warmed");
        Self(name.into())
    }

    /// Lines that are done; 0 where nothing is noted.
    fn read(&self) -> u64 {
        let text = std::fs::read_to_string(&self.0).unwrap_or_default();
        text.trim().parse().unwrap_or(0)
    }

    fn write(&self, lines: u64) -> Result<(), Error> {
        File::create(&self.0)
            .and_then(|mut file| writeln!(file, "{lines}"))
            .map_err(Error::io(self.0.display().to_string()))
    }

    fn remove(&self) {
        // It may never have been written.
        let _removed = std::fs::remove_file(&self.0);
    }
}
