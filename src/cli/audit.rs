//! `cldgate audit`: how much of the traffic in a log works today.

pub mod count;
pub mod log;
mod lookup;
pub mod report;
mod table;

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use self::log::{Line, Lines, next_line};
use self::lookup::Lookups;
use self::report::{Report, Tally};
use super::{ConfigFile, Error, load};
use crate::config;
use crate::deliver::Gateway;

/// Bytes read at once.
const BUFFER: usize = 256 * 1024;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cldgate audit access.log
  cldgate audit --config cldgate.toml --lookup --json urls.txt
  zcat access.log.*.gz | cldgate audit -

Reads plain lists of URLs, the Common and Combined Log Format, CloudFront's standard logs, Fastly's
and other logs with a request line in them, and JSON lines; memory does not grow with the log.
Lines without a URL are counted. Exit 0 whatever the verdicts are, 1 when the log cannot be read to
its end or an origin cannot be asked, 2 for wrong use or configuration.")]
pub(super) struct Arguments {
    /// List of URLs or access log; `-` for standard input
    #[arg(value_name = "FILE")]
    log: PathBuf,
    #[command(flatten)]
    file: ConfigFile,
    /// One JSON object
    #[arg(long)]
    json: bool,
    /// Ask the configured origins for every asset, and name those that are missing
    #[arg(long)]
    lookup: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Error> {
    // The demo's pictures are looked up where they are unpacked; otherwise none are needed.
    let file = arguments.file.config.as_deref();
    let photos = match file {
        None if arguments.lookup => Some(super::demo::Photos::unpack()?),
        _ => None,
    };
    let photos = photos
        .as_ref()
        .map_or(Path::new("."), |photos| photos.path());
    let mut config = load(file, photos)?;
    // Nothing is rendered.
    config.render.threads = 1;
    let gateway = config::gateway(&config, config::shared(&config)?)?;
    let lookups = if arguments.lookup {
        Some(Lookups::new(super::runtime::start()?))
    } else {
        None
    };

    let report = if arguments.log == Path::new("-") {
        audit(
            BufReader::with_capacity(BUFFER, std::io::stdin().lock()),
            &gateway,
            lookups,
        )
    } else {
        let log = File::open(&arguments.log).map_err(|reason| Error::Input {
            path: arguments.log.clone(),
            reason,
        })?;
        audit(BufReader::with_capacity(BUFFER, log), &gateway, lookups)
    };
    let report = report.map_err(Error::io(arguments.log.display().to_string()))?;
    print(&report, arguments.json)?;
    let failed = report.lookup.is_some_and(|lookup| lookup.failed > 0);
    Ok(ExitCode::from(if failed { super::FAILED } else { 0 }))
}

/// Reads a log to its end.
fn audit(
    mut input: impl BufRead,
    gateway: &Gateway,
    mut lookups: Option<Lookups>,
) -> std::io::Result<Report> {
    let mut tally = Tally::default();
    let mut lines = Lines::default();
    let mut line = Vec::new();
    while let Some(whole) = next_line(&mut input, &mut line)? {
        if !whole {
            tally.unread_lines += 1;
            continue;
        }
        let text = String::from_utf8_lossy(&line);
        match lines.read(&text) {
            Line::Url(url) => {
                let wanted = tally.take(gateway, &url);
                if let (Some(lookups), Some(wanted)) = (&mut lookups, wanted) {
                    lookups.want(wanted, &url);
                }
            }
            Line::OtherMethod => tally.other_methods += 1,
            Line::Unread => tally.unread_lines += 1,
            Line::Nothing => {}
        }
    }
    let mut report = tally.report();
    if let Some(lookups) = lookups {
        let (lookup, missing) = lookups.finish();
        report.lookup = Some(lookup);
        report.missing_assets = Some(missing);
    }
    Ok(report)
}

fn print(report: &Report, json: bool) -> Result<(), Error> {
    let mut out = std::io::stdout().lock();
    let printed = if json {
        serde_json::to_writer(&mut out, report)
            .map_err(std::io::Error::from)
            .and_then(|()| out.write_all(b"\n"))
    } else {
        out.write_all(table::text(report).as_bytes())
    };
    match printed.and_then(|()| out.flush()) {
        // Whoever reads has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        printed => printed.map_err(Error::io("standard output")),
    }
}
