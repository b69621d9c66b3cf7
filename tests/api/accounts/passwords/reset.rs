//! A new password by a mailed link.

use std::path::Path;

use super::{NEW, SHOP, app_with_mails, app_with_mails_and, change, count, forgot, reset};
use crate::accounts::{at, login};
use crate::common::locks::user_rows;
use crate::common::people::{PASSWORD, email};
use crate::common::smtp;
use crate::common::{TestApp, json, race};
use stockroom::auth::Role;

/// Asks for a link, and takes the token from the only mail in the folder.
fn mailed_token(app: &TestApp, folder: &Path, name: &str) -> String {
    std::fs::remove_dir_all(folder).unwrap();
    std::fs::create_dir(folder).unwrap();
    forgot(app, &email(name)).expect(202);
    assert_eq!(app.send_mails(), 1);
    let mails = smtp::written(folder);
    assert_eq!(mails.len(), 1);
    smtp::password_reset_token(&mails[0], SHOP)
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
    let session = app.session("mara");
    let token = mailed_token(&app, &folder, "mara");
    assert_eq!(token.len(), 64);
    // The request for a link changes nothing yet.
    app.login(&email("mara"), PASSWORD).expect(200);
    let problem = reset(&app, &token, "short").refused(422, "VALIDATION_FAILED");
    assert_eq!(problem["errors"][0]["field"], "new_password");
    assert!(reset(&app, &token, NEW).expect(204).bytes.is_empty());
    app.refresh(&session).refused(401, "UNAUTHENTICATED");
    app.login(&email("mara"), PASSWORD).refused(401, "INVALID_CREDENTIALS");
    app.login(&email("mara"), NEW).expect(200);
    app.without_effect(|| reset(&app, &token, "a third password")).refused(422, "RESET_TOKEN_INVALID");
    let audit = app.admin().get(&format!("/audit?entity=User&entity_id={mara}")).expect(200).json();
    assert_eq!(audit["items"][0]["detail"], format!("User {mara} updated: password, by a mailed link"), "{audit}");
    assert_eq!(app.send_mails(), 0);
}

#[test]
fn the_address_that_set_the_password_by_a_link_is_known_to_the_account() {
    let (app, folder) = app_with_mails_and("known", |settings| {
        settings.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        settings.limits.login_per_minute = 3;
    });
    let second = app.second_server();
    let mara = app.account("mara", Role::Customer);
    let new_address = at(&app, "203.0.113.9");
    let token = mailed_token(&app, &folder, "mara");
    new_address.post("/auth/password/reset", &json!({"token": token, "new_password": NEW})).expect(204);
    for server in [app.address.as_str(), second.address.as_str()] {
        // The attack goes on.
        for (number, status) in [401, 401, 401, 429].into_iter().enumerate() {
            let attacker = at(&app, &format!("198.51.100.{number}")).at(server);
            assert_eq!(login(&attacker, "mara", "wrong").status, status);
        }
        login(&new_address.clone().at(server), "mara", NEW).expect(200);
        login(&at(&app, "203.0.113.10").at(server), "mara", NEW).refused(429, "RATE_LIMITED");
    }
    // The row that records the address is of an ended session.
    let ended = format!("sessions WHERE user_id = {mara} AND revoked_at IS NOT NULL AND rotated_at IS NULL");
    assert_eq!(count(&app, &ended), 1);
}

#[test]
fn of_two_resets_at_once_one_wins() {
    let (app, folder) = app_with_mails("race");
    let mara = app.account("mara", Role::Customer);
    let token = mailed_token(&app, &folder, "mara");
    let passwords = ["the first password", "the other password"];
    let both = || race(2, |index| reset(&app, &token, passwords[index]));
    let replies = app.behind_a_lock(&user_rows(&[mara]), 2, both);
    let won: Vec<usize> = (0..2).filter(|index| replies[*index].status == 204).collect();
    assert_eq!(won.len(), 1);
    app.login(&email("mara"), passwords[won[0]]).expect(200);
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
    // The work is the same too: each request writes a row, whose address is looked up later.
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
    change(&app.signed_in_by(&app.session("mara")), PASSWORD, NEW).expect(204);
    reset(&app, &token, PASSWORD).refused(422, "RESET_TOKEN_INVALID");
    for change in [json!({"password": PASSWORD}), json!({"active": false}), json!({"email": email("new")})] {
        admin.patch(&format!("/users/{id}"), &json!({"active": true, "email": email("mara")})).expect(200);
        let token = mailed_token(&app, &folder, "mara");
        admin.patch(&format!("/users/{id}"), &change).expect(200);
        reset(&app, &token, NEW).refused(422, "RESET_TOKEN_INVALID");
    }
    // Any other change keeps the link valid.
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
    // The limit does not depend on the existence of an account.
    for address in ["mara@example.com", "nobody@example.com"] {
        forgot(&app, address).expect(202);
        forgot(&app, &address.to_uppercase()).expect(202);
        forgot(&app, address).refused(429, "RATE_LIMITED");
    }
}

#[test]
fn the_page_of_a_link_has_no_script_or_style_within() {
    let app = TestApp::start();
    let root = app.root();
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
