//! `cldgate codec`: what the gateway starts for itself, so that a codec has a process that can be killed. Nobody types it, so it
//! is no command among the others.

use std::io::{ErrorKind, IsTerminal as _, Write as _, stderr, stdin, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::{FAILED, WRONG};
use crate::render::{CODEC_COMMAND, codec_process};

/// Whether this program was started for a codec.
pub(super) fn is_asked_for() -> bool {
    let mut arguments = std::env::args_os().skip(1);
    arguments.next().is_some_and(|first| first == CODEC_COMMAND) && arguments.next().is_none()
}

/// Does one job.
pub(super) fn run() -> ExitCode {
    if stdin().is_terminal() || stdout().is_terminal() {
        say("is started by the gateway for one picture at a time; there is nothing to type");
        return ExitCode::from(WRONG);
    }
    match codec_process(stdin().lock(), stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let wrong = error.kind() == ErrorKind::InvalidData;
            say(&error.to_string());
            ExitCode::from(if wrong { WRONG } else { FAILED })
        }
    }
}

fn say(what: &str) {
    // Whoever started this may not listen, which is no reason to fail in another way.
    let _told = writeln!(stderr(), "cldgate {CODEC_COMMAND}: {what}");
}

/// This program, for [`crate::config::Config::codec_program`].
pub(super) fn program() -> Option<PathBuf> {
    // Names the running program even after an upgrade has put another one in its place.
    let running = Path::new("/proc/self/exe");
    if cfg!(target_os = "linux") && running.exists() {
        return Some(running.to_owned());
    }
    std::env::current_exe().ok()
}
