//! Registration of customers, and the passwords that are accepted.

use crate::common::people::{PASSWORD, email};
use crate::common::{TestApp, json};

#[test]
fn whoever_registers_is_a_customer() {
    let app = TestApp::start();
    let new = json!({"email": " Mara@Example.com ", "password": PASSWORD, "full_name": "Mara Iyer"});
    let reply = app.guest().post("/auth/register", &new).expect(201);
    let mut user = reply.json();
    for moment in ["created_at", "updated_at"] {
        let text = user.as_object_mut().unwrap().remove(moment).unwrap();
        assert!(text.as_str().unwrap().ends_with('Z'), "{text}");
    }
    let id = user.as_object_mut().unwrap().remove("id").unwrap();
    let expected = json!({"email": "mara@example.com", "full_name": "Mara Iyer", "role": "customer",
                          "permissions": [], "store_id": null, "active": true});
    assert_eq!(user, expected);
    let me = app.signed_in_by(&app.session("mara")).get("/auth/me").expect(200).json();
    assert_eq!((&me["id"], &me["role"], &me["permissions"]), (&id, &json!("customer"), &json!([])));
    let nameless = app.guest().post("/auth/register", &json!({"email": "noor@example.com", "password": PASSWORD}));
    assert_eq!(nameless.expect(201).json()["full_name"], json!(null));
    let again = json!({"email": "MARA@example.com", "password": "another password"});
    app.without_effect(|| app.guest().post("/auth/register", &again)).refused(409, "DUPLICATE");
}

#[test]
fn passwords_have_8_to_128_characters_and_are_not_the_usual_ones() {
    let app = TestApp::start();
    let register = |email: &str, password: &str| {
        app.guest().post("/auth/register", &json!({"email": email, "password": password}))
    };
    let too_long = "x".repeat(129);
    for refused in ["", "sevench", "password", "PASSWORD", "12345678", "password1", &too_long] {
        register("mara@example.com", refused).refused_field("password");
    }
    // There are no rules for the composition, and characters are counted instead of bytes.
    let longest = "ü".repeat(128);
    for (index, good) in ["eightchr", "        ", "ааааааааб", &longest].into_iter().enumerate() {
        let email = format!("c{index}@example.com");
        register(&email, good).expect(201);
        app.login(&email, good).expect(200);
    }
    for address in ["", "mara", "mara@", "@example.com", "a b@example.com"] {
        register(address, PASSWORD).refused_field("email");
    }
    for grown in [json!({"role": "admin"}), json!({"permissions": ["users:manage"]}), json!({"active": true})] {
        let mut body = json!({"email": "eve@example.com", "password": PASSWORD});
        body.as_object_mut().unwrap().extend(grown.as_object().unwrap().clone());
        app.without_effect(|| app.guest().post("/auth/register", &body)).refused(422, "VALIDATION_FAILED");
    }
}

#[test]
fn registrations_are_limited_per_address() {
    let app = TestApp::with(|settings| settings.limits.register_per_minute = 2);
    let register =
        |name: &str| app.guest().post("/auth/register", &json!({"email": email(name), "password": PASSWORD}));
    register("a").expect(201);
    register("b").expect(201);
    let limited = register("c");
    assert!(limited.header("retry-after").parse::<u64>().unwrap() >= 1);
    limited.refused(429, "RATE_LIMITED");
}
