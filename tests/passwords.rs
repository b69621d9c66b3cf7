//! A new password: by the old one, and by a mailed link.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something unexpected happens"
)]

mod common;

use std::path::{Path, PathBuf};

use common::people::{PASSWORD, email};
use common::process::{self, Place, Process};
use common::smtp::{self, SmtpServer};
use common::{Client, Reply, TestApp, Value, json, race};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use stockroom::auth::Role;
use stockroom::settings::mail::MailTls;

const NEW: &str = "another good password";
const SHOP: &str = "https://shop.example.com/stock";

fn login(app: &TestApp, name: &str, password: &str) -> Reply {
    app.guest().post("/auth/login", &json!({"email": email(name), "password": password}))
}

fn session(app: &TestApp, name: &str) -> Value {
    login(app, name, PASSWORD).expect(200).json()
}

fn refresh(app: &TestApp, session: &Value) -> Reply {
    app.guest().post("/auth/refresh", &json!({"refresh_token": session["refresh_token"]}))
}

fn client(app: &TestApp, session: &Value) -> Client {
    app.guest().with_token(session["access_token"].as_str().unwrap())
}

fn change(caller: &Client, current: &str, new: &str) -> Reply {
    caller.post("/auth/password", &json!({"current_password": current, "new_password": new}))
}

fn forgot(app: &TestApp, address: &str) -> Reply {
    app.guest().post("/auth/password/forgot", &json!({"email": address}))
}

fn reset(app: &TestApp, token: &str, password: &str) -> Reply {
    app.guest().post("/auth/password/reset", &json!({"token": token, "new_password": password}))
}

/// A server that writes its mails to a folder.
fn app_with_mails(name: &str) -> (TestApp, PathBuf) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("mails-{name}-{}", std::process::id()));
    std::fs::remove_dir_all(&folder).ok();
    let app = TestApp::with(|settings| {
        settings.mail.dir = folder.clone();
        settings.server.public_url = format!("{SHOP}/");
    });
    (app, folder)
}

/// A server that sends its mails to this one.
fn app_with_server(server: &SmtpServer, tls: MailTls) -> TestApp {
    TestApp::with(|settings| {
        settings.mail.host = "127.0.0.1".to_owned();
        settings.mail.port = server.port;
        settings.mail.tls = tls;
        settings.mail.from = "The shop <shop@example.com>".to_owned();
        settings.server.public_url = SHOP.to_owned();
    })
}

/// The token of the link in a mail.
fn token_in(mail: &str) -> String {
    smtp::link(mail, SHOP).strip_prefix(&format!("{SHOP}/password-reset#token=")).unwrap().to_owned()
}

/// Asks for a link, and takes the token from the only mail in the folder.
fn mailed_token(app: &TestApp, folder: &Path, name: &str) -> String {
    std::fs::remove_dir_all(folder).unwrap();
    std::fs::create_dir(folder).unwrap();
    forgot(app, &email(name)).expect(202);
    assert_eq!(app.send_mails(), 1);
    let mails = smtp::written(folder);
    assert_eq!(mails.len(), 1);
    token_in(&mails[0])
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

fn count(app: &TestApp, rows: &str) -> i64 {
    let query = format!("SELECT count(*) AS count FROM {rows}");
    diesel::sql_query(query).get_result::<Count>(&mut app.connection()).unwrap().count
}

#[test]
fn a_changed_password_ends_every_other_session() {
    let app = TestApp::start();
    let mara = app.account("mara", Role::Customer);
    let (here, elsewhere) = (session(&app, "mara"), session(&app, "mara"));
    // The session is the same one after its tokens were exchanged.
    let here = refresh(&app, &here).expect(200).json();
    assert!(change(&client(&app, &here), PASSWORD, NEW).expect(204).bytes.is_empty());
    refresh(&app, &elsewhere).refused(401, "UNAUTHENTICATED");
    refresh(&app, &here).expect(200);
    login(&app, "mara", PASSWORD).refused(401, "INVALID_CREDENTIALS");
    login(&app, "mara", NEW).expect(200);
    let audit = app.admin().get(&format!("/audit?entity=User&entity_id={mara}")).expect(200).json();
    let last = &audit["items"][0];
    assert_eq!((&last["action"], &last["actor"]), (&json!("UPDATE"), &json!(format!("user:{mara}"))), "{audit}");
    assert_eq!(last["detail"], format!("User {mara} updated: password"));
}

#[test]
fn the_password_is_changed_only_by_the_current_one_and_to_a_good_one() {
    let app = TestApp::start();
    app.account("mara", Role::Customer);
    let session = session(&app, "mara");
    let mara = client(&app, &session);
    let refused = |current: &str, new: &str, field: &str| {
        let problem = app.without_effect(|| change(&mara, current, new)).refused(422, "VALIDATION_FAILED");
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    };
    refused("not the password", NEW, "current_password");
    refused("", NEW, "current_password");
    refused(PASSWORD, "short", "new_password");
    refused(PASSWORD, "password", "new_password");
    change(&app.guest(), PASSWORD, NEW).refused(401, "UNAUTHENTICATED");
    refresh(&app, &session).expect(200);
    login(&app, "mara", PASSWORD).expect(200);
}

#[test]
fn staff_change_their_password_too() {
    let app = TestApp::start();
    let new = json!({"email": email("staff"), "password": PASSWORD, "role": "staff", "permissions": ["orders:read"]});
    app.admin().post("/users", &new).expect(201);
    change(&client(&app, &session(&app, "staff")), PASSWORD, NEW).expect(204);
    login(&app, "staff", NEW).expect(200);
}

#[test]
fn changes_of_a_password_are_limited_as_logins_are() {
    let app = TestApp::with(|settings| settings.limits.login_per_minute = 3);
    let mara = app.customer("mara");
    for _ in 0..3 {
        change(&mara, "not the password", NEW).refused(422, "VALIDATION_FAILED");
    }
    let limited = change(&mara, "not the password", NEW);
    assert!(limited.header("retry-after").parse::<u64>().unwrap() >= 1);
    limited.refused(429, "RATE_LIMITED");
}

#[test]
fn of_two_changes_at_once_one_wins() {
    let app = TestApp::start();
    app.account("mara", Role::Customer);
    let mara = client(&app, &session(&app, "mara"));
    let passwords = ["the first password", "the other password"];
    let replies = race(2, |index| change(&mara, PASSWORD, passwords[index]));
    let won: Vec<usize> = (0..2).filter(|index| replies[*index].status == 204).collect();
    assert_eq!(won.len(), 1);
    login(&app, "mara", passwords[won[0]]).expect(200);
}

#[test]
fn without_mail_a_forgotten_password_is_the_admins_to_reset() {
    let app = TestApp::start();
    app.account("mara", Role::Customer);
    app.without_effect(|| forgot(&app, &email("mara"))).refused(409, "MAIL_NOT_CONFIGURED");
    reset(&app, &"0".repeat(64), NEW).refused(422, "RESET_TOKEN_INVALID");
    assert_eq!(app.send_mails(), 0);
}

#[test]
fn a_mailed_link_sets_a_new_password_once_and_ends_every_session() {
    let (app, folder) = app_with_mails("once");
    let mara = app.account("mara", Role::Customer);
    let session = session(&app, "mara");
    let token = mailed_token(&app, &folder, "mara");
    assert_eq!(token.len(), 64);
    // Asking alone changes nothing.
    login(&app, "mara", PASSWORD).expect(200);
    let problem = reset(&app, &token, "short").refused(422, "VALIDATION_FAILED");
    assert_eq!(problem["errors"][0]["field"], "new_password");
    assert!(reset(&app, &token, NEW).expect(204).bytes.is_empty());
    refresh(&app, &session).refused(401, "UNAUTHENTICATED");
    login(&app, "mara", PASSWORD).refused(401, "INVALID_CREDENTIALS");
    login(&app, "mara", NEW).expect(200);
    app.without_effect(|| reset(&app, &token, "a third password")).refused(422, "RESET_TOKEN_INVALID");
    let audit = app.admin().get(&format!("/audit?entity=User&entity_id={mara}")).expect(200).json();
    assert_eq!(audit["items"][0]["detail"], format!("User {mara} updated: password, by a mailed link"), "{audit}");
    assert_eq!(app.send_mails(), 0);
}

#[test]
fn of_two_resets_at_once_one_wins() {
    let (app, folder) = app_with_mails("race");
    app.account("mara", Role::Customer);
    let token = mailed_token(&app, &folder, "mara");
    let passwords = ["the first password", "the other password"];
    let replies = race(2, |index| reset(&app, &token, passwords[index]));
    let won: Vec<usize> = (0..2).filter(|index| replies[*index].status == 204).collect();
    assert_eq!(won.len(), 1);
    login(&app, "mara", passwords[won[0]]).expect(200);
}

#[test]
fn only_the_newest_link_is_good_and_only_for_an_hour() {
    let (app, folder) = app_with_mails("hour");
    app.account("mara", Role::Customer);
    let first = mailed_token(&app, &folder, "mara");
    let second = mailed_token(&app, &folder, "mara");
    reset(&app, &first, NEW).refused(422, "RESET_TOKEN_INVALID");
    app.advance(3_590);
    reset(&app, &second, NEW).expect(204);
    let third = mailed_token(&app, &folder, "mara");
    app.advance(3_600);
    reset(&app, &third, PASSWORD).refused(422, "RESET_TOKEN_INVALID");
}

#[test]
fn an_account_that_is_unknown_or_shut_is_answered_as_a_known_one_and_gets_no_mail() {
    let (app, folder) = app_with_mails("unknown");
    app.account("mara", Role::Customer);
    let shut = app.account("shut", Role::Customer);
    app.admin().patch(&format!("/users/{shut}"), &json!({"active": false})).expect(200);
    let answer = |address: &str| {
        let reply = forgot(&app, address);
        let headers = ["content-type", "content-length", "cache-control"].map(|name| reply.header(name).to_owned());
        (reply.status, headers, reply.text())
    };
    let known = answer("Mara@Example.com");
    assert_eq!((known.0, known.2.as_str()), (202, ""));
    // The same work, too: each request writes a row, whose address is looked up later.
    assert_eq!(answer("nobody@example.com"), known);
    assert_eq!(answer(&email("shut")), known);
    assert_eq!(count(&app, "mail_outbox"), 3);
    assert_eq!(app.send_mails(), 1);
    assert_eq!((smtp::written(&folder).len(), count(&app, "mail_outbox"), count(&app, "password_resets")), (1, 0, 1));
}

#[test]
fn a_link_ends_when_the_account_gets_another_password_or_address() {
    let (app, folder) = app_with_mails("ends");
    let id = app.account("mara", Role::Customer);
    let admin = app.admin();
    let token = mailed_token(&app, &folder, "mara");
    change(&client(&app, &session(&app, "mara")), PASSWORD, NEW).expect(204);
    reset(&app, &token, PASSWORD).refused(422, "RESET_TOKEN_INVALID");
    for change in [json!({"password": PASSWORD}), json!({"active": false}), json!({"email": email("new")})] {
        admin.patch(&format!("/users/{id}"), &json!({"active": true, "email": email("mara")})).expect(200);
        let token = mailed_token(&app, &folder, "mara");
        admin.patch(&format!("/users/{id}"), &change).expect(200);
        reset(&app, &token, NEW).refused(422, "RESET_TOKEN_INVALID");
    }
    // Any other change leaves it.
    let token = mailed_token(&app, &folder, "new");
    admin.patch(&format!("/users/{id}"), &json!({"full_name": "Mara Iyer"})).expect(200);
    reset(&app, &token, NEW).expect(204);
}

#[test]
fn the_token_of_a_link_is_kept_as_a_hash_only() {
    let (app, folder) = app_with_mails("hash");
    app.account("mara", Role::Customer);
    let token = mailed_token(&app, &folder, "mara");
    let shown =
        format!("t::text LIKE '%{token}%' OR t::text LIKE '%' || encode(convert_to('{token}', 'UTF8'), 'hex') || '%'");
    assert_eq!(count(&app, "password_resets"), 1);
    assert_eq!(count(&app, &format!("password_resets t WHERE {shown}")), 0);
    assert_eq!(count(&app, &format!("mail_outbox t WHERE {shown}")), 0);
}

#[test]
fn mails_are_limited_for_each_address() {
    let app = TestApp::with(|settings| {
        settings.mail.dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mails-limited");
        settings.limits.password_mails_per_hour = 2;
    });
    // Whether there is an account or not.
    for address in ["mara@example.com", "nobody@example.com"] {
        forgot(&app, address).expect(202);
        forgot(&app, &address.to_uppercase()).expect(202);
        forgot(&app, address).refused(429, "RATE_LIMITED");
    }
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
        reset(&app, &token_in(text), NEW).expect(204);
        login(&app, name, NEW).expect(200);
    }
    // The refused one is tried again, later and later, until its hour is over.
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
    // As a server leaves it that is killed between the beginning of an attempt and its end.
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

/// The demo customer of a new shop forgets the password, and the program mails the link by itself.
fn reset_with(server: &SmtpServer, tls: &str) {
    let place = Place::new();
    let mut command = process::stockroom(&["serve"]);
    command
        .env("STOCKROOM__DATABASE__DATA_DIR", place.data_dir())
        .env("STOCKROOM__SERVER__PUBLIC_URL", SHOP)
        .env("STOCKROOM__MAIL__HOST", "localhost")
        .env("STOCKROOM__MAIL__PORT", server.port.to_string())
        .env("STOCKROOM__MAIL__TLS", tls)
        .env("STOCKROOM__MAIL__FROM", "shop@example.com")
        .env("STOCKROOM__MAIL__USERNAME", "shop")
        // Digits stay text.
        .env("STOCKROOM__MAIL__PASSWORD", "0123")
        .env("SSL_CERT_FILE", smtp::folder().join("localhost.crt"));
    let program = Process::start(command, &place.folder);
    let guest = program.client();
    guest.post("/auth/password/forgot", &json!({"email": "customer@example.com"})).expect(202);
    let mail = server.mail();
    assert_eq!((&mail["secure"], &mail["user"]), (&json!(true), &json!("shop")));
    let token = token_in(mail["text"].as_str().unwrap());
    guest.post("/auth/password/reset", &json!({"token": token, "new_password": NEW})).expect(204);
    guest.post("/auth/login", &json!({"email": "customer@example.com", "password": NEW})).expect(200);
    let log = program.log();
    assert!(!log.contains("customer@example.com") && !log.contains(&token), "{log}");
}

#[test]
fn the_program_signs_in_to_a_mail_server_after_starttls() {
    reset_with(&SmtpServer::start(&["starttls", "shop", "0123"]), "starttls");
}

#[test]
fn the_program_signs_in_to_a_mail_server_that_is_encrypted_from_the_start() {
    reset_with(&SmtpServer::start(&["tls", "shop", "0123"]), "tls");
}

#[test]
fn the_page_of_a_link_has_no_script_or_style_within() {
    let app = TestApp::start();
    let root = app.guest().under("");
    let page = root.get("/password-reset").expect(200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    let html = page.text();
    assert!(!html.contains("<style") && !html.contains("style=") && !html.contains("onclick"), "{html}");
    assert!(html.contains(r#"<script src="password-reset.js" defer></script>"#), "{html}");
    let script = root.get("/password-reset.js").expect(200);
    assert_eq!(script.header("content-type"), "text/javascript; charset=utf-8");
    assert!(script.text().contains("api/v1/auth/password/reset"));
    assert_eq!(root.get("/password-reset.css").expect(200).header("content-type"), "text/css; charset=utf-8");
    root.post("/password-reset", &json!({})).refused(405, "METHOD_NOT_ALLOWED");
}
