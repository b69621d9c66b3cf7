//! The audit log.

use crate::accounts::users::new_user;
use crate::addresses::lake_road;
use crate::common::people::PASSWORD;
use crate::common::{TestApp, Value, json};
use stockroom::auth::Role;

#[test]
fn every_write_on_accounts_is_in_the_audit_once() {
    let app = TestApp::start();
    let (admin, mara) = (app.admin(), app.account("mara", Role::Customer));
    let session = app.session("mara");
    let customer = app.signed_in_by(&session);
    let entries = |query: &str| -> Vec<(String, String)> {
        app.relay_feed();
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
    // The log has no logins and no secrets.
    let whole = admin.get("/audit?limit=100").text();
    assert!(!whole.contains("LOGIN") && !whole.contains(PASSWORD) && !whole.contains("@example.com"), "{whole}");
}

#[test]
fn the_audit_after_an_entry_is_counted_and_paged() {
    let app = TestApp::start();
    let admin = app.admin();
    (0..5).for_each(|n| drop(app.product(&format!("p-{n}"), 1.0, 0)));
    app.relay_feed();
    let read = |query: &str| admin.get(&format!("/audit?{query}")).expect(200).json();
    let ids = |list: &Value| -> Vec<i64> {
        list["items"].as_array().unwrap().iter().map(|entry| entry["id"].as_i64().unwrap()).collect()
    };
    let all = ids(&read("after=0"));
    assert_eq!(all.len(), 5);
    let first = read("after=0&limit=2");
    let after = |list: &Value, rest: &str| read(&format!("after={}&limit=2{rest}", list["next"].as_str().unwrap()));
    let (second, filtered) = (after(&first, ""), after(&first, "&entity=User"));
    let third = after(&second, "");
    assert_eq!([&first, &second, &third].map(ids), [all[..2].to_vec(), all[2..4].to_vec(), all[4..].to_vec()]);
    assert_eq!([&first, &second, &third].map(|list| list["total"].clone()), [json!(5), json!(3), json!(1)]);
    for name in ["page", "pages"] {
        assert_eq!(second[name], Value::Null);
    }
    // With a filter, the rest is not counted, and the cursor passes what does not fit.
    assert_eq!((ids(&filtered), &filtered["total"], &filtered["next"]), (vec![], &Value::Null, &third["next"]));
    let last = after(&third, "");
    assert_eq!((ids(&last), &last["total"], &last["next"]), (vec![], &json!(0), &third["next"]));
    for (query, field) in [
        ("after=0&page=2", "page"),
        ("after=7", "after"),
        ("after=1.x", "after"),
        ("after=-1.0", "after"),
        ("after=999.0", "after"),
    ] {
        let problem = admin.get(&format!("/audit?{query}")).expect(422).json();
        assert_eq!(problem["errors"][0]["field"], field, "{query}");
    }
    // Without `after` the newest entries come first. The feed continues at its end.
    let newest = read("limit=2&page=2");
    assert_eq!((ids(&newest), &newest["total"]), (vec![all[2], all[1]], &json!(5)));
    app.product("p-5", 1.0, 0);
    app.relay_feed();
    assert_eq!(read(&format!("after={}", newest["next"].as_str().unwrap()))["items"].as_array().unwrap().len(), 1);
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
