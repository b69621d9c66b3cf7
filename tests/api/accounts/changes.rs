//! Changes of accounts: those that end the tokens, and those that are refused.

use crate::common::locks::user_rows;
use crate::common::people::PASSWORD;
use crate::common::{TestApp, Value, json, race};
use stockroom::auth::Role;
use stockroom::kernel::id::UserId;

/// The changes that revoke the tokens of an account.
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
        let signed_in = app.session(&name);
        let here = app.signed_in_by(&signed_in);
        let there = here.clone().at(&second.address);
        here.get("/cart").expect(200);
        there.get("/cart").expect(200);
        admin.patch(&format!("/users/{clerk}"), &change).expect(200);
        // Staff are read from the database for each request, so that every server refuses them at once.
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
        let here = app.signed_in_by(&app.session(&name));
        let there = here.clone().at(&second.address);
        there.get("/cart").expect(200);
        admin.patch(&format!("/users/{buyer}"), &change).expect(200);
        here.get("/cart").refused(401, "UNAUTHENTICATED");
        second.refresh_token_versions();
        there.get("/cart").refused(401, "UNAUTHENTICATED");
        // A server that starts later reads the versions of tokens first.
        let third = app.second_server();
        here.clone().at(&third.address).get("/cart").refused(401, "UNAUTHENTICATED");
    }
}

#[test]
fn a_server_that_was_suspended_reads_what_ended_in_the_meantime() {
    let app = TestApp::start();
    let second = app.second_server();
    second.refresh_token_versions();
    let buyer = app.account("buyer", Role::Customer);
    let there = app.signed_in_by(&app.session("buyer")).at(&second.address);
    app.admin().patch(&format!("/users/{buyer}"), &json!({"active": false})).expect(200);
    // The clock of a suspended server stands still, while that of the database goes on.
    app.advance(500);
    second.refresh_token_versions();
    there.get("/cart").refused(401, "UNAUTHENTICATED");
}

#[test]
fn a_server_without_recent_knowledge_reads_the_account() {
    let app = TestApp::with(|settings| settings.auth.revocation_seconds = 0);
    let second = app.second_server();
    let buyer = app.account("buyer", Role::Customer);
    let there = app.signed_in_by(&app.session("buyer")).at(&second.address);
    there.get("/cart").expect(200);
    app.admin().patch(&format!("/users/{buyer}"), &json!({"active": false})).expect(200);
    there.get("/cart").refused(401, "UNAUTHENTICATED");
}

#[test]
fn a_change_without_weight_ends_nothing_and_a_new_login_is_good() {
    let app = TestApp::start();
    let mara = app.account("mara", Role::Customer);
    let admin = app.admin();
    let before = app.signed_in_by(&app.session("mara"));
    admin.patch(&format!("/users/{mara}"), &json!({"full_name": "Mara Iyer", "active": true})).expect(200);
    before.get("/cart").expect(200);
    for _ in 0..3 {
        let old = app.signed_in_by(&app.session("mara"));
        admin.patch(&format!("/users/{mara}"), &json!({"active": false})).expect(200);
        admin.patch(&format!("/users/{mara}"), &json!({"active": true})).expect(200);
        old.get("/cart").refused(401, "UNAUTHENTICATED");
        let new = app.session("mara");
        app.signed_in_by(&new).get("/cart").expect(200);
        let refreshed = app.guest().post("/auth/refresh", &json!({"refresh_token": new["refresh_token"]})).expect(200);
        app.signed_in_by(&refreshed.json()).get("/cart").expect(200);
    }
}

/// Without `lock_with_admins` both are deactivated.
#[test]
fn of_two_admins_who_deactivate_each_other_one_stays() {
    let app = TestApp::start();
    let (one, two) = (app.account("one", Role::Admin), app.account("two", Role::Admin));
    for round in 0..20 {
        let change = if round % 2 == 0 { json!({"active": false}) } else { json!({"role": "customer"}) };
        let [first, second] = [one, two].map(|admin| app.guest().with_token(&app.token(admin, Role::Admin)));
        let both = || {
            race(2, |index| {
                let (caller, other) = if index == 0 { (&first, two) } else { (&second, one) };
                caller.patch(&format!("/users/{other}"), &change)
            })
        };
        let replies = app.behind_a_lock(&user_rows(&[one, two]), 2, both);
        let (won, lost): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 200);
        assert_eq!((won.len(), lost.len()), (1, 1));
        lost[0].clone().refused(409, "LAST_ADMIN");
        let changed = won[0].json()["id"].as_i64().unwrap();
        let winner = if changed == one.0 { two } else { one };
        let admin = app.guest().with_token(&app.token(winner, Role::Admin));
        admin.patch(&format!("/users/{changed}"), &json!({"active": true, "role": "admin"})).expect(200);
    }
}

/// A third administrator remains, so it is not the last one that counts. The second caller's access ended first.
#[test]
fn of_two_who_end_each_other_s_access_one_stays() {
    let app = TestApp::start();
    let admin = app.admin();
    let permissions = json!(["users:manage"]);
    let staff = |name: &str| {
        let body = json!({"email": format!("{name}@example.com"), "password": PASSWORD, "role": "staff",
                          "permissions": permissions});
        UserId(admin.post("/users", &body).expect(201).id())
    };
    let pairs = [
        (Role::Admin, [app.account("one", Role::Admin), app.account("two", Role::Admin)]),
        (Role::Staff, [staff("three"), staff("four")]),
    ];
    for (role, accounts) in pairs {
        for _ in 0..10 {
            let callers = accounts.map(|account| app.guest().with_token(&app.token(account, role)));
            let off = json!({"active": false});
            let both = || race(2, |index| callers[index].patch(&format!("/users/{}", accounts[1 - index]), &off));
            let mut statuses: Vec<_> =
                app.behind_a_lock(&user_rows(&accounts), 2, both).iter().map(|reply| reply.status).collect();
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 401]);
            for account in accounts {
                admin.patch(&format!("/users/{account}"), &json!({"active": true})).expect(200);
            }
        }
    }
}

#[test]
fn two_spellings_of_an_e_mail_address_are_one_account() {
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
