//! `cldgate import`: what an account has stored, as configuration.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{Error, FAILED};
use crate::dialect;

/// Bytes of an answer; a larger one is a mistake.
const MAX_FILE: u64 = 64 << 20;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Named transformations, from the Admin API's answer
    #[command(after_help = "Examples:
  curl -u KEY:SECRET 'https://api.cloudinary.com/v1_1/CLOUD/transformations/NAME' > named.json
  cldgate import named named.json >> cldgate.toml

Reads one answer, a list of them, or the list that `/transformations?named=true` gives; `-` is
standard input. Each chain is checked. Exit 0, or 1 where some definition could not be taken over.")]
    Named {
        /// JSON
        file: PathBuf,
    },
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Error> {
    let What::Named { file } = &arguments.what;
    let json = read(file)?;
    let definitions = dialect::named_transformations(&json).map_err(|reason| Error::Input {
        path: file.clone(),
        reason: std::io::Error::other(reason),
    })?;
    let mut text = String::from("[endpoint.named_transformations]\n");
    let mut seen = BTreeSet::new();
    let mut failed = 0_usize;
    for (name, definition) in &definitions {
        let definition = match definition {
            Ok(_) if !seen.insert(name.as_str()) => Err("there is another of this name".to_owned()),
            other => other.clone(),
        };
        match definition {
            Ok(chain) => {
                let pair = toml::Table::from_iter([(name.clone(), toml::Value::String(chain))]);
                text.push_str(&pair.to_string());
            }
            Err(reason) => {
                failed += 1;
                eprintln!("{name}: {}", reason.replace('\n', " "));
            }
        }
    }
    std::io::stdout()
        .write_all(text.as_bytes())
        .map_err(Error::io("standard output"))?;
    eprintln!(
        "{} of {} taken over",
        definitions.len() - failed,
        definitions.len()
    );
    Ok(ExitCode::from(if failed == 0 { 0 } else { FAILED }))
}

fn read(file: &Path) -> Result<String, Error> {
    let input = |reason| Error::Input {
        path: file.to_owned(),
        reason,
    };
    let mut text = String::new();
    if file == Path::new("-") {
        let stdin = std::io::stdin().lock();
        stdin.take(MAX_FILE).read_to_string(&mut text)
    } else {
        let opened = std::fs::File::open(file).map_err(input)?;
        opened.take(MAX_FILE).read_to_string(&mut text)
    }
    .map_err(input)?;
    Ok(text)
}
