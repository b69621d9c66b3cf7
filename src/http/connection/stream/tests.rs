//! Tests a connection alone: the socket is real, and the test reads as the framework does.

use std::io::Write;
use std::task::Waker;

use actix_web::rt::System;

use super::*;
use crate::http::metrics::Metrics;
use crate::settings::Settings;

fn read(connection: &mut Connection, buf: &mut ReadBuf<'_>) -> Poll<()> {
    Pin::new(connection).poll_read(&mut Context::from_waker(Waker::noop()), buf).map(Result::unwrap)
}

#[test]
fn a_body_is_not_read_before_the_framework_has_seen_the_head() {
    System::new().block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut peer = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let connections = Connections::new(&Settings::load(None).unwrap(), Metrics::new().unwrap());
        let permit = connections.admit(None);
        let mut connection = Connection::new(listener.accept().await.unwrap().0, permit);
        let head = b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n";
        peer.write_all(head).unwrap();
        connection.socket.as_ref().unwrap().readable().await.unwrap();
        let mut bytes = [0; 512];
        let mut buf = ReadBuf::new(&mut bytes);
        assert_eq!((read(&mut connection, &mut buf), buf.filled()), (Poll::Ready(()), &head[..]));
        peer.write_all(b"\r\n\r\nbody!").unwrap();
        connection.socket.as_ref().unwrap().readable().await.unwrap();
        assert_eq!((read(&mut connection, &mut buf), buf.filled()), (Poll::Pending, &head[..]));
        assert_eq!(read(&mut connection, &mut buf), Poll::Ready(()));
        assert_eq!(&buf.filled()[head.len()..], b"\r\n\r\nbody!");
    });
}

/// A registry for one connection, the connection, and its peer.
async fn only_connection() -> (Arc<Connections>, Connection, std::net::TcpStream) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut settings = Settings::load(None).unwrap();
    settings.server.max_connections = 1;
    let connections = Connections::new(&settings, Metrics::new().unwrap());
    let peer = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let permit = connections.admit(None);
    (connections, Connection::new(listener.accept().await.unwrap().0, permit), peer)
}

#[test]
fn a_displaced_connection_ends_after_the_request_that_has_just_arrived() {
    System::new().block_on(async {
        let (connections, mut connection, mut peer) = only_connection().await;
        let head = b"GET / HTTP/1.1\r\n\r\n";
        peer.write_all(head).unwrap();
        connection.socket.as_ref().unwrap().readable().await.unwrap();
        let _new = connections.admit(None);
        let mut bytes = [0; 512];
        let mut buf = ReadBuf::new(&mut bytes);
        assert_eq!((read(&mut connection, &mut buf), buf.filled()), (Poll::Ready(()), &head[..]));
        assert_eq!(read(&mut connection, &mut buf), Poll::Pending);
        connection.activity.request_began(BodyRest::None, 1);
        assert_eq!(read(&mut connection, &mut buf), Poll::Pending);
        assert!(connection.activity.phase().is_last_request());
        connection.activity.request_ended(2);
        assert!(is_closed(&mut connection));
    });
}

/// Otherwise a client could keep the server from accepting connections.
#[test]
fn a_displaced_connection_does_not_wait_for_the_rest_of_a_request() {
    System::new().block_on(async {
        let head = "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n";
        for part in [&head[..20], head] {
            let (connections, mut connection, mut peer) = only_connection().await;
            peer.write_all(part.as_bytes()).unwrap();
            connection.socket.as_ref().unwrap().readable().await.unwrap();
            let _new = connections.admit(None);
            let mut bytes = [0; 512];
            let mut buf = ReadBuf::new(&mut bytes);
            assert_eq!((read(&mut connection, &mut buf), buf.filled()), (Poll::Ready(()), part.as_bytes()));
            if part == head {
                assert_eq!(read(&mut connection, &mut buf), Poll::Pending);
                connection.activity.request_began(BodyRest::Sized(9), 1);
            }
            assert!(is_closed(&mut connection), "{part:?}");
        }
    });
}

/// The request of a client that only ends its side of the connection goes on.
#[test]
fn the_end_of_a_peer_and_its_reset_are_noticed_although_bytes_of_the_next_request_wait() {
    System::new().block_on(async {
        for (linger, is_reset) in [(None, false), (Some(Duration::ZERO), true)] {
            let (_connections, mut connection, mut peer) = only_connection().await;
            let head = b"GET / HTTP/1.1\r\n\r\n";
            peer.write_all(head).unwrap();
            connection.socket.as_ref().unwrap().readable().await.unwrap();
            let mut bytes = [0; 512];
            let mut buf = ReadBuf::new(&mut bytes);
            assert_eq!((read(&mut connection, &mut buf), buf.filled()), (Poll::Ready(()), &head[..]));
            connection.activity.request_began(BodyRest::None, 1);
            peer.write_all(&[b'A'; 4096]).unwrap();
            connection.socket.as_ref().unwrap().readable().await.unwrap();
            assert_eq!(read(&mut connection, &mut buf), Poll::Pending);
            assert!(!*connection.activity.left.borrow());
            rustix::net::sockopt::set_socket_linger(&peer, linger).unwrap();
            drop(peer);
            let began = tokio::time::Instant::now();
            let is_ended = loop {
                assert!(began.elapsed() < Duration::from_secs(20), "it is not noticed");
                tokio::time::sleep(Duration::from_millis(1)).await;
                let is_closed = is_closed(&mut connection);
                if is_closed || *connection.activity.left.borrow() {
                    break is_closed;
                }
            };
            assert_eq!(is_ended, is_reset);
        }
    });
}

fn is_closed(connection: &mut Connection) -> bool {
    let polled =
        Pin::new(connection).poll_read(&mut Context::from_waker(Waker::noop()), &mut ReadBuf::new(&mut [0; 512]));
    matches!(polled, Poll::Ready(Err(_)))
}
