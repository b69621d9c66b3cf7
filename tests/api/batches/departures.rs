//! Clients that disconnect, and servers that stop, while requests wait.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;

use super::outcomes::order_of;
use crate::common::batch_queue::poll;
use crate::common::shop::Product;
use crate::common::{Client, TestApp, race};

/// Sends a request on a connection of its own, and returns the connection without reading the answer.
fn send_and_keep(app: &TestApp, client: &Client, token: &str, product: &Product) -> TcpStream {
    let (body, host) = (order_of(product, 1).to_string(), app.address.trim_start_matches("http://"));
    let user = client.user.unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    // The answer to the first request is never read, so that closing the connection resets it.
    write!(
        stream,
        "GET /health/live HTTP/1.1\r\nHost: {host}\r\n\r\n\
         POST /api/v1/orders HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\
         Idempotency-Key: of-{user}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    stream.peek(&mut [0]).unwrap();
    stream
}

fn keyed(client: &Client) -> Client {
    let user = client.user.unwrap();
    client.clone().with_key(&format!("of-{user}"))
}

/// Reads until the answer to an order has arrived.
fn read_order(mut stream: TcpStream) {
    let mut answer = String::new();
    while !answer.contains("order_number") {
        let mut bytes = [0; 4096];
        let count = stream.read(&mut bytes).unwrap();
        assert!(count > 0, "{answer}");
        answer.push_str(&String::from_utf8_lossy(&bytes[..count]));
    }
}

#[test]
fn an_order_of_a_client_that_disconnects_while_waiting_is_not_placed_and_can_be_sent_again() {
    let app = TestApp::start();
    let rice = app.product("rice", 12.50, 100);
    let clients: Vec<Client> = (0..8).map(|number| app.customer(&format!("customer-{number}"))).collect();
    let streams = |count: usize| -> Vec<TcpStream> {
        let sent = clients.iter().enumerate().map(|(index, client)| {
            let token = app.token(client.user.unwrap(), stockroom::auth::Role::Customer);
            let stream = send_and_keep(&app, client, &token, &rice);
            app.batch_queue().wait_for(index + 1);
            stream
        });
        sent.take(count).collect()
    };
    let closed = app.batch_queue().close();
    let mut waiting = streams(8);
    // Every second client disconnects.
    let gone: Vec<TcpStream> = (0..4).map(|index| waiting.remove(index)).collect();
    drop(gone);
    app.batch_queue().wait_for(4);
    drop(closed);
    waiting.into_iter().for_each(read_order);
    app.assert_sold(&rice, 100, 4);
    for (index, client) in clients.iter().enumerate() {
        let reply = keyed(client).post("/orders", &order_of(&rice, 1)).expect(201);
        assert_eq!(reply.header("idempotent-replayed") == "true", index % 2 == 1);
        assert_eq!(client.get("/orders/me").expect(200).json()["total"], 1);
    }
    app.assert_sold(&rice, 100, 8);
}

/// Such a client has sent its whole request, and waits for the answer.
#[test]
fn an_order_of_a_client_that_only_ends_its_side_of_the_connection_is_placed() {
    let app = TestApp::start();
    let rice = app.product("rice", 12.50, 100);
    let closed = app.batch_queue().close();
    let waiting: Vec<TcpStream> = (0..8)
        .map(|number| {
            let client = app.customer(&format!("customer-{number}"));
            let token = app.token(client.user.unwrap(), stockroom::auth::Role::Customer);
            let stream = send_and_keep(&app, &client, &token, &rice);
            stream.shutdown(Shutdown::Write).unwrap();
            // The orders before it still wait.
            app.batch_queue().wait_for(number + 1);
            stream
        })
        .collect();
    drop(closed);
    waiting.into_iter().for_each(read_order);
    app.assert_sold(&rice, 100, 8);
}

/// The server does not notice that the client has left. The stored answer is for the repeated request.
#[test]
fn an_order_of_a_client_that_disconnects_while_it_is_served_is_placed_once() {
    let app = TestApp::start();
    let rice = app.product("rice", 12.50, 100);
    let mara = app.customer("mara");
    let token = app.token(mara.user.unwrap(), stockroom::auth::Role::Customer);
    for round in 1..=20 {
        let stream = send_and_keep(&app, &mara, &token, &rice);
        drop(stream);
        let first = keyed(&mara).post("/orders", &order_of(&rice, 1));
        if first.status == 409 {
            poll(|| (keyed(&mara).post("/orders", &order_of(&rice, 1)).status == 201).then_some(())).unwrap();
        } else {
            first.expect(201);
        }
        assert_eq!(mara.get("/orders/me").expect(200).json()["total"], 1, "round {round}");
    }
    app.assert_sold(&rice, 100, 1);
}

#[test]
fn a_server_that_stops_answers_the_requests_that_wait() {
    let mut app = TestApp::start();
    let rice = app.product("rice", 12.50, 100);
    let clients: Vec<Client> = (0..20).map(|number| app.customer(&format!("customer-{number}"))).collect();
    let address = app.address.clone();
    let closed = app.batch_queue().close();
    thread::scope(|scope| {
        let replies = scope.spawn(|| race(clients.len(), |index| clients[index].post("/orders", &order_of(&rice, 1))));
        app.batch_queue().wait_for(clients.len());
        let app = &mut app;
        let stopped = scope.spawn(|| app.stop());
        let host = address.trim_start_matches("http://");
        poll(|| TcpStream::connect(host).is_err().then_some(())).expect("it still takes connections");
        drop(closed);
        for reply in replies.join().unwrap() {
            reply.expect(201);
        }
        stopped.join().unwrap();
    });
}

/// A server whose time to stop is over abandons the requests that still wait.
#[test]
fn an_order_that_a_stopping_server_abandons_is_placed_once_by_another_server() {
    let mut app = TestApp::with(|settings| settings.server.shutdown_seconds = 0);
    let second = app.second_server();
    let rice = app.product("rice", 12.50, 100);
    let clients: Vec<Client> = (0..20).map(|number| keyed(&app.customer(&format!("customer-{number}")))).collect();
    let body = order_of(&rice, 1);
    let closed = app.batch_queue().close();
    thread::scope(|scope| {
        let tried = scope.spawn(|| race(clients.len(), |index| clients[index].try_post("/orders", &body).is_ok()));
        app.batch_queue().wait_for(clients.len());
        app.stop();
        drop(closed);
        assert_eq!(tried.join().unwrap(), vec![false; clients.len()]);
    });
    for reply in race(clients.len(), |index| clients[index].clone().at(&second.address).post("/orders", &body)) {
        // The first server may have placed some of them after the clients had lost their connections.
        reply.expect(201);
    }
    let stock = clients[0].clone().at(&second.address).get("/inventory/products/rice").expect(200).json();
    assert_eq!(stock["stock_quantity"], 80);
}
