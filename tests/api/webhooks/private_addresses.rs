//! Webhooks reach public addresses only.

use super::{deliveries, webhook};
use crate::common::receiver::{Behaviour, Receiver};
use crate::common::{TestApp, json};
use diesel::connection::SimpleConnection;

#[test]
fn forbidden_addresses_are_refused_in_every_form() {
    let app = TestApp::start();
    let admin = app.admin();
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "017700000001",
        "127.0.0.1.",
        "0.0.0.0",
        "0",
        "10.0.0.1",
        "10.1",
        "172.16.0.1",
        "192.168.0.1",
        "3232235521",
        "169.254.169.254",
        "0xa9fea9fe",
        "2852039166",
        "0251.0376.0251.0376",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:a9fe:a9fe]",
        "[::127.0.0.1]",
        "[64:ff9b::a9fe:a9fe]",
        "[2002:7f00:1::]",
        "[fe80::1]",
        "[fc00::1]",
        "[fd00:ec2::254]",
        "[ff02::1]",
        "user@127.0.0.1",
        "shop.example.com@10.0.0.1",
        "user:secret@shop.example.com",
    ] {
        admin.post("/webhooks", &json!({"url": format!("https://{host}/")})).refused_field("url");
    }
}

#[test]
fn a_name_of_a_private_address_is_refused_when_it_is_sent() {
    let app = TestApp::start();
    let admin = app.admin();
    let receiver = Receiver::accepting();
    let port = receiver.url.rsplit(':').next().unwrap();
    let hooks = ["localhost", "LOCALHOST", "localhost."]
        .map(|name| webhook(&admin, &format!("https://{name}:{port}/"), &["product.created"]));
    app.product("mug", 10.0, 0);
    assert_eq!(app.deliver_webhooks(), 3);
    for hook in &hooks {
        let delivery = deliveries(&admin, hook).pop().unwrap();
        assert_eq!(delivery["attempts"][0]["status"], json!(null));
        let error = delivery["attempts"][0]["error"].as_str().unwrap();
        assert!(["address_not_allowed", "name_not_found"].contains(&error), "{delivery}");
    }
    assert!(receiver.all().is_empty());
}

/// The URLs were allowed when they were written, by other settings.
#[test]
fn a_stored_url_is_checked_again_when_it_is_sent() {
    let app = TestApp::start();
    let (admin, receiver) = (app.admin(), Receiver::start(|_| Behaviour::status(204)));
    let hook = webhook(&admin, "https://shop.example.com/", &["product.created"]);
    let port = receiver.url.rsplit(':').next().unwrap();
    for (number, url) in [
        receiver.url.clone(),
        format!("https://127.0.0.1:{port}/"),
        format!("https://0x7f.1:{port}/"),
        format!("https://[::ffff:127.0.0.1]:{port}/"),
        format!("http://localhost:{port}/"),
    ]
    .iter()
    .enumerate()
    {
        app.connection().batch_execute(&format!("UPDATE webhooks SET url = '{url}'")).unwrap();
        app.product(&format!("mug-{number}"), 10.0, 0);
        assert!(app.deliver_webhooks() > 0);
        let delivery = deliveries(&admin, &hook).pop().unwrap();
        assert_eq!(delivery["attempts"][0]["error"], "address_not_allowed", "{url}");
    }
    assert!(receiver.all().is_empty());
}
