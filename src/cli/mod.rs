//! What a user types: one file for each command.

#![allow(
    clippy::disallowed_methods,
    reason = "commands read and write files, and the demo has a folder of its own"
)]

pub mod audit;
mod check;
mod codec;
mod demo;
mod explain;
mod generate;
mod import;
mod index;
mod media;
mod purge;
mod render;
mod runtime;
mod serve;
mod warm;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use thiserror::Error as ThisError;

use crate::config::{self, Config};
use crate::server;

/// Some item failed.
const FAILED: u8 = 1;
/// Wrong use, or a configuration that cannot be used.
const WRONG: u8 = 2;

/// Answers existing Cloudinary delivery URLs from your own storage.
#[derive(Debug, Parser)]
#[command(
    name = "cldgate",
    version,
    arg_required_else_help = true,
    after_help = "Exit codes: 0 done, 1 some item failed, 2 wrong use or configuration."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the gateway; without --config, the demo
    Serve(serve::Arguments),
    /// Say everything that is wrong with a configuration
    Check(check::Arguments),
    /// Say what the gateway understands of a URL; nothing is fetched
    Explain(explain::Arguments),
    /// Say how much of the traffic in a log works today
    Audit(audit::Arguments),
    /// Deliver one URL to a file, without a server
    Render(render::Arguments),
    /// Make a list of URLs ahead of time, into the derived store
    Warm(warm::Arguments),
    /// Let the running gateway forget assets
    Purge(purge::Arguments),
    /// Walk a backup bucket once into an index on disk
    Index(index::Arguments),
    /// Store, list and remove pictures of your own in the media library
    Media(media::Arguments),
    /// Take over what an account has stored
    Import(import::Arguments),
    /// Write shell completions and manual pages, for packages
    #[command(hide = true)]
    Generate(generate::Arguments),
}

/// Where the configuration is.
#[derive(Debug, Args)]
struct ConfigFile {
    /// Configuration, TOML; absent: the built-in demo
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Why a command ends early.
#[derive(Debug, ThisError)]
enum Error {
    #[error(transparent)]
    Config(#[from] config::Error),
    #[error(transparent)]
    Server(#[from] server::Error),
    #[error("demo pictures in {}: {reason}", path.display())]
    Demo {
        path: PathBuf,
        reason: std::io::Error,
    },
    #[error("{what}: {reason}")]
    Io {
        what: String,
        reason: std::io::Error,
    },
    #[error("{}: {reason}", path.display())]
    Input {
        path: PathBuf,
        reason: std::io::Error,
    },
    #[error(
        "no admin listener is configured: name it with --admin, or set `admin` in the configuration"
    )]
    NoAdmin,
    #[error("there is no `store` in [cache]: nothing would outlive this command")]
    NoStore,
    #[error("`{url}` is no URL that can be asked for: {reason}")]
    Url { url: String, reason: String },
}

impl Error {
    /// For `map_err` of what the system says.
    fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |reason| Self::Io { what, reason }
    }

    const fn code(&self) -> u8 {
        match self {
            Self::Config(_)
            | Self::Server(_)
            | Self::Input { .. }
            | Self::NoAdmin
            | Self::NoStore
            | Self::Url { .. } => WRONG,
            Self::Demo { .. } | Self::Io { .. } => FAILED,
        }
    }
}

/// Runs the command that was typed. The gateway calls `give_back` on a thread of its own that has had nothing to do for a while: it gives
/// the system what the allocator keeps for that thread, and what has been freed by all. It may take some milliseconds and must not panic.
#[must_use]
pub fn main(give_back: fn()) -> ExitCode {
    if codec::is_asked_for() {
        return codec::run();
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version come this way too. What cannot be printed is lost with its reader.
            let _printed = error.print();
            return ExitCode::from(if error.use_stderr() { WRONG } else { 0 });
        }
    };
    let result = match cli.command {
        Command::Serve(arguments) => serve::run(&arguments, give_back),
        Command::Check(arguments) => check::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Audit(arguments) => audit::run(&arguments),
        Command::Render(arguments) => render::run(&arguments),
        Command::Warm(arguments) => warm::run(&arguments),
        Command::Purge(arguments) => purge::run(&arguments),
        Command::Index(arguments) => index::run(&arguments),
        Command::Media(arguments) => media::run(&arguments),
        Command::Import(arguments) => import::run(&arguments),
        Command::Generate(arguments) => generate::run(&arguments),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(error.code())
        }
    }
}

/// The configuration of a file, or the demo's with its pictures below `photos`.
fn load(file: Option<&Path>, photos: &Path) -> Result<Config, config::Error> {
    match file {
        Some(file) => Config::load(file),
        None => demo::config(photos),
    }
}

/// An address with a port.
fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "expected an address with a port, such as 127.0.0.1:8080".to_owned())
}
