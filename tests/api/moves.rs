//! Moves of units between a location and its quarantine, and the levels that show them.

use crate::common::race::{one_of, race, repeat, repetitions};
use crate::common::shop::Product;
use crate::common::{Reply, TestApp, Value, json};

fn move_units(app: &TestApp, product: &Product, quantity: i64, (from, to): (&str, &str)) -> Reply {
    let body = json!({"quantity": quantity, "location_id": app.main_location(), "from": from, "to": to,
                      "reason": "Inspection"});
    app.admin().post(&format!("/inventory/products/{}/move", product.id), &body)
}

const TO_QUARANTINE: (&str, &str) = ("sellable", "quarantine");

/// The quantities of a level, in the order of the names.
fn level(level: &Value) -> [i64; 8] {
    ["stock", "reserved", "available", "committed", "on_hand", "quarantined", "in_transit", "incoming"]
        .map(|name| level[format!("{name}_quantity")].as_i64().unwrap())
}

#[test]
fn units_move_to_the_quarantine_and_back_under_one_number() {
    let app = TestApp::start();
    let rice = app.product("rice", 10.0, 10);
    let moved = move_units(&app, &rice, 4, TO_QUARANTINE).expect(200).json();
    assert_eq!(level(&moved["level"]), [6, 0, 6, 0, 6, 4, 0, 0]);
    let number = moved["reference_id"].as_str().unwrap();
    assert!(number.starts_with("MOV-") && number.len() == 23, "{number}");
    let movements = app.admin().get(&format!("/inventory/movements?reference_id={number}&sort=id")).expect(200).json();
    let of = |movement: &Value| {
        let text = |name: &str| movement[name].as_str().unwrap().to_owned();
        (text("kind"), movement["stock_delta"].as_i64().unwrap(), text("reason"))
    };
    let found: Vec<_> = movements["items"].as_array().unwrap().iter().map(of).collect();
    let reason = "Inspection".to_owned();
    assert_eq!(found, [("transfer_out".to_owned(), -4, reason.clone()), ("transfer_in".to_owned(), 4, reason)]);
    let stock = app.admin().get("/inventory/products/rice/stock").expect(200).json();
    assert_eq!((&stock["stock_quantity"], stock["locations"].as_array().unwrap().len()), (&json!(6), 1));
    assert_eq!(level(&stock["locations"][0]), [6, 0, 6, 0, 6, 4, 0, 0]);
    let product = app.guest().get("/inventory/products/rice").expect(200).json();
    assert_eq!((&product["stock_quantity"], &product["available_quantity"]), (&json!(6), &json!(6)));
    let back = move_units(&app, &rice, 1, ("quarantine", "sellable")).expect(200).json();
    assert_eq!(level(&back["level"]), [7, 0, 7, 0, 7, 3, 0, 0]);
    // Scrap leaves the stock by one movement.
    let scrapped = move_units(&app, &rice, 2, ("quarantine", "scrap")).expect(200).json();
    assert_eq!(level(&scrapped["level"]), [7, 0, 7, 0, 7, 1, 0, 0]);
    let scrapped = move_units(&app, &rice, 2, ("sellable", "scrap")).expect(200).json();
    assert_eq!(level(&scrapped["level"]), [5, 0, 5, 0, 5, 1, 0, 0]);
    let number = scrapped["reference_id"].as_str().unwrap();
    let movements = app.admin().get(&format!("/inventory/movements?reference_id={number}")).expect(200).json();
    assert_eq!((&movements["total"], of(&movements["items"][0]).0), (&json!(1), "remove".to_owned()));
}

#[test]
fn a_level_shows_a_place_with_its_quarantine_in_one_row() {
    let app = TestApp::start();
    let rice = app.product_in_two_places();
    move_units(&app, &rice, 3, TO_QUARANTINE).expect(200);
    let order = json!({"items": [{"product_id": rice.id, "quantity": 2}]});
    app.customer("mara").post("/orders", &order).expect(201);
    let levels = app.admin().get("/inventory?sort=variant_id").expect(200).json();
    assert_eq!(levels["total"], 2);
    let rows: Vec<_> = levels["items"].as_array().unwrap().iter().map(level).collect();
    assert_eq!(rows, [[5, 0, 5, 2, 7, 3, 0, 0], [5, 0, 5, 0, 5, 0, 0, 0]]);
    assert_eq!(levels["items"][0]["safety_quantity"], 0);
    let movements = app.admin().get("/inventory/movements?kind=fulfil").expect(200).json();
    let sale = &movements["items"][0];
    assert_eq!((&sale["committed_delta"], &sale["committed_after"]), (&json!(2), &json!(2)));
    assert_eq!(sale["effective_at"], sale["created_at"]);
}

#[test]
fn quarantined_units_keep_a_location_from_being_closed() {
    let app = TestApp::start();
    let (rice, main) = (app.product("rice", 10.0, 2), app.main_location());
    app.add_location("attic");
    move_units(&app, &rice, 2, TO_QUARANTINE).expect(200);
    app.set_status(main, "paused").expect(200);
    let problem = app.set_status(main, "closed").refused(409, "LOCATION_NOT_EMPTY");
    let variant = &rice.body["variants"][0]["id"];
    assert_eq!(problem["open"], json!([{"kind": "quarantine", "id": variant, "quantity": 2}]));
    // Units may still move at a paused location, but not at a closed one.
    move_units(&app, &rice, 2, ("quarantine", "scrap")).expect(200);
    app.set_status(main, "closed").expect(200);
    app.without_effect(|| move_units(&app, &rice, 1, TO_QUARANTINE).refused(409, "LOCATION_CLOSED"));
}

#[test]
fn promised_units_never_move() {
    let app = TestApp::start();
    let rice = app.product("rice", 10.0, 10);
    let items = json!({"items": [{"product_id": rice.id, "quantity": 7}], "payment_method": "upi"});
    let order = app.customer("mara").post("/orders", &items).expect(201).json();
    app.without_effect(|| {
        for to in ["quarantine", "scrap"] {
            let problem = move_units(&app, &rice, 4, ("sellable", to)).refused(400, "INSUFFICIENT_STOCK");
            assert_eq!(problem["stock_errors"][0]["available_quantity"], 3);
        }
        move_units(&app, &rice, 1, ("quarantine", "sellable")).refused(400, "INSUFFICIENT_STOCK");
    });
    move_units(&app, &rice, 3, TO_QUARANTINE).expect(200);
    app.without_effect(|| move_units(&app, &rice, 4, ("quarantine", "scrap")).refused(400, "INSUFFICIENT_STOCK"));
    // An overdue hold is no promise.
    app.advance(3_600);
    move_units(&app, &rice, 7, TO_QUARANTINE).expect(200);
    assert_eq!(app.admin().get(&format!("/orders/{}", order["id"])).expect(200).json()["status"], "cancelled");
    // Units in quarantine are not for sale.
    let one = json!({"items": [{"product_id": rice.id, "quantity": 1}]});
    app.customer("mara").post("/orders", &one).refused(400, "INSUFFICIENT_STOCK");
}

#[test]
fn the_last_units_are_sold_or_moved() {
    let app = TestApp::start();
    let mara = app.customer("mara");
    repeat(repetitions().div_ceil(8), |number| {
        let rice = app.product(&format!("rice-{number}"), 10.0, 3);
        let items = json!({"items": [{"product_id": rice.id, "quantity": 3}]});
        let replies = race(2, |index| match index {
            0 => mara.post("/orders", &items),
            _ => move_units(&app, &rice, 3, TO_QUARANTINE),
        });
        let sold = one_of(&replies[0], 201, &["INSUFFICIENT_STOCK"]);
        let moved = one_of(&replies[1], 200, &["INSUFFICIENT_STOCK"]);
        assert!(sold != moved, "sold: {sold}, moved: {moved}");
    });
}

#[test]
fn a_bad_move_is_refused() {
    let app = TestApp::start();
    let (rice, tee) = (app.product("rice", 10.0, 10), app.sized_product("tee", 5.0, &[("S", 3)]));
    let main = app.main_location();
    app.other_store("STORE-OTHER");
    let admin = app.admin();
    let other = admin.clone().in_store("STORE-OTHER").get("/locations").expect(200).json()["items"][0]["id"].clone();
    let send = |product: &Product, field: &str, value: Value| {
        let mut body = json!({"quantity": 1, "location_id": main, "from": "sellable", "to": "quarantine",
                              "reason": "wet"});
        body[field] = value;
        admin.post(&format!("/inventory/products/{}/move", product.id), &body)
    };
    app.without_effect(|| {
        for bad in [json!(0), json!(-1), json!(1_000_000_000_001_i64), json!(1e30), json!("1"), json!(null)] {
            send(&rice, "quantity", bad).refused_field("quantity");
        }
        send(&rice, "quantity", json!(1_000_000_000_000_i64)).refused(400, "INSUFFICIENT_STOCK");
        send(&rice, "from", json!("scrap")).refused_field("from");
        send(&rice, "to", json!("transit")).refused_field("to");
        send(&rice, "to", json!("sellable")).refused_field("to");
        send(&rice, "reason", json!(" ")).refused_field("reason");
        send(&rice, "reason", json!("r".repeat(501))).refused_field("reason");
        send(&rice, "location_id", other.clone()).refused(404, "LOCATION_NOT_FOUND");
        // The quarantine itself is no location.
        send(&rice, "location_id", json!(main + 1)).refused(404, "LOCATION_NOT_FOUND");
        send(&rice, "size", json!("S")).refused(404, "SIZE_NOT_FOUND");
        send(&tee, "size", json!("XL")).refused(404, "SIZE_NOT_FOUND");
        send(&tee, "reason", json!("wet")).refused(422, "SIZE_REQUIRED");
    });
    send(&tee, "size", json!("s")).expect(200);
}
