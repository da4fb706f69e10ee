//! `cldgate render`: one URL to a file, by the very road that a request takes.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use http_body_util::BodyExt as _;
use hyper::header::{ACCEPT, HOST};
use hyper::http::request::Parts;
use hyper::{Request, Response, Uri};

use super::demo::Photos;
use super::{ConfigFile, Error, FAILED, codec, load, runtime};
use crate::config;
use crate::server::{App, Body, telemetry};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cldgate render /demo/image/upload/c_fill,w_300,h_300/sample.jpg -o square.jpg
  cldgate render --accept image/avif /demo/image/upload/f_auto/sample.jpg -o sample.avif

Status and headers are printed; exit 0 for a success, 1 for an answer that is none.")]
pub(super) struct Arguments {
    /// Full URL, or a path
    url: String,
    #[command(flatten)]
    file: ConfigFile,
    /// Where the picture goes; an answer without one leaves it as it is
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// What the client shows, as in the Accept header
    #[arg(long, value_name = "TYPES", default_value = "*/*")]
    accept: String,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Error> {
    let request = request(&arguments.url, &arguments.accept)?;
    let file = arguments.file.config.as_deref();
    // Removed again when it goes out of scope.
    let photos = match file {
        Some(_) => None,
        None => Some(Photos::unpack()?),
    };
    let mut config = load(file, photos.as_ref().map_or("".as_ref(), Photos::path))?;
    config.codec_program = codec::program();
    telemetry::start(&config.log);
    config.log.access = false;
    let app = App::new(config::gateway(&config, config::shared(&config)?)?, &config);
    runtime::start()?.block_on(async {
        let response = app.respond(&request).await;
        let success = response.status().is_success();
        print_head(&response).map_err(Error::io("standard output"))?;
        if !success {
            return Ok(ExitCode::from(FAILED));
        }
        save(response.into_body(), &arguments.output).await?;
        app.settle().await;
        Ok(ExitCode::SUCCESS)
    })
}

/// The request that a browser would send for a URL.
pub(super) fn request(url: &str, accept: &str) -> Result<Parts, Error> {
    let wrong = |reason: &dyn std::fmt::Display| Error::Url {
        url: url.to_owned(),
        reason: reason.to_string(),
    };
    // Browsers escape blanks as they send.
    let uri: Uri = url
        .replace(' ', "%20")
        .parse()
        .map_err(|error| wrong(&error))?;
    if uri.path_and_query().is_none() {
        return Err(wrong(&"it has no path"));
    }
    let host = uri
        .authority()
        .map_or("localhost", |host| host.as_str())
        .to_owned();
    let request = Request::get(uri)
        .header(HOST, host)
        .header(ACCEPT, accept)
        .body(())
        .map_err(|error| wrong(&error))?;
    Ok(request.into_parts().0)
}

fn print_head(response: &Response<Body>) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", response.status())?;
    for (name, value) in response.headers() {
        writeln!(out, "{name}: {}", String::from_utf8_lossy(value.as_bytes()))?;
    }
    out.flush()
}

/// Writes a body piece by piece. One that breaks off leaves no file behind.
async fn save(mut body: Body, path: &PathBuf) -> Result<(), Error> {
    let what = || path.display().to_string();
    let mut file = std::fs::File::create(path).map_err(Error::io(what()))?;
    let mut write = async || -> std::io::Result<()> {
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(std::io::Error::other)?;
            if let Some(bytes) = frame.data_ref() {
                file.write_all(bytes)?;
            }
        }
        file.flush()
    };
    let written = write().await;
    if written.is_err() {
        let _removed = std::fs::remove_file(path);
    }
    written.map_err(Error::io(what()))
}
