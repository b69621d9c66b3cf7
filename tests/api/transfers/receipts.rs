//! Receipts: surplus, rejected units, and exact reversal.

use super::{Stores, fate};
use crate::common::{Value, json};

#[test]
fn a_surplus_is_refused_or_found_in_transit() {
    let stores = Stores::open();
    let sent = stores.sent(40);
    stores.receive(&sent, 33, 0).expect(200);
    let refusal = stores.app.without_effect(|| stores.receive(&sent, 8, 1)).refused(409, "OVER_RECEIPT");
    assert_eq!(refusal["outstanding_quantity"], 7);
    let lines = json!([{"line_id": sent["lines"][0]["id"], "accepted": 8, "rejected": 1, "reject_reason": "Torn"}]);
    let over = json!({"lines": lines, "allow_over": true, "reference": "Dock 2"});
    let received = stores.act(&sent, "receive", &over).expect(200).json();
    assert_eq!((&received["status"], fate(&received)), (&json!("received"), [40, 2, 41, 1, 0, 0, 0]));
    assert_eq!(stores.levels(), (60, 0, 41, 1, 0));
    let receipt = &received["receipts"][1];
    assert_eq!((&receipt["reference"], &receipt["lines"][0]["over_quantity"]), (&json!("Dock 2"), &json!(2)));
    let ledger = stores.ledger(&receipt["receipt_number"]);
    assert_eq!(ledger[0], ("adjust".to_owned(), stores.child("transit"), 2, 0));
    stores.assert_verified();
    let reversed = stores.reverse(&received).expect(200).json();
    assert_eq!((&reversed["status"], fate(&reversed)), (&json!("partially_received"), [40, 0, 33, 0, 0, 0, 7]));
    assert_eq!(stores.levels(), (60, 0, 33, 0, 7));
    stores.assert_verified();
}

#[test]
fn a_reversal_is_the_exact_counterpart_of_its_receipt() {
    let stores = Stores::open();
    let sent = stores.sent(40);
    let before = stores.levels();
    let received = stores.receive(&sent, 30, 5).expect(200).json();
    let reversed = stores.reverse(&received).expect(200).json();
    assert_eq!((&reversed["status"], stores.levels()), (&json!("in_transit"), before));
    assert_eq!(fate(&reversed), fate(&sent));
    let (receipt, reversal) = (&reversed["receipts"][0], &reversed["receipts"][1]);
    assert_eq!(
        (&receipt["reversed_by"], &reversal["reverses"]),
        (&reversal["receipt_number"], &receipt["receipt_number"])
    );
    assert_eq!(
        (&reversal["lines"][0]["accepted_quantity"], &reversal["reason"]),
        (&json!(-30), &json!("Counted wrong"))
    );
    let sums = |number: &Value| {
        let mut sums = std::collections::BTreeMap::new();
        for (_, at, stock, _) in stores.ledger(number) {
            *sums.entry(at).or_insert(0) += stock;
        }
        sums
    };
    let counterpart = sums(&reversal["receipt_number"]).into_iter().map(|(at, stock)| (at, -stock)).collect();
    assert_eq!(sums(&receipt["receipt_number"]), counterpart);
    let act = |number: &Value| format!("receipts/{}/reverse", number.as_str().unwrap());
    for number in [&receipt["receipt_number"], &reversal["receipt_number"]] {
        let again = stores.app.without_effect(|| stores.act(&sent, &act(number), &json!({"reason": "Again"})));
        again.refused(409, "INVALID_TRANSITION");
    }
    stores.receive(&sent, 40, 0).expect(200);
    assert_eq!(stores.levels(), (60, 0, 40, 0, 0));
}

#[test]
fn units_that_are_promised_cannot_be_taken_back() {
    let stores = Stores::open();
    let sent = stores.sent(100);
    let received = stores.receive(&sent, 30, 5).expect(200).json();
    let mara = stores.app.customer("mara");
    let items = json!({"items": [{"product_id": stores.rice.id, "quantity": 20}]});
    let order = mara.post("/orders", &items).expect(201).json();
    let refusal = stores.app.without_effect(|| stores.reverse(&received)).refused(400, "INSUFFICIENT_STOCK");
    let short = &refusal["stock_errors"][0];
    assert_eq!((&short["available_quantity"], &short["requested_quantity"]), (&json!(10), &json!(30)));
    mara.post_nothing(&format!("/orders/{}/cancel", order["id"])).expect(200);
    // Units that left the quarantine are gone.
    let out = "UPDATE stock_levels SET stock_quantity = 4 WHERE stock_quantity = 5";
    let back = "UPDATE stock_levels SET stock_quantity = 5 WHERE stock_quantity = 4";
    let execute = |text: &str| {
        diesel::connection::SimpleConnection::batch_execute(&mut stores.app.connection(), text).unwrap();
    };
    execute(out);
    stores.app.without_effect(|| stores.reverse(&received)).refused(400, "INSUFFICIENT_STOCK");
    execute(back);
    stores.reverse(&received).expect(200);
    assert_eq!(stores.levels(), (0, 0, 0, 0, 100));
}

#[test]
fn returned_units_need_no_approval_and_lost_ones_do() {
    let stores = Stores::open();
    let sent = stores.sent(40);
    let keeper = stores.app.staff(&["inventory:update"]);
    let path = format!("/transfers/{}/settle", sent["id"]);
    let body = |outcome: &str| json!({"lines": [{"line_id": sent["lines"][0]["id"], "quantity": 4, "outcome": outcome}], "reason": "Report 7"});
    stores.app.without_effect(|| keeper.post(&path, &body("lost"))).refused(403, "FORBIDDEN");
    keeper.post(&path, &body("returned")).expect(200);
    assert_eq!(stores.levels(), (64, 0, 0, 0, 36));
    stores.app.staff(&["inventory:update", "inventory:approve"]).post(&path, &body("lost")).expect(200);
    assert_eq!(stores.levels(), (64, 0, 0, 0, 32));
}

#[test]
fn a_request_names_each_line_once() {
    let stores = Stores::open();
    let (ready, sent) = (stores.ready(40), stores.sent(20));
    let twice = |transfer: &Value, fields: Value| {
        let mut line = fields;
        line["line_id"] = transfer["lines"][0]["id"].clone();
        json!({"lines": [line, line]})
    };
    let mut settled = twice(&sent, json!({"quantity": 1, "outcome": "lost"}));
    settled["reason"] = json!("Gone");
    for (transfer, act, body) in [
        (&ready, "send", twice(&ready, json!({"quantity": 1}))),
        (&sent, "receive", twice(&sent, json!({"accepted": 1}))),
        (&sent, "settle", settled.clone()),
    ] {
        stores.app.without_effect(|| stores.act(transfer, act, &body)).refused_field("lines[1].line_id");
    }
    // Of one line, some units can be lost and others return.
    settled["lines"][1]["outcome"] = json!("returned");
    let settled = stores.act(&sent, "settle", &settled).expect(200).json();
    assert_eq!(fate(&settled), [20, 0, 0, 0, 1, 1, 18]);
}
