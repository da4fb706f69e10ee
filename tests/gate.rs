//! A way to a server that a test can spoil: connections pass, hang, are reset, or break off inside an
//! answer.
//!
//! It stops when it is dropped; a connection lasts a minute at most.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// How long one connection may last.
const LONGEST: Duration = Duration::from_secs(60);

/// What becomes of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Pass,
    /// It is accepted, and nothing comes back.
    Hang,
    /// It is accepted and reset.
    Reset,
    /// It is reset after so many bytes have come back.
    Cut(usize),
}

/// A way to a server.
pub struct Gate {
    pub address: SocketAddr,
    ways: Arc<Mutex<Ways>>,
    /// Changes when all open connections are to end.
    epoch: watch::Sender<u64>,
    accepted: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

struct Ways {
    /// For the next connections, one each.
    next: VecDeque<Way>,
    /// For those behind them.
    then: Way,
}

impl Gate {
    /// Before the server at this address, open.
    pub async fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let ways = Arc::new(Mutex::new(Ways {
            next: VecDeque::new(),
            then: Way::Pass,
        }));
        let accepted = Arc::<AtomicUsize>::default();
        let (epoch, epochs) = watch::channel(0);
        let (own, count) = (ways.clone(), accepted.clone());
        let task = tokio::spawn(async move {
            let mut open = JoinSet::new();
            loop {
                let Ok((stream, _)) = listener.accept().await else {
                    continue;
                };
                count.fetch_add(1, Ordering::SeqCst);
                let way = {
                    let mut ways = own.lock().expect("not poisoned");
                    ways.next.pop_front().unwrap_or(ways.then)
                };
                let mut epochs = epochs.clone();
                epochs.mark_unchanged();
                open.spawn(async move {
                    tokio::select! {
                        () = serve(stream, server, way) => {}
                        _ = epochs.changed() => {}
                        () = tokio::time::sleep(LONGEST) => {}
                    }
                });
                while open.try_join_next().is_some() {}
            }
        });
        Self {
            address,
            ways,
            epoch,
            accepted,
            task,
        }
    }

    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What becomes of all connections from now on; those that are open end.
    pub fn set(&self, way: Way) {
        self.ways.lock().expect("not poisoned").then = way;
        self.epoch.send_modify(|epoch| *epoch += 1);
    }

    /// What becomes of the next connections, one each; those that are open end.
    pub fn next(&self, ways: &[Way]) {
        self.ways.lock().expect("not poisoned").next.extend(ways);
        self.epoch.send_modify(|epoch| *epoch += 1);
    }

    /// Connections so far.
    pub fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(client: TcpStream, server: SocketAddr, way: Way) {
    let room = match way {
        Way::Hang => return std::future::pending().await,
        Way::Reset => 0,
        Way::Cut(bytes) => bytes,
        Way::Pass => usize::MAX,
    };
    if room > 0 {
        let Ok(server) = TcpStream::connect(server).await else {
            return;
        };
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        let up = async {
            let _ended = tokio::io::copy(&mut from_client, &mut to_server).await;
            std::future::pending::<()>().await;
        };
        let down = async {
            let mut left = room;
            let mut piece = vec![0; 16 << 10];
            while left > 0 {
                let most = left.min(piece.len());
                match from_server.read(&mut piece[..most]).await {
                    Ok(read) if read > 0 && to_client.write_all(&piece[..read]).await.is_ok() => {
                        left -= read;
                    }
                    _ => return,
                }
            }
        };
        tokio::select! {
            () = up => {}
            () = down => {}
        }
        let whole = from_client.reunite(to_client).expect("two halves of one");
        // Not in the middle of an answer, this is an end like any other.
        let _reset = whole.set_zero_linger();
    } else {
        let _reset = client.set_zero_linger();
    }
}
