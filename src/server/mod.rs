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
mod answer;
mod asked;
mod body;
mod conditional;
mod connection;
pub mod explain;
mod export;
mod front;
mod handler;
mod headers;
mod ids;
mod limit;
mod media;
mod metrics;
mod otlp;
mod refusal;
mod reload;
mod stall;
mod status;
pub mod telemetry;
mod tls;
mod traced;

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use hyper::body::Incoming;
use hyper::header::{HeaderValue, STRICT_TRANSPORT_SECURITY};
use hyper::{Request, Response};
use hyper_util::server::graceful::GracefulShutdown;
use thiserror::Error as ThisError;
use tokio::net::TcpListener;
use tokio::sync::watch;

pub use body::Body;
pub use handler::App;
pub use tls::Error as TlsError;

use crate::config::{self, Config};
use connection::{Terms, accept};
use handler::Peer;
use reload::Reloader;
use tls::Tls;

/// Sent over TLS alone: browsers come back by TLS for a week.
const STRICT_TRANSPORT: HeaderValue = HeaderValue::from_static("max-age=604800");

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
    /// There is no certificate to speak TLS with.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Signals cannot be waited for.
    #[error("signals: {0}")]
    Signals(std::io::Error),
    /// Traces cannot be sent.
    #[error("telemetry: {0}")]
    Telemetry(#[from] reqwest::Error),
    /// No gateway can be made of the configuration.
    #[error(transparent)]
    Config(#[from] config::Error),
}

/// A server that has its addresses.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    secure: Option<(TcpListener, Arc<Tls>)>,
    admin: Option<TcpListener>,
    app: Arc<App>,
    config: Config,
}

impl Server {
    /// Takes the addresses and makes the gateway. Needs a tokio runtime.
    ///
    /// # Errors
    /// [`Error::Listen`] for an address that is taken or not ours, [`Error::Tls`], [`Error::Config`].
    pub async fn bind(config: Config) -> Result<Self, Error> {
        let listener = listen(config.listen).await?;
        let secure = match &config.tls {
            Some(files) => {
                let tls = Arc::new(Tls::load(files)?);
                Some((listen(files.listen).await?, tls))
            }
            None => None,
        };
        let admin = match config.admin {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        let gateway = config::gateway(&config, config::shared(&config)?)?;
        Ok(Self {
            listener,
            secure,
            admin,
            app: Arc::new(App::new(gateway, &config).traced(export::start(&config.telemetry)?)),
            config,
        })
    }

    /// Where requests come in; a port of 0 has become a real one.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap_or(self.config.listen)
    }

    /// Where TLS is spoken.
    #[must_use]
    pub fn secure_address(&self) -> Option<SocketAddr> {
        let (listener, _) = self.secure.as_ref()?;
        listener.local_addr().ok()
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
        let tls = self.secure.as_ref().map(|(_, tls)| tls.clone());
        let mut reloader = Reloader::new(app, config, file, tls);
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
            secure,
            admin,
            app,
            config,
        } = self;
        let ready = Arc::new(AtomicBool::new(true));
        let (closing, closed) = watch::channel(false);
        let graceful = Arc::new(GracefulShutdown::new());
        let terms = |graceful: &Arc<GracefulShutdown>| Terms {
            limits: config.server.clone(),
            graceful: graceful.clone(),
            closed: closed.clone(),
        };
        let mut fronts = vec![tokio::spawn(accept(
            listener,
            None,
            terms(&graceful),
            front(app.clone(), false),
        ))];
        if let Some((listener, tls)) = secure {
            let answer = front(app.clone(), true);
            fronts.push(tokio::spawn(accept(
                listener,
                Some(tls),
                terms(&graceful),
                answer,
            )));
        }
        let back = admin.map(|listener| {
            let (app, ready) = (app.clone(), ready.clone());
            // Not watched: operators are answered while the front drains.
            let unwatched = Arc::new(GracefulShutdown::new());
            let answer = move |request: Request<Incoming>, _| {
                let (app, ready) = (app.clone(), ready.clone());
                async move { admin::answer(&app, &ready, request).await }
            };
            tokio::spawn(accept(listener, None, terms(&unwatched), answer))
        });
        let follower = app.clone();
        let follower = tokio::spawn(async move { follower.follow().await });

        stop.await;
        tracing::info!("draining");
        ready.store(false, Ordering::Relaxed);
        closing.send_replace(true);
        for front in fronts {
            // A task ends at once: it only accepts. Its connections live in tasks of their own.
            let _ended = front.await;
        }
        let drained = async {
            // Nobody else holds it once those tasks have ended.
            if let Some(graceful) = Arc::into_inner(graceful) {
                graceful.shutdown().await;
            }
            app.gateway.load_full().shared.store.flush().await;
        };
        let limit = tokio::time::Instant::now() + config.server.drain.0;
        match tokio::time::timeout_at(limit, drained).await {
            Ok(()) => tracing::info!("stopped"),
            Err(_) => tracing::warn!("stopped with requests still open after the drain limit"),
        }
        // Last, for what was written to the store is told too.
        if let Some(tracer) = app.tracer()
            && tokio::time::timeout_at(limit, tracer.flush())
                .await
                .is_err()
        {
            tracing::warn!("stopped with traces that are not sent");
        }
        follower.abort();
        if let Some(back) = back {
            back.abort();
        }
    }
}

/// What answers on a public listener.
fn front(
    app: Arc<App>,
    secure: bool,
) -> impl Fn(Request<Incoming>, IpAddr) -> Given + Clone + Send + Sync {
    let with_policy = move |mut response: Response<Body>| {
        if secure {
            let headers = response.headers_mut();
            headers.insert(STRICT_TRANSPORT_SECURITY, STRICT_TRANSPORT);
        }
        response
    };
    move |request, address| {
        let parts = request.into_parts().0;
        let peer = Some(Peer { address, secure });
        if let Some(response) = app.respond_at_once(&parts, peer) {
            return Given::Now(Some(with_policy(response)));
        }
        let app = app.clone();
        Given::Later(Box::pin(async move {
            with_policy(app.respond_later(&parts, peer).await)
        }))
    }
}

/// A response: at once, without a place in memory for a wait, or later.
enum Given {
    Now(Option<Response<Body>>),
    Later(BoxFuture<'static, Response<Body>>),
}

impl Future for Given {
    type Output = Response<Body>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Response<Body>> {
        match self.get_mut() {
            Self::Now(response) => response.take().map_or(Poll::Pending, Poll::Ready),
            Self::Later(response) => response.as_mut().poll(context),
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
