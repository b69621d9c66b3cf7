//! The listening address. It is bound before the database is touched, so that a start that cannot listen changes
//! nothing.

use std::io::{Error, ErrorKind};
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};

use super::StartError;
use crate::http::connection::SEND_BUFFER_BYTES;
use crate::settings::Settings;

/// Ports below this one are reserved for privileged processes.
const FIRST_FREE_PORT: u16 = 1024;

/// The connections that wait until the server accepts them. The system has a limit of its own, such as
/// `net.core.somaxconn` on Linux. Of more connections, each is repeated by its client after a second.
const MAX_WAITING_CONNECTIONS: i32 = 4096;

/// Sets the time after which the system closes a connection whose peer takes no bytes. The server ends such a
/// connection after `server.write_timeout_ms`. But the system still sends the last response after an ordinary close,
/// and would try it for some minutes.
#[cfg(target_os = "linux")]
fn set_user_timeout(listener: &TcpListener, settings: &Settings) -> Result<(), Error> {
    const LATER_MS: u64 = 5_000;

    let timeout_ms = settings.server.write_timeout_ms.saturating_add(LATER_MS);
    Ok(rustix::net::sockopt::set_tcp_user_timeout(listener, u32::try_from(timeout_ms).unwrap_or(u32::MAX))?)
}

/// Other systems have no such option.
#[cfg(not(target_os = "linux"))]
fn set_user_timeout(_listener: &TcpListener, _settings: &Settings) -> Result<(), Error> {
    Ok(())
}

/// The addresses of `server.host` and `server.port`.
pub fn resolve(settings: &Settings) -> Result<Vec<SocketAddr>, StartError> {
    let host = &settings.server.host;
    let found = (host.as_str(), settings.server.port).to_socket_addrs().map(Vec::from_iter);
    match found {
        Ok(addresses) if !addresses.is_empty() => Ok(addresses),
        Ok(_none) => Err(StartError::Host(host.clone(), "it has no address".to_owned())),
        Err(error) => Err(StartError::Host(host.clone(), error.to_string())),
    }
}

/// Listens on the address of the settings. Connections wait until the server accepts them.
pub fn bind(settings: &Settings) -> Result<TcpListener, StartError> {
    let addresses = resolve(settings)?;
    let bound = TcpListener::bind(addresses.as_slice()).and_then(|listener| {
        // The standard library allows 128.
        rustix::net::listen(&listener, MAX_WAITING_CONNECTIONS)?;
        rustix::net::sockopt::set_socket_send_buffer_size(&listener, SEND_BUFFER_BYTES)?;
        // Otherwise the response to a pipelined request waits until the client has acknowledged the one before it.
        rustix::net::sockopt::set_tcp_nodelay(&listener, true)?;
        set_user_timeout(&listener, settings)?;
        Ok(listener)
    });
    bound.map_err(|error| {
        let (host, port) = (settings.server.host.as_str(), settings.server.port);
        StartError::Listen(url_host(host, port), explain(&error, port))
    })
}

/// Host and port for a URL: an IPv6 address is put in brackets.
#[must_use]
pub fn url_host(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

fn explain(error: &Error, port: u16) -> String {
    match error.kind() {
        ErrorKind::AddrInUse => "another program uses this port: stop it, or choose another port with server.port \
                                 (STOCKROOM__SERVER__PORT=9000)"
            .to_owned(),
        ErrorKind::PermissionDenied if port < FIRST_FREE_PORT => {
            format!("this account may not use ports below {FIRST_FREE_PORT}: choose another one with server.port")
        }
        ErrorKind::AddrNotAvailable => "this machine does not have the address of server.host".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_address_is_put_in_brackets() {
        assert_eq!(url_host("::1", 8080), "[::1]:8080");
        assert_eq!(url_host("localhost", 80), "localhost:80");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn accepted_connections_have_a_small_send_buffer_and_send_at_once() {
        let mut settings = Settings::load(None).unwrap();
        settings.server.host = "127.0.0.1".to_owned();
        settings.server.port = 0;
        let listener = bind(&settings).unwrap();
        let _client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (accepted, _) = listener.accept().unwrap();
        // Linux doubles the size, for its own records.
        assert_eq!(rustix::net::sockopt::socket_send_buffer_size(&accepted).unwrap(), 2 * SEND_BUFFER_BYTES);
        assert!(accepted.nodelay().unwrap());
        // The system closes later than the server, which counts and logs the connections that it closes.
        let timeout_ms = u64::from(rustix::net::sockopt::tcp_user_timeout(&accepted).unwrap());
        assert_eq!(timeout_ms, settings.server.write_timeout_ms + 5_000);
    }

    #[test]
    fn an_error_names_the_setting() {
        for (kind, port) in
            [(ErrorKind::AddrInUse, 8080), (ErrorKind::PermissionDenied, 80), (ErrorKind::AddrNotAvailable, 8080)]
        {
            let sentence = explain(&Error::from(kind), port);
            assert!(sentence.contains("server."), "{sentence}");
        }
    }
}
