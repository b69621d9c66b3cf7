//! A token that is ended while the body of its request arrives.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread::sleep;
use std::time::Duration;

use crate::common::people::email;
use crate::common::{TestApp, Value, json};
use stockroom::auth::Role;
use stockroom::kernel::id::UserId;

/// A request of which the head and the first part of the body were sent.
struct Begun {
    stream: TcpStream,
    rest: Vec<u8>,
}

fn begin(app: &TestApp, token: &str, (method, path): (&str, &str), body: &Value) -> Begun {
    let host = app.address.trim_start_matches("http://");
    let body = format!("{}{body}", " ".repeat(2_000)).into_bytes();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(
        stream,
        "{method} /api/v1{path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )
    .unwrap();
    let (first, rest) = body.split_at(1_000);
    stream.write_all(first).unwrap();
    // The head is checked before the token is ended.
    sleep(Duration::from_millis(300));
    Begun { stream, rest: rest.to_vec() }
}

impl Begun {
    /// Sends the rest, and returns the answer.
    fn end(mut self) -> String {
        self.stream.write_all(&self.rest).unwrap();
        let mut answer = String::new();
        self.stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

fn token(app: &TestApp, name: &str, role: Role) -> (UserId, String) {
    let user = app.account(name, role);
    (user, app.token(user, role))
}

#[track_caller]
fn assert_ended(answer: &str) {
    assert!(answer.starts_with("HTTP/1.1 401") && answer.contains("This access token has been ended"), "{answer}");
}

#[test]
fn work_that_begins_after_its_token_was_ended_is_refused() {
    let app = TestApp::start();
    let rice = app.product("rice", 10.0, 100);
    let deactivate = |user: UserId| {
        app.admin().patch(&format!("/users/{user}"), &json!({"active": false})).expect(200);
    };
    let new = json!({"email": email("back"), "password": "a good long password", "role": "admin"});
    let order = json!({"items": [{"product_id": rice.id, "quantity": 1}]});
    let stock = json!({"quantity": 5, "movement_type": "in", "reason": "Delivery"});
    let line = json!({"product_id": rice.id, "quantity": 1});
    let change = format!("/inventory/products/{}/stock", rice.id);
    for (name, role, call, body) in [
        ("boss", Role::Admin, ("POST", "/users"), &new),
        ("helper", Role::Admin, ("PUT", change.as_str()), &stock),
        ("mara", Role::Customer, ("POST", "/cart/items"), &line),
        ("noor", Role::Customer, ("POST", "/orders"), &order),
        ("dev", Role::Customer, ("POST", "/inventory/availability"), &json!({"items": [line]})),
    ] {
        let (user, token) = token(&app, name, role);
        let begun = begin(&app, &token, call, body);
        deactivate(user);
        assert_ended(&begun.end());
    }
    assert_eq!(app.stock(&rice), (100, 0, 0));
    let found = app.admin().get(&format!("/users?q={}", email("back"))).expect(200).json();
    assert_eq!(found["total"], 0);
    // The same requests succeed while their tokens are good.
    let (_, token) = token(&app, "asha", Role::Customer);
    let answer = begin(&app, &token, ("POST", "/orders"), &order).end();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
}
