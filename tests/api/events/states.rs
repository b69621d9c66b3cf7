//! `stock.low`, `stock.out` and `stock.back`: one event for each change of a stock status, where it belongs in the feed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use diesel::connection::SimpleConnection;

use super::{follow, titles};
use crate::common::jobs::relay_feed;
use crate::common::shop::Product;
use crate::common::status_changes::{is_status_change, status_changes_in, status_changes_of_movements};
use crate::common::{Client, TestApp, Value, json, race};

/// A product with a minimum of 5.
fn mug(app: &TestApp, stock: i64) -> Product {
    app.create_product(&json!({"sku": "mug", "name": "Mug", "price": 10, "initial_stock": stock, "min_stock_level": 5}))
}

/// The events behind the cursor, which then is at the end.
fn next(app: &TestApp, admin: &Client, cursor: &mut String) -> Vec<Value> {
    app.relay_feed();
    let (events, behind) = follow(admin, cursor.clone(), 7);
    *cursor = behind;
    events
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

fn status(admin: &Client, product: &Product) -> Value {
    admin.get(&format!("/inventory/products/{}", product.id)).expect(200).json()["stock_status"].clone()
}

#[test]
fn each_entry_into_a_state_is_an_event_behind_its_movement() {
    let app = TestApp::start();
    let admin = app.admin();
    let mug = mug(&app, 9);
    let mut cursor = "0".to_owned();
    assert_eq!(types(&next(&app, &admin, &mut cursor)), ["product.created", "stock.changed"]);
    for (stock, expected) in [
        (6, None),
        (5, Some("stock.low")),
        (3, None),
        (0, Some("stock.out")),
        (2, Some("stock.back")),
        (0, Some("stock.out")),
        (7, Some("stock.back")),
        (0, Some("stock.out")),
        (1, Some("stock.back")),
        (9, Some("stock.back")),
    ] {
        app.set_stock(&mug, stock);
        let events = next(&app, &admin, &mut cursor);
        let expected: Vec<&str> = ["stock.changed"].into_iter().chain(expected).collect();
        assert_eq!(types(&events), expected, "{stock}");
        let Some(change) = events.get(1) else { continue };
        assert_eq!(change["subject"], json!({"kind": "product", "id": mug.id, "number": null}));
        assert_eq!((&change["actor"], &change["at"]), (&events[0]["actor"], &events[0]["at"]));
        let data = &change["data"];
        assert_eq!((&data["available_quantity"], &data["min_stock_level"]), (&json!(stock), &json!(5)));
        assert_eq!(data["stock_status"], status(&admin, &mug), "{stock}");
    }
    let low = admin.get("/events?type=stock.low").expect(200).json();
    assert_eq!(titles(low["items"].as_array().unwrap()), [format!("stock.low product:{}", mug.id)]);
    let data = low["items"][0]["data"].clone();
    let expected = json!({"product_id": mug.id, "variant_id": data["variant_id"], "sku": "mug", "product_name": "Mug",
        "size": null, "available_quantity": 5, "min_stock_level": 5, "stock_status": "low_stock",
        "previous_stock_status": "in_stock"});
    assert_eq!(data, expected);
}

#[test]
fn holds_and_settings_change_the_status() {
    let app = TestApp::start();
    let (admin, main) = (app.admin(), app.main_location());
    app.add_location("attic");
    let mug = mug(&app, 9);
    let mut cursor = "0".to_owned();
    next(&app, &admin, &mut cursor);
    let body = json!({"items": [{"product_id": mug.id, "quantity": 5}], "reference_id": "R-1"});
    let reservation = admin.post("/reservations", &body).expect(201).id();
    let reserved = next(&app, &admin, &mut cursor);
    assert_eq!(types(&reserved), ["reservation.created", "stock.changed", "stock.low"]);
    admin.post_nothing(&format!("/reservations/{reservation}/release")).expect(200);
    let released = next(&app, &admin, &mut cursor);
    assert_eq!(types(&released).last(), Some(&"stock.back"));
    // Settings change the status, too, after the job has run.
    for (act, expected) in [
        (json!({"location_id": main, "quantity": 5}), "stock.low"),
        (json!({"location_id": main, "quantity": 9}), "stock.out"),
        (json!({"location_id": main, "quantity": 0}), "stock.back"),
    ] {
        admin.put(&format!("/inventory/products/{}/safety", mug.id), &act).expect(200);
        app.find_scarce_variants();
        assert_eq!(types(&next(&app, &admin, &mut cursor)), [expected], "{act}");
    }
    app.set_status(main, "paused").expect(200);
    app.find_scarce_variants();
    let paused = next(&app, &admin, &mut cursor);
    assert_eq!((types(&paused), &paused[0]["actor"]), (vec!["stock.out"], &json!("system")));
    app.set_status(main, "active").expect(200);
    app.find_scarce_variants();
    assert_eq!(types(&next(&app, &admin, &mut cursor)), ["stock.back"]);
    app.set_product(&mug, &json!({"min_stock_level": 9}));
    app.find_scarce_variants();
    assert_eq!(types(&next(&app, &admin, &mut cursor)), ["product.updated", "stock.low"]);
    app.archive(&mug);
    app.find_scarce_variants();
    assert_eq!(types(&next(&app, &admin, &mut cursor)), ["product.archived"]);
    app.set_product(&mug, &json!({"status": "active"}));
    app.find_scarce_variants();
    assert_eq!(types(&next(&app, &admin, &mut cursor)), ["product.updated", "stock.low"]);
    // A second run has nothing left to do.
    app.find_scarce_variants();
    assert_eq!(app.relay_feed(), 0);
}

#[test]
fn a_product_without_units_is_out_of_stock_until_its_first_delivery() {
    let app = TestApp::start();
    let admin = app.admin();
    let mug = mug(&app, 0);
    app.find_scarce_variants();
    let mut cursor = "0".to_owned();
    assert_eq!(types(&next(&app, &admin, &mut cursor)), ["product.created", "stock.out"]);
    app.set_stock(&mug, 20);
    assert_eq!(types(&next(&app, &admin, &mut cursor)), ["stock.changed", "stock.back"]);
}

/// Eight threads and two servers buy the last units and return them, beside three relays.
#[test]
fn a_hundred_status_changes_in_a_race_are_in_the_feed_once_and_in_their_order() {
    let app = TestApp::start();
    let second = app.second_server();
    let admin = app.admin();
    let attic = app.add_location("attic");
    let mug = mug(&app, 6);
    app.receive(&mug, 6, attic).expect(200);
    let is_over = AtomicBool::new(false);
    let relay = |jobs: &stockroom::jobs::Jobs| {
        while !is_over.load(Ordering::Acquire) {
            relay_feed(jobs);
        }
    };
    thread::scope(|scope| {
        let relays = [app.jobs(), second.jobs()].map(|jobs| scope.spawn(move || relay(jobs)));
        race(8, |index| {
            let client = if index % 2 == 0 { admin.clone() } else { admin.clone().at(&second.address) };
            let quantity = 1 + i64::try_from(index % 4).unwrap();
            for _ in 0..40 {
                let items = json!([{"product_id": mug.id, "quantity": quantity}]);
                let body = json!({"items": items, "payment_method": "cod"});
                let placed = client.post("/orders", &body);
                if placed.status == 201 {
                    client.post_nothing(&format!("/orders/{}/cancel", placed.id())).expect(200);
                }
            }
        });
        is_over.store(true, Ordering::Release);
        relays.into_iter().for_each(|relay| relay.join().unwrap());
    });
    app.relay_feed();
    let (events, _) = follow(&admin, "0".to_owned(), 100);
    let found = status_changes_of_movements(&events, 5);
    assert!(found.len() >= 100, "there were only {} changes", found.len());
    assert_eq!(status_changes_in(&events), found);
    assert_eq!(json!(found.last().unwrap().2), status(&admin, &mug));
}

/// An older database has statuses, and rows that wait for the relay.
#[test]
fn rows_from_before_the_statuses_give_no_events() {
    let app = TestApp::start();
    let admin = app.admin();
    let mug = mug(&app, 9);
    app.set_stock(&mug, 0);
    app.set_stock(&mug, 3);
    app.connection()
        .batch_execute(
            "UPDATE outbox SET variants = NULL; \
             INSERT INTO stock_states SELECT store_id, id, 'low_stock' FROM variants",
        )
        .unwrap();
    app.set_stock(&mug, 2);
    app.set_stock(&mug, 0);
    let mut cursor = "0".to_owned();
    let events = next(&app, &admin, &mut cursor);
    assert_eq!(types(&events).last(), Some(&"stock.out"));
    assert_eq!(events.iter().filter(|event| is_status_change(event)).count(), 1);
}
