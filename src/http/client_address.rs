//! The address of the client, also behind reverse proxies.
//!
//! Limits, the access log and the scope of guests' idempotency keys use this address.

use std::net::{IpAddr, SocketAddr};

use actix_web::HttpRequest;
use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName, X_FORWARDED_FOR};
use actix_web::web::Data;
use ipnet::IpNet;

/// The reverse proxies that may name the address of their client (`server.trusted_proxies`).
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Vec<IpNet>);

/// The client's address. None if the connection has no address.
#[must_use]
pub fn client_address(request: &HttpRequest) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip();
    let proxies = request.app_data::<Data<TrustedProxies>>();
    Some(proxies.map_or_else(|| peer.to_canonical(), |proxies| proxies.client_of(peer, request.headers())))
}

impl TrustedProxies {
    #[must_use]
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// The address of the peer. If the peer is a trusted proxy, the address that its header names.
    ///
    /// A proxy writes one of the two headers and forwards the other one as its client sent it. So if both exist and
    /// name different addresses, neither is trusted.
    fn client_of(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.trusts(peer) {
            return peer;
        }
        let forwarded = self.walk(peer, &entries(headers, FORWARDED), address_of_element);
        let x_forwarded_for = self.walk(peer, &entries(headers, X_FORWARDED_FOR), parse_address);
        match (forwarded, x_forwarded_for) {
            (Some(one), Some(other)) if one != other => peer,
            (one, other) => one.or(other).unwrap_or(peer),
        }
    }

    /// Each proxy appends the address of its peer, so the entries are read from the right. The first address that is
    /// not trusted is the client's, because a client can invent the entries to the left of it. An invalid address ends
    /// the search. Returns none without entries.
    fn walk(&self, peer: IpAddr, entries: &[&str], parse: fn(&str) -> Option<IpAddr>) -> Option<IpAddr> {
        let mut nearest = peer;
        for address in entries.iter().rev().map_while(|entry| parse(entry)) {
            nearest = address;
            if !self.trusts(address) {
                break;
            }
        }
        (!entries.is_empty()).then_some(nearest)
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// The entries of all headers of this name, in order. A comma always ends an entry, also in quotes. Addresses have no
/// commas, and a quote that a client left open must not hide the proxy's entry.
fn entries(headers: &HeaderMap, name: HeaderName) -> Vec<&str> {
    let entries = headers.get_all(name).flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    entries.map(|entry| str::from_utf8(entry).unwrap_or_default()).collect()
}

/// The `for` of an element of `Forwarded` (RFC 7239, section 4). None if it does not have exactly one, or if a quote is
/// open, because such an element is a part of a value that a client wrote.
fn address_of_element(element: &str) -> Option<IpAddr> {
    let mut found = None;
    for pair in element.split(';') {
        let (name, value) = pair.split_once('=')?;
        let value = unquote(value.trim())?;
        if name.trim().eq_ignore_ascii_case("for") {
            if found.is_some() {
                return None;
            }
            found = Some(parse_address(value)?);
        }
    }
    found
}

fn unquote(value: &str) -> Option<&str> {
    let inner = value.strip_prefix('"').map_or(Some(value), |rest| rest.strip_suffix('"'))?;
    (!inner.contains('"')).then_some(inner)
}

/// Parses an address as proxies write it: `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]`,
/// `[2001:db8::1]:4711`. An IPv4-mapped IPv6 address becomes an IPv4 address.
fn parse_address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse::<IpAddr>().or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip()));
    address.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

    const FOR: &str = "x-forwarded-for";

    /// The client's address if a proxy at 10.0.0.1 sends these headers.
    fn client(headers: &[(&'static str, &str)]) -> String {
        client_of("10.0.0.1", headers)
    }

    fn client_of(peer: &str, headers: &[(&'static str, &str)]) -> String {
        let networks = ["10.0.0.0/8", "fd00::/8"].map(|network| network.parse().unwrap());
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        TrustedProxies::new(networks.to_vec()).client_of(peer.parse().unwrap(), &map).to_string()
    }

    #[test]
    fn only_a_trusted_peer_names_another_address() {
        assert_eq!(client_of("192.0.2.7", &[(FOR, "192.0.2.1"), ("forwarded", "for=192.0.2.1")]), "192.0.2.7");
        assert_eq!(client_of("::ffff:192.0.2.7", &[]), "192.0.2.7");
        assert_eq!(client_of("::ffff:10.0.0.1", &[(FOR, "::ffff:192.0.2.1")]), "192.0.2.1");
        assert_eq!(client(&[]), "10.0.0.1");
    }

    #[test]
    fn the_first_address_from_the_right_that_is_not_trusted_is_the_clients() {
        assert_eq!(client(&[(FOR, "192.0.2.9, 192.0.2.1, 10.0.0.2")]), "192.0.2.1");
        assert_eq!(client(&[(FOR, "192.0.2.9"), (FOR, "192.0.2.1,10.0.0.2")]), "192.0.2.1");
        assert_eq!(client(&[(FOR, "10.0.0.3, 10.0.0.2")]), "10.0.0.3");
        let chain = r#"for=192.0.2.9, For="[2001:db8::1]:4711";proto=https;by=10.0.0.2, for=10.0.0.2"#;
        assert_eq!(client(&[("forwarded", chain)]), "2001:db8::1");
        for written in ["192.0.2.1:80", "[::ffff:192.0.2.1]:80", " 192.0.2.1 ", "[::ffff:c000:201]"] {
            assert_eq!(client(&[(FOR, written)]), "192.0.2.1", "{written}");
        }
    }

    #[test]
    fn an_entry_that_is_no_address_ends_the_walk() {
        for entry in ["unknown", "", "_hidden", "192.0.2.256", "192.0.2.1.example", "é", "1", "fe80::1%eth0"] {
            assert_eq!(client(&[(FOR, &format!("192.0.2.1, {entry}"))]), "10.0.0.1", "{entry}");
            assert_eq!(client(&[(FOR, &format!("192.0.2.1, {entry}, 10.0.0.2"))]), "10.0.0.2", "{entry}");
        }
        for element in ["for=unknown", "proto=https", "for=192.0.2.1;for=192.0.2.2", "for", "for=\"192.0.2.1"] {
            assert_eq!(client(&[("forwarded", element)]), "10.0.0.1", "{element}");
        }
    }

    #[test]
    fn quotes_of_a_client_hide_nothing_that_the_proxy_appended() {
        assert_eq!(client(&[("forwarded", "for=\", for=192.0.2.1")]), "192.0.2.1");
        // The proxy writes the Host header that its client sent into a quoted value.
        for host in ["x,for=192.0.2.9;a=", "x;for=192.0.2.9", "x,for=192.0.2.9"] {
            let element = format!("for=192.0.2.1;host=\"{host}\"");
            assert_eq!(client(&[("forwarded", &element)]), "10.0.0.1", "{element}");
        }
    }

    #[test]
    fn two_headers_that_disagree_are_not_believed() {
        assert_eq!(client(&[("forwarded", "for=192.0.2.9"), (FOR, "192.0.2.1")]), "10.0.0.1");
        assert_eq!(client(&[("forwarded", "for=192.0.2.1"), (FOR, "192.0.2.9, 192.0.2.1")]), "192.0.2.1");
    }
}
