//! The examples of transfers.

use super::Recorder;
use crate::common::{Client, Value, json};

pub fn transfers(record: &mut Recorder, admin: &Client) {
    let shop = admin.post("/locations", &json!({"code": "shop-pune", "name": "Shop in Pune"})).expect(201).id();
    let main = admin.get("/locations?sort=id").expect(200).json()["items"][0]["id"].clone();
    let plan = |quantity: i64| {
        json!({"from_location_id": main, "to_location_id": shop, "expected_on": "2026-12-01",
               "lines": [{"product_id": "prod_001", "quantity": quantity}]})
    };
    let draft = record.call("createTransfer", admin, ("POST", "/transfers"), plan(20));
    let path = format!("/transfers/{}", draft["id"]);
    let line = &draft["lines"][0]["id"];
    record.call("listTransfers", admin, ("GET", "/transfers?status=draft"), Value::Null);
    record.call("updateTransfer", admin, ("PATCH", &path), json!({"notes": "Fragile"}));
    record.refuse(admin, ("PATCH", &path), json!({"expected_version": 1}), "STALE_DOCUMENT");
    record.call("readyTransfer", admin, ("POST", &format!("{path}/ready")), json!({"expected_version": 2}));
    record.call("withdrawTransfer", admin, ("POST", &format!("{path}/draft")), json!({"expected_version": 3}));
    admin.post_nothing(&format!("{path}/ready")).expect(200);
    let parcel = json!({"lines": [{"line_id": line, "quantity": 18}], "tracking": "EE987654321IN"});
    record.call("sendTransfer", admin, ("POST", &format!("{path}/send")), parcel);
    let arrival = |accepted: i64| {
        json!({"lines": [{"line_id": line, "accepted": accepted, "rejected": 1, "reject_reason": "Torn"}],
               "reference": "Dock 2"})
    };
    let received = record.call("receiveTransfer", admin, ("POST", &format!("{path}/receive")), arrival(12));
    record.refuse(admin, ("POST", &format!("{path}/receive")), arrival(5), "OVER_RECEIPT");
    let lost = json!({"lines": [{"line_id": line, "quantity": 2, "outcome": "lost"}], "reason": "Lost by the carrier"});
    record.call("settleTransfer", admin, ("POST", &format!("{path}/settle")), lost);
    let number = received["receipts"][0]["receipt_number"].as_str().unwrap();
    let reverse = format!("{path}/receipts/{number}/reverse");
    record.call("reverseTransferReceipt", admin, ("POST", &reverse), json!({"reason": "Counted wrong"}));
    record.call("getTransfer", admin, ("GET", &path), Value::Null);
    let other = admin.post("/transfers", &plan(1)).expect(201).json();
    let cancel = format!("/transfers/{}/cancel", other["id"]);
    record.call("cancelTransfer", admin, ("POST", &cancel), json!({"reason": "Planned twice"}));
    record.refuse(admin, ("GET", "/transfers/999"), Value::Null, "TRANSFER_NOT_FOUND");
}
