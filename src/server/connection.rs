//! Connections: accepted up to a number, held to deadlines, served in a task of their own.

use std::future::Future;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

use super::body::Body;
use super::stall::Stall;
use super::tls::Tls;
use crate::config;

/// Requests at once on one HTTP/2 connection.
const MAX_STREAMS: u32 = 128;

/// How often a silent HTTP/2 peer is asked whether it is still there.
const PING_EVERY: Duration = Duration::from_secs(30);

/// Pause after the system gave no connection (usually: no file descriptors left).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What all connections of a listener share.
#[derive(Clone)]
pub(super) struct Terms {
    pub(super) limits: config::Server,
    pub(super) graceful: Arc<GracefulShutdown>,
    pub(super) closed: watch::Receiver<bool>,
}

/// Accepts connections until closed, and serves each in a task of its own.
pub(super) async fn accept<H, F>(
    listener: TcpListener,
    tls: Option<Arc<Tls>>,
    terms: Terms,
    answer: H,
) where
    H: Fn(Request<Incoming>, IpAddr) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<Body>> + Send + 'static,
{
    let Terms {
        limits,
        graceful,
        mut closed,
    } = terms;
    let most = usize::try_from(limits.connections).unwrap_or(Semaphore::MAX_PERMITS);
    let room = Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
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
        // Small answers leave at once; where it cannot be set, they leave a little later.
        let _set = stream.set_nodelay(true);
        let (watcher, limits) = (graceful.watcher(), limits.clone());
        let (answer, tls) = (answer.clone(), tls.clone());
        // An IPv4 client of a socket that takes both is known by its own address.
        let peer = address.ip().to_canonical();
        let answer = move |request| answer(request, peer);
        tokio::spawn(async move {
            // A client that takes nothing of its answer holds memory for nothing.
            let stream = Stall::new(stream, limits.stall_timeout.0);
            match tls {
                None => connection(stream, watcher, &limits, answer).await,
                Some(tls) => {
                    let shaken = tls.acceptor().accept(stream);
                    match tokio::time::timeout(limits.header_timeout.0, shaken).await {
                        Ok(Ok(stream)) => connection(stream, watcher, &limits, answer).await,
                        Ok(Err(error)) => tracing::debug!(%error, "no TLS"),
                        Err(_) => tracing::debug!("no TLS in time"),
                    }
                }
            }
            drop(permit);
        });
    }
}

async fn connection<S, H, F>(stream: S, watcher: Watcher, limits: &config::Server, answer: H)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    H: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<Body>> + Send + 'static,
{
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
        service_fn(move |request: Request<Incoming>| {
            asked.store(true, Ordering::Relaxed);
            let response = answer(request);
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
