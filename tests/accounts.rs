//! Accounts: signing in and out, tokens, limits, addresses, staff and stores.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something unexpected happens"
)]

mod common;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use common::people::{PASSWORD, email};
use common::shop::STORE;
use common::{Client, Reply, TestApp, Value, json, race};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use sha2::{Sha256, Sha384, Sha512};
use stockroom::auth::{Permission, Role};
use strum::VariantArray;

fn login(app: &TestApp, email: &str, password: &str) -> Reply {
    app.guest().post("/auth/login", &json!({"email": email, "password": password}))
}

fn session(app: &TestApp, name: &str) -> Value {
    login(app, &email(name), PASSWORD).expect(200).json()
}

fn refresh(app: &TestApp, session: &Value) -> Reply {
    app.guest().post("/auth/refresh", &json!({"refresh_token": session["refresh_token"]}))
}

fn logout(app: &TestApp, session: &Value) -> Reply {
    app.guest().post("/auth/logout", &json!({"refresh_token": session["refresh_token"]}))
}

/// A client with the access token of a session.
fn client(app: &TestApp, session: &Value) -> Client {
    app.guest().with_token(session["access_token"].as_str().unwrap())
}

/// The fields of a problem that tell why, without the request's id.
fn told(reply: Reply) -> Value {
    let mut problem = reply.json();
    problem.as_object_mut().unwrap().remove("request_id");
    problem
}

#[track_caller]
fn refused_field(reply: Reply, field: &str) {
    let problem = reply.refused(422, "VALIDATION_FAILED");
    assert_eq!(problem["errors"][0]["field"], field, "{problem}");
}

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
    let me = client(&app, &session(&app, "mara")).get("/auth/me").expect(200).json();
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
        refused_field(register("mara@example.com", refused), "password");
    }
    // Nothing is asked of the composition, and characters are counted, not bytes.
    let longest = "ü".repeat(128);
    for (index, good) in ["eightchr", "        ", "ааааааааб", &longest].into_iter().enumerate() {
        let email = format!("c{index}@example.com");
        register(&email, good).expect(201);
        login(&app, &email, good).expect(200);
    }
    for address in ["", "mara", "mara@", "@example.com", "a b@example.com"] {
        refused_field(register(address, PASSWORD), "email");
    }
    for grown in [json!({"role": "admin"}), json!({"permissions": ["users:manage"]}), json!({"active": true})] {
        let mut body = json!({"email": "eve@example.com", "password": PASSWORD});
        body.as_object_mut().unwrap().extend(grown.as_object().unwrap().clone());
        app.without_effect(|| app.guest().post("/auth/register", &body)).refused(422, "VALIDATION_FAILED");
    }
}

#[test]
fn a_login_hands_out_tokens_for_ten_minutes() {
    let app = TestApp::start();
    let mara = app.account("mara", Role::Customer);
    let reply = login(&app, "Mara@Example.com", PASSWORD).expect(200);
    assert_eq!(reply.header("cache-control"), "no-store");
    let session = reply.json();
    let fields: Vec<&String> = session.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["access_token", "expires_in", "refresh_token", "token_type", "user"]);
    assert_eq!((&session["token_type"], &session["expires_in"]), (&json!("Bearer"), &json!(600)));
    assert_eq!(session["user"]["id"], mara.0);
    assert!(!reply.text().contains("password"), "{}", reply.text());
    client(&app, &session).get("/cart").expect(200);
}

#[test]
fn an_unknown_a_shut_and_a_wrong_account_are_told_apart_by_nobody() {
    let app = TestApp::start();
    app.account("mara", Role::Customer);
    let shut = app.account("shut", Role::Customer);
    app.admin().patch(&format!("/users/{shut}"), &json!({"active": false})).expect(200);
    let wrong = login(&app, "mara@example.com", "not her password");
    let unknown = login(&app, "nobody@example.com", PASSWORD);
    let closed = login(&app, "shut@example.com", PASSWORD);
    let no_address = login(&app, "' OR 1=1 --", PASSWORD);
    let expected = told(wrong.clone());
    wrong.refused(401, "INVALID_CREDENTIALS");
    for reply in [unknown, closed, no_address] {
        assert_eq!(told(reply.expect(401)), expected);
    }
}

#[test]
fn an_unknown_account_takes_as_long_as_a_known_one() {
    let app = TestApp::start();
    app.account("mara", Role::Customer);
    let quickest = |email: &str| {
        let times = (0..5).map(|_| {
            let asked = std::time::Instant::now();
            login(&app, email, "not the password").expect(401);
            asked.elapsed()
        });
        times.min().unwrap()
    };
    let (known, unknown) = (quickest("mara@example.com"), quickest("nobody@example.com"));
    assert!(unknown * 4 > known && known * 4 > unknown, "known {known:?}, unknown {unknown:?}");
}

#[test]
fn a_refresh_token_is_good_once_and_a_stolen_one_ends_its_family() {
    let app = TestApp::start();
    app.account("mara", Role::Customer);
    let (first, elsewhere) = (session(&app, "mara"), session(&app, "mara"));
    let second = refresh(&app, &first).expect(200).json();
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    assert_ne!(second["access_token"], first["access_token"]);
    assert_eq!(second["user"]["email"], "mara@example.com");
    client(&app, &second).get("/cart").expect(200);
    let third = refresh(&app, &second).expect(200).json();
    refresh(&app, &first).refused(401, "UNAUTHENTICATED");
    refresh(&app, &third).refused(401, "UNAUTHENTICATED");
    refresh(&app, &second).refused(401, "UNAUTHENTICATED");
    // Another sign-in of hers has nothing to do with it.
    refresh(&app, &elsewhere).expect(200);
    let unknown = json!({"refresh_token": "0".repeat(64)});
    app.guest().post("/auth/refresh", &unknown).refused(401, "UNAUTHENTICATED");
    refused_field(app.guest().post("/auth/refresh", &json!({"refresh_token": ""})), "refresh_token");
    let as_refresh = json!({"refresh_token": elsewhere["access_token"]});
    app.guest().post("/auth/refresh", &as_refresh).refused(401, "UNAUTHENTICATED");
}

#[test]
fn of_two_refreshes_at_once_one_wins_and_the_family_ends() {
    let app = TestApp::start();
    app.account("mara", Role::Customer);
    for _ in 0..50 {
        let session = session(&app, "mara");
        let replies = race(2, |_| refresh(&app, &session));
        let (won, lost): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 200);
        assert_eq!((won.len(), lost.len()), (1, 1));
        lost.into_iter().for_each(|reply| drop(reply.refused(401, "UNAUTHENTICATED")));
        refresh(&app, &won[0].json()).refused(401, "UNAUTHENTICATED");
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
    let token = session(&app, "mara")["refresh_token"].as_str().unwrap().to_owned();
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
    let (here, elsewhere) = (session(&app, "mara"), session(&app, "mara"));
    let next = refresh(&app, &here).expect(200).json();
    assert!(logout(&app, &next).expect(204).bytes.is_empty());
    refresh(&app, &next).refused(401, "UNAUTHENTICATED");
    logout(&app, &next).expect(204);
    logout(&app, &json!({"refresh_token": "f".repeat(64)})).expect(204);
    refresh(&app, &elsewhere).expect(200);
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

/// An access token with an algorithm that the program itself does not sign with.
fn sign_as<M: Mac + KeyInit>(algorithm: &str, claims: &Value, secret: &str) -> String {
    let header = json!({"typ": "at+jwt", "alg": algorithm});
    let [header, claims] = [&header, claims].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part.to_string()));
    let message = format!("{header}.{claims}");
    let mac = <M as KeyInit>::new_from_slice(secret.as_bytes()).unwrap().chain_update(&message);
    format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

#[test]
fn a_token_is_taken_only_with_every_claim_as_we_sign_it() {
    let app = TestApp::start();
    let (auth, user) = (&app.settings.auth, app.customer("mara").user.unwrap());
    let now = i64::try_from(std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
    let good = json!({"iss": auth.issuer, "aud": auth.audience, "sub": user.to_string(), "role": "customer",
                      "iat": now, "exp": now + 60, "jti": "5b0c"});
    let key = EncodingKey::from_secret(auth.jwt_secret.reveal().as_bytes());
    let header =
        |algorithm: Algorithm, typ: Option<&str>| Header { typ: typ.map(ToOwned::to_owned), ..Header::new(algorithm) };
    let usual = header(Algorithm::HS256, Some("at+jwt"));
    let sign = |header: &Header, claims: &Value| jsonwebtoken::encode(header, claims, &key).unwrap();
    let ask = |token: &str| app.guest().with_token(token).get("/cart");
    ask(&sign(&usual, &good)).expect(200);
    for typ in [Some("JWT"), None] {
        ask(&sign(&header(Algorithm::HS256, typ), &good)).refused(401, "UNAUTHENTICATED");
    }
    let secret = auth.jwt_secret.reveal();
    ask(&sign_as::<Hmac<Sha256>>("HS256", &good, secret)).expect(200);
    for other in [sign_as::<Hmac<Sha384>>("HS384", &good, secret), sign_as::<Hmac<Sha512>>("HS512", &good, secret)] {
        ask(&other).refused(401, "UNAUTHENTICATED");
    }
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        claims
    };
    let changed = [
        with("iss", json!("elsewhere")),
        with("aud", json!("another-api")),
        with("sub", json!("mara")),
        with("role", json!("king")),
        with("jti", json!("")),
        with("exp", json!("soon")),
    ];
    let missing = ["iss", "aud", "sub", "role", "exp", "jti"].map(|name| {
        let mut claims = good.clone();
        claims.as_object_mut().unwrap().remove(name);
        claims
    });
    for claims in changed.iter().chain(&missing) {
        let reply = ask(&sign(&usual, claims));
        assert_eq!(reply.code().as_deref(), Some("UNAUTHENTICATED"), "{claims}: {}", reply.text());
        assert_eq!(reply.header("www-authenticate"), "Bearer");
        reply.expect(401);
    }
    // No grace: a token that has run out has run out, and one that is not good yet is not good.
    for over in [now - 1, now] {
        ask(&sign(&usual, &with("exp", json!(over)))).refused(401, "TOKEN_EXPIRED");
    }
    ask(&sign(&usual, &with("nbf", json!(now)))).expect(200);
    for nbf in [json!(now + 60), json!("later"), json!(-1)] {
        ask(&sign(&usual, &with("nbf", nbf))).refused(401, "UNAUTHENTICATED");
    }
    let token = sign(&usual, &good);
    let (head, signature) = token.rsplit_once('.').unwrap();
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0";
    let claims = head.split('.').nth(1).unwrap();
    for forged in [format!("{none}.{claims}."), format!("{none}.{claims}.{signature}"), format!("{head}.")] {
        ask(&forged).refused(401, "UNAUTHENTICATED");
    }
    // Where anybody may ask, a bad token is still told; where no token is looked at, it is not.
    app.guest().with_token("x.y.z").get("/inventory/products").refused(401, "UNAUTHENTICATED");
    app.account("noor", Role::Customer);
    let body = json!({"email": "noor@example.com", "password": PASSWORD});
    app.guest().with_token("x.y.z").post("/auth/login", &body).expect(200);
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

#[test]
fn staff_who_are_deactivated_or_may_less_are_refused_at_once() {
    let app = TestApp::start();
    let admin = app.admin();
    let new = json!({"email": email("staff"), "password": PASSWORD, "role": "staff",
                     "permissions": ["orders:read", "audit:read"]});
    let id = admin.post("/users", &new).expect(201).id();
    let session = session(&app, "staff");
    let staff = client(&app, &session);
    staff.get("/orders").expect(200);
    let change = |change: Value| admin.patch(&format!("/users/{id}"), &change).expect(200).json();
    assert_eq!(change(json!({"permissions": ["audit:read"]}))["permissions"], json!(["audit:read"]));
    staff.get("/audit").refused(401, "UNAUTHENTICATED");
    refresh(&app, &session).refused(401, "UNAUTHENTICATED");
    let staff = client(&app, &self::session(&app, "staff"));
    staff.get("/orders").refused(403, "FORBIDDEN");
    staff.get("/audit").expect(200);
    assert_eq!(change(json!({"active": false}))["active"], false);
    for path in ["/audit", "/auth/me", "/cart", "/inventory/products"] {
        staff.get(path).refused(401, "UNAUTHENTICATED");
    }
    login(&app, &email("staff"), PASSWORD).refused(401, "INVALID_CREDENTIALS");
    change(json!({"active": true}));
    staff.get("/audit").refused(401, "UNAUTHENTICATED");
    client(&app, &self::session(&app, "staff")).get("/audit").expect(200);
}

#[test]
fn a_deactivated_customer_can_not_stay_signed_in() {
    let app = TestApp::start();
    let mara = app.account("mara", Role::Customer);
    let session = session(&app, "mara");
    app.admin().patch(&format!("/users/{mara}"), &json!({"active": false})).expect(200);
    refresh(&app, &session).refused(401, "UNAUTHENTICATED");
    client(&app, &session).get("/auth/me").refused(401, "UNAUTHENTICATED");
}

fn lake_road() -> Value {
    json!({"full_name": "Mara Iyer", "phone": "+91 98450-12345", "line1": "12 Lake Road", "line2": "Flat 4",
           "city": "Bengaluru", "state": "Karnataka", "postal_code": "560001", "country": "IN",
           "latitude": 12.9716, "longitude": 77.5946})
}

#[test]
fn addresses_are_made_read_replaced_and_deleted() {
    let app = TestApp::start();
    let mara = app.customer("mara");
    let made = mara.post("/addresses", &lake_road()).expect(201).json();
    let id = made["id"].as_i64().unwrap();
    let mut expected = lake_road();
    expected["id"] = json!(id);
    assert_eq!(made, expected);
    let path = format!("/addresses/{id}");
    assert_eq!(mara.get(&path).expect(200).json(), expected);
    let short = json!({"full_name": "M", "phone": "12345", "line1": "1", "city": "B", "postal_code": "5",
                       "country": "IN"});
    let replaced = mara.put(&path, &short).expect(200).json();
    let mut expected = short.clone();
    for name in ["line2", "state", "latitude", "longitude"] {
        expected[name] = json!(null);
    }
    expected["id"] = json!(id);
    assert_eq!(replaced, expected, "what is left out of a PUT is gone");
    let second = mara.address();
    let list = mara.get("/addresses").expect(200).json();
    assert_eq!(
        (&list["total"], &list["page"], &list["limit"], &list["pages"]),
        (&json!(2), &json!(1), &json!(20), &json!(1))
    );
    assert_eq!(list["items"][0]["id"], second, "newest first");
    assert_eq!(mara.get("/addresses?sort=id&limit=1").expect(200).json()["items"], json!([expected]));
    assert!(mara.delete(&path).expect(204).bytes.is_empty());
    for reply in [mara.get(&path), mara.put(&path, &short), mara.delete(&path)] {
        reply.refused(404, "ADDRESS_NOT_FOUND");
    }
    assert_eq!(mara.get("/addresses").json()["total"], 1);
    for id in ["9223372036854775808", "99999999999999999999999", "0", "-1", "1.5", "x"] {
        mara.get(&format!("/addresses/{id}")).refused(404, "ADDRESS_NOT_FOUND");
    }
}

#[test]
fn an_address_needs_its_fields_within_their_bounds() {
    let app = TestApp::start();
    let mara = app.customer("mara");
    for name in ["full_name", "phone", "line1", "city", "postal_code", "country"] {
        let mut body = lake_road();
        body.as_object_mut().unwrap().remove(name);
        app.without_effect(|| mara.post("/addresses", &body)).refused(422, "VALIDATION_FAILED");
        body[name] = json!("");
        refused_field(mara.post("/addresses", &body), name);
    }
    let wrong = [
        ("phone", json!("1234")),
        ("phone", json!("123456789012345678901")),
        ("phone", json!("12345x")),
        ("phone", json!("(080)12345")),
        ("latitude", json!(90.1)),
        ("latitude", json!(-90.1)),
        ("longitude", json!(180.1)),
        ("longitude", json!("east")),
        ("city", json!("x".repeat(101))),
    ];
    for (name, value) in wrong {
        let mut body = lake_road();
        body[name] = value;
        refused_field(mara.post("/addresses", &body), name);
    }
    for phone in ["12345", "01234567890123456789", "+91 98765-432"] {
        let mut body = lake_road();
        body["phone"] = json!(phone);
        mara.post("/addresses", &body).expect(201);
    }
}

#[test]
fn addresses_belong_to_a_customer_within_a_store() {
    let app = TestApp::start();
    app.other_store("STORE-TWO");
    let (mara, noor) = (app.customer("mara"), app.customer("noor"));
    let id = mara.address();
    let path = format!("/addresses/{id}");
    for stranger in [noor, mara.clone().in_store("STORE-TWO"), app.admin()] {
        app.without_effect(|| {
            for reply in [stranger.get(&path), stranger.put(&path, &lake_road()), stranger.delete(&path)] {
                reply.refused(404, "ADDRESS_NOT_FOUND");
            }
        });
        assert_eq!(stranger.get("/addresses").expect(200).json()["total"], 0);
    }
    mara.in_store(STORE).get(&path).expect(200);
}

fn new_user(name: &str, role: &str, permissions: &[&str]) -> Value {
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
    // Staff get their store without the header, and see no other.
    let staff = client(&app, &session(&app, "there"));
    staff.get("/cart").expect(200);
    staff.clone().in_store("STORE-TWO").get("/cart").expect(200);
    staff.in_store(STORE).get("/cart").refused(404, "STORE_NOT_FOUND");
    let off = json!({"email": email("off"), "password": PASSWORD, "role": "staff", "active": false});
    assert_eq!(admin.post("/users", &off).expect(201).json()["active"], false);
    login(&app, &email("off"), PASSWORD).refused(401, "INVALID_CREDENTIALS");
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
    // Who may do more than the manager is not changed by them, however little the change.
    let boss = admin.post("/users", &new_user("boss", "staff", &["stores:manage"])).expect(201).id();
    for change in [json!({"password": "taken over now"}), json!({"email": "x@example.com"}), json!({"active": false})] {
        manager.patch(&format!("/users/{boss}"), &change).refused(403, "FORBIDDEN");
    }
    // Admins, customers and the staff of other stores are not theirs to see.
    app.other_store("STORE-TWO");
    let there = admin.clone().in_store("STORE-TWO").post("/users", &new_user("there", "staff", &[])).expect(201).id();
    let unseen = [admin.user.unwrap().0, app.customer("mara").user.unwrap().0, there, 999_999];
    for user in unseen {
        manager.patch(&format!("/users/{user}"), &json!({"active": false})).refused(404, "USER_NOT_FOUND");
    }
    manager.patch(&path, &json!({"permissions": []})).expect(200);
    // Themselves neither.
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
    login(&app, "clerk.two@example.com", "another good one").expect(200);
    login(&app, "clerk.two@example.com", PASSWORD).refused(401, "INVALID_CREDENTIALS");
    admin.patch(&path, &json!({"email": email("mara")})).refused(409, "DUPLICATE");
    admin.post("/users", &new_user("mara", "staff", &[])).refused(409, "DUPLICATE");
    refused_field(admin.post("/users", &new_user("new", "customer", &["orders:read"])), "permissions");
    refused_field(admin.patch(&path, &json!({"password": "short"})), "password");
    refused_field(admin.patch(&path, &json!({"role": null})), "role");
    admin.patch(&path, &json!({"permissions": ["everything"]})).refused(422, "VALIDATION_FAILED");
    let own = format!("/users/{}", admin.user.unwrap());
    refused_field(admin.patch(&own, &json!({"active": false})), "active");
    refused_field(admin.patch(&own, &json!({"role": "staff"})), "role");
    for id in ["9223372036854775808", "x", "0"] {
        admin.patch(&format!("/users/{id}"), &json!({"active": true})).refused(404, "USER_NOT_FOUND");
    }
}

#[test]
fn a_new_password_signs_out_everywhere() {
    let app = TestApp::start();
    let mara = app.account("mara", Role::Customer);
    let session = session(&app, "mara");
    app.admin().patch(&format!("/users/{mara}"), &json!({"password": "a changed one"})).expect(200);
    refresh(&app, &session).refused(401, "UNAUTHENTICATED");
    login(&app, &email("mara"), "a changed one").expect(200);
}

#[test]
fn a_store_is_made_with_its_location_and_read_by_everybody() {
    let app = TestApp::start();
    let admin = app.admin();
    let made = admin.post("/stores", &json!({"code": "STORE-TWO", "name": "Two"})).expect(201).json();
    let methods = json!({"cod": "at_checkout", "credit_card": "at_checkout", "bank_transfer": "at_checkout",
                         "upi": "at_payment", "online": "at_payment"});
    let expected = json!({"id": made["id"], "code": "STORE-TWO", "name": "Two", "currency": "INR", "tax_rate": 0,
                          "shipping_flat_rate": 0.0, "guest_orders": false, "hold_cart_items": false,
                          "payment_methods": methods});
    assert_eq!(without_numbers(&made), without_numbers(&expected));
    assert_eq!((made["tax_rate"].as_f64(), made["shipping_flat_rate"].as_f64()), (Some(0.0), Some(0.0)));
    for name in ["STORE-TWO", &made["id"].to_string()] {
        assert_eq!(app.guest().get(&format!("/stores/{name}")).expect(200).json(), made);
    }
    // It can be sold from at once: the stock is at its location main.
    let rice = app.product_in("STORE-TWO", "rice", 10.0, 5);
    let stock = admin.clone().in_store("STORE-TWO").get(&format!("/inventory/products/{}/stock", rice.id)).expect(200);
    assert_eq!(stock.json()["locations"][0]["code"], "main");
    // The first one stays the default.
    app.guest().get("/inventory/products/rice").refused(404, "PRODUCT_NOT_FOUND");
    let list = admin.get("/stores?sort=id").expect(200).json();
    let codes: Vec<&str> =
        list["items"].as_array().unwrap().iter().map(|store| store["code"].as_str().unwrap()).collect();
    assert_eq!((codes, &list["total"]), (vec![STORE, "STORE-TWO"], &json!(2)));
    // Its code is known in any case, its id in one spelling.
    app.guest().in_store("store-two").get("/inventory/products/rice").expect(200);
    for unknown in ["STORE-NONE", "99999", "9223372036854775808", "%20", "02", "002", "+2", "-2", "2.0"] {
        app.guest().get(&format!("/stores/{unknown}")).refused(404, "STORE_NOT_FOUND");
        app.guest().in_store(unknown).get("/inventory/products").refused(404, "STORE_NOT_FOUND");
    }
}

/// As in the README: the code is kept in capital letters, and names the store in any case.
#[test]
fn a_store_is_named_by_its_code_in_any_case() {
    let app = TestApp::start();
    let admin = app.admin();
    let main = json!({"code": "main", "name": "Main store", "currency": "EUR"});
    let made = admin.post("/stores", &main).expect(201).json();
    assert_eq!(made["code"], "MAIN");
    admin
        .clone()
        .in_store("main")
        .post("/inventory/products", &json!({"sku": "rice", "name": "Rice", "price": 1, "initial_stock": 9}))
        .expect(201);
    admin.patch("/stores/maIN", &json!({"guest_orders": true})).expect(200);
    for name in ["main", "MAIN", "Main"] {
        assert_eq!(app.guest().get(&format!("/stores/{name}")).expect(200).json()["id"], made["id"]);
        app.guest().in_store(name).get("/inventory/products/rice").expect(200);
        app.guest().get(&format!("/inventory/products/{name}/rice")).expect(200);
        let order = json!({"store_id": name, "items": [{"product_id": "rice", "quantity": 1}]});
        assert_eq!(app.guest().post("/orders", &order).expect(201).json()["store_id"], made["id"]);
    }
    admin.post("/stores", &json!({"code": "Main", "name": "Twin"})).refused(409, "DUPLICATE");
}

#[test]
fn stores_are_sorted_by_name_without_regard_to_case_and_accents() {
    let app = TestApp::start();
    let admin = app.admin();
    admin.patch(&format!("/stores/{STORE}"), &json!({"name": "zoo"})).expect(200);
    for (code, name) in [("A", "Öko"), ("B", "Obst"), ("C", "äpfel")] {
        admin.post("/stores", &json!({"code": code, "name": name})).expect(201);
    }
    let list = admin.get("/stores?sort=name").expect(200).json();
    let codes: Vec<_> = list["items"].as_array().unwrap().iter().map(|store| store["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["C", "B", "A", STORE]);
}

fn without_numbers(store: &Value) -> Value {
    let mut store = store.clone();
    for name in ["tax_rate", "shipping_flat_rate"] {
        assert!(store.as_object_mut().unwrap().remove(name).unwrap().is_number());
    }
    store
}

#[test]
fn a_store_is_refused_what_could_not_work() {
    let app = TestApp::start();
    let admin = app.admin();
    let with = |name: &str, value: Value| {
        let mut store = json!({"code": "STORE-TWO", "name": "Two"});
        store[name] = value;
        admin.post("/stores", &store)
    };
    app.without_effect(|| {
        let wrong = [
            ("code", json!("two!")),
            ("code", json!("123")),
            ("code", json!("")),
            ("code", json!("A".repeat(51))),
            ("name", json!("")),
            ("currency", json!("XYZ1")),
            ("tax_rate", json!(-1)),
            ("tax_rate", json!(101)),
            ("shipping_flat_rate", json!(-0.01)),
            ("shipping_flat_rate", json!(1.001)),
            ("payment_methods", json!({})),
            ("payment_methods", json!({"cod": "later"})),
        ];
        for (name, value) in wrong {
            let problem = with(name, value).refused(422, "VALIDATION_FAILED");
            let field = problem["errors"][0]["field"].as_str().unwrap().to_owned();
            assert!(field.starts_with(name), "{name}: {problem}");
        }
        with("code", json!(STORE)).refused(409, "DUPLICATE");
        with("code", json!(STORE.to_lowercase())).refused(409, "DUPLICATE");
        with("owner", json!("me")).refused(422, "VALIDATION_FAILED");
    });
}

#[test]
fn settings_of_a_store_change_one_by_one() {
    let app = TestApp::start();
    let manager = app.staff(&["stores:manage"]);
    let path = format!("/stores/{}", app.store);
    let before = app.guest().get(&path).json();
    let changes = [
        ("name", json!("The Test Store")),
        ("tax_rate", json!(5)),
        ("shipping_flat_rate", json!(20)),
        ("guest_orders", json!(true)),
        ("hold_cart_items", json!(true)),
        ("payment_methods", json!({"cod": "at_checkout", "wallet": "at_payment"})),
        ("currency", json!("JPY")),
    ];
    let mut expected = before.clone();
    for (name, value) in changes {
        let change = if name == "currency" {
            json!({"currency": value, "shipping_flat_rate": 300})
        } else {
            json!({name: value})
        };
        let changed = manager.patch(&path, &change).expect(200).json();
        for (name, value) in change.as_object().unwrap() {
            expected[name] = value.clone();
        }
        for (name, value) in expected.as_object().unwrap() {
            match value.as_f64() {
                Some(number) => assert_eq!(changed[name].as_f64(), Some(number), "{name}"),
                None => assert_eq!(&changed[name], value, "{name}"),
            }
        }
    }
    refused_field(manager.patch(&path, &json!({"name": null})), "name");
    manager.patch(&path, &json!({"code": "OTHER"})).refused(422, "VALIDATION_FAILED");
    refused_field(manager.patch(&path, &json!({"shipping_flat_rate": 1.5})), "shipping_flat_rate");
    app.product("rice", 100.0, 1);
    refused_field(manager.patch(&path, &json!({"currency": "INR", "shipping_flat_rate": 0})), "currency");
    // What changes nothing is not told as a change.
    let audit = |admin: &Client| admin.get("/audit").expect(200).json()["total"].clone();
    let (admin, before) = (app.admin(), audit(&app.admin()));
    admin.patch(&format!("/stores/{STORE}"), &json!({"tax_rate": 5})).expect(200);
    assert_eq!(audit(&admin), before);
}

#[test]
fn every_write_on_accounts_is_in_the_audit_once() {
    let app = TestApp::start();
    let (admin, mara) = (app.admin(), app.account("mara", Role::Customer));
    let session = session(&app, "mara");
    let customer = client(&app, &session);
    let entries = |query: &str| -> Vec<(String, String)> {
        let list = admin.get(&format!("/audit?after=0&limit=100{query}")).expect(200).json();
        let of = |entry: &Value, name: &str| entry[name].as_str().unwrap().to_owned();
        let items = list["items"].as_array().unwrap();
        items
            .iter()
            .map(|entry| (format!("{} {}", of(entry, "action"), of(entry, "entity")), of(entry, "actor")))
            .collect()
    };
    let before = entries("").len();
    let new = json!({"email": "noor@example.com", "password": PASSWORD});
    let noor = app.guest().post("/auth/register", &new).expect(201).id();
    let address = customer.address();
    customer.put(&format!("/addresses/{address}"), &lake_road()).expect(200);
    customer.delete(&format!("/addresses/{address}")).expect(204);
    let staff = admin.post("/users", &new_user("staff", "staff", &[])).expect(201).id();
    admin.patch(&format!("/users/{staff}"), &json!({"active": false})).expect(200);
    admin.patch(&format!("/stores/{}", app.store), &json!({"tax_rate": 5})).expect(200);
    let (by_mara, by_admin) = (format!("user:{mara}"), format!("user:{}", admin.user.unwrap()));
    let expected = [
        ("CREATE User", format!("user:{noor}")),
        ("CREATE Address", by_mara.clone()),
        ("UPDATE Address", by_mara.clone()),
        ("DELETE Address", by_mara.clone()),
        ("CREATE User", by_admin.clone()),
        ("UPDATE User", by_admin.clone()),
        ("UPDATE Store", by_admin.clone()),
    ];
    let found: Vec<_> = entries("").split_off(before);
    let found: Vec<(&str, String)> = found.iter().map(|(what, actor)| (what.as_str(), actor.clone())).collect();
    assert_eq!(found, expected);
    assert_eq!(entries(&format!("&actor={by_mara}")).len(), 3);
    assert_eq!(entries("&entity=Address&action=DELETE").len(), 1);
    assert_eq!(entries(&format!("&entity=User&entity_id={staff}")).len(), 2);
    // Logins are not in it, and nothing of what was secret.
    let whole = admin.get("/audit?limit=100").text();
    assert!(!whole.contains("LOGIN") && !whole.contains(PASSWORD) && !whole.contains("@example.com"), "{whole}");
}

#[test]
fn the_audit_after_an_entry_is_counted_and_paged() {
    let app = TestApp::start();
    let admin = app.admin();
    (0..5).for_each(|n| drop(app.product(&format!("p-{n}"), 1.0, 0)));
    let read = |query: &str| admin.get(&format!("/audit?{query}")).expect(200).json();
    let ids = |list: &Value| -> Vec<i64> {
        list["items"].as_array().unwrap().iter().map(|entry| entry["id"].as_i64().unwrap()).collect()
    };
    let all = ids(&read("after=0"));
    assert_eq!(all.len(), 5);
    let after = |rest: &str| read(&format!("after={}&limit=2{rest}", all[1]));
    let (first, second) = (after(""), after("&page=2"));
    let told = |list: &Value| ["total", "page", "limit", "pages"].map(|name| list[name].as_i64().unwrap());
    assert_eq!((ids(&first), told(&first)), (all[2..4].to_vec(), [3, 1, 2, 2]));
    assert_eq!((ids(&second), told(&second)), (all[4..].to_vec(), [3, 2, 2, 2]));
    assert_eq!(told(&after("&page=3")), [3, 3, 2, 2]);
    assert_eq!(told(&after("&entity=User")), [0, 1, 2, 0]);
    // The newest come first without it.
    assert_eq!(ids(&read("limit=2&page=2")), [all[2], all[1]]);
}

#[test]
fn a_store_that_is_made_begins_its_own_audit() {
    let app = TestApp::start();
    let admin = app.admin();
    admin.post("/stores", &json!({"code": "STORE-TWO", "name": "Two"})).expect(201);
    let made = admin.clone().in_store("STORE-TWO").get("/audit").expect(200).json();
    assert_eq!(made["total"], 1);
    assert_eq!((&made["items"][0]["action"], &made["items"][0]["entity"]), (&json!("CREATE"), &json!("Store")));
    assert_eq!(admin.get("/audit?entity=Store").expect(200).json()["total"], 0);
}
