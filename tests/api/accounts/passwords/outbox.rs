//! Requests for links while many mails wait.

use super::{app_with_mails, count, forgot};
use crate::common::people::email;
use crate::common::{TestApp, json, smtp};
use diesel::connection::SimpleConnection;
use stockroom::auth::Role;

fn execute(app: &TestApp, sql: &str) {
    app.connection().batch_execute(sql).unwrap_or_else(|error| panic!("{error}: {sql}"));
}

/// Adds requests for addresses that have no account.
fn fill_outbox(app: &TestApp, rows: u32) {
    execute(
        app,
        &format!(
            "INSERT INTO mail_outbox (store_id, kind, recipient, next_attempt_at, give_up_at, created_at) \
             SELECT 0, 'password_reset', 'nobody' || n || '@example.com', now(), now() + interval '1 hour', now() \
             FROM generate_series(1, {rows}) n"
        ),
    );
}

#[test]
fn requests_without_an_active_account_delay_no_mail() {
    let (app, folder) = app_with_mails("delay");
    app.account("mara", Role::Customer);
    let shut = app.account("shut", Role::Customer);
    app.admin().patch(&format!("/users/{shut}"), &json!({"active": false})).expect(200);
    forgot(&app, &email("shut")).expect(202);
    fill_outbox(&app, 9_000);
    forgot(&app, &email("mara")).expect(202);
    assert_eq!(app.send_mails(), 1);
    assert_eq!((smtp::written(&folder).len(), count(&app, "mail_outbox")), (1, 0));
}

#[test]
fn requests_for_one_address_are_one_mail() {
    let (app, folder) = app_with_mails("joined");
    app.account("mara", Role::Customer);
    for address in [email("mara"), email("mara").to_uppercase(), "nobody@example.com".to_owned()] {
        forgot(&app, &address).expect(202);
        forgot(&app, &address).expect(202);
    }
    assert_eq!(count(&app, "mail_outbox"), 2);
    assert_eq!((app.send_mails(), smtp::written(&folder).len()), (1, 1));
    // A request after the mail is another mail.
    forgot(&app, &email("mara")).expect(202);
    assert_eq!((app.send_mails(), smtp::written(&folder).len()), (1, 2));
}

#[test]
fn a_request_renews_a_mail_that_could_not_be_sent_but_does_not_send_it_twice() {
    let (app, folder) = app_with_mails("renewed");
    app.account("mara", Role::Customer);
    forgot(&app, &email("mara")).expect(202);
    let being_sent = "attempts = 1, next_attempt_at = now() + interval '30 seconds'";
    execute(&app, &format!("UPDATE mail_outbox SET {being_sent}"));
    forgot(&app, &email("mara")).expect(202);
    assert_eq!(app.send_mails(), 0);
    let failed = "next_attempt_at = now() + interval '50 minutes', give_up_at = now() + interval '10 seconds'";
    execute(&app, &format!("UPDATE mail_outbox SET {failed}"));
    forgot(&app, &email("mara")).expect(202);
    app.advance(61);
    assert_eq!((app.send_mails(), smtp::written(&folder).len()), (1, 1));
}

#[test]
fn a_full_outbox_refuses_every_address_until_the_job_has_emptied_it() {
    let (app, folder) = app_with_mails("full");
    app.account("mara", Role::Customer);
    fill_outbox(&app, 9_999);
    forgot(&app, "last@example.com").expect(202);
    let refusals = [email("mara"), "unknown@example.com".to_owned(), "last@example.com".to_owned()].map(|address| {
        let reply = forgot(&app, &address);
        let header = reply.header("retry-after").to_owned();
        let problem = reply.refused(503, "BUSY");
        (header, problem["detail"].clone())
    });
    assert_eq!((refusals[0].0.as_str(), count(&app, "mail_outbox")), ("10", 10_000));
    assert!(refusals.iter().all(|refusal| *refusal == refusals[0]), "{refusals:?}");
    assert_eq!((app.send_mails(), count(&app, "mail_outbox")), (0, 0));
    forgot(&app, &email("mara")).expect(202);
    assert_eq!((app.send_mails(), smtp::written(&folder).len()), (1, 1));
}
