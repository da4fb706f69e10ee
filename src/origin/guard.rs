//! Which hosts and addresses may be reached: the way out, guarded.
//!
//! A URL is checked before each hop, redirects included ([`Guard::check`]); a name is resolved once,
//! its addresses are checked, and the connection goes to a checked one ([`Guard::resolve`]). So
//! neither a redirect nor a name that changes its address between two look-ups leads into a private
//! network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::Url;
use thiserror::Error as ThisError;

/// How far an address is from the public.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Routed in the public internet.
    Public,
    /// Loopback, private and shared networks: reached only where the owner says so.
    Private,
    /// Never an origin: cloud metadata, link-local, multicast, unspecified, reserved.
    Never,
}

/// Addresses at which clouds answer questions about the machine itself, outside the link-local range.
const METADATA_V4: [Ipv4Addr; 2] = [
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(192, 0, 0, 192),
];
const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

/// How far an address is from the public; an IPv4 address inside an IPv6 one counts as itself.
#[must_use]
pub fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(address) => reach_v4(address),
        IpAddr::V6(address) => reach_v6(address),
    }
}

fn reach_v4(address: Ipv4Addr) -> Reach {
    let [a, b, c, _] = address.octets();
    let private = address.is_loopback()
        || address.is_private()
        || (a == 100 && b & 0xc0 == 64)
        || (a == 198 && b & 0xfe == 18);
    let never = a == 0
        || a >= 224
        || address.is_link_local()
        || address.is_documentation()
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || METADATA_V4.contains(&address);
    match (never, private) {
        (true, _) => Reach::Never,
        (false, true) => Reach::Private,
        (false, false) => Reach::Public,
    }
}

fn reach_v6(address: Ipv6Addr) -> Reach {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let embedded = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        reach_v4(Ipv4Addr::new(a, b, c, d))
    };
    match (a, b) {
        _ if address.is_loopback() => Reach::Private,
        _ if address == METADATA_V6 => Reach::Never,
        // Mapped, translated (NAT64) and tunnelled (6to4) IPv4.
        (0, 0) if [c, d, e] == [0, 0, 0] && f == 0xffff => embedded(g, h),
        (0x64, 0xff9b) if [c, d, e, f] == [0, 0, 0, 0] => embedded(g, h),
        (0x2002, _) => embedded(b, c),
        (a, _) if a & 0xfe00 == 0xfc00 => Reach::Private,
        // Teredo and the rest of the special block, documentation.
        (0x2001, b) if b < 0x200 || b == 0xdb8 => Reach::Never,
        (0x3fff, b) if b < 0x1000 => Reach::Never,
        (a, _) if a & 0xe000 == 0x2000 => Reach::Public,
        _ => Reach::Never,
    }
}

/// Why something may not be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
#[allow(missing_docs, reason = "the messages are the documentation")]
pub enum Refused {
    #[error("remote URL is neither http nor https")]
    Scheme,
    #[error("remote URL carries a user name or password")]
    Credentials,
    #[error("remote host is not on the list of allowed hosts")]
    Host,
    #[error("remote port is not allowed")]
    Port,
    #[error("remote address is not public")]
    Address,
}

impl Refused {
    /// The message, for errors that keep it.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Scheme => "remote URL is neither http nor https",
            Self::Credentials => "remote URL carries a user name or password",
            Self::Host => "remote host is not on the list of allowed hosts",
            Self::Port => "remote port is not allowed",
            Self::Address => "remote address is not public",
        }
    }
}

/// A host that a list of the owner's names: `example.com`, or with everything below it
/// `.example.com` or `*.example.com`; with a port (`example.com:8080`) that port instead of the
/// usual ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostEntry {
    /// In lower case, ASCII. With `below` it begins with a dot.
    name: Box<str>,
    below: bool,
    port: Option<u16>,
}

impl HostEntry {
    /// Reads an entry. `None` for what is no host name: a URL, a wildcard inside a name, nothing.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let lower = text.trim().to_ascii_lowercase();
        let (name, port) = match lower.rsplit_once(':') {
            Some((name, port)) if !name.ends_with(':') && !name.contains(':') => {
                (name, Some(port.parse().ok()?))
            }
            _ => (lower.as_str(), None),
        };
        let bare = name.strip_prefix("*.").or_else(|| name.strip_prefix('.'));
        let host = bare.unwrap_or(name);
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        let bracketed = host.starts_with('[') && host.ends_with(']');
        let named = !host.is_empty()
            && !host.starts_with('.')
            && !host.ends_with('.')
            && host.bytes().all(plain);
        if !named && !bracketed {
            return None;
        }
        Some(Self {
            name: match bare {
                Some(bare) => format!(".{bare}").into(),
                None => host.into(),
            },
            below: bare.is_some(),
            port,
        })
    }

    /// The host and port that a URL names, and no other.
    #[must_use]
    pub fn of(url: &Url) -> Option<Self> {
        Some(Self {
            name: url.host_str()?.to_ascii_lowercase().into(),
            below: false,
            port: url.port_or_known_default(),
        })
    }

    fn names(&self, host: &str) -> bool {
        if self.below {
            // `.example.com` is not `example.com` itself.
            host.len() > self.name.len() && host.ends_with(&*self.name)
        } else {
            host == &*self.name
        }
    }

    fn ports(&self, port: u16) -> bool {
        self.port
            .map_or_else(|| is_usual(port), |own| own == port || is_usual(port))
    }
}

const fn is_usual(port: u16) -> bool {
    matches!(port, 80 | 443)
}

/// What an origin may reach.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    /// Hosts that the owner has written down as places of his own; they may be private.
    pub own: Vec<HostEntry>,
    /// The only other hosts that may be reached; `None`: every public one.
    pub listed: Option<Vec<HostEntry>>,
    /// Whether listed hosts may be private too.
    pub private: bool,
}

impl Guard {
    /// Whether a URL may be asked, as far as it can be told without resolving its name.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, url: &Url) -> Result<(), Refused> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Refused::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refused::Credentials);
        }
        let host = url.host_str().unwrap_or_default();
        let host = host.strip_suffix('.').unwrap_or(host);
        let port = url.port_or_known_default().unwrap_or(0);
        let own = self.own.iter().filter(|entry| entry.names(host));
        let mut known = own.clone().next().is_some();
        let mut port_fits = own.clone().any(|entry| entry.ports(port));
        if !known {
            match &self.listed {
                None => {
                    known = true;
                    port_fits = is_usual(port);
                }
                Some(listed) => {
                    let mut entries = listed.iter().filter(|entry| entry.names(host)).peekable();
                    known = entries.peek().is_some();
                    port_fits = entries.any(|entry| entry.ports(port));
                }
            }
        }
        if !known {
            return Err(Refused::Host);
        }
        if !port_fits {
            return Err(Refused::Port);
        }
        // A name's addresses are checked when it is resolved; an address in the URL is never.
        let literal = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
        match literal.unwrap_or(host).parse::<IpAddr>() {
            Ok(address) => self.check_address(host, address),
            Err(_) => Ok(()),
        }
    }

    /// Whether a host may be reached at an address.
    ///
    /// # Errors
    /// [`Refused::Address`].
    pub fn check_address(&self, host: &str, address: IpAddr) -> Result<(), Refused> {
        let named = |entries: &[HostEntry]| entries.iter().any(|entry| entry.names(host));
        let private_fits =
            named(&self.own) || (self.private && self.listed.as_deref().is_some_and(named));
        match reach(address) {
            Reach::Public => Ok(()),
            Reach::Private if private_fits => Ok(()),
            Reach::Private | Reach::Never => Err(Refused::Address),
        }
    }

    /// The addresses of a host that may be reached; the connection goes to one of these.
    ///
    /// # Errors
    /// The resolver's own, and [`Refused::Address`] when it knows none that may be reached.
    pub async fn resolve(
        &self,
        host: &str,
    ) -> Result<Vec<SocketAddr>, Box<dyn std::error::Error + Send + Sync>> {
        let host = host.to_ascii_lowercase();
        let host = host.strip_suffix('.').unwrap_or(&host);
        let all: Vec<SocketAddr> = tokio::net::lookup_host((host, 0)).await?.collect();
        let allowed: Vec<SocketAddr> = all
            .iter()
            .copied()
            .filter(|address| self.check_address(host, address.ip()).is_ok())
            .collect();
        if allowed.is_empty() && !all.is_empty() {
            return Err(Refused::Address.into());
        }
        Ok(allowed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_apart() {
        for (text, expected) in [
            ("93.184.216.34", Reach::Public),
            ("1.1.1.1", Reach::Public),
            ("100.63.255.255", Reach::Public),
            ("172.32.0.1", Reach::Public),
            ("2606:4700::1111", Reach::Public),
            ("127.0.0.1", Reach::Private),
            ("127.255.0.9", Reach::Private),
            ("10.1.2.3", Reach::Private),
            ("172.16.0.1", Reach::Private),
            ("172.31.255.255", Reach::Private),
            ("192.168.0.1", Reach::Private),
            ("100.64.0.1", Reach::Private),
            ("198.18.0.1", Reach::Private),
            ("::1", Reach::Private),
            ("fd12::1", Reach::Private),
            ("::ffff:127.0.0.1", Reach::Private),
            ("::ffff:10.0.0.1", Reach::Private),
            ("64:ff9b::c0a8:1", Reach::Private),
            ("2002:7f00:1::", Reach::Private),
            ("0.0.0.0", Reach::Never),
            ("0.1.2.3", Reach::Never),
            ("169.254.169.254", Reach::Never),
            ("100.100.100.200", Reach::Never),
            ("192.0.0.192", Reach::Never),
            ("192.0.2.1", Reach::Never),
            ("224.0.0.1", Reach::Never),
            ("255.255.255.255", Reach::Never),
            ("::", Reach::Never),
            ("::127.0.0.1", Reach::Never),
            ("::ffff:169.254.169.254", Reach::Never),
            ("64:ff9b::a9fe:a9fe", Reach::Never),
            ("2002:a9fe:a9fe::", Reach::Never),
            ("fe80::1", Reach::Never),
            ("fec0::1", Reach::Never),
            ("fd00:ec2::254", Reach::Never),
            ("ff02::1", Reach::Never),
            ("2001:db8::1", Reach::Never),
            ("2001:0:53aa::1", Reach::Never),
            ("100::1", Reach::Never),
        ] {
            let address: IpAddr = text.parse().expect(text);
            assert_eq!(reach(address), expected, "{text}");
        }
    }

    fn entries(list: &[&str]) -> Vec<HostEntry> {
        list.iter()
            .map(|text| HostEntry::read(text).expect("an entry"))
            .collect()
    }

    #[test]
    fn lists_name_hosts_and_what_is_below_them() {
        let guard = Guard {
            own: Vec::new(),
            listed: Some(entries(&[
                "example.com",
                ".cdn.example",
                "*.img.example",
                "a.example:8080",
            ])),
            private: false,
        };
        for (url, expected) in [
            ("https://example.com/a.jpg", Ok(())),
            ("http://EXAMPLE.com/a.jpg", Ok(())),
            ("http://example.com./a.jpg", Ok(())),
            ("https://x.cdn.example/a.jpg", Ok(())),
            ("https://x.y.img.example/a.jpg", Ok(())),
            ("https://a.example:8080/", Ok(())),
            ("https://a.example/", Ok(())),
            ("https://cdn.example/a.jpg", Err(Refused::Host)),
            ("https://www.example.com/a.jpg", Err(Refused::Host)),
            ("https://notexample.com/a.jpg", Err(Refused::Host)),
            ("https://xcdn.example/a.jpg", Err(Refused::Host)),
            ("https://example.com.evil.example/", Err(Refused::Host)),
            ("https://example.com:22/", Err(Refused::Port)),
            ("https://a.example:8081/", Err(Refused::Port)),
            ("https://user@example.com/", Err(Refused::Credentials)),
            ("ftp://example.com/a.jpg", Err(Refused::Scheme)),
            ("file:///etc/passwd", Err(Refused::Scheme)),
            ("http://127.0.0.1/", Err(Refused::Host)),
        ] {
            let url = Url::parse(url).expect(url);
            assert_eq!(guard.check(&url), expected, "{url}");
        }
    }

    #[test]
    fn own_places_may_be_private_and_nothing_else() {
        let base = Url::parse("http://10.0.0.5:9000/base").expect("a URL");
        let guard = Guard {
            own: HostEntry::of(&base).into_iter().collect(),
            ..Guard::default()
        };
        for (url, expected) in [
            ("http://10.0.0.5:9000/x", Ok(())),
            ("http://10.0.0.5/x", Ok(())),
            ("http://10.0.0.5:22/x", Err(Refused::Port)),
            ("http://10.0.0.6:9000/x", Err(Refused::Port)),
            ("http://10.0.0.6/x", Err(Refused::Address)),
            ("http://[::ffff:10.0.0.6]/x", Err(Refused::Address)),
            ("http://0x7f.1/x", Err(Refused::Address)),
            ("http://2130706433/x", Err(Refused::Address)),
            ("http://169.254.169.254/latest", Err(Refused::Address)),
            ("https://example.com/x", Ok(())),
        ] {
            let url = Url::parse(url).expect(url);
            assert_eq!(guard.check(&url), expected, "{url}");
        }
        let name = "app.internal";
        let private = IpAddr::from([10, 0, 0, 7]);
        assert_eq!(guard.check_address(name, private), Err(Refused::Address));
    }

    #[test]
    fn entries_are_host_names() {
        for text in [
            "",
            "https://a.example",
            "a.*.example",
            "*",
            "*.",
            ".",
            "a/b",
            "a b",
            "a:x",
        ] {
            assert_eq!(HostEntry::read(text), None, "{text}");
        }
        for text in [
            "a.example",
            "*.a.example",
            ".a.example",
            "127.0.0.1:8080",
            "[::1]",
        ] {
            assert!(HostEntry::read(text).is_some(), "{text}");
        }
    }
}
