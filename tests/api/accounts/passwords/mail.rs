//! The mail with the link: its servers, and its repetition.

use super::{NEW, SHOP, app_with_mails, count, forgot, reset};
use crate::common::people::email;
use crate::common::smtp::{self, SmtpServer};
use crate::common::{TestApp, json, race};
use diesel::connection::SimpleConnection;
use stockroom::auth::Role;
use stockroom::settings::mail::MailTls;

/// A server that sends its mails through this mail server.
fn app_with_server(server: &SmtpServer, tls: MailTls) -> TestApp {
    TestApp::with(|settings| {
        settings.mail.host = "127.0.0.1".to_owned();
        settings.mail.port = server.port;
        settings.mail.tls = tls;
        settings.mail.from = "The shop <shop@example.com>".to_owned();
        settings.server.public_url = SHOP.to_owned();
    })
}

#[test]
fn a_mail_server_gets_the_mail_and_a_bad_address_holds_up_no_other() {
    let server = SmtpServer::start(&["none"]);
    let app = app_with_server(&server, MailTls::None);
    for name in ["refused", "mara", "noor"] {
        app.account(name, Role::Customer);
        forgot(&app, &email(name)).expect(202);
    }
    assert_eq!(app.send_mails(), 2);
    let mut mails = [server.mail(), server.mail()];
    mails.sort_by_key(|mail| mail["to"].to_string());
    for (mail, name) in mails.iter().zip(["mara", "noor"]) {
        assert_eq!((&mail["from"], &mail["to"]), (&json!("shop@example.com"), &json!([email(name)])));
        let text = mail["text"].as_str().unwrap();
        for part in
            ["Subject: Choose a new password", "From: \"The shop\" <shop@example.com>", "text/plain", "text/html"]
        {
            assert!(text.contains(part), "no {part} in {text}");
        }
        reset(&app, &smtp::password_reset_token(text, SHOP), NEW).expect(204);
        app.login(&email(name), NEW).expect(200);
    }
    // The refused mail is repeated at growing intervals until its link expires after an hour.
    assert_eq!(count(&app, "mail_outbox WHERE attempts = 1"), 1);
    assert_eq!(app.send_mails(), 0);
    app.advance(5);
    assert_eq!(app.send_mails(), 0);
    assert_eq!(count(&app, "mail_outbox WHERE attempts = 2"), 1);
    app.advance(3_600);
    assert_eq!(app.send_mails(), 0);
    assert_eq!(count(&app, "mail_outbox"), 0);
    assert!(server.is_empty());
}

#[test]
fn a_mail_is_sent_after_a_server_died_while_sending_it() {
    let (app, folder) = app_with_mails("died");
    app.account("mara", Role::Customer);
    forgot(&app, &email("mara")).expect(202);
    // A server that is killed during an attempt leaves the row like this.
    let begun = "UPDATE mail_outbox SET attempts = 1, next_attempt_at = now() + interval '60 seconds'";
    app.connection().batch_execute(begun).unwrap();
    assert_eq!(app.send_mails(), 0);
    app.advance(61);
    assert_eq!((app.send_mails(), smtp::written(&folder).len()), (1, 1));
}

#[test]
fn servers_that_send_at_the_same_time_send_each_mail_once() {
    let (app, folder) = app_with_mails("twice");
    for index in 0..8 {
        let name = format!("c{index}");
        app.account(&name, Role::Customer);
        forgot(&app, &email(&name)).expect(202);
    }
    let sent: usize = race(4, |_| app.send_mails()).into_iter().sum();
    assert_eq!((sent + app.send_mails(), smtp::written(&folder).len()), (8, 8));
}

#[test]
fn nothing_is_sent_to_a_server_that_is_not_trusted_or_not_there() {
    let server = SmtpServer::start(&["starttls"]);
    let app = app_with_server(&server, MailTls::Starttls);
    app.account("mara", Role::Customer);
    forgot(&app, &email("mara")).expect(202);
    assert_eq!(app.send_mails(), 0);
    assert!(server.is_empty());
    drop(server);
    app.advance(60);
    assert_eq!(app.send_mails(), 0);
    assert_eq!(count(&app, "mail_outbox WHERE attempts = 2"), 1);
}
