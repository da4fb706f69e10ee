//! The gateway's side of a codec process: it is started, given its job, watched, and always ended and reaped.

use std::io;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use super::super::budget::Budget;
use super::super::error::Error;
use super::COMMAND;
use super::message::{Answer, Job};

/// How often the budget is looked at.
const GLANCE: Duration = Duration::from_millis(10);

/// Why there is no answer.
pub(super) enum Failure {
    /// There is no process.
    Unstarted(io::Error),
    /// The budget said so, and the process was killed.
    Stopped(Error),
    /// The process ended before it had answered, or said something strange.
    Lost(String),
}

/// A process that does not outlive this.
struct Process(Child);

impl Process {
    /// With nothing of ours but the two pipes: no environment, where secrets may be, and no terminal's signals.
    #[allow(
        clippy::disallowed_methods,
        reason = "the one place where a codec is given a process: this program, by its path, without a shell"
    )]
    fn start(program: &Path) -> io::Result<(Self, ChildStdin, ChildStdout)> {
        let mut command = Command::new(program);
        command
            .arg(COMMAND)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        #[cfg(unix)]
        {
            use std::os::unix::process::CommandExt as _;
            command.arg0("cldgate").current_dir("/").process_group(0);
        }
        let mut process = Self(command.spawn()?);
        let pipes = process.0.stdin.take().zip(process.0.stdout.take());
        let (stdin, stdout) = pipes.ok_or(io::ErrorKind::BrokenPipe)?;
        Ok((process, stdin, stdout))
    }

    /// Ends it, if it has not ended by itself, and says how it has. A process that has died of something else keeps that status.
    fn end(&mut self) -> io::Result<ExitStatus> {
        // One that is reaped already says so, which is no failure.
        let _gone = self.0.kill();
        self.0.wait()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _status = self.end();
    }
}

/// Has a process do a job; `started` is called once there is one.
pub(super) fn run(
    program: &Path,
    job: &Job<'_>,
    budget: &Budget,
    started: impl FnOnce(),
) -> Result<Answer, Failure> {
    let (mut process, stdin, stdout) = Process::start(program).map_err(Failure::Unstarted)?;
    let (done, answer) = channel();
    // Both directions on a thread of their own, which ends when the pipes do: at the latest with the process.
    thread::scope(|scope| {
        let talk = move || {
            // Nobody listens any more where the budget has ended.
            let _late = done.send(exchange(stdin, stdout, job));
        };
        thread::Builder::new()
            .name("codec".to_owned())
            .spawn_scoped(scope, talk)
            .map_err(Failure::Unstarted)?;
        started();
        loop {
            match answer.recv_timeout(GLANCE) {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) => return Err(Failure::Lost(last_words(&error, process.end()))),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Failure::Lost("the thread that listens crashed".to_owned()));
                }
                Err(RecvTimeoutError::Timeout) => {
                    if let Err(stopped) = budget.check() {
                        // Before the thread is waited for: this is what ends it.
                        let _status = process.end();
                        return Err(Failure::Stopped(stopped));
                    }
                }
            }
        }
    })
}

/// Sends the job and receives the answer.
fn exchange(mut stdin: ChildStdin, mut stdout: ChildStdout, job: &Job<'_>) -> io::Result<Answer> {
    // A process that does not take all of it has ended; what it says, or does not, tells more than a broken pipe.
    let _sent = job.send(&mut stdin);
    drop(stdin);
    Answer::receive(&mut stdout)
}

/// How a process ended that has given no answer.
fn last_words(error: &io::Error, status: io::Result<ExitStatus>) -> String {
    match status {
        // It closed its output first, and ended of that.
        Ok(status) if error.kind() == io::ErrorKind::UnexpectedEof => status.to_string(),
        _ => error.to_string(),
    }
}
