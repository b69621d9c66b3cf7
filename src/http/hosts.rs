//! The host names that requests may use. With DNS rebinding, a web page points its own host name to this server's
//! address. Its requests carry that name and are refused.

use std::net::IpAddr;

use actix_web::dev::RequestHead;
use actix_web::http::header;

use crate::error::{ApiError, Code};
use crate::settings::Server;

/// The default names of a server on a loopback address.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Health checks use other host names, and their response contains no data.
const HEALTH: &str = "/health/";

#[derive(Clone, Debug)]
pub struct AllowedHosts {
    /// None allows every name.
    names: Option<Vec<String>>,
}

impl AllowedHosts {
    pub fn new(settings: &Server) -> Self {
        let given: Vec<String> = settings.allowed_hosts.iter().map(|name| without_port(name)).collect();
        let names = if given.iter().any(|name| name == "*") {
            None
        } else if !given.is_empty() {
            Some(given)
        } else if is_loopback(&settings.host) {
            Some(LOOPBACK.into_iter().map(str::to_owned).chain([without_port(&settings.host)]).collect())
        } else {
            None
        };
        Self { names }
    }

    /// Refuses a request that names another host. A request without a host name is accepted, because browsers always
    /// send one.
    pub fn check(&self, head: &RequestHead) -> Result<(), ApiError> {
        let Some(names) = &self.names else { return Ok(()) };
        let host = head.headers().get(header::HOST).map(|host| String::from_utf8_lossy(host.as_bytes()));
        let authority = head.uri.authority().map(|authority| authority.as_str().into());
        let unknown = [host, authority].into_iter().flatten().find(|name| !names.contains(&without_port(name)));
        match unknown {
            Some(name) if !head.uri.path().starts_with(HEALTH) => {
                let detail = format!("This server does not answer as '{name}'. See server.allowed_hosts.");
                Err(ApiError::new(Code::MalformedRequest, detail))
            }
            _ => Ok(()),
        }
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

/// The name in lower case, without a port and without a dot at the end.
fn without_port(host: &str) -> String {
    let host = host.trim();
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !is_bare_ipv6(host) => name,
        _ => host,
    };
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    if is_bare_ipv6(&name) { format!("[{name}]") } else { name }
}

/// True for `::1` as in settings. A Host header has brackets around it.
fn is_bare_ipv6(host: &str) -> bool {
    host.parse::<std::net::Ipv6Addr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_form() {
        for (host, name) in [
            ("localhost", "localhost"),
            ("LocalHost:8080", "localhost"),
            ("shop.example.com.", "shop.example.com"),
            ("[::1]:80", "[::1]"),
            ("[::1]", "[::1]"),
            ("::1", "[::1]"),
            ("127.0.0.1:0", "127.0.0.1"),
        ] {
            assert_eq!(without_port(host), name, "{host}");
        }
        assert!(is_loopback("127.0.0.1") && is_loopback("[::1]") && is_loopback("::1") && is_loopback("localhost"));
        assert!(!is_loopback("0.0.0.0") && !is_loopback("shop.example.com"));
    }
}
