//! The limits of attempts to sign in, also behind reverse proxies.

use super::{at, login};
use crate::common::people::PASSWORD;
use crate::common::{TestApp, json, race};
use diesel::prelude::*;
use stockroom::auth::Role;

/// A server behind a reverse proxy at this machine's address.
fn behind_a_proxy(login_per_minute: u32) -> TestApp {
    TestApp::with(|settings| {
        settings.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        settings.limits.login_per_minute = login_per_minute;
    })
}

#[test]
fn callers_behind_a_trusted_proxy_are_limited_each_by_their_own_address() {
    let app = behind_a_proxy(3);
    let wrong = |address: &str, name: &str| login(&at(&app, address), name, "wrong");
    for name in ["a", "b", "c"] {
        wrong("192.0.2.1", name).refused(401, "INVALID_CREDENTIALS");
    }
    wrong("192.0.2.1", "d").refused(429, "RATE_LIMITED");
    // The client controls the part of the header before the address that the proxy appends.
    wrong("198.51.100.1, 192.0.2.1", "d").refused(429, "RATE_LIMITED");
    wrong("192.0.2.2", "d").refused(401, "INVALID_CREDENTIALS");
    let forwarded = app.guest().with_header("Forwarded", "for=192.0.2.1;proto=https");
    login(&forwarded, "d", "wrong").refused(429, "RATE_LIMITED");
    // A caller with an IPv6 address controls its whole /64 network.
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
    // Each server counts the attempts itself, as after a restart.
    for server in [app.address.as_str(), second.address.as_str()] {
        let wrong = |number: usize| login(&at(&app, &format!("198.51.100.{number}")).at(server), "mara", "wrong");
        (0..3).for_each(|number| drop(wrong(number).refused(401, "INVALID_CREDENTIALS")));
        let limited = wrong(3);
        assert_eq!(limited.header("retry-after"), "1");
        limited.refused(429, "RATE_LIMITED");
        login(&home.clone().at(server), "mara", PASSWORD).expect(200);
        // A new address of hers is limited with the others, even with the right password.
        login(&at(&app, "203.0.113.9").at(server), "mara", PASSWORD).refused(429, "RATE_LIMITED");
    }
    login(&at(&app, "198.51.100.4"), "noor", "wrong").refused(401, "INVALID_CREDENTIALS");
}

/// Fails often enough on the account that the server delays addresses which the account does not know.
fn attack(app: &TestApp, server: &str, name: &str) {
    let wrong = |number: usize| login(&at(app, &format!("198.51.100.{number}")).at(server), name, "wrong");
    (0..3).for_each(|number| drop(wrong(number).refused(401, "INVALID_CREDENTIALS")));
    wrong(3).refused(429, "RATE_LIMITED");
}

#[test]
fn a_password_that_was_set_anew_ends_the_delays_of_the_old_one_on_every_server() {
    let app = behind_a_proxy(3);
    let mara = app.account("mara", Role::Customer);
    let second = app.second_server();
    let servers = [app.address.as_str(), second.address.as_str()];
    servers.iter().for_each(|server| attack(&app, server, "mara"));
    app.admin().patch(&format!("/users/{mara}"), &json!({"password": "of the admin"})).expect(200);
    for (number, server) in servers.into_iter().enumerate() {
        let new_address = at(&app, &format!("203.0.113.{number}")).at(server);
        login(&new_address, "mara", "of the admin").expect(200);
    }
    servers.iter().for_each(|server| attack(&app, server, "mara"));
    let own = app.signed_in_by(&login(&at(&app, "203.0.113.0"), "mara", "of the admin").expect(200).json());
    let change = json!({"current_password": "of the admin", "new_password": "of the owner"});
    own.post("/auth/password", &change).expect(204);
    for (number, server) in servers.into_iter().enumerate() {
        login(&at(&app, &format!("203.0.113.1{number}")).at(server), "mara", "of the owner").expect(200);
    }
}

#[test]
fn the_limit_of_an_ipv6_network_is_sixteen_times_that_of_an_address() {
    let app = behind_a_proxy(1);
    let wrong = |address: &str, name: &str| login(&at(&app, address), name, "wrong").status;
    for number in 0..16 {
        assert_eq!(wrong(&format!("2001:db8:0:{number:x}::1"), &format!("a{number}")), 401, "{number}");
    }
    assert_eq!(wrong("2001:db8:0:10::1", "b"), 429);
    assert_eq!(wrong("2001:db8:1::1", "b"), 401);
    assert_eq!(wrong("192.0.2.1", "c"), 401);
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
    // Her session still works.
    home.with_token(session["access_token"].as_str().unwrap()).get("/cart").expect(200);
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
    // A queue of length 0 refuses at once, whatever the allowed waiting time.
    let app = TestApp::with(|settings| {
        settings.auth.hash_threads = 1;
        settings.limits.queue_length = 0;
        settings.database.pool_size = 16;
    });
    let replies = race(16, |number| login(&app.guest(), &format!("buyer-{number}"), "wrong"));
    assert!(replies.iter().any(|reply| reply.status == 503) && replies.iter().any(|reply| reply.status == 401));
}
