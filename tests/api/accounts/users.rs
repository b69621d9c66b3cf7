//! The accounts of a store, and who may change them.

use crate::common::people::{PASSWORD, email};
use crate::common::shop::STORE;
use crate::common::{Client, TestApp, Value, json};

pub fn new_user(name: &str, role: &str, permissions: &[&str]) -> Value {
    json!({"email": email(name), "password": PASSWORD, "full_name": name, "role": role, "permissions": permissions})
}

#[test]
fn staff_belong_to_the_store_of_the_request() {
    let app = TestApp::start();
    let two = app.other_store("STORE-TWO");
    let admin = app.admin();
    let here = admin.post("/users", &new_user("here", "staff", &["orders:read"])).expect(201).json();
    assert_eq!(here["store_id"].to_string(), app.store.to_string());
    assert_eq!((&here["role"], &here["active"]), (&json!("staff"), &json!(true)));
    let there = admin.clone().in_store("STORE-TWO").post("/users", &new_user("there", "staff", &[])).expect(201).json();
    assert_eq!(there["store_id"].to_string(), two.to_string());
    for role in ["admin", "customer"] {
        assert_eq!(
            admin.post("/users", &new_user(&format!("a-{role}"), role, &[])).expect(201).json()["store_id"],
            json!(null)
        );
    }
    // Staff need no header for their store, and cannot use another one.
    let staff = app.signed_in_by(&app.session("there"));
    staff.get("/cart").expect(200);
    staff.clone().in_store("STORE-TWO").get("/cart").expect(200);
    staff.in_store(STORE).get("/cart").refused(404, "STORE_NOT_FOUND");
    let off = json!({"email": email("off"), "password": PASSWORD, "role": "staff", "active": false});
    assert_eq!(admin.post("/users", &off).expect(201).json()["active"], false);
    app.login(&email("off"), PASSWORD).refused(401, "INVALID_CREDENTIALS");
}

#[test]
fn nobody_grants_what_they_lack() {
    let app = TestApp::start();
    let admin = app.admin();
    let manager = app.staff(&["users:manage", "orders:read"]);
    let made = manager.post("/users", &new_user("clerk", "staff", &["orders:read"])).expect(201).id();
    let path = format!("/users/{made}");
    let reader = app.staff(&["orders:read"]);
    let refusals = app.without_effect(|| {
        [
            manager.post("/users", &new_user("spy", "staff", &["audit:read"])),
            manager.post("/users", &new_user("spy", "admin", &[])),
            manager.post("/users", &new_user("spy", "customer", &[])),
            manager.patch(&path, &json!({"permissions": ["orders:read", "stores:manage"]})),
            manager.patch(&path, &json!({"role": "admin"})),
            manager.patch(&path, &json!({"role": "customer"})),
            reader.post("/users", &new_user("spy", "staff", &[])),
        ]
    });
    for refusal in refusals {
        refusal.refused(403, "FORBIDDEN");
    }
    let named = manager.post("/users", &new_user("spy", "staff", &["audit:read"])).json();
    assert!(named["detail"].as_str().unwrap().contains("audit:read"), "{named}");
    // A manager cannot change an account that has more permissions, not even a little.
    let boss = admin.post("/users", &new_user("boss", "staff", &["stores:manage"])).expect(201).id();
    for change in [json!({"password": "taken over now"}), json!({"email": "x@example.com"}), json!({"active": false})] {
        manager.patch(&format!("/users/{boss}"), &change).refused(403, "FORBIDDEN");
    }
    // Admins, customers and staff of other stores are not visible to a manager.
    app.other_store("STORE-TWO");
    let there = admin.clone().in_store("STORE-TWO").post("/users", &new_user("there", "staff", &[])).expect(201).id();
    let unseen = [admin.user.unwrap().0, app.customer("mara").user.unwrap().0, there, 999_999];
    for user in unseen {
        manager.patch(&format!("/users/{user}"), &json!({"active": false})).refused(404, "USER_NOT_FOUND");
    }
    manager.patch(&path, &json!({"permissions": []})).expect(200);
    // Managers cannot extend their own permissions either.
    let own = format!("/users/{}", manager.user.unwrap());
    manager.patch(&own, &json!({"permissions": ["users:manage", "audit:read"]})).refused(403, "FORBIDDEN");
    manager.patch(&own, &json!({"role": "admin"})).refused(403, "FORBIDDEN");
}

#[test]
fn accounts_are_listed_and_changed_by_those_who_manage_them() {
    let app = TestApp::start();
    app.other_store("STORE-TWO");
    let (admin, manager) = (app.admin(), app.staff(&["users:manage"]));
    app.customer("mara");
    let clerk = admin.post("/users", &new_user("clerk", "staff", &[])).expect(201).id();
    admin.clone().in_store("STORE-TWO").post("/users", &new_user("there", "staff", &[])).expect(201);
    let emails = |client: &Client, query: &str| -> Vec<String> {
        let list = client.get(&format!("/users?sort=email{query}")).expect(200).json();
        list["items"].as_array().unwrap().iter().map(|user| user["email"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(emails(&manager, "").len(), 2, "themself and the clerk");
    assert_eq!(emails(&manager, "&role=customer"), [""; 0]);
    assert_eq!(emails(&admin, "&role=staff").len(), 3);
    assert_eq!(emails(&admin, "&role=customer"), [email("mara")]);
    assert_eq!(emails(&admin, "&q=CLERK"), [email("clerk")]);
    assert_eq!(emails(&admin, "&q=%25"), [""; 0], "a percent sign is only a character");
    let path = format!("/users/{clerk}");
    let change = json!({"email": "Clerk.Two@example.com", "full_name": null, "password": "another good one"});
    let changed = admin.patch(&path, &change).expect(200).json();
    assert_eq!((&changed["email"], &changed["full_name"]), (&json!("clerk.two@example.com"), &json!(null)));
    app.login("clerk.two@example.com", "another good one").expect(200);
    app.login("clerk.two@example.com", PASSWORD).refused(401, "INVALID_CREDENTIALS");
    admin.patch(&path, &json!({"email": email("mara")})).refused(409, "DUPLICATE");
    admin.post("/users", &new_user("mara", "staff", &[])).refused(409, "DUPLICATE");
    admin.post("/users", &new_user("new", "customer", &["orders:read"])).refused_field("permissions");
    admin.patch(&path, &json!({"password": "short"})).refused_field("password");
    admin.patch(&path, &json!({"role": null})).refused_field("role");
    admin.patch(&path, &json!({"permissions": ["everything"]})).refused(422, "VALIDATION_FAILED");
    let own = format!("/users/{}", admin.user.unwrap());
    admin.patch(&own, &json!({"active": false})).refused_field("active");
    admin.patch(&own, &json!({"role": "staff"})).refused_field("role");
    for id in ["9223372036854775808", "x", "0"] {
        admin.patch(&format!("/users/{id}"), &json!({"active": true})).refused(404, "USER_NOT_FOUND");
    }
}
