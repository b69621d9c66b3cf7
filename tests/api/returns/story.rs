//! Units are shipped, cancelled, returned and refunded. The figures are computed by hand.

use super::{Shop, asked};
use crate::common::{Value, json, minor};

/// Kind, location and change of stock of the movements with a reference, the oldest first.
fn movements(shop: &Shop, reference: &str) -> Vec<(String, i64, i64)> {
    let path = format!("/inventory/movements?reference_id={reference}&sort=id");
    let found = shop.app.admin().get(&path).expect(200).json();
    let movement = |row: &Value| {
        let number = |name: &str| row[name].as_i64().unwrap();
        (row["kind"].as_str().unwrap().to_owned(), number("location_id"), number("stock_delta"))
    };
    found["items"].as_array().unwrap().iter().map(movement).collect()
}

/// Stock, committed and quarantined units at the main location.
fn level(shop: &Shop) -> [i64; 3] {
    let stock = shop.app.admin().get("/inventory/products/rice/stock").expect(200).json();
    ["stock_quantity", "committed_quantity", "quarantined_quantity"]
        .map(|name| stock["locations"][0][name].as_i64().unwrap())
}

#[test]
fn two_units_come_back_in_two_parcels_and_are_refunded() {
    let shop = Shop::open();
    let order = shop.paid_order(5);
    shop.deliver(&order, 2);
    let cancellation = json!({"lines": [{"item_id": super::item(&order), "quantity": 1}], "reason": "r"});
    shop.post(&order, "cancel-lines", &cancellation).expect(200);
    shop.deliver(&order, 2);
    assert_eq!((shop.app.status(&order).0.as_str(), level(&shop)), ("delivered", [996, 0, 0]));

    let returns = format!("/orders/{}/returns", order["id"]);
    let asked = shop.mara.post(&returns, &asked(&order, 2)).expect(201).json();
    assert!(asked["return_number"].as_str().unwrap().starts_with("RET-"), "{asked}");
    assert_eq!((&asked["status"], &asked["version"], &asked["receipts"]), (&json!("requested"), &json!(1), &json!([])));
    assert_eq!(asked["lines"][0]["outstanding_quantity"], 2);
    shop.app.without_effect(|| shop.receive(&asked, json!({"restock": 1}))).refused(409, "INVALID_TRANSITION");
    let approved = shop.clerk.post_nothing(&format!("/returns/{}/approve", asked["id"])).expect(200).json();
    assert_eq!((&approved["status"], &approved["version"]), (&json!("approved"), &json!(2)));

    // The first parcel has a unit for sale.
    let first = shop.receive(&asked, json!({"restock": 1})).expect(200).json();
    assert_eq!((&first["status"], &first["lines"][0]["restocked_quantity"]), (&json!("partially_received"), &json!(1)));
    let (receipt, credit) = (&first["receipts"][0], &first["receipts"][0]["credit"]);
    let main = shop.app.main_location();
    let number = receipt["number"].as_str().unwrap();
    assert_eq!(movements(&shop, number), [("return".to_owned(), main, 1)]);
    assert_eq!((&credit["kind"], &credit["total"], &credit["fee"]), (&json!("return"), &json!(10.0), &json!(0.0)));
    assert_eq!((&credit["return_id"], &credit["lines"][0]["quantity"]), (&asked["id"], &json!(1)));
    assert_eq!((level(&shop), shop.money(&order)), ([997, 0, 0], [50.0, 70.0, 0.0, 20.0]));

    // The second one has a damaged unit, for which the buyer owes 2.50.
    let second = shop.receive(&asked, json!({"quarantine": 1, "fee": 2.5})).expect(200).json();
    assert_eq!((&second["status"], &second["version"]), (&json!("received"), &json!(4)));
    let credit = &second["receipts"][1]["credit"];
    assert_eq!((&credit["subtotal"], &credit["fee"], &credit["total"]), (&json!(10.0), &json!(2.5), &json!(7.5)));
    assert_eq!((level(&shop), shop.money(&order)), ([997, 0, 1], [42.5, 70.0, 0.0, 27.5]));
    let scrap = json!({"quantity": 1, "location_id": main, "from": "quarantine", "to": "scrap", "reason": "Broken"});
    shop.app.admin().post("/inventory/products/rice/move", &scrap).expect(200);
    assert_eq!(level(&shop), [997, 0, 0]);

    let now = shop.app.order(&order);
    let units = ["shipped_quantity", "cancelled_quantity", "returned_quantity"]
        .map(|name| now["items"][0][name].as_i64().unwrap());
    assert_eq!((units, &now["credited_amount"]), ([4, 1, 2], &json!(27.5)));
    // A return does not lower the sold units.
    assert_eq!(shop.app.stock(&shop.rice), (997, 0, 4));
    for (reference, credit, amount) in [("back-1", &first["receipts"][0]["credit"], 10.0), ("back-2", credit, 7.5)] {
        let body = json!({"refund_reference": reference, "credit_id": credit["id"], "amount": amount});
        shop.post(&order, "refund", &body).expect(200);
    }
    shop.post(&order, "refund", &json!({"refund_reference": "back-3", "amount": 10})).expect(200);
    assert_eq!(shop.money(&order), [42.5, 70.0, 0.0, 0.0]);
    let steps: Vec<&Value> = second["history"].as_array().unwrap().iter().map(|step| &step["to"]).collect();
    assert_eq!(steps, ["requested", "approved", "partially_received", "received"]);
    let listed = shop.mara.get(&returns).expect(200).json();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    let number = asked["return_number"].as_str().unwrap().to_lowercase();
    assert_eq!(shop.mara.get(&format!("/returns/{number}")).expect(200).json(), listed[0]);
}

#[test]
fn scrapped_units_come_in_and_go_out_and_missing_ones_move_nothing() {
    let shop = Shop::open();
    let order = shop.delivered_order(6);
    let document = shop.return_units(&order, 5);
    assert_eq!((&document["status"], &document["history"][0]["to"]), (&json!("approved"), &json!("approved")));
    let units = json!({"restock": 1, "quarantine": 1, "scrap": 2, "missing": 1});
    let received = shop.receive(&document, units).expect(200).json();
    assert_eq!(received["status"], "received");
    let number = received["receipts"][0]["number"].as_str().unwrap();
    let moved: Vec<_> = movements(&shop, number).into_iter().map(|(kind, _, delta)| (kind, delta)).collect();
    let expected = [("return", 3), ("return", 1), ("remove", -2)].map(|(kind, delta)| (kind.to_owned(), delta));
    assert_eq!(moved, expected);
    assert_eq!((level(&shop), received["receipts"][0]["credit"]["total"].as_f64()), ([995, 0, 1], Some(40.0)));
    assert_eq!(shop.app.order(&order)["items"][0]["returned_quantity"], 4);
    // A unit that did not arrive can be returned later.
    let again = shop.return_units(&order, 2);
    let missing = shop.receive(&again, json!({"missing": 1})).expect(200).json();
    assert_eq!((&missing["status"], &missing["receipts"][0]["credit"]), (&json!("partially_received"), &json!(null)));
    let rest = shop.receive(&again, json!({"missing": 1})).expect(200).json();
    assert_eq!((&rest["status"], &rest["receipts"][1]["credit"]), (&json!("received"), &json!(null)));
    assert_eq!(shop.money(&order)[0], 40.0);
}

#[test]
fn three_items_at_9_99_with_19_percent_included_are_returned_to_the_cent() {
    let shop = Shop::open();
    shop.app.set_store(&json!({"tax_rate": 19, "prices_include_tax": true, "shipping_flat_rate": 0}));
    let tee = shop.app.product("tee", 9.99, 10);
    let order = shop.pay(&shop.mara.order_now(&tee, 3).expect(201).json());
    assert_eq!((&order["total_amount"], &order["included_tax_amount"]), (&json!(29.97), &json!(4.79)));
    shop.deliver(&order, 3);
    let document = shop.return_units(&order, 3);
    for _ in 0..3 {
        shop.receive(&document, json!({"restock": 1})).expect(200);
    }
    let document = shop.clerk.get(&format!("/returns/{}", document["id"])).expect(200).json();
    let credits: Vec<&Value> =
        document["receipts"].as_array().unwrap().iter().map(|receipt| &receipt["credit"]).collect();
    let amounts = |name: &str| credits.iter().map(|credit| credit[name].as_f64().unwrap()).collect::<Vec<_>>();
    assert_eq!((amounts("total"), amounts("included_tax_amount")), (vec![9.99, 9.99, 9.99], vec![1.6, 1.59, 1.6]));
    assert_eq!((shop.money(&order), shop.app.stock(&tee)), ([0.0, 29.97, 0.0, 29.97], (10, 0, 3)));
}

#[test]
fn a_returned_unit_is_worth_what_it_cost_at_its_sale() {
    let shop = Shop::open();
    let body = json!({"sku": "oil", "name": "Oil", "price": 10, "cost_price": 4, "initial_stock": 10});
    let oil = shop.app.create_product(&body);
    let order = shop.pay(&shop.mara.order_now(&oil, 3).expect(201).json());
    shop.deliver(&order, 3);
    let value = || {
        shop.app.value_stock();
        let report = shop.app.admin().get("/inventory/valuation").expect(200).json();
        minor(&report["totals"]["value"])
    };
    let before = value();
    shop.app.set_product(&oil, &json!({"cost_price": 9}));
    let document = shop.return_units(&order, 2);
    shop.receive(&document, json!({"restock": 1})).expect(200);
    assert_eq!(value() - before, 400);
    shop.receive(&document, json!({"quarantine": 1})).expect(200);
    assert_eq!(value() - before, 800);
}

#[test]
fn a_return_that_is_repeated_with_its_key_is_received_once() {
    let shop = Shop::open();
    let order = shop.delivered_order(3);
    let document = shop.return_units(&order, 3);
    let keyed = shop.clerk.clone().with_key("parcel-1");
    let body = json!({"location_id": shop.app.main_location(),
                      "lines": [{"line_id": document["lines"][0]["id"], "restock": 1}]});
    let path = format!("/returns/{}/receive", document["id"]);
    let first = keyed.post(&path, &body).expect(200);
    let again = keyed.post(&path, &body).expect(200);
    assert_eq!((first.json(), again.header("Idempotent-Replayed")), (again.json(), "true"));
    assert_eq!(shop.app.stock(&shop.rice), (998, 0, 3));
}

#[test]
fn a_scan_finds_a_return_by_its_number_and_by_that_of_a_receipt() {
    let shop = Shop::open();
    let order = shop.delivered_order(2);
    let document = shop.return_units(&order, 2);
    let received = shop.receive(&document, json!({"restock": 1})).expect(200).json();
    let numbers = [&document["return_number"], &received["receipts"][0]["number"]];
    for (number, kind) in numbers.into_iter().zip(["return", "receipt"]) {
        let path = format!("/inventory/scan/{}", number.as_str().unwrap().to_lowercase());
        let found = shop.clerk.get(&path).expect(200).json();
        let shown = json!({"kind": "return", "id": document["id"], "number": document["return_number"],
                           "status": "partially_received"});
        assert_eq!((&found["kind"], &found["document"]), (&json!(kind), &shown));
        shop.mara.get(&path).refused(404, "NOT_FOUND");
    }
}

#[test]
fn units_of_an_archived_product_come_back_to_a_paused_place() {
    let shop = Shop::open();
    let order = shop.paid_order(3);
    shop.deliver(&order, 1);
    let document = shop.return_units(&order, 1);
    let attic = shop.app.add_location("attic");
    shop.app.set_status(attic, "paused").expect(200);
    shop.app.archive(&shop.rice);
    let lines = json!([{"item_id": super::item(&order), "quantity": 1}]);
    shop.post(&order, "cancel-lines", &json!({"lines": lines, "reason": "r"})).expect(200);
    shop.deliver(&order, 1);
    shop.receive_at(attic, &document, json!({"restock": 1})).expect(200);
    assert_eq!(shop.app.stock_by_place(&shop.rice), [("main".to_owned(), 998), ("attic".to_owned(), 1)]);
    assert_eq!((shop.app.stock(&shop.rice), shop.money(&order)), ((999, 0, 2), [30.0, 50.0, 0.0, 20.0]));
    // It is not sold again.
    let exchange = json!({"return": lines, "items": [{"product_id": shop.rice.id, "quantity": 1}]});
    let refusal = shop.app.without_effect(|| shop.post(&order, "exchange", &exchange));
    refusal.refused(409, "PRODUCT_UNAVAILABLE");
}

#[test]
fn units_that_come_back_after_the_refund_are_credited_and_nothing_more_is_due() {
    let shop = Shop::open();
    let order = shop.delivered_order(3);
    let document = shop.return_units(&order, 2);
    let refunded = shop.post(&order, "refund", &json!({"refund_reference": "b"})).expect(200).json();
    assert_eq!((&refunded["refunded_amount"], &refunded["payment_status"]), (&json!(50.0), &json!("refunded")));
    let received = shop.receive(&document, json!({"restock": 2})).expect(200).json();
    let credit = &received["receipts"][0]["credit"];
    assert_eq!((&credit["total"], shop.money(&order)), (&json!(20.0), [30.0, 50.0, 0.0, 0.0]));
    assert_eq!(shop.app.status(&order), ("delivered".into(), "refunded".into()));
    let again = json!({"refund_reference": "c", "credit_id": credit["id"]});
    shop.app.without_effect(|| shop.post(&order, "refund", &again)).refused(409, "INVALID_TRANSITION");
}
