//! Servers that are killed while they write and send mails. Each order leads to its mail. A mail arrives twice only if its
//! server died between the answer of the mail server and the record of it; then both have the same id.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crate::common::json;
use crate::common::process::{self, Place, Process};
use crate::common::smtp::SmtpServer;
use crate::kills::{TIMEOUT, audit, verify};

const KILLS: usize = 3;
const ORDERS_AT_A_TIME: usize = 40;
/// The mails that a server sends at a time.
const CONCURRENT_MAILS: usize = 10;
/// A mail whose server died is tried again after a minute.
const LEASE: Duration = Duration::from_secs(60);

fn serve(place: &Place, mails: &SmtpServer) -> Process {
    let mut command = process::stockroom(&["serve"]);
    command
        .env("STOCKROOM__DATABASE__DATA_DIR", place.data_dir())
        .env("STOCKROOM__SERVER__PUBLIC_URL", "https://shop.example.com")
        .env("STOCKROOM__MAIL__HOST", "127.0.0.1")
        .env("STOCKROOM__MAIL__PORT", mails.port.to_string())
        .env("STOCKROOM__MAIL__TLS", "none")
        .env("STOCKROOM__MAIL__FROM", "shop@example.com");
    Process::start(command, &place.folder)
}

/// The recipient and the id of a mail.
fn identify(mail: &serde_json::Value) -> (String, String) {
    let text = mail["text"].as_str().unwrap();
    let id = text.lines().find(|line| line.starts_with("Message-ID: ")).unwrap();
    (mail["to"][0].as_str().unwrap().to_owned(), id.to_owned())
}

/// Keeps a mail. The demo store has orders of its own, whose mails are left out.
fn keep(received: &mut BTreeMap<String, Vec<String>>, mail: &serde_json::Value) {
    let (to, id) = identify(mail);
    if to.starts_with("buyer-") {
        received.entry(to).or_default().push(id);
    }
}

#[test]
fn killed_servers_lose_no_mail_and_repeat_few() {
    let (place, mails) = (Place::new(), SmtpServer::start(&["none"]));
    let mut servers = vec![serve(&place, &mails), serve(&place, &mails)];
    let mut expected = BTreeSet::new();
    for kill in 0..KILLS {
        for number in 0..ORDERS_AT_A_TIME {
            let email = format!("buyer-{kill}-{number}@example.com");
            // Each size has 100 units.
            let size = ["S", "M", "L"][number % 3];
            let body =
                json!({"items": [{"product_id": "tee-red", "size": size, "quantity": 1}], "customer_email": email});
            servers[1].client().post("/orders", &body).expect(201);
            expected.insert(email);
        }
        // The mails of these orders are being written and sent.
        servers.remove(0).kill();
        servers.push(serve(&place, &mails));
    }
    let (mut received, deadline) = (BTreeMap::<String, Vec<String>>::new(), Instant::now() + LEASE + TIMEOUT);
    while received.len() < expected.len() {
        assert!(Instant::now() < deadline, "{} of {} mails arrived", received.len(), expected.len());
        keep(&mut received, &mails.mail());
    }
    // A mail that is sent again comes after the lease.
    std::thread::sleep(LEASE + Duration::from_secs(5));
    while let Some(mail) = mails.further_mail() {
        keep(&mut received, &mail);
    }
    assert_eq!(received.keys().cloned().collect::<BTreeSet<_>>(), expected);
    let repeated: Vec<&Vec<String>> = received.values().filter(|ids| ids.len() > 1).collect();
    assert!(repeated.len() <= KILLS * CONCURRENT_MAILS, "{} mails arrived twice", repeated.len());
    assert!(repeated.iter().all(|ids| ids.windows(2).all(|pair| pair[0] == pair[1])), "{repeated:?}");
    println!("{} mails, {} of them twice", received.len(), repeated.len());
    verify(&place);
    audit(&place);
}
