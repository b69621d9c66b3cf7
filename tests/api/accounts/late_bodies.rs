//! A token that is ended while the body of its request arrives, or while the request waits.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread::{self, sleep};
use std::time::Duration;

use crate::common::people::email;
use crate::common::shop::Product;
use crate::common::{TestApp, Value, json};
use stockroom::auth::Role;
use stockroom::kernel::id::UserId;

/// A request of which the head and the first part of the body were sent.
struct Begun {
    stream: TcpStream,
    rest: Vec<u8>,
}

fn begin(address: &str, token: &str, (method, path): (&str, &str), body: &Value) -> Begun {
    let host = address.trim_start_matches("http://");
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

/// Changes an account at the first server.
fn change(app: &TestApp, user: UserId, patch: &Value) {
    app.admin().patch(&format!("/users/{user}"), patch).expect(200);
}

fn deactivated() -> Value {
    json!({"active": false})
}

fn order_of(product: &Product) -> Value {
    json!({"items": [{"product_id": product.id, "quantity": 1}]})
}

#[track_caller]
fn assert_ended(answer: &str) {
    assert!(answer.starts_with("HTTP/1.1 401") && answer.contains("This access token has been ended"), "{answer}");
}

#[test]
fn work_that_begins_after_its_token_was_ended_is_refused() {
    let app = TestApp::start();
    app.leave_out_other_server();
    let rice = app.product("rice", 10.0, 100);
    let new = json!({"email": email("back"), "password": "a good long password", "role": "admin"});
    let order = order_of(&rice);
    let stock = json!({"quantity": 5, "movement_type": "in", "reason": "Delivery"});
    let line = json!({"product_id": rice.id, "quantity": 1});
    let stock_path = format!("/inventory/products/{}/stock", rice.id);
    let demoted = json!({"role": "staff", "permissions": ["inventory:read"]});
    let new_password = json!({"password": "another good long password"});
    for (name, role, call, body, patch) in [
        ("boss", Role::Admin, ("POST", "/users"), &new, &deactivated()),
        ("helper", Role::Admin, ("PUT", stock_path.as_str()), &stock, &demoted),
        ("mara", Role::Customer, ("POST", "/cart/items"), &line, &new_password),
        ("noor", Role::Customer, ("POST", "/orders"), &order, &deactivated()),
        ("dev", Role::Customer, ("POST", "/inventory/availability"), &json!({"items": [line]}), &deactivated()),
    ] {
        let (user, token) = token(&app, name, role);
        let begun = begin(&app.address, &token, call, body);
        change(&app, user, patch);
        assert_ended(&begun.end());
    }
    assert_eq!(app.stock(&rice), (100, 0, 0));
    let found = app.admin().get(&format!("/users?q={}", email("back"))).expect(200).json();
    assert_eq!(found["total"], 0);
    // The same requests succeed while their tokens are good.
    let (_, token) = token(&app, "asha", Role::Customer);
    let answer = begin(&app.address, &token, ("POST", "/orders"), &order).end();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
}

#[test]
fn an_order_that_waits_for_a_batch_is_refused_if_its_token_is_ended() {
    let app = TestApp::start();
    let rice = app.product("rice", 10.0, 100);
    let buyers = [app.customer("mara"), app.customer("noor"), app.customer("asha")];
    let queue = app.batch_queue();
    let closed = queue.close();
    let replies = thread::scope(|scope| {
        let orders: Vec<_> = buyers.iter().map(|buyer| scope.spawn(|| buyer.order_now(&rice, 1))).collect();
        queue.wait_for(buyers.len());
        change(&app, buyers[1].user.unwrap(), &deactivated());
        drop(closed);
        orders.into_iter().map(|order| order.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(replies.iter().map(|reply| reply.status).collect::<Vec<_>>(), [201, 401, 201]);
    let fresh = buyers[1].order_now(&rice, 1).refused(401, "UNAUTHENTICATED");
    assert_eq!(replies[1].json()["detail"], fresh["detail"]);
    assert_eq!(app.stock(&rice), (98, 0, 2));
}

#[test]
fn another_server_refuses_the_work_as_soon_as_it_has_read_the_ended_tokens() {
    let app = TestApp::start();
    app.leave_out_other_server();
    let rice = app.product("rice", 10.0, 100);
    let second = app.second_server();
    second.refresh_token_versions();
    let (user, token) = token(&app, "mara", Role::Customer);
    let begun = begin(&second.address, &token, ("POST", "/orders"), &order_of(&rice));
    change(&app, user, &deactivated());
    second.refresh_token_versions();
    assert_ended(&begun.end());
    assert_eq!(app.stock(&rice), (100, 0, 0));
}

#[test]
fn a_server_that_has_not_read_the_ended_tokens_recently_reads_the_account_again() {
    let app = TestApp::with(|settings| settings.auth.revocation_seconds = 0);
    app.leave_out_other_server();
    let rice = app.product("rice", 10.0, 100);
    let second = app.second_server();
    let stock = json!({"quantity": 5, "movement_type": "in", "reason": "Delivery"});
    let stock_path = format!("/inventory/products/{}/stock", rice.id);
    for (name, role, call, body) in [
        ("mara", Role::Customer, ("POST", "/orders"), &order_of(&rice)),
        ("helper", Role::Admin, ("PUT", stock_path.as_str()), &stock),
    ] {
        let (user, token) = token(&app, name, role);
        let begun = begin(&second.address, &token, call, body);
        change(&app, user, &deactivated());
        assert_ended(&begun.end());
    }
    assert_eq!(app.stock(&rice), (100, 0, 0));
}
