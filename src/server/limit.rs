//! How often one client, and all clients of one endpoint, may ask.
//!
//! Each limit is a bucket that fills at its rate and holds a burst (the generic cell rate algorithm of
//! the `governor` crate). A request that finds its bucket empty is answered 429 with the time after
//! which it may come again, before its URL is even read.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};
use hyper::HeaderMap;
use hyper::header::HeaderName;

use crate::config::{self, Config};

/// Clients remembered before those that have not been seen for a while are forgotten.
const MANY_CLIENTS: usize = 100_000;

/// Requests between two looks at how many clients are remembered.
const LOOK_EVERY: u64 = 4096;

/// The limits in force.
#[derive(Debug, Default)]
pub(super) struct Limits {
    clients: Option<DefaultKeyedRateLimiter<IpAddr>>,
    /// By the endpoint's name; those without a limit are not here.
    endpoints: HashMap<Box<str>, DefaultDirectRateLimiter>,
    /// Names the client where a proxy stands before us.
    header: Option<HeaderName>,
    clock: DefaultClock,
    asked: AtomicU64,
}

impl Limits {
    /// As the configuration says; a rate of 0 is no limit.
    pub(super) fn new(config: &Config) -> Self {
        let endpoints = config.endpoints.iter().filter_map(|endpoint| {
            let limiter = RateLimiter::direct(quota(endpoint.rate)?);
            Some((endpoint.name.as_str().into(), limiter))
        });
        Self {
            clients: quota(config.server.client_rate).map(RateLimiter::keyed),
            endpoints: endpoints.collect(),
            header: config
                .server
                .client_header
                .as_deref()
                .and_then(|name| HeaderName::from_bytes(name.as_bytes()).ok()),
            clock: DefaultClock::default(),
            asked: AtomicU64::new(0),
        }
    }

    /// Whether a request may go on; otherwise the time after which it may come again.
    pub(super) fn check(
        &self,
        endpoint: &str,
        peer: Option<IpAddr>,
        headers: &HeaderMap,
    ) -> Result<(), Duration> {
        let now = self.clock.now();
        if let (Some(clients), Some(client)) = (&self.clients, self.client(peer, headers)) {
            self.tidy(clients);
            clients
                .check_key(&network(client))
                .map_err(|wait| wait.wait_time_from(now))?;
        }
        match self.endpoints.get(endpoint) {
            Some(limiter) => limiter.check().map_err(|wait| wait.wait_time_from(now)),
            None => Ok(()),
        }
    }

    /// Who asks: what the proxy's header says last, for that entry is the proxy's own; else the peer.
    fn client(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> Option<IpAddr> {
        let told = self.header.as_ref().and_then(|name| {
            let list = headers.get_all(name).iter().next_back()?.to_str().ok()?;
            list.rsplit(',').next()?.trim().parse().ok()
        });
        told.or(peer)
    }

    /// Bounds the memory of clients that have gone.
    fn tidy(&self, clients: &DefaultKeyedRateLimiter<IpAddr>) {
        let due = self.asked.fetch_add(1, Ordering::Relaxed) % LOOK_EVERY == LOOK_EVERY - 1;
        if due && clients.len() > MANY_CLIENTS {
            clients.retain_recent();
        }
    }
}

fn quota(rate: config::Rate) -> Option<Quota> {
    let per_second = NonZeroU32::new(rate.per_second)?;
    let burst = NonZeroU32::new(rate.burst).unwrap_or(per_second);
    Some(Quota::per_second(per_second).allow_burst(burst))
}

/// One subscriber: an IPv4 address, or the /64 network that an IPv6 line is given.
fn network(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(client_rate: &str, endpoint_rate: &str) -> Limits {
        let text = format!(
            "[server]\nclient_rate = {client_rate}\nclient_header = \"X-Forwarded-For\"\n\
             [[origin]]\nname = \"o\"\nkind = \"folder\"\npath = \".\"\n\
             [[endpoint]]\nname = \"e\"\norigins = [\"o\"]\nrate = {endpoint_rate}\n"
        );
        let config = config::read("test", &text, env!("CARGO_MANIFEST_DIR").as_ref()).result;
        Limits::new(&config.unwrap())
    }

    fn from(text: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", text.parse().unwrap());
        headers
    }

    #[test]
    fn one_client_is_held_back_and_another_is_not() {
        let limits = limits("{ per_second = 1, burst = 3 }", "0");
        let none = HeaderMap::new();
        let ask = |peer: &str| limits.check("e", peer.parse().ok(), &none);
        for _ in 0..3 {
            assert_eq!(ask("192.0.2.1"), Ok(()));
        }
        let wait = ask("192.0.2.1").unwrap_err();
        assert!(wait > Duration::ZERO && wait <= Duration::from_secs(1));
        assert!(
            ask("::ffff:192.0.2.1").is_err(),
            "the same client in other words"
        );
        assert_eq!(ask("192.0.2.2"), Ok(()));
    }

    #[test]
    fn an_ipv6_line_is_one_client() {
        let limits = limits("1", "0");
        let none = HeaderMap::new();
        let ask = |peer: &str| limits.check("e", peer.parse().ok(), &none);
        assert_eq!(ask("2001:db8:1:2::3"), Ok(()));
        assert!(ask("2001:db8:1:2:ffff::4").is_err());
        assert_eq!(ask("2001:db8:1:3::3"), Ok(()));
    }

    #[test]
    fn the_proxys_own_entry_counts_not_what_the_client_claims() {
        let limits = limits("1", "0");
        let proxy = "127.0.0.1".parse().ok();
        assert_eq!(
            limits.check("e", proxy, &from("203.0.113.9, 192.0.2.1")),
            Ok(())
        );
        assert!(
            limits
                .check("e", proxy, &from("198.51.100.7, 192.0.2.1"))
                .is_err()
        );
        assert_eq!(limits.check("e", proxy, &from("192.0.2.2")), Ok(()));
    }

    #[test]
    fn an_endpoint_has_a_limit_for_all_its_clients_together() {
        let limits = limits("0", "{ per_second = 2 }");
        let none = HeaderMap::new();
        let ask = |peer: &str| limits.check("e", peer.parse().ok(), &none);
        assert_eq!(ask("192.0.2.1"), Ok(()));
        assert_eq!(ask("192.0.2.2"), Ok(()));
        assert!(ask("192.0.2.3").is_err());
        assert_eq!(limits.check("another", None, &none), Ok(()));
    }
}
