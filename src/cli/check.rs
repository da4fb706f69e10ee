//! `cldgate check`: everything that is wrong with a configuration.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use clap::Args;

use super::{ConfigFile, Error, WRONG, load};
use crate::config;

#[derive(Debug, Args)]
#[command(after_help = "Example:
  cldgate check --config cldgate.toml

Every problem is printed at once, each with its line and a hint. Exit 0 without problems, else 2.")]
pub(super) struct Arguments {
    #[command(flatten)]
    file: ConfigFile,
    /// Print the effective configuration; secrets are named in it, never told
    #[arg(long)]
    dump: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Error> {
    let file = arguments.file.config.as_deref();
    let config = match load(file, Path::new(".")) {
        Ok(config) => config,
        Err(config::Error::Problems(problems)) => {
            let (count, s) = match problems.list.len() {
                1 => (1, ""),
                count => (count, "s"),
            };
            eprintln!("{problems}\n{count} problem{s}");
            return Ok(ExitCode::from(WRONG));
        }
        Err(error) => return Err(error.into()),
    };
    let text = if arguments.dump {
        config.dump()
    } else {
        let name = file.map_or("demo".into(), Path::to_string_lossy);
        let names = |list: Vec<&str>| list.join(", ");
        format!(
            "{name}: no problems\n  origins: {}\n  endpoints: {}\n",
            names(
                config
                    .origins
                    .iter()
                    .map(|origin| origin.name.as_str())
                    .collect()
            ),
            names(
                config
                    .endpoints
                    .iter()
                    .map(|endpoint| endpoint.name.as_str())
                    .collect()
            ),
        )
    };
    std::io::stdout()
        .write_all(text.as_bytes())
        .map_err(Error::io("standard output"))?;
    Ok(ExitCode::SUCCESS)
}
