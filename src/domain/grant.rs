//! What a plugin may reach outside its sandbox: nothing, unless the configuration names it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use serde::Serialize;
use thiserror::Error;

/// What a plugin asks for beyond what every plugin has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Need {
    /// To send requests to hosts.
    Http,
    /// To read secrets.
    Secrets,
}

impl Need {
    /// Continues "it wants to".
    #[must_use]
    pub const fn purpose(self) -> &'static str {
        match self {
            Self::Http => "send requests over http",
            Self::Secrets => "read secrets",
        }
    }

    /// What the configuration of the plugin says to grant it, with words in capitals in place of what only its
    /// documentation and its operator know.
    #[must_use]
    pub const fn line(self) -> &'static str {
        match self {
            Self::Http => "grants: {http: [HOST]}",
            Self::Secrets => "grants: {secrets: {NAME: {env: VARIABLE}}}",
        }
    }
}

/// A host that a plugin may send requests to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostGrant {
    /// A name in lower case, or an address without brackets.
    pub host: String,
    /// The only port; left out, the one that the scheme has by default.
    pub port: Option<u16>,
    /// Networks within which the name may resolve to an address that is not public.
    pub networks: Vec<Network>,
}

/// Why a text names no host.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HostError {
    /// It begins with `https://` or the like.
    #[error("it has a scheme")]
    Scheme,
    /// It has a path, a query or a user name.
    #[error("it is more than a host and a port")]
    More,
    /// It has a `*`.
    #[error("it has a wildcard, and a grant names one host")]
    Wildcard,
    /// The port is no number from 1 to 65535.
    #[error("its port is not a number from 1 to 65535")]
    Port,
    /// Not letters, digits, hyphens and dots, nor an address.
    #[error("it is neither a host name nor an address")]
    Name,
}

impl FromStr for HostGrant {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, HostError> {
        if text.contains("://") {
            return Err(HostError::Scheme);
        }
        if text.contains(['/', '?', '#', '@', '\\']) {
            return Err(HostError::More);
        }
        if text.contains('*') {
            return Err(HostError::Wildcard);
        }
        let (host, port) = split_port(text)?;
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        let names_host = host.parse::<IpAddr>().is_ok() || is_host_name(&host);
        if names_host { Ok(Self { host, port, networks: Vec::new() }) } else { Err(HostError::Name) }
    }
}

/// `[::1]:8080`, `::1`, `tickets.example.com:8443`.
fn split_port(text: &str) -> Result<(&str, Option<u16>), HostError> {
    let (host, port) = match text.strip_prefix('[').map(|rest| rest.split_once(']').ok_or(HostError::Name)) {
        Some(bracketed) => {
            let (host, rest) = bracketed?;
            host.parse::<Ipv6Addr>().map_err(|_error| HostError::Name)?;
            (host, if rest.is_empty() { None } else { Some(rest.strip_prefix(':').ok_or(HostError::Port)?) })
        }
        None if text.parse::<Ipv6Addr>().is_ok() => (text, None),
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    let number = |text: &str| {
        text.parse::<u16>().ok().filter(|port| *port > 0 && text.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let port = port.map(|text| number(text).ok_or(HostError::Port)).transpose()?;
    Ok((host, port))
}

/// Labels of letters, digits and hyphens, as in RFC 1123; the last one is no number, which would be an address written
/// in a form that programs read in different ways.
fn is_host_name(text: &str) -> bool {
    let is_label = |label: &str| {
        let inner = !label.starts_with('-') && !label.ends_with('-');
        inner
            && (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte == b'-' || byte.is_ascii_alphanumeric())
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    let is_number = last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x");
    text.len() <= 253 && text.split('.').all(is_label) && !is_number
}

impl fmt::Display for HostGrant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.port, self.host.contains(':')) {
            (Some(port), true) => write!(formatter, "[{}]:{port}", self.host),
            (Some(port), false) => write!(formatter, "{}:{port}", self.host),
            (None, _) => formatter.write_str(&self.host),
        }
    }
}

/// A range of addresses: `10.0.0.0/8`, `fd00::/8`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u32,
}

impl Network {
    /// Whether the address is in it. An IPv4 address written as IPv6 counts as what it is.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(32 - self.prefix).unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let mask = u128::MAX.checked_shl(128 - self.prefix).unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, HostError> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address: IpAddr = address.parse().map_err(|_error| HostError::Name)?;
        let longest = if address.is_ipv4() { Ipv4Addr::BITS } else { Ipv6Addr::BITS };
        let prefix = match prefix {
            None => longest,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().map_err(|_error| HostError::Name)?
            }
            Some(_) => return Err(HostError::Name),
        };
        if prefix > longest || address.to_canonical() != address {
            return Err(HostError::Name);
        }
        Ok(Self { address, prefix })
    }
}

#[cfg(test)]
mod tests {
    use super::{HostError, HostGrant, Network};

    #[test]
    fn hosts_as_people_write_them() {
        let cases = [
            ("tickets.example.com", "tickets.example.com", None),
            ("Tickets.Example.com.", "tickets.example.com", None),
            ("localhost:8080", "localhost", Some(8080)),
            ("127.0.0.1:1", "127.0.0.1", Some(1)),
            ("[::1]:8443", "::1", Some(8443)),
            ("::1", "::1", None),
        ];
        for (text, host, port) in cases {
            let grant: HostGrant = text.parse().unwrap();
            assert_eq!((grant.host.as_str(), grant.port), (host, port), "{text}");
            assert_eq!(grant.to_string().parse(), Ok(grant), "{text}");
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        let cases = [
            ("https://a.example", HostError::Scheme),
            ("a.example/path", HostError::More),
            ("me@a.example", HostError::More),
            ("*.example", HostError::Wildcard),
            ("a.example:0", HostError::Port),
            ("a.example:65536", HostError::Port),
            ("a.example:+1", HostError::Port),
            ("[::1]8443", HostError::Port),
            ("", HostError::Name),
            ("a..example", HostError::Name),
            ("-a.example", HostError::Name),
            ("127.1", HostError::Name),
            ("2130706433", HostError::Name),
            ("0x7f000001", HostError::Name),
            ("a b", HostError::Name),
            ("[a.example]:1", HostError::Name),
        ];
        for (text, error) in cases {
            assert_eq!(text.parse::<HostGrant>(), Err(error), "{text}");
        }
    }

    #[test]
    fn networks_hold_addresses() {
        let cases = [
            ("10.0.0.0/8", "10.1.2.3", true),
            ("10.0.0.0/8", "11.0.0.0", false),
            ("10.0.0.0/8", "::ffff:10.1.2.3", true),
            ("192.168.1.7", "192.168.1.7", true),
            ("192.168.1.7", "192.168.1.8", false),
            ("0.0.0.0/0", "8.8.8.8", true),
            ("fd00::/8", "fd12::1", true),
            ("fd00::/8", "10.0.0.1", false),
            ("::/0", "fe80::1", true),
        ];
        for (network, address, expected) in cases {
            let network: Network = network.parse().unwrap();
            assert_eq!(network.contains(address.parse().unwrap()), expected, "{network:?} {address}");
        }
        for text in ["10.0.0.0/33", "::/129", "10/8", "a/8", "10.0.0.0/+8", "10.0.0.0/", "::ffff:10.0.0.0/104"] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }
}
