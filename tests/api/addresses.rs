//! The addresses of customers.

use crate::common::locks::user_rows;
use crate::common::shop::STORE;
use crate::common::{TestApp, Value, json, race};
use diesel::connection::SimpleConnection;
use stockroom::auth::Role;

pub fn lake_road() -> Value {
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
        mara.post("/addresses", &body).refused_field(name);
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
        mara.post("/addresses", &body).refused_field(name);
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
    for outsider in [noor, mara.clone().in_store("STORE-TWO"), app.admin()] {
        app.without_effect(|| {
            for reply in [outsider.get(&path), outsider.put(&path, &lake_road()), outsider.delete(&path)] {
                reply.refused(404, "ADDRESS_NOT_FOUND");
            }
        });
        assert_eq!(outsider.get("/addresses").expect(200).json()["total"], 0);
    }
    mara.in_store(STORE).get(&path).expect(200);
}

#[test]
fn a_customer_has_at_most_500_addresses_in_a_store_also_through_two_servers() {
    let app = TestApp::start();
    app.other_store("STORE-TWO");
    let second = app.second_server();
    let id = app.account("mara", Role::Customer);
    let mara = app.customer("mara");
    let kept = mara.address();
    // Some for each of two stores, so that a count over both would be too high.
    let copies = |store: &str, number: u32| {
        let copy = format!(
            "INSERT INTO addresses (store_id, user_id, full_name, phone, line1, city, postal_code, country, \
                    created_at, updated_at) \
             SELECT s.id, {id}, 'M', '12345', '1', 'B', '5', 'IN', now(), now() \
             FROM stores s, generate_series(1, {number}) WHERE s.code = '{store}'"
        );
        app.connection().batch_execute(&copy).unwrap();
    };
    copies(STORE, 498);
    copies("STORE-TWO", 10);
    let servers = [app.address.as_str(), second.address.as_str()];
    let both = || race(2, |index| mara.clone().at(servers[index]).post("/addresses", &lake_road()));
    let replies = app.behind_a_lock(&user_rows(&[id]), 2, both);
    let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 422]);
    let problem = app.without_effect(|| mara.post("/addresses", &lake_road())).refused(422, "VALIDATION_FAILED");
    assert!(problem["detail"].as_str().unwrap().contains("Delete one"), "{problem}");
    assert_eq!(mara.get("/addresses").expect(200).json()["total"], 500);
    mara.clone().in_store("STORE-TWO").post("/addresses", &lake_road()).expect(201);
    app.customer("noor").address();
    mara.put(&format!("/addresses/{kept}"), &lake_road()).expect(200);
    mara.delete(&format!("/addresses/{kept}")).expect(204);
    mara.post("/addresses", &lake_road()).expect(201);
}
