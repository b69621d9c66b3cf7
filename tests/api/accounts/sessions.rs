//! Refresh tokens, and the end of sessions.

use crate::common::locks::user_rows;
use crate::common::people::{PASSWORD, email};
use crate::common::{TestApp, Value, json, race};
use stockroom::auth::Role;

#[test]
fn a_refresh_token_is_good_once_and_a_stolen_one_ends_its_family() {
    let app = TestApp::start();
    app.account("mara", Role::Customer);
    let (first, elsewhere) = (app.session("mara"), app.session("mara"));
    let second = app.refresh(&first).expect(200).json();
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    assert_ne!(second["access_token"], first["access_token"]);
    assert_eq!(second["user"]["email"], "mara@example.com");
    app.signed_in_by(&second).get("/cart").expect(200);
    let third = app.refresh(&second).expect(200).json();
    app.refresh(&first).refused(401, "UNAUTHENTICATED");
    app.refresh(&third).refused(401, "UNAUTHENTICATED");
    app.refresh(&second).refused(401, "UNAUTHENTICATED");
    // Her other session is not affected.
    app.refresh(&elsewhere).expect(200);
    let unknown = json!({"refresh_token": "0".repeat(64)});
    app.guest().post("/auth/refresh", &unknown).refused(401, "UNAUTHENTICATED");
    app.guest().post("/auth/refresh", &json!({"refresh_token": ""})).refused_field("refresh_token");
    let as_refresh = json!({"refresh_token": elsewhere["access_token"]});
    app.guest().post("/auth/refresh", &as_refresh).refused(401, "UNAUTHENTICATED");
}

#[test]
fn a_session_is_renewed_sixty_times_an_hour_at_most() {
    let app = TestApp::start();
    app.account("mara", Role::Customer);
    let first = app.session("mara");
    let mut newest = first.clone();
    for _ in 1..60 {
        newest = app.refresh(&newest).expect(200).json();
    }
    let refused = app.refresh(&newest);
    let wait: i64 = refused.header("retry-after").parse().unwrap();
    assert!((3_500..=3_600).contains(&wait), "{wait} s");
    refused.refused(429, "RATE_LIMITED");
    app.advance(3_600);
    newest = app.refresh(&newest).expect(200).json();
    // Every token is known, so the second use of the oldest one ends the session.
    app.refresh(&first).refused(401, "UNAUTHENTICATED");
    app.refresh(&newest).refused(401, "UNAUTHENTICATED");
}

#[test]
fn of_two_refreshes_at_once_one_wins_and_the_family_ends() {
    let app = TestApp::start();
    let mara = app.account("mara", Role::Customer);
    for _ in 0..50 {
        let session = app.session("mara");
        let replies = app.behind_a_lock(&user_rows(&[mara]), 2, || race(2, |_| app.refresh(&session)));
        let (won, lost): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 200);
        assert_eq!((won.len(), lost.len()), (1, 1));
        lost.into_iter().for_each(|reply| drop(reply.refused(401, "UNAUTHENTICATED")));
        app.refresh(&won[0].json()).refused(401, "UNAUTHENTICATED");
    }
}

#[test]
fn refresh_tokens_are_kept_as_hashes_only() {
    use diesel::prelude::*;
    #[derive(QueryableByName)]
    struct Rows {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        count: i64,
    }
    let app = TestApp::start();
    app.account("mara", Role::Customer);
    let token = app.session("mara")["refresh_token"].as_str().unwrap().to_owned();
    let rows: Rows = diesel::sql_query(
        "SELECT count(*) AS count FROM sessions t WHERE t::text LIKE '%' || $1 || '%' \
         OR t::text LIKE '%' || encode(convert_to($1, 'UTF8'), 'hex') || '%'",
    )
    .bind::<diesel::sql_types::Text, _>(token)
    .get_result(&mut app.connection())
    .unwrap();
    assert_eq!(rows.count, 0);
}

#[test]
fn signing_out_ends_the_session_and_no_other() {
    let app = TestApp::start();
    app.account("mara", Role::Customer);
    let (here, elsewhere) = (app.session("mara"), app.session("mara"));
    let next = app.refresh(&here).expect(200).json();
    assert!(app.logout(&next).expect(204).bytes.is_empty());
    app.refresh(&next).refused(401, "UNAUTHENTICATED");
    app.logout(&next).expect(204);
    app.logout(&json!({"refresh_token": "f".repeat(64)})).expect(204);
    app.refresh(&elsewhere).expect(200);
}

#[test]
fn staff_who_are_deactivated_or_may_less_are_refused_at_once() {
    let app = TestApp::start();
    let admin = app.admin();
    let new = json!({"email": email("staff"), "password": PASSWORD, "role": "staff",
                     "permissions": ["orders:read", "audit:read"]});
    let id = admin.post("/users", &new).expect(201).id();
    let session = app.session("staff");
    let staff = app.signed_in_by(&session);
    staff.get("/orders").expect(200);
    let change = |change: Value| admin.patch(&format!("/users/{id}"), &change).expect(200).json();
    assert_eq!(change(json!({"permissions": ["audit:read"]}))["permissions"], json!(["audit:read"]));
    staff.get("/audit").refused(401, "UNAUTHENTICATED");
    app.refresh(&session).refused(401, "UNAUTHENTICATED");
    let staff = app.signed_in_by(&app.session("staff"));
    staff.get("/orders").refused(403, "FORBIDDEN");
    staff.get("/audit").expect(200);
    assert_eq!(change(json!({"active": false}))["active"], false);
    for path in ["/audit", "/auth/me", "/cart", "/inventory/products"] {
        staff.get(path).refused(401, "UNAUTHENTICATED");
    }
    app.login(&email("staff"), PASSWORD).refused(401, "INVALID_CREDENTIALS");
    change(json!({"active": true}));
    staff.get("/audit").refused(401, "UNAUTHENTICATED");
    app.signed_in_by(&app.session("staff")).get("/audit").expect(200);
}

#[test]
fn a_deactivated_customer_can_not_stay_signed_in() {
    let app = TestApp::start();
    let mara = app.account("mara", Role::Customer);
    let session = app.session("mara");
    app.admin().patch(&format!("/users/{mara}"), &json!({"active": false})).expect(200);
    app.refresh(&session).refused(401, "UNAUTHENTICATED");
    app.signed_in_by(&session).get("/auth/me").refused(401, "UNAUTHENTICATED");
}

#[test]
fn a_new_password_signs_out_everywhere() {
    let app = TestApp::start();
    let mara = app.account("mara", Role::Customer);
    let session = app.session("mara");
    app.admin().patch(&format!("/users/{mara}"), &json!({"password": "a changed one"})).expect(200);
    app.refresh(&session).refused(401, "UNAUTHENTICATED");
    app.login(&email("mara"), "a changed one").expect(200);
}
