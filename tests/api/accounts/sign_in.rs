//! Signing in by e-mail address and password.

use crate::common::people::PASSWORD;
use crate::common::{Reply, TestApp, Value, json};
use stockroom::auth::{Permission, Role};
use strum::VariantArray;

/// A problem without the id of its request.
fn without_request_id(reply: Reply) -> Value {
    let mut problem = reply.json();
    problem.as_object_mut().unwrap().remove("request_id");
    problem
}

#[test]
fn a_login_hands_out_tokens_for_ten_minutes() {
    let app = TestApp::start();
    let mara = app.account("mara", Role::Customer);
    let reply = app.login("Mara@Example.com", PASSWORD).expect(200);
    assert_eq!(reply.header("cache-control"), "no-store");
    let session = reply.json();
    let fields: Vec<&String> = session.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["access_token", "expires_in", "refresh_token", "token_type", "user"]);
    assert_eq!((&session["token_type"], &session["expires_in"]), (&json!("Bearer"), &json!(600)));
    assert_eq!(session["user"]["id"], mara.0);
    assert!(!reply.text().contains("password"), "{}", reply.text());
    app.signed_in_by(&session).get("/cart").expect(200);
}

#[test]
fn sign_in_refuses_an_unknown_a_deactivated_and_a_wrong_account_alike() {
    let app = TestApp::start();
    app.account("mara", Role::Customer);
    let shut = app.account("shut", Role::Customer);
    app.admin().patch(&format!("/users/{shut}"), &json!({"active": false})).expect(200);
    let wrong = app.login("mara@example.com", "not her password");
    let unknown = app.login("nobody@example.com", PASSWORD);
    let closed = app.login("shut@example.com", PASSWORD);
    let no_address = app.login("' OR 1=1 --", PASSWORD);
    let expected = without_request_id(wrong.clone());
    wrong.refused(401, "INVALID_CREDENTIALS");
    for reply in [unknown, closed, no_address] {
        assert_eq!(without_request_id(reply.expect(401)), expected);
    }
}

#[test]
fn an_unknown_account_takes_as_long_as_a_known_one() {
    let app = TestApp::start();
    app.account("mara", Role::Customer);
    let quickest = |email: &str| {
        let times = (0..5).map(|_| {
            let asked = std::time::Instant::now();
            app.login(email, "not the password").expect(401);
            asked.elapsed()
        });
        times.min().unwrap()
    };
    let (known, unknown) = (quickest("mara@example.com"), quickest("nobody@example.com"));
    assert!(unknown * 4 > known && known * 4 > unknown, "known {known:?}, unknown {unknown:?}");
}

#[test]
fn me_is_the_account_with_its_role_and_permissions() {
    let app = TestApp::start();
    app.guest().get("/auth/me").refused(401, "UNAUTHENTICATED");
    let staff = app.staff(&["orders:read", "audit:read"]).get("/auth/me").expect(200).json();
    assert_eq!(staff["permissions"], json!(["orders:read", "audit:read"]));
    assert_eq!((&staff["role"], staff["store_id"].to_string()), (&json!("staff"), app.store.to_string()));
    let admin = app.admin().get("/auth/me").expect(200).json();
    let all: Vec<&str> = Permission::VARIANTS.iter().map(|permission| permission.as_str()).collect();
    assert_eq!((&admin["role"], &admin["permissions"]), (&json!("admin"), &json!(all)));
    assert_eq!(admin["store_id"], json!(null));
}
