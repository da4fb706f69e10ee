//! A web server for tests that does what it is told, wrong things too: raw HTTP/1.1 on loopback.
//!
//! It stops when it is dropped; a connection lasts a minute at most, an endless body ends after
//! [`ENDLESS`] bytes.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Where an endless body gives up.
const ENDLESS: u64 = 256 << 20;

/// How long one connection may last.
const LONGEST: Duration = Duration::from_secs(60);

/// A request.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Path and query as sent.
    pub target: String,
    head: String,
}

impl Asked {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// What is sent back.
pub enum Reply {
    /// A whole answer with its length.
    Whole(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// These bytes, then the connection is closed.
    Raw(Vec<u8>),
    /// A file of so many bytes, whole or in the range asked for, with this entity tag.
    File(u64, &'static str),
    /// The head of an answer, then a byte a second.
    Drip,
    /// The head of an answer with so many bytes, these, then the connection is reset.
    Torn(u64, Vec<u8>),
    /// This status and a body in chunks that does not end.
    Endless(u16),
    /// Lines of a head that does not end.
    EndlessHead,
    /// Nothing, for as long as the connection lasts.
    Hang,
    /// The connection is reset.
    Reset,
}

impl Reply {
    pub fn ok(body: impl Into<Vec<u8>>, headers: &[(&'static str, &str)]) -> Self {
        let headers = headers
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()));
        Self::Whole(200, headers.collect(), body.into())
    }

    pub fn status(status: u16) -> Self {
        Self::Whole(status, Vec::new(), Vec::new())
    }

    pub fn redirect(location: impl Into<String>) -> Self {
        Self::Whole(302, vec![("location", location.into())], Vec::new())
    }
}

/// The n-th byte of every generated file.
pub fn byte_at(n: u64) -> u8 {
    // Unlike any shift of itself, so that a range from the wrong place is seen.
    ((n ^ (n >> 8) ^ (n >> 16)).wrapping_mul(31) >> 2) as u8
}

/// A running server.
pub struct Server {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    task: JoinHandle<()>,
}

impl Server {
    /// Answers every request with what `answer` says.
    pub async fn start(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let answer = Arc::new(answer);
        let seen = asked.clone();
        let task = tokio::spawn(async move {
            let mut open = tokio::task::JoinSet::new();
            loop {
                let Ok((stream, _)) = listener.accept().await else {
                    continue;
                };
                let (answer, seen) = (answer.clone(), seen.clone());
                open.spawn(async move {
                    let served = serve(stream, &*answer, &seen);
                    let _ended = tokio::time::timeout(LONGEST, served).await;
                });
                while open.try_join_next().is_some() {}
            }
        });
        Self {
            address,
            asked,
            task,
        }
    }

    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every request so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("a list").clone()
    }

    /// How many requests there were.
    pub fn hits(&self) -> usize {
        self.asked.lock().expect("a list").len()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    mut stream: TcpStream,
    answer: &(impl Fn(&Asked) -> Reply + ?Sized),
    seen: &Mutex<Vec<Asked>>,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() > 64 << 10 {
            return Ok(());
        }
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return Ok(()),
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let asked = Asked { target, head };
    seen.lock().expect("a list").push(asked.clone());
    match answer(&asked) {
        Reply::Whole(status, headers, body) => {
            let mut text = format!("HTTP/1.1 {status} Told\r\nconnection: close\r\n");
            for (name, value) in headers {
                text.push_str(&format!("{name}: {value}\r\n"));
            }
            if status != 304 {
                text.push_str(&format!("content-length: {}\r\n", body.len()));
            }
            stream.write_all(format!("{text}\r\n").as_bytes()).await?;
            stream.write_all(&body).await?;
        }
        Reply::Raw(bytes) => stream.write_all(&bytes).await?,
        Reply::File(bytes, etag) => file(&mut stream, &asked, bytes, etag).await?,
        Reply::Drip => {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
                .await?;
            loop {
                stream.write_all(b"x").await?;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
        Reply::Torn(announced, bytes) => {
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {announced}\r\n\r\n");
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(&bytes).await?;
            // What is written is to arrive before the reset does.
            tokio::time::sleep(Duration::from_millis(50)).await;
            stream.set_zero_linger()?;
        }
        Reply::EndlessHead => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n").await?;
            let line = format!("x-header: {}\r\n", "x".repeat(1000));
            for _ in 0..ENDLESS / line.len() as u64 {
                stream.write_all(line.as_bytes()).await?;
            }
        }
        Reply::Endless(status) => {
            let head = format!("HTTP/1.1 {status} Told\r\ntransfer-encoding: chunked\r\n\r\n");
            stream.write_all(head.as_bytes()).await?;
            let piece = [b'x'; 64 << 10];
            let mut sent = 0;
            while sent < ENDLESS {
                stream.write_all(b"10000\r\n").await?;
                stream.write_all(&piece).await?;
                stream.write_all(b"\r\n").await?;
                sent += piece.len() as u64;
            }
        }
        Reply::Hang => std::future::pending::<()>().await,
        Reply::Reset => stream.set_zero_linger()?,
    }
    Ok(())
}

async fn file(
    stream: &mut TcpStream,
    asked: &Asked,
    bytes: u64,
    etag: &str,
) -> std::io::Result<()> {
    let range = asked.header("range").and_then(|range| {
        let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
        Some((first.parse().ok()?, last.parse::<u64>().ok()? + 1))
    });
    let (from, to) = range.unwrap_or((0, bytes));
    let mut head = match range {
        Some(_) => format!(
            "HTTP/1.1 206 Part\r\ncontent-range: bytes {from}-{}/{bytes}\r\n",
            to - 1
        ),
        None => "HTTP/1.1 200 OK\r\n".to_owned(),
    };
    head.push_str(&format!(
        "etag: {etag}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        to - from
    ));
    stream.write_all(head.as_bytes()).await?;
    let mut at: u64 = from;
    while at < to {
        let end = to.min(at + (256 << 10));
        let piece: Vec<u8> = (at..end).map(byte_at).collect();
        stream.write_all(&piece).await?;
        at = end;
    }
    Ok(())
}
