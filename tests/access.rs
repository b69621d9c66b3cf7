//! Who calls: addresses behind reverse proxies, how fast passwords can be tried, when tokens end, and one account
//! for each e-mail address.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something unexpected happens"
)]

mod common;

use common::people::{PASSWORD, email};
use common::{Client, Reply, TestApp, Value, json, race};
use diesel::prelude::*;
use stockroom::auth::Role;

/// A server behind a reverse proxy at this machine's address.
fn behind_a_proxy(login_per_minute: u32) -> TestApp {
    TestApp::with(|settings| {
        settings.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        settings.limits.login_per_minute = login_per_minute;
    })
}

/// A client of which the proxy says that it has this address.
fn at(app: &TestApp, address: &str) -> Client {
    app.guest().with_header("X-Forwarded-For", address)
}

fn login(client: &Client, name: &str, password: &str) -> Reply {
    client.post("/auth/login", &json!({"email": email(name), "password": password}))
}

fn session(app: &TestApp, name: &str) -> Value {
    login(&app.guest(), name, PASSWORD).expect(200).json()
}

fn with_session(client: &Client, session: &Value) -> Client {
    client.clone().with_token(session["access_token"].as_str().unwrap())
}

#[test]
fn callers_behind_a_trusted_proxy_are_limited_each_by_their_own_address() {
    let app = behind_a_proxy(3);
    let wrong = |address: &str, name: &str| login(&at(&app, address), name, "wrong");
    for name in ["a", "b", "c"] {
        wrong("192.0.2.1", name).refused(401, "INVALID_CREDENTIALS");
    }
    wrong("192.0.2.1", "d").refused(429, "RATE_LIMITED");
    // The client can write what it likes left of what the proxy appends.
    wrong("198.51.100.1, 192.0.2.1", "d").refused(429, "RATE_LIMITED");
    wrong("192.0.2.2", "d").refused(401, "INVALID_CREDENTIALS");
    let forwarded = app.guest().with_header("Forwarded", "for=192.0.2.1;proto=https");
    login(&forwarded, "d", "wrong").refused(429, "RATE_LIMITED");
    // One who has an IPv6 address has the whole /64.
    for (host, name) in ["1", "2", "3"].into_iter().zip(["e", "f", "g"]) {
        wrong(&format!("2001:db8::{host}"), name).refused(401, "INVALID_CREDENTIALS");
    }
    wrong("2001:db8::ffff", "h").refused(429, "RATE_LIMITED");
    wrong("2001:db8:0:1::1", "h").refused(401, "INVALID_CREDENTIALS");
}

#[test]
fn without_a_trusted_proxy_the_headers_are_not_read() {
    let app = TestApp::with(|settings| settings.limits.login_per_minute = 3);
    for (number, name) in ["a", "b", "c"].into_iter().enumerate() {
        login(&at(&app, &format!("192.0.2.{number}")), name, "wrong").refused(401, "INVALID_CREDENTIALS");
    }
    login(&at(&app, "192.0.2.9"), "d", "wrong").refused(429, "RATE_LIMITED");
}

#[test]
fn nobody_can_lock_the_owner_out_of_an_address_that_the_account_knows() {
    let app = behind_a_proxy(3);
    app.account("mara", Role::Customer);
    let second = app.second_server();
    let home = at(&app, "192.0.2.1");
    login(&home, "mara", PASSWORD).expect(200);
    // On every server, as after a restart: each counts the attempts itself.
    for server in [app.address.as_str(), second.address.as_str()] {
        let wrong = |number: usize| login(&at(&app, &format!("198.51.100.{number}")).at(server), "mara", "wrong");
        (0..3).for_each(|number| drop(wrong(number).refused(401, "INVALID_CREDENTIALS")));
        let limited = wrong(3);
        assert_eq!(limited.header("retry-after"), "1");
        limited.refused(429, "RATE_LIMITED");
        login(&home.clone().at(server), "mara", PASSWORD).expect(200);
        // A new address of hers has to wait with the others, also with the right password.
        login(&at(&app, "203.0.113.9").at(server), "mara", PASSWORD).refused(429, "RATE_LIMITED");
    }
    login(&at(&app, "198.51.100.4"), "noor", "wrong").refused(401, "INVALID_CREDENTIALS");
}

#[test]
fn an_unknown_account_is_delayed_as_a_known_one() {
    let app = behind_a_proxy(3);
    app.account("mara", Role::Customer);
    for name in ["mara", "nobody"] {
        let statuses: Vec<u16> =
            (0..5).map(|number| login(&at(&app, &format!("192.0.2.{number}")), name, "wrong").status).collect();
        assert_eq!(statuses, [401, 401, 401, 429, 429], "{name}");
    }
}

#[test]
fn also_a_known_address_gets_few_attempts_on_an_account() {
    let app = behind_a_proxy(3);
    app.account("mara", Role::Customer);
    let home = at(&app, "192.0.2.1");
    let session = login(&home, "mara", PASSWORD).expect(200).json();
    let statuses: Vec<u16> = (0..4).map(|_| login(&home, " MARA", "wrong").status).collect();
    assert_eq!(statuses, [401, 401, 429, 429]);
    // Nothing else is held up.
    with_session(&home, &session).get("/cart").expect(200);
}

#[test]
fn sign_in_addresses_are_kept_as_keyed_hashes_only() {
    #[derive(QueryableByName)]
    struct Hash {
        #[diesel(sql_type = diesel::sql_types::Binary)]
        address_hash: Vec<u8>,
    }
    let app = behind_a_proxy(0);
    for name in ["mara", "noor"] {
        app.account(name, Role::Customer);
        login(&at(&app, "192.0.2.1"), name, PASSWORD).expect(200);
    }
    let hashes: Vec<Hash> = diesel::sql_query("SELECT address_hash FROM sessions").load(&mut app.connection()).unwrap();
    assert_eq!((hashes.len(), hashes[0].address_hash.len()), (2, 32));
    assert_ne!(hashes[0].address_hash, hashes[1].address_hash, "two accounts at one address");
}

#[test]
fn the_queue_for_password_hashing_is_bounded() {
    let app = TestApp::with(|settings| {
        settings.auth.hash_threads = 1;
        settings.limits.queue_ms = 1;
    });
    let replies = race(16, |number| login(&app.guest(), &format!("buyer-{number}"), "wrong"));
    let busy: Vec<_> = replies.into_iter().filter(|reply| reply.status != 401).collect();
    assert!(!busy.is_empty(), "sixteen logins at once were all checked within a millisecond");
    for reply in busy {
        assert_eq!(reply.header("retry-after"), "1");
        reply.refused(503, "BUSY");
    }
    // A queue without places refuses at once, however long one may wait.
    let app = TestApp::with(|settings| {
        settings.auth.hash_threads = 1;
        settings.limits.queue_length = 0;
        settings.database.pool_size = 16;
    });
    let replies = race(16, |number| login(&app.guest(), &format!("buyer-{number}"), "wrong"));
    assert!(replies.iter().any(|reply| reply.status == 503) && replies.iter().any(|reply| reply.status == 401));
}

/// The changes that end what an account is signed in with.
fn ending_changes() -> [Value; 4] {
    [
        json!({"active": false}),
        json!({"password": "another good password"}),
        json!({"role": "customer"}),
        json!({"permissions": ["orders:read"]}),
    ]
}

#[test]
fn a_change_of_weight_ends_the_access_tokens_at_once_and_soon_on_other_servers() {
    let app = TestApp::start();
    let (admin, second) = (app.admin(), app.second_server());
    for (number, change) in ending_changes().into_iter().enumerate() {
        let name = format!("clerk-{number}");
        let clerk = app.account(&name, Role::Staff);
        let signed_in = session(&app, &name);
        let here = with_session(&app.guest(), &signed_in);
        let there = here.clone().at(&second.address);
        here.get("/cart").expect(200);
        there.get("/cart").expect(200);
        admin.patch(&format!("/users/{clerk}"), &change).expect(200);
        // Staff are looked up, so that they are refused everywhere without a delay.
        for client in [&here, &there] {
            client.get("/cart").refused(401, "UNAUTHENTICATED");
            client.get("/inventory/products").refused(401, "UNAUTHENTICATED");
        }
        let refresh = json!({"refresh_token": signed_in["refresh_token"]});
        app.guest().post("/auth/refresh", &refresh).refused(401, "UNAUTHENTICATED");
    }
    for change in [json!({"active": false}), json!({"password": "another good password"}), json!({"role": "admin"})] {
        let name = format!("buyer-{}", change.as_object().unwrap().keys().next().unwrap());
        let buyer = app.account(&name, Role::Customer);
        let here = with_session(&app.guest(), &session(&app, &name));
        let there = here.clone().at(&second.address);
        there.get("/cart").expect(200);
        admin.patch(&format!("/users/{buyer}"), &change).expect(200);
        here.get("/cart").refused(401, "UNAUTHENTICATED");
        second.refresh_token_versions();
        there.get("/cart").refused(401, "UNAUTHENTICATED");
        // A server that starts afterwards has not heard of it, and reads it first.
        let third = app.second_server();
        here.clone().at(&third.address).get("/cart").refused(401, "UNAUTHENTICATED");
    }
}

#[test]
fn a_change_without_weight_ends_nothing_and_a_new_login_is_good() {
    let app = TestApp::start();
    let mara = app.account("mara", Role::Customer);
    let admin = app.admin();
    let before = with_session(&app.guest(), &session(&app, "mara"));
    admin.patch(&format!("/users/{mara}"), &json!({"full_name": "Mara Iyer", "active": true})).expect(200);
    before.get("/cart").expect(200);
    for _ in 0..3 {
        let old = with_session(&app.guest(), &session(&app, "mara"));
        admin.patch(&format!("/users/{mara}"), &json!({"active": false})).expect(200);
        admin.patch(&format!("/users/{mara}"), &json!({"active": true})).expect(200);
        old.get("/cart").refused(401, "UNAUTHENTICATED");
        let new = session(&app, "mara");
        with_session(&app.guest(), &new).get("/cart").expect(200);
        let refreshed = app.guest().post("/auth/refresh", &json!({"refresh_token": new["refresh_token"]})).expect(200);
        with_session(&app.guest(), &refreshed.json()).get("/cart").expect(200);
    }
}

/// Seen to fail without `list_active_admins_for_update`: then nobody was left.
#[test]
fn of_two_admins_who_deactivate_each_other_one_stays() {
    let app = TestApp::start();
    let (one, two) = (app.account("one", Role::Admin), app.account("two", Role::Admin));
    let mut refused = 0;
    for round in 0..20 {
        let change = if round % 2 == 0 { json!({"active": false}) } else { json!({"role": "customer"}) };
        let [first, second] = [one, two].map(|admin| app.guest().with_token(&app.token(admin, Role::Admin)));
        let replies = race(2, |index| {
            let (caller, other) = if index == 0 { (&first, two) } else { (&second, one) };
            caller.patch(&format!("/users/{other}"), &change)
        });
        let (won, lost): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 200);
        assert_eq!((won.len(), lost.len()), (1, 1));
        match lost[0].status {
            // The winner had committed before the other one was looked up.
            401 => assert_eq!(lost[0].code().as_deref(), Some("UNAUTHENTICATED")),
            _ => {
                lost[0].clone().refused(409, "LAST_ADMIN");
                refused += 1;
            }
        }
        let changed = won[0].json()["id"].as_i64().unwrap();
        let winner = if changed == one.0 { two } else { one };
        let admin = app.guest().with_token(&app.token(winner, Role::Admin));
        admin.patch(&format!("/users/{changed}"), &json!({"active": true, "role": "admin"})).expect(200);
    }
    assert!(refused > 0, "it was never a race");
}

#[test]
fn twins_of_an_e_mail_address_are_one_account() {
    let app = TestApp::start();
    let register = |email: &str| app.guest().post("/auth/register", &json!({"email": email, "password": PASSWORD}));
    assert_eq!(register("Mara@Bücher.example").expect(201).json()["email"], "mara@bücher.example");
    let twins = [
        "mara@bücher。example",
        "mara@ＢÜCHER．example",
        "mara@bu\u{308}cher.example",
        "MARA@xn--bcher-kva.example",
        "mara@bücher\u{200b}.example",
    ];
    for twin in twins {
        app.without_effect(|| register(twin)).refused(409, "DUPLICATE");
        app.guest().post("/auth/login", &json!({"email": twin, "password": PASSWORD})).expect(200);
    }
    for refused in
        ["ma\u{200b}ra@bücher.example", "ｍara@bücher.example", "mara＠bücher.example", "mara@bücher.example."]
    {
        let problem = app.without_effect(|| register(refused)).refused(422, "VALIDATION_FAILED");
        assert_eq!(problem["errors"][0]["field"], "email", "{problem}");
    }
    let made = json!({"email": "mara@bücher。example", "password": PASSWORD, "role": "customer"});
    app.admin().post("/users", &made).refused(409, "DUPLICATE");
}
