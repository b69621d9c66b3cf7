//! A new password by the current one.

use super::{NEW, change};
use crate::common::locks::user_rows;
use crate::common::people::{PASSWORD, email};
use crate::common::{TestApp, json, race};
use stockroom::auth::Role;

#[test]
fn a_changed_password_ends_every_other_session() {
    let app = TestApp::start();
    let mara = app.account("mara", Role::Customer);
    let (here, elsewhere) = (app.session("mara"), app.session("mara"));
    // A refresh continues the same session.
    let here = app.refresh(&here).expect(200).json();
    assert!(change(&app.signed_in_by(&here), PASSWORD, NEW).expect(204).bytes.is_empty());
    app.refresh(&elsewhere).refused(401, "UNAUTHENTICATED");
    app.refresh(&here).expect(200);
    app.login(&email("mara"), PASSWORD).refused(401, "INVALID_CREDENTIALS");
    app.login(&email("mara"), NEW).expect(200);
    let audit = app.admin().get(&format!("/audit?entity=User&entity_id={mara}")).expect(200).json();
    let last = &audit["items"][0];
    assert_eq!((&last["action"], &last["actor"]), (&json!("UPDATE"), &json!(format!("user:{mara}"))), "{audit}");
    assert_eq!(last["detail"], format!("User {mara} updated: password"));
}

#[test]
fn the_password_is_changed_only_by_the_current_one_and_to_a_good_one() {
    let app = TestApp::start();
    app.account("mara", Role::Customer);
    let session = app.session("mara");
    let mara = app.signed_in_by(&session);
    let refused = |current: &str, new: &str, field: &str| {
        let problem = app.without_effect(|| change(&mara, current, new)).refused(422, "VALIDATION_FAILED");
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    };
    refused("not the password", NEW, "current_password");
    refused("", NEW, "current_password");
    refused(PASSWORD, "short", "new_password");
    refused(PASSWORD, "password", "new_password");
    change(&app.guest(), PASSWORD, NEW).refused(401, "UNAUTHENTICATED");
    app.refresh(&session).expect(200);
    app.login(&email("mara"), PASSWORD).expect(200);
}

#[test]
fn staff_change_their_password_too() {
    let app = TestApp::start();
    let new = json!({"email": email("staff"), "password": PASSWORD, "role": "staff", "permissions": ["orders:read"]});
    app.admin().post("/users", &new).expect(201);
    change(&app.signed_in_by(&app.session("staff")), PASSWORD, NEW).expect(204);
    app.login(&email("staff"), NEW).expect(200);
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
    let user = app.account("mara", Role::Customer);
    let mara = app.signed_in_by(&app.session("mara"));
    let passwords = ["the first password", "the other password"];
    let both = || race(2, |index| change(&mara, PASSWORD, passwords[index]));
    let replies = app.behind_a_lock(&user_rows(&[user]), 2, both);
    let won: Vec<usize> = (0..2).filter(|index| replies[*index].status == 204).collect();
    assert_eq!(won.len(), 1);
    app.login(&email("mara"), passwords[won[0]]).expect(200);
}
