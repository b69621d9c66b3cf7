//! The program sends webhooks by HTTPS.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver as Channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::process::{self, Place, Process};
use crate::common::{Client, Value, json, smtp};
use crate::kills::{TIMEOUT, log_in};

/// A receiver with a certificate of its own. Killed on drop.
struct Https {
    port: String,
    child: Child,
    requests: Channel<Value>,
}

impl Https {
    fn start() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/webhooks");
        let mut command = Command::new("node");
        command.arg(folder.join("https.mjs"));
        command.args([smtp::folder().join("localhost.crt"), smtp::folder().join("localhost.key")]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.next().unwrap().unwrap();
        let (sender, requests) = mpsc::channel();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                sender.send(serde_json::from_str(&line).unwrap()).ok();
            }
        });
        Self { port, child, requests }
    }
}

impl Drop for Https {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Waits until all events of the demo store are in the feed. The last one comes when a job has found the product without
/// units.
pub fn wait_for_the_demo_store(admin: &Client) {
    let deadline = Instant::now() + TIMEOUT;
    while admin.get("/events?type=stock.out").expect(200).json()["items"] == json!([]) {
        assert!(Instant::now() < deadline, "nothing is sold out");
        thread::sleep(Duration::from_millis(100));
    }
}

/// The program, and a webhook to the receiver.
fn serve(place: &Place, https: &Https, change: impl FnOnce(&mut Command)) -> (Process, Client, Value) {
    let mut command = process::stockroom(&["serve"]);
    command
        .env("STOCKROOM__DATABASE__DATA_DIR", place.data_dir())
        .env("STOCKROOM__WEBHOOKS__ALLOW_PRIVATE", "true")
        .env("HTTPS_PROXY", "http://127.0.0.1:1")
        .env("ALL_PROXY", "http://127.0.0.1:1");
    change(&mut command);
    let program = Process::start(command, &place.folder);
    let admin = program.client().with_token(&log_in(&program.client(), "admin@example.com", "stockroom-demo"));
    wait_for_the_demo_store(&admin);
    let url = format!("https://localhost:{}/events", https.port);
    let hook = json!({"url": url, "types": ["order.placed"]});
    let hook = admin.post("/webhooks", &hook).expect(201).json();
    (program, admin, hook)
}

/// The test event of a webhook, after its first attempt.
fn test(admin: &Client, hook: &Value) -> Value {
    let path = format!("/webhooks/{}", hook["id"]);
    admin.post_nothing(&format!("{path}/test")).expect(201);
    let deadline = Instant::now() + TIMEOUT;
    loop {
        let delivery = admin.get(&format!("{path}/deliveries")).expect(200).json()["items"][0].clone();
        if delivery["attempts"] != json!([]) {
            return delivery;
        }
        assert!(Instant::now() < deadline, "nothing was sent");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn the_program_sends_by_https_to_a_receiver_that_it_trusts() {
    let (place, https) = (Place::new(), Https::start());
    let (program, admin, hook) = serve(&place, &https, |command| {
        command.env("SSL_CERT_FILE", smtp::folder().join("localhost.crt"));
    });
    let delivery = test(&admin, &hook);
    assert_eq!(delivery["state"], "succeeded", "{delivery}");
    let request = https.requests.recv_timeout(TIMEOUT).unwrap();
    assert_eq!(request["headers"]["webhook-id"], delivery["event_id"]);
    assert!(!program.log().contains(hook["secret"].as_str().unwrap()));
    // A receiver that never answers does not stop events to this one, nor the end of the program.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    admin.post("/webhooks", &json!({"url": url})).expect(201);
    for _ in 0..3 {
        let body = json!({"items": [{"product_id": "prod_001", "quantity": 1}], "payment_method": "cod"});
        admin.post("/orders", &body).expect(201);
        let begun = Instant::now();
        https.requests.recv_timeout(TIMEOUT).unwrap();
        assert!(begun.elapsed() < Duration::from_secs(5), "the event waited {:?}", begun.elapsed());
    }
    let begun = Instant::now();
    assert_eq!(program.terminate().code(), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(12), "the end took {:?}", begun.elapsed());
}

#[test]
fn the_program_refuses_a_certificate_that_it_does_not_trust() {
    let (place, https) = (Place::new(), Https::start());
    let (_program, admin, hook) = serve(&place, &https, |_| ());
    let delivery = test(&admin, &hook);
    assert_eq!(
        (&delivery["state"], &delivery["attempts"][0]["error"]),
        (&json!("pending"), &json!("connection_failed"))
    );
    assert!(https.requests.try_recv().is_err());
}
