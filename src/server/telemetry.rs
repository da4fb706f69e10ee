//! Logs: to standard error, for people or as JSON.

use std::borrow::Cow;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

use crate::config::{Log, LogFormat};

/// Longest target that a log line tells, in bytes.
const MAX_TARGET: usize = 2048;

/// Starts logging; `RUST_LOG` narrows or widens it. Once a process: later calls change nothing.
pub fn start(log: &Log) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = fmt::Subscriber::builder()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // An error means that a log is there already.
    let _started = match log.format {
        LogFormat::Text => {
            use std::io::IsTerminal as _;
            let colour = std::io::stderr().is_terminal();
            tracing::subscriber::set_global_default(builder.with_ansi(colour).finish())
        }
        LogFormat::Json => {
            tracing::subscriber::set_global_default(builder.json().flatten_event(true).finish())
        }
    };
}

/// A target as a log may tell it: values of the query that open doors are struck out.
pub(super) fn loggable(target: &str) -> Cow<'_, str> {
    let mut end = target.len().min(MAX_TARGET);
    while !target.is_char_boundary(end) {
        end -= 1;
    }
    let target = target.get(..end).unwrap_or_default();
    let Some((path, query)) = target.split_once('?') else {
        return Cow::Borrowed(target);
    };
    let pairs: Vec<Cow<'_, str>> = query
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((key, _)) if is_secret(key) => Cow::Owned(format!("{key}=***")),
            _ => Cow::Borrowed(pair),
        })
        .collect();
    Cow::Owned(format!("{path}?{}", pairs.join("&")))
}

fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    [
        "token",
        "secret",
        "signature",
        "sig",
        "key",
        "auth",
        "password",
        "credential",
    ]
    .iter()
    .any(|word| key.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_opens_doors_is_not_logged() {
        for (target, logged) in [
            ("/demo/image/upload/a.jpg", "/demo/image/upload/a.jpg"),
            ("/a.jpg?_a=BA&v=1", "/a.jpg?_a=BA&v=1"),
            (
                "/a.jpg?__cld_token__=exp=1~hmac=ff&x=1",
                "/a.jpg?__cld_token__=***&x=1",
            ),
            ("/a.jpg?X-Amz-Signature=ff", "/a.jpg?X-Amz-Signature=***"),
        ] {
            assert_eq!(loggable(target), logged);
        }
        assert_eq!(loggable(&"é".repeat(MAX_TARGET)).len(), MAX_TARGET);
    }
}
