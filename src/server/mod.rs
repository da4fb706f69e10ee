//! HTTP: connections in, responses out, until a signal ends it.
//!
//! [`Server::bind`] takes the addresses, [`Server::run`] answers until SIGTERM or SIGINT and lets
//! requests finish within a limit. SIGHUP reads the configuration again; a broken one is refused and
//! the old one stays. Async threads move bytes and headers only: pixels have their own pool.

#![allow(
    clippy::disallowed_methods,
    reason = "durations of requests are measured, and connections have deadlines"
)]

mod admin;
mod body;
mod conditional;
pub mod explain;
mod handler;
mod headers;
mod limit;
mod media;
mod metrics;
mod reload;
mod status;
pub mod telemetry;

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyper::http::request::Parts;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use thiserror::Error as ThisError;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

pub use body::Body;
pub use handler::App;
use handler::Peer;

use crate::config::{self, Config};
use reload::Reloader;

/// Connections at once on each listener; more wait to be accepted.
const MAX_CONNECTIONS: usize = 16_384;

/// Requests at once on one HTTP/2 connection.
const MAX_STREAMS: u32 = 128;

/// How often a silent HTTP/2 peer is asked whether it is still there.
const PING_EVERY: Duration = Duration::from_secs(30);

/// Pause after the system gave no connection (usually: no file descriptors left).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Why the server does not start.
#[derive(Debug, ThisError)]
pub enum Error {
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {reason}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// Why.
        reason: String,
    },
    /// Signals cannot be waited for.
    #[error("signals: {0}")]
    Signals(std::io::Error),
    /// No gateway can be made of the configuration.
    #[error(transparent)]
    Config(#[from] config::Error),
}

/// A server that has its addresses.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    admin: Option<TcpListener>,
    app: Arc<App>,
    config: Config,
}

impl Server {
    /// Takes the addresses and makes the gateway. Needs a tokio runtime.
    ///
    /// # Errors
    /// [`Error::Listen`] for an address that is taken or not ours, [`Error::Config`].
    pub async fn bind(config: Config) -> Result<Self, Error> {
        let listener = listen(config.listen).await?;
        let admin = match config.admin {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        let gateway = config::gateway(&config, config::shared(&config)?)?;
        Ok(Self {
            listener,
            admin,
            app: Arc::new(App::new(gateway, &config)),
            config,
        })
    }

    /// Where requests come in; a port of 0 has become a real one.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap_or(self.config.listen)
    }

    /// Where operators ask.
    #[must_use]
    pub fn admin_address(&self) -> Option<SocketAddr> {
        let admin = self.admin.as_ref()?;
        admin.local_addr().ok().or(self.config.admin)
    }

    /// Answers until SIGTERM or SIGINT. `file`: what SIGHUP reads again.
    ///
    /// # Errors
    /// [`Error::Signals`] when the system gives none.
    pub async fn run(self, file: Option<PathBuf>) -> Result<(), Error> {
        let mut signals = Signals::new().map_err(Error::Signals)?;
        let (app, config) = (self.app.clone(), self.config.clone());
        let mut reloader = Reloader::new(app, config, file);
        let stopped = async {
            loop {
                tokio::select! {
                    signal = signals.next() => match signal {
                        Signal::Stop => break,
                        // What came of it is in the log.
                        Signal::Reload => drop(reloader.reload()),
                    },
                    asked = reloader.asked() => asked.answer(reloader.reload()),
                }
            }
        };
        self.run_until(stopped).await;
        Ok(())
    }

    /// Answers until `stop` is ready, then lets requests finish within the configured limit.
    pub async fn run_until(self, stop: impl Future<Output = ()>) {
        let Self {
            listener,
            admin,
            app,
            config,
        } = self;
        let ready = Arc::new(AtomicBool::new(true));
        let (closing, closed) = watch::channel(false);
        let graceful = Arc::new(GracefulShutdown::new());
        let front = accept(
            listener,
            graceful.clone(),
            config.server.clone(),
            closed.clone(),
            {
                let app = app.clone();
                move |parts| {
                    let app = app.clone();
                    async move { app.respond(&parts).await }
                }
            },
        );
        let front = tokio::spawn(front);
        let back = admin.map(|listener| {
            let ready = ready.clone();
            // Not watched: operators are answered while the front drains.
            let unwatched = Arc::new(GracefulShutdown::new());
            let answer = move |parts: Parts| {
                let (app, ready) = (app.clone(), ready.clone());
                async move { admin::answer(&app, &ready, &parts).await }
            };
            tokio::spawn(accept(
                listener,
                unwatched,
                config.server.clone(),
                closed,
                answer,
            ))
        });

        stop.await;
        tracing::info!("draining");
        ready.store(false, Ordering::Relaxed);
        closing.send_replace(true);
        // The task ends at once: it only accepts. Its connections live in tasks of their own.
        let _ended = front.await;
        // Nobody else holds it once that task has ended.
        if let Some(graceful) = Arc::into_inner(graceful) {
            let limit = config.server.drain.0;
            match tokio::time::timeout(limit, graceful.shutdown()).await {
                Ok(()) => tracing::info!("stopped"),
                Err(_) => tracing::warn!("stopped with requests still open after the drain limit"),
            }
        }
        if let Some(back) = back {
            back.abort();
        }
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Error> {
    TcpListener::bind(address).await.map_err(|error| {
        let reason = match error.kind() {
            std::io::ErrorKind::AddrInUse => "the port is in use".to_owned(),
            std::io::ErrorKind::PermissionDenied => "not permitted for this user".to_owned(),
            std::io::ErrorKind::AddrNotAvailable => {
                "this machine does not have that address".to_owned()
            }
            _ => error.to_string(),
        };
        Error::Listen { address, reason }
    })
}

/// Accepts connections until `closed`, and serves each in a task of its own.
async fn accept<H, F>(
    listener: TcpListener,
    graceful: Arc<GracefulShutdown>,
    limits: config::Server,
    mut closed: watch::Receiver<bool>,
    answer: H,
) where
    H: Fn(Parts) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<Body>> + Send + 'static,
{
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let accepted = async {
            let permit = room.clone().acquire_owned().await;
            (listener.accept().await, permit)
        };
        let (stream, permit) = tokio::select! {
            _ = closed.wait_for(|closed| *closed) => return,
            accepted = accepted => accepted,
        };
        let Ok((stream, address)) = stream else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let answer = {
            // An IPv4 client of a socket that takes both is known by its own address.
            let (answer, peer) = (answer.clone(), Peer(address.ip().to_canonical()));
            move |mut parts: Parts| {
                parts.extensions.insert(peer);
                answer(parts)
            }
        };
        let connection = connection(stream, graceful.watcher(), limits.clone(), answer);
        tokio::spawn(async move {
            connection.await;
            drop(permit);
        });
    }
}

async fn connection<H, F>(stream: TcpStream, watcher: Watcher, limits: config::Server, answer: H)
where
    H: Fn(Parts) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<Body>> + Send + 'static,
{
    // Small answers leave at once; where it cannot be set, they leave a little later.
    let _set = stream.set_nodelay(true);
    let wait = limits.header_timeout.0;
    let head = usize::try_from(limits.header_bytes.0).unwrap_or(usize::MAX);
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(wait)
        .max_buf_size(head);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(u32::try_from(head).unwrap_or(u32::MAX))
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(wait);

    let asked = Arc::new(AtomicBool::new(false));
    let service = {
        let asked = asked.clone();
        service_fn(move |request: Request<hyper::body::Incoming>| {
            asked.store(true, Ordering::Relaxed);
            let response = answer(request.into_parts().0);
            async move { Ok::<_, std::convert::Infallible>(response.await) }
        })
    };
    let served = builder
        .serve_connection(TokioIo::new(stream), service)
        .into_owned();
    let served = watcher.watch(served);
    tokio::pin!(served);
    // Until it is clear which HTTP a client speaks no other timer runs.
    let first = tokio::time::timeout(wait, &mut served).await;
    let ended = match first {
        Ok(ended) => ended,
        Err(_) if !asked.load(Ordering::Relaxed) => return,
        Err(_) => served.await,
    };
    if let Err(error) = ended {
        // Clients leave in many ways; none of them is our fault.
        tracing::debug!(%error, "connection ended");
    }
}

enum Signal {
    Stop,
    Reload,
}

#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    hangup: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.terminate.recv() => Signal::Stop,
            _ = self.interrupt.recv() => Signal::Stop,
            _ = self.hangup.recv() => Signal::Reload,
        }
    }
}

/// Elsewhere there is Ctrl-C alone.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> Signal {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Signal::Stop,
            Err(_) => std::future::pending().await,
        }
    }
}
