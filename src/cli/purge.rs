//! `cldgate purge`: asks the running gateway to forget assets.

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Args;
use http_body_util::{BodyExt as _, Full};
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;

use super::{ConfigFile, Error, FAILED, address, load, runtime};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cldgate purge --config cldgate.toml folder/photo
  cldgate purge --config cldgate.toml --prefix products/2019/
  cldgate purge --admin 127.0.0.1:8081 --endpoint default

Asks the admin listener of the running gateway. When it comes back, every derived and cached form is gone from
memory and from the derived store. Exit 0 done, 1 refused or not reached.")]
pub(super) struct Arguments {
    /// Public IDs, as in the URL but without extension for pictures
    #[arg(value_name = "PUBLIC_ID", required_unless_present_any = ["prefix", "endpoint"])]
    public_ids: Vec<String>,
    /// All assets whose public ID begins with this
    #[arg(long, value_name = "TEXT")]
    prefix: Vec<String>,
    /// Everything of an endpoint, by its name in the configuration
    #[arg(long, value_name = "NAME")]
    endpoint: Vec<String>,
    #[command(flatten)]
    file: ConfigFile,
    /// The admin listener; absent: `admin` of the configuration
    #[arg(long, value_name = "ADDR", value_parser = address)]
    admin: Option<SocketAddr>,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Error> {
    let admin = match arguments.admin {
        Some(admin) => admin,
        None => load(arguments.file.config.as_deref(), "".as_ref())?
            .admin
            .ok_or(Error::NoAdmin)?,
    };
    let body = serde_json::json!({
        "public_ids": arguments.public_ids,
        "prefixes": arguments.prefix,
        "endpoints": arguments.endpoint,
    });
    let (status, text) = runtime::start()?.block_on(post(admin, body.to_string()))?;
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())
        .map_err(Error::io("standard output"))?;
    Ok(if status == StatusCode::OK {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FAILED)
    })
}

async fn post(admin: SocketAddr, body: String) -> Result<(StatusCode, String), Error> {
    let what = || format!("the gateway's admin listener {admin}");
    let failed = |error: hyper::Error| Error::io(what())(std::io::Error::other(error));
    let stream = tokio::net::TcpStream::connect(admin)
        .await
        .map_err(Error::io(what()))?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(failed)?;
    // It ends with the answer; what goes wrong on it shows there.
    tokio::spawn(connection);
    let request = Request::post("/purge")
        .header(HOST, admin.to_string())
        .header(CONTENT_TYPE, "application/json")
        .body(Full::new(bytes::Bytes::from(body)))
        .map_err(|error| Error::io(what())(std::io::Error::other(error)))?;
    let response = sender.send_request(request).await.map_err(failed)?;
    let status = response.status();
    let text = response.into_body().collect().await.map_err(failed)?;
    Ok((
        status,
        String::from_utf8_lossy(&text.to_bytes()).into_owned(),
    ))
}
