//! `cldgate index`: a backup bucket's assets in one file, so that none has to be looked for.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime};

use clap::Args;

use super::{Error, FAILED, WRONG, runtime};
use crate::config::{self, Config, Origin, OriginKind};
use crate::origin::index::{Progress, Walk};

/// How often progress is told on a terminal, and elsewhere.
const OFTEN: Duration = Duration::from_millis(200);
const SELDOM: Duration = Duration::from_secs(30);

#[derive(Debug, Args)]
#[command(after_help = "Example:
  cldgate index --config cldgate.toml

Walks the bucket of each cloudinary_backup origin that has `index`, a call for every 1000 keys. Broken
off, it goes on where it was. A running gateway takes the new index within ten seconds.")]
pub(super) struct Arguments {
    /// Configuration, TOML
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// This origin alone
    #[arg(long, value_name = "NAME")]
    origin: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Error> {
    let Some(file) = &arguments.config else {
        eprintln!("--config names the configuration with the bucket");
        return Ok(ExitCode::from(WRONG));
    };
    let config = Config::load(file)?;
    let meant = config.origins.iter().filter(|origin| {
        let named = arguments.origin.as_ref();
        named.is_none_or(|name| *name == origin.name)
    });
    let indexed: Vec<_> = meant
        .filter_map(|origin| Some((origin, place(origin)?)))
        .collect();
    if indexed.is_empty() {
        eprintln!("no cloudinary_backup origin with `bucket` and `index` is meant");
        return Ok(ExitCode::from(WRONG));
    }
    let runtime = runtime::start()?;
    let mut code = ExitCode::SUCCESS;
    for (origin, (path, folder)) in indexed {
        if !runtime.block_on(walk(origin, path, folder))? {
            code = ExitCode::from(FAILED);
        }
    }
    Ok(code)
}

/// Where the index of an origin lies, and the folder that it is of.
fn place(origin: &Origin) -> Option<(&Path, &str)> {
    match &origin.kind {
        OriginKind::CloudinaryBackup {
            index: Some(path),
            folder,
            ..
        } => Some((path, folder)),
        _ => None,
    }
}

async fn walk(origin: &Origin, path: &Path, folder: &str) -> Result<bool, config::Error> {
    let Some(client) = config::client(origin)? else {
        return Ok(true);
    };
    let name = &origin.name;
    let bucket = &client.config().bucket;
    let walked = match Walk::begin(path, bucket, folder, SystemTime::now()) {
        Ok(walk) => {
            if walk.is_resumed() {
                let Progress { keys, .. } = walk.progress();
                eprintln!("{name}: going on after {keys} keys");
            }
            let mut teller = Teller::new(name);
            walk.run(&client, |progress| teller.tell(progress)).await
        }
        Err(error) => Err(error),
    };
    match walked {
        Ok((done, bytes)) => {
            let path = path.display();
            let Progress {
                keys,
                assets,
                strange,
                pages,
            } = done;
            println!(
                "{name}: {assets} assets in {keys} keys, {strange} of them no versions; {pages} calls; {bytes} bytes in {path}"
            );
            Ok(true)
        }
        Err(error) => {
            eprintln!("{name}: {error}");
            Ok(false)
        }
    }
}

/// Tells how far it is: in one line on a terminal, else now and then in a line of its own.
struct Teller<'a> {
    name: &'a str,
    terminal: bool,
    began: Instant,
    told: Instant,
    before: Option<u64>,
}

impl<'a> Teller<'a> {
    fn new(name: &'a str) -> Self {
        Self {
            name,
            terminal: std::io::stderr().is_terminal(),
            began: Instant::now(),
            told: Instant::now(),
            before: None,
        }
    }

    fn tell(&mut self, progress: Progress) {
        let before = *self.before.get_or_insert(progress.keys);
        if self.told.elapsed() < if self.terminal { OFTEN } else { SELDOM } {
            return;
        }
        self.told = Instant::now();
        let seconds = self.began.elapsed().as_secs().max(1);
        let rate = progress.keys.saturating_sub(before) / seconds;
        let Progress { keys, assets, .. } = progress;
        let text = format!(
            "{}: {keys} keys, {assets} assets, {rate} keys a second",
            self.name
        );
        let end = if self.terminal { "\x1b[K\r" } else { "\n" };
        // Nobody may be looking; that is no reason to stop.
        let _told = write!(std::io::stderr(), "{text}{end}");
    }
}
