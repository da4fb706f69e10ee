//! `cldgate serve`: the gateway.

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Args;

use super::demo::Photos;
use super::{ConfigFile, Error, address, codec, demo, load, runtime};
use crate::server::{Server, telemetry};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cldgate serve                                   the demo on http://127.0.0.1:8080
  cldgate serve --config cldgate.toml
  cldgate serve --config cldgate.toml --listen 0.0.0.0:80

SIGTERM drains, SIGHUP reloads the configuration; a broken one is refused and the old one stays.")]
pub(super) struct Arguments {
    #[command(flatten)]
    file: ConfigFile,
    /// Address to listen on; wins over the configuration
    #[arg(long, value_name = "ADDR", value_parser = address)]
    listen: Option<SocketAddr>,
}

/// `give_back` is [`super::main`]'s.
pub(super) fn run(arguments: &Arguments, give_back: fn()) -> Result<ExitCode, Error> {
    let file = arguments.file.config.as_deref();
    // Removed again when it goes out of scope, after the server has stopped.
    let photos = match file {
        Some(_) => None,
        None => Some(Photos::unpack()?),
    };
    let folder = photos.as_ref().map_or("".as_ref(), Photos::path);
    let mut config = load(file, folder)?;
    if let Some(listen) = arguments.listen {
        config.listen = listen;
    }
    config.codec_program = codec::program();
    telemetry::start(&config.log);
    runtime::start_with(give_back)?.block_on(async {
        let server = Server::bind(config).await?;
        announce(&server, photos.is_some());
        server.run(file.map(Into::into)).await?;
        Ok(ExitCode::SUCCESS)
    })
}

/// Says on standard output that requests are answered from now on.
fn announce(server: &Server, is_demo: bool) {
    let mut text = format!("cldgate listens on http://{}\n", server.address());
    if let Some(secure) = server.secure_address() {
        text += &format!("TLS on https://{secure}\n");
    }
    if let Some(admin) = server.admin_address() {
        text += &format!("operators: http://{admin}/metrics\n");
    }
    if is_demo {
        text += "\nThe demo's pictures are ready. Paste one of these into a browser:\n\n";
        for (url, says) in demo::URLS {
            text += &format!("  http://{}{url}\n      {says}\n", server.address());
        }
    }
    // Nobody may be reading; that is no reason not to serve.
    let mut out = std::io::stdout().lock();
    let _told = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
