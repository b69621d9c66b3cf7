//! The examples of passwords.

use std::path::Path;

use super::{Recorder, SHOP};
use crate::common::{TestApp, Value, json, smtp};

pub fn passwords(record: &mut Recorder, app: &TestApp, mails: &Path) {
    let guest = app.guest();
    let sign_in = json!({"email": "mara@example.com", "password": "a long way home"});
    let session = guest.post("/auth/login", &sign_in).expect(200).json();
    let browser = guest.clone().with_header("X-Requested-With", "admin").with_header("User-Agent", "Mozilla/5.0");
    record.call("startSession", &browser, ("POST", "/auth/session"), sign_in.clone());
    let cookie = browser.post("/auth/session", &sign_in).expect(200).header("set-cookie").to_owned();
    let browser = browser.with_header("Cookie", cookie.split(';').next().unwrap());
    record.call("getSession", &browser, ("GET", "/auth/session"), Value::Null);
    record.call("listSessions", &browser, ("GET", "/auth/sessions"), Value::Null);
    let mara = guest.clone().with_token(session["access_token"].as_str().unwrap());
    let change = json!({"current_password": "a long way home", "new_password": "rain on the roof"});
    record.call("changePassword", &mara, ("POST", "/auth/password"), change);
    let forgotten = json!({"email": "mara@example.com"});
    record.call("requestPasswordReset", &guest, ("POST", "/auth/password/forgot"), forgotten);
    assert_eq!(app.send_mails(), 1);
    let mail = smtp::written(mails).into_iter().find(|mail| mail.contains("password-reset")).unwrap();
    let link = smtp::link(&mail, SHOP);
    let (_, token) = link.split_once("#token=").unwrap();
    let reset = json!({"token": token, "new_password": "a lamp in the window"});
    record.call("resetPassword", &guest, ("POST", "/auth/password/reset"), reset.clone());
    record.refuse(&guest, ("POST", "/auth/password/reset"), reset, "RESET_TOKEN_INVALID");
}
