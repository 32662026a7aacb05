//! Which addresses a name may stand for: public ones, and those of the networks that a grant names.
//!
//! A name is answered by whoever runs its zone. Without this, a granted name would reach whatever its owner points it
//! to: a machine's own services, the network around it, the metadata of a cloud.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::domain::grant::HostGrant;

/// Ranges of IPv4 that are not public: where they begin, how many bits they share, and what they are.
const SPECIAL_V4: [(Ipv4Addr, u32, &str); 15] = [
    (Ipv4Addr::UNSPECIFIED, 8, "an unspecified"),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "a private"),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "a provider's private"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "a loopback"),
    (Ipv4Addr::new(169, 254, 0, 0), 16, "a link-local"),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "a private"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "a reserved"),
    (Ipv4Addr::new(192, 0, 2, 0), 24, "a documentation"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "a reserved"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "a private"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "a reserved"),
    (Ipv4Addr::new(198, 51, 100, 0), 24, "a documentation"),
    (Ipv4Addr::new(203, 0, 113, 0), 24, "a documentation"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "a multicast"),
    (Ipv4Addr::new(240, 0, 0, 0), 4, "a reserved"),
];

/// The same of IPv6. What is not named here and not within `2000::/3` is reserved.
const SPECIAL_V6: [(Ipv6Addr, u32, &str); 10] = [
    (Ipv6Addr::UNSPECIFIED, 128, "an unspecified"),
    (Ipv6Addr::LOCALHOST, 128, "a loopback"),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, "a reserved"),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, "a documentation"),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, "a documentation"),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, "a private"),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10, "a link-local"),
    (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10, "a private"),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8, "a multicast"),
    (Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0), 48, "a private"),
];

/// Public addresses of IPv6.
const PUBLIC_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
/// Addresses of IPv6 that lead to one of IPv4: the prefix, its bits, and how many bits follow the address.
const EMBEDDING: [(Ipv6Addr, u32, u32); 3] = [
    (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96, 0),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, 80),
    (Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, 0, 0), 96, 0),
];

/// Whether a host is this machine itself, to which requests may go in the clear.
pub(super) fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

/// Why the granted host may not be reached at this address; `None` when it may. The words are those of "a link-local
/// address".
pub(super) fn refusal(grant: &HostGrant, address: IpAddr) -> Option<&'static str> {
    let named = grant.host.parse() == Ok(address) || grant.networks.iter().any(|network| network.contains(address));
    let loopback = address.to_canonical().is_loopback();
    match grant.host.as_str() {
        _ if named => None,
        // Requests to it may be in the clear, so it has to be what it says.
        "localhost" if loopback => None,
        "localhost" => Some("another machine's"),
        _ => special(address),
    }
}

/// What an address is that is not public.
fn special(address: IpAddr) -> Option<&'static str> {
    match address.to_canonical() {
        IpAddr::V4(address) => special_v4(address),
        IpAddr::V6(address) => special_v6(address),
    }
}

fn special_v4(address: Ipv4Addr) -> Option<&'static str> {
    let within = |(network, prefix, _): &&(Ipv4Addr, u32, &str)| {
        (address.to_bits() ^ network.to_bits()).leading_zeros() >= *prefix
    };
    SPECIAL_V4.iter().find(within).map(|(_, _, what)| *what)
}

fn special_v6(address: Ipv6Addr) -> Option<&'static str> {
    let within = |network: Ipv6Addr, prefix: u32| (address.to_bits() ^ network.to_bits()).leading_zeros() >= prefix;
    if let Some((_, _, after)) = EMBEDDING.iter().find(|(network, prefix, _)| within(*network, *prefix)) {
        let embedded = (address.to_bits() >> after) & u128::from(u32::MAX);
        return special_v4(Ipv4Addr::from_bits(u32::try_from(embedded).unwrap_or_default()));
    }
    let named = SPECIAL_V6.iter().find(|(network, prefix, _)| within(*network, *prefix)).map(|(_, _, what)| *what);
    named.or_else(|| (!within(PUBLIC_V6.0, PUBLIC_V6.1)).then_some("a reserved"))
}

#[cfg(test)]
mod tests {
    use super::{HostGrant, refusal};

    fn grant(host: &str, networks: &[&str]) -> HostGrant {
        let networks = networks.iter().map(|network| network.parse().unwrap()).collect();
        HostGrant { networks, ..host.parse().unwrap() }
    }

    #[test]
    fn only_public_addresses_are_reached_without_a_word() {
        let cases = [
            ("169.254.169.254", Some("a link-local")),
            ("127.0.0.1", Some("a loopback")),
            ("127.255.0.9", Some("a loopback")),
            ("10.1.2.3", Some("a private")),
            ("172.16.0.1", Some("a private")),
            ("172.31.255.255", Some("a private")),
            ("172.32.0.0", None),
            ("192.168.0.1", Some("a private")),
            ("100.64.0.1", Some("a provider's private")),
            ("100.128.0.1", None),
            ("0.0.0.0", Some("an unspecified")),
            ("224.0.0.1", Some("a multicast")),
            ("255.255.255.255", Some("a reserved")),
            ("198.19.0.1", Some("a reserved")),
            ("192.0.2.1", Some("a documentation")),
            ("198.51.100.1", Some("a documentation")),
            ("203.0.113.1", Some("a documentation")),
            ("8.8.8.8", None),
            ("::", Some("an unspecified")),
            ("::1", Some("a loopback")),
            ("fe80::1", Some("a link-local")),
            ("fd00::1", Some("a private")),
            ("ff02::1", Some("a multicast")),
            ("2001:db8::1", Some("a documentation")),
            ("2001:0:1::1", Some("a reserved")),
            ("4000::1", Some("a reserved")),
            ("::ffff:169.254.169.254", Some("a link-local")),
            ("::ffff:8.8.8.8", None),
            ("::10.0.0.1", Some("a reserved")),
            ("::ffff:0:10.0.0.1", Some("a private")),
            ("64:ff9b::10.0.0.1", Some("a private")),
            ("64:ff9b::8.8.8.8", None),
            ("64:ff9b:1::8.8.8.8", Some("a private")),
            ("2002:a9fe:a9fe::1", Some("a link-local")),
            ("2002:808:808::1", None),
            ("2606:4700::1111", None),
        ];
        for (address, expected) in cases {
            assert_eq!(refusal(&grant("a.example", &[]), address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn a_grant_may_name_more() {
        let cases = [
            (grant("a.example", &["10.0.0.0/8"]), "10.1.2.3", None),
            (grant("a.example", &["10.0.0.0/8"]), "::ffff:10.1.2.3", None),
            (grant("a.example", &["10.0.0.0/8"]), "192.168.0.1", Some("a private")),
            (grant("10.1.2.3", &[]), "10.1.2.3", None),
            (grant("10.1.2.3", &[]), "10.1.2.4", Some("a private")),
            (grant("localhost", &[]), "127.0.0.1", None),
            (grant("localhost", &[]), "::1", None),
            (grant("localhost", &[]), "8.8.8.8", Some("another machine's")),
            (grant("localhost", &["10.0.0.0/8"]), "10.0.0.1", None),
        ];
        for (grant, address, expected) in cases {
            assert_eq!(refusal(&grant, address.parse().unwrap()), expected, "{grant} {address}");
        }
    }
}
