//! The URL of a webhook.

use std::net::IpAddr;

use hyper::Uri;
use url::{Host, Url};

use super::address::is_public;
use crate::settings::Webhooks;

/// The targets that are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// `https` to public addresses.
    Public,
    /// `http` as well, and addresses that are not public. For tests and for receivers in the same network.
    Everywhere,
}

impl From<&Webhooks> for Reach {
    fn from(settings: &Webhooks) -> Self {
        if settings.allow_private { Self::Everywhere } else { Self::Public }
    }
}

/// Reads the URL of a webhook, or returns the reason why it is refused. The parser knows every form of an address
/// of IPv4 (`0x7f.1`, `2130706433`), so the result has the address that a connection would use. A name is not resolved.
pub fn parse(text: &str, reach: Reach) -> Result<Uri, &'static str> {
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("must not contain spaces");
    }
    let url = Url::parse(text).map_err(|_not_one| "must be a URL such as https://shop.example.com/events")?;
    let is_scheme_allowed = url.scheme() == "https" || url.scheme() == "http" && reach == Reach::Everywhere;
    let rules = [
        (is_scheme_allowed, "must begin with https://"),
        (url.username().is_empty() && url.password().is_none(), "must not contain a user name or a password"),
        (url.fragment().is_none(), "must not contain #"),
        (url.port() != Some(0), "must not have the port 0"),
        (reach == Reach::Everywhere || is_host_allowed(url.host()), "must be a public address"),
    ];
    match rules.iter().find(|(holds, _)| !holds) {
        Some((_, rule)) => Err(*rule),
        None => url.as_str().parse().map_err(|_not_one| "must not contain special characters; encode them with %"),
    }
}

fn is_host_allowed(host: Option<Host<&str>>) -> bool {
    match host {
        Some(Host::Ipv4(address)) => is_public(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => is_public(IpAddr::V6(address)),
        // The resolver checks the addresses of a name at each connection.
        Some(Host::Domain(_)) => true,
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_urls_are_allowed() {
        for url in [
            "https://shop.example.com",
            "https://shop.example.com:8443/events?shop=1",
            "https://8.8.8.8/events",
            "https://[2606:4700:4700::1111]/",
            "HTTPS://SHOP.EXAMPLE.COM./events",
            "https://bücher.example/ereignisse",
        ] {
            assert!(parse(url, Reach::Public).is_ok(), "{url}");
        }
        assert!(parse("http://127.0.0.1:9000/", Reach::Everywhere).is_ok());
    }

    #[test]
    fn forbidden_urls_are_refused_in_every_form() {
        for host in [
            "127.0.0.1",
            "127.1",
            "127.0.1",
            "127.0.0.1.",
            "2130706433",
            "017700000001",
            "0x7f000001",
            "0x7f.0.0.1",
            "0x7f.1",
            "0177.0.0.1",
            "0",
            "0.0.0.0",
            "10.1.2.3",
            "192.168.1.1",
            "172.20.0.1",
            "169.254.169.254",
            "0xa9fea9fe",
            "2852039166",
            "0251.0376.0251.0376",
            "169.16689662",
            "100.100.100.200",
            "224.0.0.1",
            "255.255.255.255",
            "１２７.0.0.1",
            "127。0。0。1",
            "%31%32%37.0.0.1",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::ffff:a9fe:a9fe]",
            "[::127.0.0.1]",
            "[64:ff9b::10.0.0.1]",
            "[2002:a00:1::]",
            "[fe80::1]",
            "[fd00:ec2::254]",
            "[ff02::1]",
        ] {
            let url = format!("https://{host}/");
            assert_eq!(parse(&url, Reach::Public), Err("must be a public address"), "{url}");
        }
        for url in [
            "",
            "shop.example.com",
            "http://shop.example.com/",
            "ftp://shop.example.com/",
            "file:///etc/passwd",
            "gopher://127.0.0.1/",
            "https://",
            "https://user@shop.example.com/",
            "https://user:secret@shop.example.com/",
            "https://shop.example.com@127.0.0.1/",
            "https://shop.example.com/#part",
            "https://shop.example.com:0/",
            "https://shop.example.com:99999/",
            "https://shop .example.com/",
            " https://shop.example.com/",
            "https://shop.example.com/\n",
            "https://[fe80::1%25eth0]/",
            "https://256.256.256.256/",
        ] {
            assert!(parse(url, Reach::Public).is_err(), "{url}");
        }
    }
}
