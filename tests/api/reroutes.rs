//! Other places give units of an order.

use crate::common::shop::{Product, create_place};
use crate::common::{Reply, TestApp, Value, json};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

/// A store with 10 units of rice in `main`, 8 in `attic` and 4 in `cellar`. Orders prefer `main`.
struct Shop {
    app: TestApp,
    rice: Product,
    main: i64,
    attic: i64,
    cellar: i64,
}

/// The quantities of a stock row: stock, reserved, sold, committed.
type Quantities = (i64, i64, i64, i64);

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    figures: String,
}

impl Shop {
    fn open() -> Self {
        let app = TestApp::start();
        let rice = app.product("rice", 10.0, 10);
        let (main, attic, cellar) = (app.main_location(), app.add_location("attic"), app.add_location("cellar"));
        app.admin().patch(&format!("/locations/{main}"), &json!({"priority": 1})).expect(200);
        app.receive(&rice, 8, attic).expect(200);
        app.receive(&rice, 4, cellar).expect(200);
        Self { rice, main, attic, cellar, app }
    }

    fn order(&self, quantity: i64, method: &str) -> Value {
        let items = json!([{"product_id": self.rice.id, "quantity": quantity}]);
        let body = json!({"items": items, "payment_method": method});
        self.app.customer("mara").post("/orders", &body).expect(201).json()
    }

    fn reroute(&self, order: &Value, lines: &[Value]) -> Reply {
        self.app.admin().post(&format!("/orders/{}/reroute", order["id"]), &json!({"lines": lines}))
    }

    fn line(order: &Value, quantity: i64, from: i64, to: Option<i64>) -> Value {
        let item = &order["items"][0]["id"];
        json!({"item_id": item, "quantity": quantity, "from_location_id": from, "to_location_id": to})
    }

    fn figures(&self, place: i64) -> Quantities {
        let row: Row = diesel::sql_query(
            "SELECT format('[%s,%s,%s,%s]', l.stock_quantity, l.reserved_quantity, l.sold_quantity, \
                    l.committed_quantity) AS figures \
             FROM stock_levels l JOIN variants v ON v.store_id = l.store_id AND v.id = l.variant_id \
             WHERE v.product_id = $1 AND l.location_id = $2",
        )
        .bind::<BigInt, _>(self.rice.id)
        .bind::<BigInt, _>(place)
        .get_result(&mut self.app.connection())
        .unwrap();
        serde_json::from_str(&row.figures).unwrap()
    }
}

/// The units of the first item at each place, and how many of them were shipped.
fn allocations(order: &Value) -> Vec<(i64, i64, i64)> {
    let part = |part: &Value| {
        let of = |field: &str| part[field].as_i64().unwrap();
        (of("location_id"), of("quantity"), of("shipped_quantity"))
    };
    order["items"][0]["allocations"].as_array().unwrap().iter().map(part).collect()
}

#[test]
fn another_place_gives_sold_units_and_the_first_one_gets_its_units_back() {
    let shop = Shop::open();
    let order = shop.order(5, "cod");
    assert_eq!(allocations(&order), [(shop.main, 5, 0)]);
    assert_eq!((shop.figures(shop.main), shop.figures(shop.attic)), ((5, 0, 5, 5), (8, 0, 0, 0)));
    let rerouted = shop.reroute(&order, &[Shop::line(&order, 3, shop.main, Some(shop.attic))]).expect(200).json();
    assert_eq!(allocations(&rerouted), [(shop.main, 2, 0), (shop.attic, 3, 0)]);
    assert_eq!((shop.figures(shop.main), shop.figures(shop.attic)), ((8, 0, 2, 2), (5, 0, 3, 3)));
    assert_eq!(shop.app.stock(&shop.rice), (17, 0, 5), "nothing more and nothing less is sold");
    for unchanged in ["status", "total_amount", "stock_reductions", "total_items"] {
        assert_eq!(rerouted[unchanged], order[unchanged], "{unchanged}");
    }
    let number = order["order_number"].as_str().unwrap();
    let ledger =
        shop.app.admin().get(&format!("/inventory/movements?reference_id={number}&sort=id")).expect(200).json();
    let movement = |movement: &Value| {
        let of = |field: &str| movement[field].as_i64().unwrap();
        let kind = movement["kind"].as_str().unwrap().to_owned();
        (kind, of("location_id"), of("stock_delta"), of("sold_delta"), of("committed_delta"))
    };
    let moved: Vec<_> = ledger["items"].as_array().unwrap().iter().skip(1).map(movement).collect();
    let expected = [("transfer_in", shop.main, 3, -3, -3), ("transfer_out", shop.attic, -3, 3, 3)];
    assert_eq!(
        moved,
        expected.map(|(kind, place, stock, sold, committed)| (kind.into(), place, stock, sold, committed))
    );
    let audit = shop.app.admin().get("/audit?entity=Inventory&limit=2").expect(200).json();
    let details: Vec<&str> =
        audit["items"].as_array().unwrap().iter().map(|entry| entry["detail"].as_str().unwrap()).collect();
    assert!(details.contains(&format!("Moved +3 units by {number}. Stock: 8").as_str()), "{details:?}");
    // Each unit is shipped where it is allocated.
    shop.app.admin().post(&format!("/orders/{}/shipments", order["id"]), &json!({})).expect(201);
    assert_eq!((shop.figures(shop.main), shop.figures(shop.attic)), ((8, 0, 2, 0), (5, 0, 3, 0)));
}

#[test]
fn a_cancelled_order_returns_its_units_to_the_places_that_gave_them() {
    let shop = Shop::open();
    let order = shop.order(5, "cod");
    shop.reroute(&order, &[Shop::line(&order, 5, shop.main, Some(shop.attic))]).expect(200);
    assert_eq!(shop.figures(shop.main), (10, 0, 0, 0));
    shop.app.admin().post_nothing(&format!("/orders/{}/cancel", order["id"])).expect(200);
    assert_eq!((shop.figures(shop.main), shop.figures(shop.attic)), ((10, 0, 0, 0), (8, 0, 0, 0)));
}

#[test]
fn the_holds_of_an_order_under_payment_move_with_their_deadline() {
    let shop = Shop::open();
    let (paid, unpaid) = (shop.order(5, "upi"), shop.order(2, "upi"));
    assert_eq!(shop.figures(shop.main), (10, 7, 0, 0));
    let lines = [Shop::line(&paid, 1, shop.main, Some(shop.attic)), Shop::line(&paid, 3, shop.main, Some(shop.cellar))];
    let rerouted = shop.reroute(&paid, &lines).expect(200).json();
    assert_eq!(allocations(&rerouted), [(shop.main, 1, 0), (shop.attic, 1, 0), (shop.cellar, 3, 0)]);
    assert_eq!(rerouted["payment_expires_at"], paid["payment_expires_at"]);
    shop.reroute(&unpaid, &[Shop::line(&unpaid, 2, shop.main, Some(shop.attic))]).expect(200);
    let places = || [shop.main, shop.attic, shop.cellar].map(|place| shop.figures(place));
    assert_eq!(places(), [(10, 1, 0, 0), (8, 3, 0, 0), (4, 3, 0, 0)]);
    // Units go back to a place where some of the same hold still are.
    shop.reroute(&paid, &[Shop::line(&paid, 2, shop.cellar, Some(shop.main))]).expect(200);
    assert_eq!(places(), [(10, 3, 0, 0), (8, 3, 0, 0), (4, 1, 0, 0)]);
    let payment = json!({"payment_reference": "pay-1"});
    shop.app.cashier().post(&format!("/orders/{}/payment/confirm", paid["id"]), &payment).expect(200);
    assert_eq!(places(), [(7, 0, 3, 3), (7, 2, 1, 1), (3, 0, 1, 1)]);
    shop.app.advance(901);
    let late = [Shop::line(&unpaid, 1, shop.attic, Some(shop.main))];
    shop.reroute(&unpaid, &late).refused(409, "INVALID_TRANSITION");
    assert_eq!((shop.app.order(&unpaid)["payment_status"].clone(), places()[1]), (json!("expired"), (7, 0, 1, 1)));
}

#[test]
fn lines_of_one_hold_to_one_place_are_one_hold_there() {
    let shop = Shop::open();
    let order = shop.order(12, "upi");
    assert_eq!(allocations(&order), [(shop.main, 10, 0), (shop.attic, 2, 0)]);
    let lines =
        [Shop::line(&order, 2, shop.main, Some(shop.cellar)), Shop::line(&order, 2, shop.attic, Some(shop.cellar))];
    let rerouted = shop.reroute(&order, &lines).expect(200).json();
    assert_eq!(allocations(&rerouted), [(shop.main, 8, 0), (shop.cellar, 4, 0)]);
    assert_eq!((shop.figures(shop.cellar), shop.figures(shop.attic)), ((4, 4, 0, 0), (8, 0, 0, 0)));
    // Two lines end the hold at one place.
    let lines =
        [Shop::line(&order, 3, shop.main, Some(shop.attic)), Shop::line(&order, 5, shop.main, Some(shop.attic))];
    let rerouted = shop.reroute(&order, &lines).expect(200).json();
    assert_eq!(allocations(&rerouted), [(shop.cellar, 4, 0), (shop.attic, 8, 0)]);
    // The first line reduces the hold, and the second one ends it.
    let lines = [Shop::line(&order, 3, shop.attic, Some(shop.main)), Shop::line(&order, 5, shop.attic, None)];
    let rerouted = shop.reroute(&order, &lines).expect(200).json();
    assert_eq!(allocations(&rerouted), [(shop.cellar, 4, 0), (shop.main, 8, 0)]);
}

#[test]
fn without_a_place_the_rules_choose_one_that_is_not_the_first() {
    let shop = Shop::open();
    let order = shop.order(5, "cod");
    let automatic = |quantity: i64, from: i64| shop.reroute(&order, &[Shop::line(&order, quantity, from, None)]);
    // One parcel is better than two, so that the attic gives all units.
    let rerouted = automatic(5, shop.main).expect(200).json();
    assert_eq!(allocations(&rerouted), [(shop.attic, 5, 0)]);
    shop.app.set_status(shop.main, "paused").expect(200);
    // Only the cellar is left, and it has four units.
    let refusal = shop.app.without_effect(|| automatic(5, shop.attic)).refused(400, "INSUFFICIENT_STOCK");
    assert_eq!(
        (&refusal["stock_errors"][0]["available_quantity"], &refusal["stock_errors"][0]["sku"]),
        (&json!(4), &json!("rice"))
    );
    assert_eq!(allocations(&automatic(4, shop.attic).expect(200).json()), [(shop.attic, 1, 0), (shop.cellar, 4, 0)]);
    // Buyers never get safety units.
    shop.app.set_status(shop.main, "active").expect(200);
    let safety = json!({"location_id": shop.main, "quantity": 10});
    shop.app.admin().put(&format!("/inventory/products/{}/safety", shop.rice.id), &safety).expect(200);
    shop.app.without_effect(|| automatic(1, shop.attic).expect(400));
    let named = [Shop::line(&order, 1, shop.attic, Some(shop.main))];
    shop.app.without_effect(|| shop.reroute(&order, &named)).refused(400, "INSUFFICIENT_STOCK");
}

#[test]
fn only_units_that_are_not_shipped_are_rerouted() {
    let shop = Shop::open();
    let order = shop.order(5, "cod");
    let item = &order["items"][0]["id"];
    let path = format!("/orders/{}/shipments", order["id"]);
    shop.app.admin().post(&path, &json!({"lines": [{"item_id": item, "quantity": 2}]})).expect(201);
    let reroute = |quantity: i64| shop.reroute(&order, &[Shop::line(&order, quantity, shop.main, Some(shop.attic))]);
    shop.app.without_effect(|| reroute(4)).refused(409, "QUANTITY_EXCEEDED");
    assert_eq!(allocations(&reroute(3).expect(200).json()), [(shop.main, 2, 2), (shop.attic, 3, 0)]);
    assert_eq!((shop.figures(shop.main), shop.figures(shop.attic)), ((8, 0, 2, 0), (5, 0, 3, 3)));
    shop.app.admin().post(&path, &json!({})).expect(201);
    shop.app.without_effect(|| reroute(1)).refused(409, "INVALID_TRANSITION");
}

#[test]
fn a_collected_order_stays_at_its_place() {
    let shop = Shop::open();
    shop.app.admin().patch(&format!("/locations/{}", shop.attic), &json!({"pickup": {"enabled": true}})).expect(200);
    let items = json!([{"product_id": shop.rice.id, "quantity": 2}]);
    let body = json!({"items": items, "pickup_location_id": shop.attic});
    let order = shop.app.customer("mara").post("/orders", &body).expect(201).json();
    for to in [None, Some(shop.main)] {
        let line = [Shop::line(&order, 1, shop.attic, to)];
        let refused = shop.app.without_effect(|| shop.reroute(&order, &line)).refused(409, "INVALID_TRANSITION");
        let detail = "The order is collected at location 'attic', so no other location can give its units.";
        assert_eq!(refused["detail"], detail);
    }
    assert_eq!(allocations(&shop.app.order(&order)), [(shop.attic, 2, 0)]);
}

#[test]
fn units_of_overdue_holds_can_be_taken() {
    let shop = Shop::open();
    let order = shop.order(5, "cod");
    let cellar = json!({"preferred_location_ids": [shop.cellar]});
    shop.app.admin().put(&format!("/stores/{}/routing", shop.app.store), &cellar).expect(200);
    shop.order(4, "upi");
    let line = [Shop::line(&order, 4, shop.main, Some(shop.cellar))];
    shop.app.without_effect(|| shop.reroute(&order, &line)).refused(400, "INSUFFICIENT_STOCK");
    shop.app.advance(901);
    shop.reroute(&order, &line).expect(200);
    assert_eq!(shop.figures(shop.cellar), (0, 0, 4, 4));
}

#[test]
fn a_reroute_that_is_sent_twice_happens_once() {
    let shop = Shop::open();
    let order = shop.order(5, "cod");
    let staff = shop.app.staff(&["orders:update"]).with_key("r-1");
    let body = json!({"lines": [Shop::line(&order, 2, shop.main, Some(shop.attic))]});
    let path = format!("/orders/{}/reroute", order["order_number"].as_str().unwrap());
    let (first, second) = (staff.post(&path, &body).expect(200), staff.post(&path, &body).expect(200));
    assert_eq!((first.json(), shop.figures(shop.attic)), (second.json(), (6, 0, 2, 2)));
}

#[test]
fn a_reroute_may_have_a_large_body() {
    let shop = Shop::open();
    let order = shop.order(5, "cod");
    let text = json!({"lines": [Shop::line(&order, 2, shop.main, Some(shop.attic))]}).to_string();
    let send = |size: usize| {
        let (path, body) = (format!("/orders/{}/reroute", order["id"]), text.clone() + &" ".repeat(size - text.len()));
        shop.app.admin().send_bytes("POST", &path, "application/json", body.as_bytes())
    };
    shop.app.without_effect(|| send(256 * 1024 + 1)).refused(413, "PAYLOAD_TOO_LARGE");
    send(256 * 1024).expect(200);
}

#[test]
fn refused_reroutes_change_nothing() {
    let shop = Shop::open();
    let (order, other) = (shop.order(5, "cod"), shop.order(1, "cod"));
    let foreign = create_place(&mut shop.app.connection(), shop.app.other_store("STORE-TWO"), "attic");
    let (closed, paused) = (shop.app.add_location("closed"), shop.app.add_location("paused"));
    for (place, status) in [(paused, "paused"), (closed, "paused"), (closed, "closed")] {
        shop.app.set_status(place, status).expect(200);
    }
    let line = |quantity: i64, from: i64, to: i64| Shop::line(&order, quantity, from, Some(to));
    let half = line(3, shop.main, shop.attic);
    let zero = json!({"item_id": order["items"][0]["id"], "quantity": 0, "from_location_id": shop.main});
    for (lines, status, code) in [
        (vec![line(6, shop.main, shop.attic)], 409, "QUANTITY_EXCEEDED"),
        (vec![half.clone(), half.clone()], 409, "QUANTITY_EXCEEDED"),
        (vec![line(1, shop.attic, shop.main)], 409, "QUANTITY_EXCEEDED"),
        (vec![line(1, 999_999, shop.attic)], 404, "LOCATION_NOT_FOUND"),
        (vec![line(1, foreign, shop.attic)], 404, "LOCATION_NOT_FOUND"),
        (vec![line(5, shop.main, shop.cellar)], 400, "INSUFFICIENT_STOCK"),
        (vec![line(1, shop.main, shop.attic), line(4, shop.main, shop.cellar), half.clone()], 409, "QUANTITY_EXCEEDED"),
        (vec![line(1, shop.main, closed)], 409, "LOCATION_CLOSED"),
        (vec![line(1, shop.main, paused)], 409, "LOCATION_CLOSED"),
        (vec![line(1, shop.main, 999_999)], 404, "LOCATION_NOT_FOUND"),
        (vec![line(1, shop.main, foreign)], 404, "LOCATION_NOT_FOUND"),
        (vec![line(1, shop.main, shop.attic + 1)], 404, "LOCATION_NOT_FOUND"),
        (vec![Shop::line(&other, 1, shop.main, Some(shop.attic))], 422, "VALIDATION_FAILED"),
        (vec![line(1, shop.main, shop.main)], 422, "VALIDATION_FAILED"),
        (vec![zero], 422, "VALIDATION_FAILED"),
        (vec![], 422, "VALIDATION_FAILED"),
        (vec![half; 501], 422, "VALIDATION_FAILED"),
    ] {
        shop.app.without_effect(|| shop.reroute(&order, &lines)).refused(status, code);
    }
    // Lines from the same place are added up.
    let refused = shop.reroute(&order, &[line(3, shop.main, shop.attic), line(3, shop.main, shop.cellar)]);
    let detail = refused.refused(409, "QUANTITY_EXCEEDED")["detail"].as_str().unwrap().to_owned();
    assert!(detail.ends_with(&format!("at most 5 units left to ship from location {}, not 6.", shop.main)), "{detail}");
    let elsewhere = shop.app.admin().in_store("STORE-TWO");
    let body = json!({"lines": [line(1, shop.main, shop.attic)]});
    let path = format!("/orders/{}/reroute", order["id"]);
    shop.app.without_effect(|| elsewhere.post(&path, &body)).refused(404, "ORDER_NOT_FOUND");
    shop.app.without_effect(|| shop.app.customer("mara").post(&path, &body)).refused(403, "FORBIDDEN");
    shop.app.admin().post_nothing(&format!("/orders/{}/cancel", order["id"])).expect(200);
    shop.app.without_effect(|| shop.app.admin().post(&path, &body)).refused(409, "INVALID_TRANSITION");
}
