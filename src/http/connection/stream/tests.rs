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
        let permit = connections.admit(None).unwrap();
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

#[test]
fn a_connection_whose_request_has_just_arrived_is_not_closed_for_a_new_one() {
    System::new().block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut settings = Settings::load(None).unwrap();
        settings.server.max_connections = 1;
        let connections = Connections::new(&settings, Metrics::new().unwrap());
        let mut peer = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let permit = connections.admit(None).unwrap();
        let mut connection = Connection::new(listener.accept().await.unwrap().0, permit);
        let head = b"GET / HTTP/1.1\r\n\r\n";
        peer.write_all(head).unwrap();
        connection.socket.as_ref().unwrap().readable().await.unwrap();
        let _new = connections.admit(None).unwrap();
        let mut bytes = [0; 512];
        let mut buf = ReadBuf::new(&mut bytes);
        assert_eq!((read(&mut connection, &mut buf), buf.filled()), (Poll::Ready(()), &head[..]));
        assert_eq!(read(&mut connection, &mut buf), Poll::Pending);
        // Nothing has arrived since.
        let _newer = connections.admit(None).unwrap();
        let polled = Pin::new(&mut connection).poll_read(&mut Context::from_waker(Waker::noop()), &mut buf);
        assert!(matches!(polled, Poll::Ready(Err(_))), "{polled:?}");
    });
}
