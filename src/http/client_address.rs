//! The address of the client, also behind reverse proxies.
//!
//! Limits, the access log and the scope of guests' idempotency keys use this address.

use std::net::{IpAddr, SocketAddr};

use actix_web::HttpRequest;
use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName, HeaderValue, X_FORWARDED_FOR};
use actix_web::web::Data;
use ipnet::IpNet;

/// The reverse proxies that may name the address of their client (`server.trusted_proxies`).
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Vec<IpNet>);

/// The client's address. None if the connection has no address.
pub fn client_address(request: &HttpRequest) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip();
    let proxies = request.app_data::<Data<TrustedProxies>>();
    Some(proxies.map_or_else(|| peer.to_canonical(), |proxies| proxies.client_of(peer, request.headers())))
}

impl TrustedProxies {
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
        let forwarded = self.walk(peer, &entries(headers, FORWARDED, split_unquoted), address_of_element);
        let x_forwarded_for = self.walk(peer, &entries(headers, X_FORWARDED_FOR, split), parse_address);
        match (forwarded, x_forwarded_for) {
            (Some(one), Some(other)) if one != other => peer,
            (one, other) => one.or(other).unwrap_or(peer),
        }
    }

    /// Each proxy appends the address of its peer, so the last entry is the first one here. The first address that is
    /// not trusted is the client's, because a client can invent the entries to the left of it. An invalid address ends
    /// the search. Returns none without entries.
    fn walk(&self, peer: IpAddr, entries: &[&str], parse: fn(&str) -> Option<IpAddr>) -> Option<IpAddr> {
        let mut nearest = peer;
        for address in entries.iter().map_while(|entry| parse(entry)) {
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

/// Splits a text at a separator and returns the parts in reverse order.
type Split = fn(&[u8], u8) -> Vec<&[u8]>;

/// The entries of all headers of this name, the last one first.
fn entries(headers: &HeaderMap, name: HeaderName, split: Split) -> Vec<&str> {
    let values: Vec<&HeaderValue> = headers.get_all(name).collect();
    let entries = values.into_iter().rev().flat_map(|value| split(value.as_bytes(), b','));
    entries.map(|entry| str::from_utf8(entry).unwrap_or_default()).collect()
}

fn split(text: &[u8], separator: u8) -> Vec<&[u8]> {
    text.rsplit(|byte| *byte == separator).collect()
}

/// Splits at the separators outside of quotes. The text is read backwards, because the proxy's own entry is the last
/// one. So a quote that a client left open in an earlier entry does not hide it.
fn split_unquoted(text: &[u8], separator: u8) -> Vec<&[u8]> {
    let (mut is_quoted, mut is_beside_quote) = (false, false);
    let ends_part = |byte: &u8| {
        let is_quote = *byte == b'"';
        // A quote after an odd number of backslashes is a part of the quoted text.
        let is_escape = *byte == b'\\' && is_beside_quote;
        is_quoted ^= is_quote || is_escape;
        is_beside_quote = is_quote || is_escape;
        *byte == separator && !is_quoted
    };
    text.rsplit(ends_part).collect()
}

/// The `for` of an element of `Forwarded` (RFC 7239, section 4). None if it does not have exactly one, or if a quote is
/// open, because such an element is a part of a value that a client wrote.
fn address_of_element(element: &str) -> Option<IpAddr> {
    let mut found = None;
    for pair in split_unquoted(element.as_bytes(), b';') {
        let (name, value) = str::from_utf8(pair).ok()?.split_once('=')?;
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

/// The text in quotes, or the text itself if it has no quote. Escaped characters stay escaped, since no address has
/// any.
fn unquote(value: &str) -> Option<&str> {
    let Some(rest) = value.strip_prefix('"') else { return (!value.contains('"')).then_some(value) };
    let inner = rest.strip_suffix('"')?;
    let mut is_escaped = false;
    for character in inner.chars() {
        if character == '"' && !is_escaped {
            return None;
        }
        is_escaped = character == '\\' && !is_escaped;
    }
    (!is_escaped).then_some(inner)
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
        assert_eq!(client(&[("forwarded", "for=192.0.2.9;host=\"a, for=192.0.2.1;host=\"b\"")]), "192.0.2.1");
        assert_eq!(client(&[("forwarded", "for=\""), ("forwarded", "for=192.0.2.1")]), "192.0.2.1");
        // The proxy writes the Host header that its client sent into a quoted value.
        for host in ["x,for=192.0.2.9;a=", "x;for=192.0.2.9", "x,for=192.0.2.9", r#"\",for=192.0.2.9;a=\""#, r"\\"] {
            let element = format!("for=192.0.2.1;host=\"{host}\"");
            assert_eq!(client(&[("forwarded", &element)]), "192.0.2.1", "{element}");
            let chain = format!("for=192.0.2.9, {element}, for=10.0.0.2;host=\"{host}\"");
            assert_eq!(client(&[("forwarded", &chain)]), "192.0.2.1", "{chain}");
        }
        // A proxy that does not escape the value writes no valid element.
        for host in ["\"", "\\", "\"x", "x\\\\\\"] {
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
