//! A purchase order from its draft to the supplier's bill, with all figures.

use super::{Shop, act_by, day, fate, last_receipt};
use crate::common::json;

#[test]
fn an_order_is_received_in_three_parts_closed_short_and_billed_differently() {
    let shop = Shop::open();
    let dal = shop.app.product("dal", 10.0, 0);
    let lines = json!([
        {"product_id": shop.rice.id, "quantity": 30},
        {"product_id": dal.id, "quantity": 12, "unit_cost": 2.5},
    ]);
    let order = shop.create(&json!({"lines": lines, "reference": "Spring"})).expect(201).json();
    assert_eq!((&order["status"], &order["total"], &order["version"]), (&json!("draft"), &json!(240.0), &json!(1)));
    assert_eq!((shop.levels(), fate(&order, 0)), ([20, 0, 0], [30, 0, 0, 0, 0, 30]));

    let order = shop.act(&order, "order", &json!({"expected_version": 1})).expect(200).json();
    assert_eq!((&order["status"], &order["lines"][0]["expected_on"]), (&json!("ordered"), &json!(day(&shop.app, 5))));
    assert_eq!(shop.levels(), [20, 0, 30]);

    // The first part: 10 of rice, of which 2 are refused on arrival, and 13 of dal, which is one over.
    let (rice_line, dal_line) = (&order["lines"][0]["id"], &order["lines"][1]["id"]);
    let first = json!({
        "reference": "Note 1",
        "lines": [
            {"line_id": rice_line, "accepted": 8, "rejected": 2, "reject_reason": "Torn"},
            {"line_id": dal_line, "accepted": 13, "unit_cost": 2.4},
        ],
    });
    let refusal = shop.act(&order, "receive", &first).refused(409, "OVER_RECEIPT");
    assert_eq!(refusal["outstanding_quantity"], 12);
    let mut allowed = first;
    allowed["allow_over"] = json!(true);
    let order = shop.act(&order, "receive", &allowed).expect(200).json();
    assert_eq!(order["status"], "partially_received");
    assert_eq!((fate(&order, 0), fate(&order, 1)), ([30, 0, 8, 2, 0, 20], [12, 1, 13, 0, 0, 0]));
    assert_eq!(shop.levels(), [28, 0, 20]);
    let (kind, none) = ("receive".to_owned(), json!(null));
    assert_eq!(shop.ledger(last_receipt(&order)), [(kind.clone(), 8, none.clone()), (kind.clone(), 13, none.clone())]);

    // The second part: 6 of rice, of which one goes to quarantine, at another cost.
    let second = json!({"lines": [{"line_id": rice_line, "accepted": 5, "rejected": 1, "keep_rejected": true,
                                   "reject_reason": "Damp", "unit_cost": 6.8}]});
    let order = shop.act(&order, "receive", &second).expect(200).json();
    assert_eq!((fate(&order, 0), shop.levels()), ([30, 0, 13, 3, 0, 14], [33, 1, 14]));
    assert_eq!(shop.ledger(last_receipt(&order)), [(kind.clone(), 5, none.clone()), (kind.clone(), 1, json!("Damp"))]);

    // The third part, by staff who may only receive. The rest will not arrive.
    let clerk = shop.app.staff(&["inventory:update"]);
    let third = json!({"lines": [{"line_id": rice_line, "accepted": 10}]});
    let order = act_by(&clerk, &order, "receive", &third).expect(200).json();
    let order = shop.act(&order, "close", &json!({"reason": "Sold out at the supplier"})).expect(200).json();
    assert_eq!((&order["status"], fate(&order, 0)), (&json!("received"), [30, 0, 23, 3, 4, 0]));
    assert_eq!(shop.levels(), [43, 1, 0]);
    assert_eq!(order["history"].as_array().unwrap().last().unwrap()["reason"], "Sold out at the supplier");

    // The bill of the second part differs.
    let number = order["receipts"][1]["receipt_number"].as_str().unwrap().to_owned();
    let bill = json!({"lines": [{"line_id": rice_line, "unit_cost": 6.9}]});
    let order = shop.act(&order, &format!("receipts/{number}/costs"), &bill).expect(200).json();
    let cost = |receipt: usize, line: usize| {
        let line = &order["receipts"][receipt]["lines"][line];
        (line["unit_cost"].clone(), line["entered_unit_cost"].clone())
    };
    assert_eq!(cost(0, 0), (json!(7.0), json!(7.0)));
    assert_eq!(cost(0, 1), (json!(2.4), json!(2.4)));
    assert_eq!(cost(1, 0), (json!(6.9), json!(6.8)));
    assert_eq!((&order["version"], shop.levels()), (&json!(7), [43, 1, 0]));
    shop.assert_verified();
}

#[test]
fn a_reversal_is_the_exact_counterpart_and_the_units_can_arrive_again() {
    let shop = Shop::open();
    let order = shop.ordered(10);
    let line = &order["lines"][0]["id"];
    let body = json!({"allow_over": true, "lines": [{"line_id": line, "accepted": 9, "rejected": 2, "keep_rejected": true},
                                                    {"line_id": line, "accepted": 1, "rejected": 1}]});
    let order = shop.act(&order, "receive", &body).expect(200).json();
    assert_eq!((fate(&order, 0), shop.levels()), ([10, 3, 10, 3, 0, 0], [30, 2, 0]));
    assert_eq!(order["status"], "received");

    let order = shop.reverse(&order).expect(200).json();
    assert_eq!((&order["status"], fate(&order, 0)), (&json!("ordered"), [10, 0, 0, 0, 0, 10]));
    assert_eq!(shop.levels(), [20, 0, 10]);
    let reversal = &order["receipts"][1];
    assert_eq!(reversal["reverses"], order["receipts"][0]["receipt_number"]);
    assert_eq!(reversal["lines"][0]["quarantined_quantity"], -2);
    let (kind, reason) = ("remove".to_owned(), json!("Counted wrong"));
    assert_eq!(shop.ledger(last_receipt(&order)), [(kind.clone(), -10, reason.clone()), (kind, -2, reason)]);
    let first = order["receipts"][0]["receipt_number"].as_str().unwrap();
    shop.act(&order, &format!("receipts/{first}/reverse"), &json!({"reason": "Again"}))
        .refused(409, "INVALID_TRANSITION");

    let order = shop.receive(&order, 10, 0).expect(200).json();
    assert_eq!((&order["status"], shop.levels()), (&json!("received"), [30, 0, 0]));
    shop.assert_verified();
}

#[test]
fn units_that_are_sold_cannot_be_taken_back() {
    let shop = Shop::open();
    shop.app.set_stock(&shop.rice, 0);
    let order = shop.ordered(10);
    let order = shop.receive(&order, 10, 0).expect(200).json();
    shop.app.customer("mara").buy(&shop.rice, 1);
    let refusal = shop.app.without_effect(|| shop.reverse(&order)).refused(400, "INSUFFICIENT_STOCK");
    assert_eq!(refusal["stock_errors"][0]["shortage"], 1);
}

#[test]
fn the_units_of_a_closed_order_that_is_reversed_are_outstanding_again() {
    let shop = Shop::open();
    let order = shop.ordered(10);
    let order = shop.receive(&order, 4, 0).expect(200).json();
    let order = shop.act(&order, "close", &json!({"reason": "Late"})).expect(200).json();
    let order = shop.reverse(&order).expect(200).json();
    assert_eq!((&order["status"], fate(&order, 0)), (&json!("ordered"), [10, 0, 0, 0, 6, 4]));
    let order = shop.act(&order, "cancel", &json!({"reason": "Too late"})).expect(200).json();
    assert_eq!((&order["status"], fate(&order, 0)), (&json!("cancelled"), [10, 0, 0, 0, 10, 0]));
    assert_eq!(shop.levels(), [20, 0, 0]);
    shop.assert_verified();
}

#[test]
fn units_that_are_ordered_for_an_empty_place_are_incoming_there() {
    let shop = Shop::open();
    let attic = shop.app.add_location("attic");
    let lines = json!([{"product_id": shop.rice.id, "quantity": 6}]);
    let order = shop.create(&json!({"location_id": attic, "lines": lines})).expect(201).json();
    let incoming = || {
        let stock = shop.admin.get(&format!("/inventory/products/{}/stock", shop.rice.id)).expect(200).json();
        let at_attic = stock["locations"].as_array().unwrap().iter().find(|row| row["location_id"] == attic);
        at_attic.map(|row| row["incoming_quantity"].clone())
    };
    assert_eq!(incoming(), None);
    shop.act(&order, "order", &json!({})).expect(200);
    assert_eq!(incoming(), Some(json!(6)));
    shop.assert_verified();
}
