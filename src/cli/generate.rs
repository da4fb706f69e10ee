//! `cldgate generate`: completions and manual pages, out of the command definitions.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::{Cli, Error};

#[derive(Debug, Args)]
#[command(after_help = "Example:
  cldgate generate /tmp/cldgate

Writes DIR/completions/ (bash, zsh, fish) and DIR/man/ (a page for each command).")]
pub(super) struct Arguments {
    /// Where to; made if it is missing
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Error> {
    let failed = |path: &Path| Error::io(path.display().to_string());
    let completions = arguments.folder.join("completions");
    let man = arguments.folder.join("man");
    for folder in [&completions, &man] {
        std::fs::create_dir_all(folder).map_err(failed(folder))?;
    }
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        let mut text = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), "cldgate", &mut text);
        let name = match shell {
            Shell::Zsh => "_cldgate",
            Shell::Fish => "cldgate.fish",
            _ => "cldgate.bash",
        };
        let path = completions.join(name);
        std::fs::write(&path, text).map_err(failed(&path))?;
    }
    clap_mangen::generate_to(Cli::command(), &man).map_err(failed(&man))?;
    Ok(ExitCode::SUCCESS)
}
