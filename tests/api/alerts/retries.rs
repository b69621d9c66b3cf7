//! Mail servers that refuse or are away: nothing is lost, and nothing is doubled.

use std::io::Write;
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use super::{Mail, level, record};
use crate::common::smtp::SmtpServer;
use crate::common::{Client, TestApp, Value, json};
use diesel::connection::SimpleConnection;
use stockroom::events::EventType::StockLow;
use stockroom::settings::mail::MailTls;

fn app_on_port(port: u16) -> TestApp {
    TestApp::with(|settings| {
        settings.mail.host = "127.0.0.1".to_owned();
        settings.mail.port = port;
        settings.mail.tls = MailTls::None;
        settings.mail.from = "The shop <shop@example.com>".to_owned();
        settings.server.public_url = "https://shop.example.com".to_owned();
    })
}

fn rule(admin: &Client, to: &[&str]) {
    admin.post("/alerts", &json!({"kind": "low_stock", "to": to})).expect(201);
}

fn write_mails(app: &TestApp) {
    app.relay_feed();
    app.follow_feed();
}

/// Adds mails to recipients whose addresses begin with this name, due after the mails that are there.
fn add_mails(app: &TestApp, store: i64, mails: usize, name: &str) {
    let add = format!(
        "INSERT INTO mail_outbox (store_id, kind, recipient, about, data, next_attempt_at, give_up_at, created_at) \
         SELECT {store}, 'back_in_stock', '{name}' || n || '@example.com', '', '{{\"product\": {{}}}}', \
                now() - interval '1 hour' + (SELECT count(*) FROM mail_outbox) * interval '1 second', \
                now() + interval '2 days', now() \
         FROM generate_series(1, {mails}) n"
    );
    app.connection().batch_execute(&add).unwrap();
}

#[test]
fn a_real_mail_server_gets_text_and_html_and_a_bad_address_holds_up_no_other() {
    let server = SmtpServer::start(&["none"]);
    let app = app_on_port(server.port);
    rule(&app.admin(), &["mail:refused@example.com", "mail:ann@example.com", "mail:ben@bücher.example"]);
    let (rice, mara) = (app.product("rice", 10.0, 50), app.customer("mara"));
    record(&app, StockLow, &rice, &level(3));
    mara.buy(&rice, 2);
    write_mails(&app);
    app.send_mails();
    let mails: Vec<Value> = vec![server.mail(), server.mail(), server.mail()];
    assert_eq!(super::count(&app, "mail_outbox"), 1);
    for mail in &mails {
        let parsed = Mail::parse(mail["text"].as_str().unwrap());
        assert!(parsed.head.contains("multipart/alternative"), "{}", parsed.head);
        assert!(parsed.html.contains("<!doctype html>") && !parsed.text.contains("<p>"), "{}", parsed.text);
        assert_eq!(mail["from"], "shop@example.com");
    }
    let recipients: Vec<String> = mails.iter().map(|mail| mail["to"][0].as_str().unwrap().to_owned()).collect();
    assert!(recipients.contains(&"ann@example.com".to_owned()) && recipients.contains(&"mara@example.com".to_owned()));
    // Every server takes it without SMTPUTF8. This one decodes the address again.
    assert!(recipients.contains(&"ben@bücher.example".to_owned()), "{recipients:?}");
    assert!(mails.iter().any(|mail| mail["text"].as_str().unwrap().contains("ben@xn--bcher-kva.example")));
    // The refused one is tried again for more than a day, then given up.
    for pause in [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000, 36_000] {
        app.advance(pause);
        app.send_mails();
    }
    assert_eq!(super::count(&app, "mail_outbox"), 0);
    assert!(server.is_empty());
}

#[test]
fn many_refused_mails_do_not_delay_the_mails_behind_them() {
    let server = SmtpServer::start(&["none"]);
    let app = app_on_port(server.port);
    // More of each than are sent at the same time.
    for name in ["refused", "deferred", "unwanted"] {
        add_mails(&app, app.store.0, 20, name);
    }
    add_mails(&app, app.store.0, 2, "ann");
    assert_eq!(app.send_mails(), 2);
    let mut to = [server.mail(), server.mail()].map(|mail| mail["to"][0].as_str().unwrap().to_owned());
    to.sort();
    assert_eq!(to, ["ann1@example.com", "ann2@example.com"]);
    assert!(server.is_empty());
    // Each of the others has had one attempt and waits for the next one.
    assert_eq!(super::count(&app, "mail_outbox WHERE attempts = 1"), 60);
    assert_eq!(super::count(&app, "mail_outbox"), 60);
}

#[test]
fn a_mail_server_that_refuses_every_connection_is_not_tried_for_every_mail() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let app = app_on_port(listener.local_addr().unwrap().port());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            stream.write_all(b"554 no mail here\r\n").unwrap();
            // Reads until the client closes, so that the greeting is not lost.
            std::io::copy(&mut stream, &mut std::io::sink()).ok();
        }
    });
    add_mails(&app, app.store.0, 30, "ann");
    for rounds in 1..=2 {
        assert_eq!(app.send_mails(), 0);
        assert_eq!(super::count(&app, "mail_outbox WHERE attempts = 1"), rounds * 10);
    }
}

#[test]
fn a_mail_server_that_is_away_for_an_hour_gets_every_mail_once() {
    // The port of a server that has stopped.
    let gone = SmtpServer::start(&["none"]);
    let app = app_on_port(gone.port);
    drop(gone);
    rule(&app.admin(), &["mail:ann@example.com"]);
    let rice = app.product("rice", 10.0, 50);
    for available in 1..=30 {
        record(&app, StockLow, &rice, &level(available));
    }
    for seconds in [0, 5, 300, 1_800, 1_500] {
        app.advance(seconds);
        write_mails(&app);
        assert_eq!(app.send_mails(), 0);
    }
    assert_eq!(super::count(&app, "mail_outbox"), 30);
    // It is back, at another port: the server of Stockroom has been started with that.
    let back = SmtpServer::start(&["none"]);
    let mut settings = app.settings.clone();
    settings.mail.port = back.port;
    let mailer = stockroom::mail::Mailer::new(&settings.mail, "https://shop.example.com").unwrap();
    let jobs = stockroom::jobs::Jobs { mailer, ..app.jobs().clone() };
    app.advance(36_000);
    let send = || actix_web::rt::System::new().block_on(jobs.clone().send_mails()).unwrap();
    let sent: usize = (0..10).map(|_| send()).sum();
    assert_eq!((sent, super::count(&app, "mail_outbox")), (30, 0));
    let mut seen: Vec<String> = (0..30).map(|_| Mail::parse(back.mail()["text"].as_str().unwrap()).text).collect();
    seen.sort();
    seen.dedup();
    assert_eq!((seen.len(), back.is_empty()), (30, true));
}

#[test]
fn a_full_outbox_stops_the_follower_and_loses_nothing() {
    let server = SmtpServer::start(&["none"]);
    let app = app_on_port(server.port);
    rule(&app.admin(), &["mail:ann@example.com"]);
    let rice = app.product("rice", 10.0, 50);
    let fill = format!(
        "INSERT INTO mail_outbox (store_id, kind, recipient, about, data, next_attempt_at, give_up_at, created_at) \
         SELECT {}, 'back_in_stock', 'a' || n || '@example.com', '', '{{\"product\": {{}}}}', now() + interval '1 day', \
                now() + interval '2 days', now() FROM generate_series(1, 10000) n",
        app.store
    );
    app.connection().batch_execute(&fill).unwrap();
    record(&app, StockLow, &rice, &level(3));
    write_mails(&app);
    assert_eq!(super::count(&app, "mail_outbox WHERE kind = 'alert'"), 0);
    app.connection().batch_execute("DELETE FROM mail_outbox").unwrap();
    write_mails(&app);
    assert_eq!((app.send_mails(), server.mail()["to"].clone()), (1, json!(["ann@example.com"])));
}

#[test]
fn a_mail_that_is_sent_again_after_a_crash_has_the_same_id() {
    let server = SmtpServer::start(&["none"]);
    let app = app_on_port(server.port);
    rule(&app.admin(), &["mail:ann@example.com"]);
    let rice = app.product("rice", 10.0, 50);
    record(&app, StockLow, &rice, &level(3));
    write_mails(&app);
    // A server that dies between the answer of the mail server and its record leaves the row.
    let keep = "CREATE TABLE kept AS SELECT * FROM mail_outbox";
    app.connection().batch_execute(keep).unwrap();
    assert_eq!(app.send_mails(), 1);
    app.connection().batch_execute("INSERT INTO mail_outbox SELECT * FROM kept; DROP TABLE kept").unwrap();
    assert_eq!(app.send_mails(), 1);
    let id = |mail: Value| {
        let head = Mail::parse(mail["text"].as_str().unwrap()).head;
        head.lines().find(|line| line.starts_with("Message-ID: ")).unwrap().to_owned()
    };
    let ids = [id(server.mail()), id(server.mail())];
    assert!(ids[0] == ids[1] && ids[0].ends_with("@example.com>"), "{ids:?}");
}

#[test]
fn a_store_with_many_mails_does_not_keep_another_one_waiting() {
    let server = SmtpServer::start(&["none"]);
    let app = app_on_port(server.port);
    let other = app.other_store("STORE-OTHER");
    add_mails(&app, app.store.0, 150, "a");
    add_mails(&app, other.0, 2, "b");
    assert_eq!(app.send_mails(), 152);
    let order: Vec<String> = (0..152).map(|_| server.mail()["to"][0].as_str().unwrap().to_owned()).collect();
    // Mails of a group are sent at the same time.
    assert!(order[..20].contains(&"b1@example.com".to_owned()), "{order:?}");
    assert!(order[..20].contains(&"b2@example.com".to_owned()), "{order:?}");
}

#[test]
fn a_slow_recipient_does_not_delay_the_mails_that_are_written_meanwhile() {
    let server = SmtpServer::start(&["none"]);
    let app = app_on_port(server.port);
    add_mails(&app, app.store.0, 1, "slow");
    thread::scope(|scope| {
        let sending = scope.spawn(|| app.send_mails());
        while !sending.is_finished() && super::count(&app, "mail_outbox WHERE attempts = 1") == 0 {
            thread::sleep(Duration::from_millis(10));
        }
        add_mails(&app, app.store.0, 1, "ann");
        for recipient in ["ann1@example.com", "slow1@example.com"] {
            assert_eq!(server.mail()["to"], json!([recipient]));
        }
        assert_eq!(sending.join().unwrap(), 2);
    });
    assert_eq!(super::count(&app, "mail_outbox"), 0);
}

/// A mail server may take long for each of its many responses. Other servers must not send the mail meanwhile.
#[test]
fn a_mail_whose_attempt_takes_long_is_sent_by_one_server() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let app = app_on_port(listener.local_addr().unwrap().port());
    let second = app.second_server();
    rule(&app.admin(), &["mail:ann@example.com"]);
    let rice = app.product("rice", 10.0, 50);
    record(&app, StockLow, &rice, &level(3));
    write_mails(&app);
    thread::scope(|scope| {
        let sending = scope.spawn(|| app.send_mails());
        let (mut stream, _) = listener.accept().unwrap();
        app.advance(45);
        // A greeting that does not end. After twelve seconds the lease has been renewed.
        for _ in 0..12 {
            stream.write_all(b"220-please wait\r\n").unwrap();
            thread::sleep(Duration::from_secs(1));
        }
        app.advance(20);
        assert_eq!(crate::common::jobs::send_mails(second.jobs()), 0);
        assert_eq!(super::count(&app, "mail_outbox WHERE attempts = 1"), 1, "another server began an attempt");
        drop(stream);
        assert_eq!(sending.join().unwrap(), 0);
    });
}
