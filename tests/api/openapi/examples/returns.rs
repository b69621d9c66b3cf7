//! The examples of returns and exchanges.

use super::Recorder;
use crate::common::{Client, Value, json};

/// `new` is an order of one unit.
pub fn returns(record: &mut Recorder, guest: &Client, admin: &Client, new: &Value) {
    let mut four = new.clone();
    four["items"][0]["quantity"] = json!(4);
    let order = guest.post("/orders", &four).expect(201).json();
    let (path, item) = (format!("/orders/{}", order["id"]), &order["items"][0]["id"]);
    let lines = |quantity: i64| json!([{"item_id": item, "quantity": quantity, "reason": "Too small"}]);
    let returns = format!("{path}/returns");
    admin.post(&format!("{path}/shipments"), &json!({"lines": [{"item_id": item, "quantity": 3}]})).expect(201);
    let token = order["guest_token"].as_str().unwrap();
    let buyer = guest.clone().with_header("X-Order-Token", token);
    record.refuse(&buyer, ("POST", &returns), json!({"lines": lines(1)}), "RETURN_NOT_ALLOWED");
    let shipments = admin.get(&format!("{path}/shipments")).expect(200).json();
    admin.post_nothing(&format!("/shipments/{}/delivered", shipments[0]["id"])).expect(200);
    let asked = record.call("createReturn", &buyer, ("POST", &returns), json!({"lines": lines(2), "note": "Sorry"}));
    record.refuse(&buyer, ("POST", &returns), json!({"lines": lines(2)}), "QUANTITY_EXCEEDED");
    record.call("listReturns", &buyer, ("GET", &returns), Value::Null);
    let own = format!("/returns/{}", asked["id"]);
    record.call("getReturn", &buyer, ("GET", &own), Value::Null);
    record.call("approveReturn", admin, ("POST", &format!("{own}/approve")), json!({"expected_version": 1}));
    let main = admin.get("/locations").expect(200).json()["items"][0]["id"].clone();
    let line = json!({"line_id": asked["lines"][0]["id"], "restock": 1, "quarantine": 1, "fee": 2});
    let arrived = json!({"location_id": main, "lines": [line]});
    record.call("receiveReturn", admin, ("POST", &format!("{own}/receive")), arrived);
    let cancel = format!("{own}/cancel");
    record.refuse(admin, ("POST", &cancel), json!({"reason": "Kept"}), "INVALID_TRANSITION");
    let asks = || guest_return(&buyer, &returns, &json!({"lines": lines(1)}));
    let reject = format!("/returns/{}/reject", asks());
    record.call("rejectReturn", admin, ("POST", &reject), json!({"reason": "Worn"}));
    let cancel = format!("/returns/{}/cancel", asks());
    record.call("cancelReturn", &buyer, ("POST", &cancel), json!({"reason": "I keep it"}));
    let items = json!([{"product_id": new["items"][0]["product_id"], "size": new["items"][0]["size"], "quantity": 1}]);
    let body = json!({"cancel": [{"item_id": item, "quantity": 1}], "items": items, "payment_method": "cod"});
    record.call("exchangeOrder", admin, ("POST", &format!("{path}/exchange")), body);
    record.refuse(admin, ("GET", "/returns/999"), Value::Null, "RETURN_NOT_FOUND");
}

fn guest_return(buyer: &Client, returns: &str, body: &Value) -> Value {
    buyer.post(returns, body).expect(201).json()["id"].clone()
}
