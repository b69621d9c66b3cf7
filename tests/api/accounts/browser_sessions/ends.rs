//! The list of sessions, and what ends them.

use super::{browser, ids, page, sign_in_from};
use crate::common::people::{PASSWORD, email};
use crate::common::stream::EventStream;
use crate::common::{Client, TestApp, json};
use stockroom::auth::Role;

const HOUR: i64 = 3_600;

fn is_signed_in(browser: &Client) -> bool {
    let reply = browser.get("/auth/me");
    if reply.status != 200 {
        assert!(reply.header("set-cookie").contains("=; Path=/; Max-Age=0;"), "{}", reply.header("set-cookie"));
        reply.refused(401, "UNAUTHENTICATED");
        return false;
    }
    true
}

#[test]
fn a_session_that_is_not_used_ends_after_twelve_hours() {
    let app = TestApp::start();
    app.account("boss", Role::Admin);
    let (used, idle) = (browser(&app, "boss"), browser(&app, "boss"));
    for _ in 0..3 {
        app.advance(11 * HOUR);
        assert!(is_signed_in(&used));
    }
    assert!(!is_signed_in(&idle));
    assert_eq!(ids(&used.get("/auth/sessions").expect(200).json()).len(), 1);
    app.advance(12 * HOUR - 60);
    assert!(is_signed_in(&used));
    app.advance(12 * HOUR + 60);
    assert!(!is_signed_in(&used));
    used.get("/auth/session").refused(401, "UNAUTHENTICATED");
}

#[test]
fn a_session_ends_after_thirty_days_of_use() {
    let app = TestApp::start();
    app.account("boss", Role::Admin);
    let boss = browser(&app, "boss");
    let expires = boss.get("/auth/session").expect(200).json()["session"]["expires_at"].clone();
    for _ in 0..60 {
        assert!(is_signed_in(&boss));
        app.advance(12 * HOUR - 60);
    }
    // 3,600 s before its end.
    assert!(is_signed_in(&boss));
    assert_eq!(boss.get("/auth/session").expect(200).json()["session"]["expires_at"], expires);
    app.advance(HOUR + 60);
    assert!(!is_signed_in(&boss));
}

/// The last use is written once a minute at most.
#[test]
fn a_use_is_written_with_the_precision_of_a_minute() {
    let app = TestApp::start();
    app.account("boss", Role::Admin);
    let boss = browser(&app, "boss");
    let last_use = || boss.get("/auth/session").expect(200).json()["session"]["last_used_at"].clone();
    let first = last_use();
    app.advance(30);
    assert_eq!(last_use(), first);
    app.advance(40);
    let second = last_use();
    assert_ne!(last_use(), first, "{second}");
}

#[test]
fn the_caller_lists_and_ends_sessions_of_its_own_account() {
    let app = TestApp::start();
    app.account("mara", Role::Customer);
    app.account("noor", Role::Customer);
    let one = browser(&app, "mara");
    app.advance(60);
    let phone = page(&app).with_header("User-Agent", "Phone\u{e9} 1");
    let cookie = super::cookie_of(&sign_in_from(&phone, "mara", PASSWORD).expect(200));
    let two = phone.with_header("Cookie", &cookie);
    let noor = browser(&app, "noor");
    let list = one.get("/auth/sessions?sort=created_at").expect(200).json();
    let sessions = list["items"].as_array().unwrap();
    assert_eq!(list["total"], 2);
    assert_eq!((&sessions[0]["is_current"], &sessions[1]["is_current"]), (&json!(true), &json!(false)));
    assert_eq!(sessions[1]["user_agent"], "Phone\u{e9} 1");
    assert_eq!(sessions[1]["address"], "127.0.0.1");
    let newest_first = one.get("/auth/sessions?sort=-created_at&limit=1").expect(200).json();
    assert_eq!(ids(&newest_first), ids(&list)[1..]);

    let second = format!("/auth/sessions/{}", sessions[1]["id"]);
    noor.delete(&second).refused(404, "NOT_FOUND");
    assert!(is_signed_in(&two));
    one.delete(&second).expect(204);
    assert!(!is_signed_in(&two));
    one.delete(&second).refused(404, "NOT_FOUND");
    assert_eq!(one.get("/auth/sessions").expect(200).json()["total"], 1);
    assert!(is_signed_in(&noor));
}

#[test]
fn ending_the_others_ends_their_tokens_too() {
    let app = TestApp::start();
    app.account("mara", Role::Customer);
    app.account("noor", Role::Customer);
    let (here, elsewhere, noor) = (browser(&app, "mara"), browser(&app, "mara"), browser(&app, "noor"));
    let login = app.session("mara");
    app.signed_in_by(&login).get("/cart").expect(200);
    here.delete("/auth/sessions").expect(204);
    assert!(is_signed_in(&here) && !is_signed_in(&elsewhere) && is_signed_in(&noor));
    app.signed_in_by(&login).get("/cart").refused(401, "UNAUTHENTICATED");
    app.refresh(&login).refused(401, "UNAUTHENTICATED");
    // The session of a token stays, too.
    let login = app.session("mara");
    app.signed_in_by(&login).delete("/auth/sessions").expect(204);
    assert!(!is_signed_in(&here));
    app.refresh(&login).expect(200);
}

#[test]
fn changes_of_the_account_end_its_sessions() {
    let app = TestApp::start();
    let admin = app.admin();
    let new = json!({"email": email("clerk"), "password": PASSWORD, "role": "staff", "permissions": ["orders:read"]});
    let id = admin.post("/users", &new).expect(201).id();
    let change = |change: &crate::common::Value| drop(admin.patch(&format!("/users/{id}"), change).expect(200));
    let clerk = browser(&app, "clerk");
    clerk.get("/orders").expect(200);
    clerk.get("/audit").refused(403, "FORBIDDEN");
    change(&json!({"permissions": ["audit:read"]}));
    assert!(!is_signed_in(&clerk));
    let clerk = browser(&app, "clerk");
    clerk.get("/audit").expect(200);
    change(&json!({"full_name": "Clerk"}));
    assert!(is_signed_in(&clerk));
    change(&json!({"active": false}));
    assert!(!is_signed_in(&clerk));
    sign_in_from(&page(&app), "clerk", PASSWORD).refused(401, "INVALID_CREDENTIALS");
    change(&json!({"active": true}));
    assert!(!is_signed_in(&clerk), "an ended session does not come back");
}

/// A customer's session is kept in memory.
#[test]
fn a_changed_password_ends_all_sessions_but_the_one_that_changed_it() {
    let app = TestApp::start();
    let mara = app.account("mara", Role::Customer);
    let (here, elsewhere) = (browser(&app, "mara"), browser(&app, "mara"));
    assert!(is_signed_in(&here) && is_signed_in(&elsewhere));
    let passwords = json!({"current_password": PASSWORD, "new_password": "another good password"});
    here.post("/auth/password", &passwords).expect(204);
    assert!(is_signed_in(&here) && !is_signed_in(&elsewhere));
    app.customer("mara").get("/cart").expect(200);
    app.admin().patch(&format!("/users/{mara}"), &json!({"active": false})).expect(200);
    assert!(!is_signed_in(&here));
}

#[test]
fn another_server_ends_the_session_when_it_reads_the_ended_ones() {
    let app = TestApp::start();
    app.account("mara", Role::Customer);
    let second = app.second_server();
    let mara = browser(&app, "mara");
    let there = mara.clone().at(&second.address);
    second.refresh_token_versions();
    assert!(is_signed_in(&there));
    mara.delete("/auth/session").expect(204);
    assert!(!is_signed_in(&mara));
    second.refresh_token_versions();
    assert!(!is_signed_in(&there));
}

#[test]
fn a_stream_ends_with_its_session() {
    let app = TestApp::start();
    let boss = app.account("boss", Role::Admin);
    let open = || {
        let boss = browser(&app, "boss");
        let cookie = boss.header("Cookie").unwrap().to_owned();
        let headers = format!("Cookie: {cookie}\r\nSec-Fetch-Site: same-origin\r\n");
        let stream = EventStream::open(&app.address, "/events/stream", &headers);
        assert_eq!(stream.status, 200, "{}", stream.head);
        (boss, stream)
    };
    let ((one, mut of_one), (two, mut of_two)) = (open(), open());
    one.delete("/auth/session").expect(204);
    assert!(of_one.wait_for_end());
    assert!(!of_two.has_ended);
    let cookie = two.header("Cookie").unwrap();
    let foreign = format!("Cookie: {cookie}\r\nSec-Fetch-Site: cross-site\r\n");
    assert_eq!(EventStream::open(&app.address, "/events/stream", &foreign).status, 401);
    let password = json!({"password": "another good password"});
    app.admin().patch(&format!("/users/{boss}"), &password).expect(200);
    assert!(of_two.wait_for_end());
}
