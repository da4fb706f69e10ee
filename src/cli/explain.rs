//! `cldgate explain`: what the gateway understands of a URL.

use std::io::{BufRead, ErrorKind, Read as _, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::Args;

use super::{ConfigFile, Error, load};
use crate::config;
use crate::deliver::Gateway;
use crate::server::explain::explain;

/// Longest line of standard input that is read as one URL, in bytes.
const MAX_LINE: u64 = 1 << 20;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cldgate explain https://res.cloudinary.com/demo/image/upload/c_fill,w_300,h_300/sample.jpg
  cldgate explain --json /demo/image/upload/e_sepia/sample.jpg
  cut -d' ' -f7 access.log | cldgate explain -

Nothing is fetched. A URL that would be refused is explained too: exit 0.")]
pub(super) struct Arguments {
    /// Full URLs of any host, or paths; `-` reads them from standard input, one JSON line each
    #[arg(required = true, value_name = "URL")]
    urls: Vec<String>,
    #[command(flatten)]
    file: ConfigFile,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Error> {
    let mut config = load(arguments.file.config.as_deref(), Path::new("."))?;
    // Nothing is rendered.
    config.render.threads = 1;
    let gateway = config::gateway(&config, config::shared(&config)?)?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let told = tell(arguments, &gateway, &mut out).and_then(|()| out.flush());
    match told {
        Ok(()) => Ok(ExitCode::SUCCESS),
        // Whoever reads has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        Err(reason) => Err(Error::Io {
            what: "standard input or output".to_owned(),
            reason,
        }),
    }
}

fn tell(arguments: &Arguments, gateway: &Gateway, out: &mut impl Write) -> std::io::Result<()> {
    for (n, url) in arguments.urls.iter().enumerate() {
        if url == "-" {
            let mut lines = std::io::stdin().lock();
            while let Some(line) = next_line(&mut lines)? {
                let url = line.trim();
                if !url.is_empty() {
                    json_line(gateway, url, out)?;
                }
            }
        } else if arguments.json {
            json_line(gateway, url, out)?;
        } else {
            let gap = if n > 0 { "\n" } else { "" };
            write!(out, "{gap}{}", explain(gateway, url).text())?;
        }
    }
    Ok(())
}

fn json_line(gateway: &Gateway, url: &str, out: &mut impl Write) -> std::io::Result<()> {
    serde_json::to_writer(&mut *out, &explain(gateway, url))?;
    out.write_all(b"\n")
}

/// The next line; one that is longer than allowed goes on as if it were several.
fn next_line(lines: &mut impl BufRead) -> std::io::Result<Option<String>> {
    let mut line = Vec::new();
    let read = lines.by_ref().take(MAX_LINE).read_until(b'\n', &mut line)?;
    Ok((read > 0).then(|| String::from_utf8_lossy(&line).into_owned()))
}
