//! `cldgate check`: everything that is wrong with a configuration.

mod connect;
mod sample;

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use clap::Args;

use super::{ConfigFile, Error, FAILED, WRONG, load, runtime};
use crate::config::{self, Config};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cldgate check --config cldgate.toml
  cldgate check --config cldgate.toml --connect --sample image/upload/folder/photo.jpg
  cldgate check --config cldgate.toml --iam > policy.json

Every problem is printed at once, each with its line and a hint. Exit 0 without problems, 2 with some,
1 when an origin does not answer as it should.")]
pub(super) struct Arguments {
    #[command(flatten)]
    file: ConfigFile,
    /// Print the effective configuration; secrets are named in it, never told
    #[arg(long)]
    dump: bool,
    /// Ask every origin and the bucket of the derived store: is it there, are the credentials good, may its keys be listed and read
    #[arg(long, conflicts_with_all = ["dump", "iam"])]
    connect: bool,
    /// With --connect: look this asset up too; a URL, a path, or [image/[upload/]]ID
    #[arg(long, value_name = "ID", requires = "connect")]
    sample: Option<String>,
    /// Print the policy that allows just what this configuration needs
    #[arg(long, conflicts_with = "dump")]
    iam: bool,
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
    if arguments.connect {
        let connected = connect::connect(&config, arguments.sample.as_deref());
        return Ok(match runtime::start()?.block_on(connected)? {
            true => ExitCode::SUCCESS,
            false => ExitCode::from(FAILED),
        });
    }
    let text = if arguments.dump {
        config.dump()
    } else if arguments.iam {
        match config::policy(&config) {
            // Texts alone; the serializer has nothing to refuse.
            Some(policy) => serde_json::to_string_pretty(&policy).unwrap_or_default() + "\n",
            None => {
                eprintln!("nothing is in a bucket: there is nothing to allow");
                return Ok(ExitCode::from(WRONG));
            }
        }
    } else {
        summary(&config, &file.map_or("demo".into(), Path::to_string_lossy))
    };
    std::io::stdout()
        .write_all(text.as_bytes())
        .map_err(Error::io("standard output"))?;
    Ok(ExitCode::SUCCESS)
}

fn summary(config: &Config, name: &str) -> String {
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
}
