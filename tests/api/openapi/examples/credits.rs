//! The examples of cancelled units and of credits.

use super::Recorder;
use crate::common::{Client, Value, json};

/// `new` is an order of one unit.
pub fn credits(record: &mut Recorder, guest: &Client, admin: &Client, new: &Value) {
    let mut two = new.clone();
    two["items"][0]["quantity"] = json!(2);
    let order = guest.post("/orders", &two).expect(201).json();
    let path = format!("/orders/{}", order["id"]);
    let lines = |quantity: i64| json!([{"item_id": order["items"][0]["id"], "quantity": quantity}]);
    let cancel = format!("{path}/cancel-lines");
    let too_many = json!({"lines": lines(3), "reason": "Ordered twice"});
    record.refuse(admin, ("POST", &cancel), too_many, "QUANTITY_EXCEEDED");
    let one = json!({"lines": lines(1), "reason": "Ordered twice"});
    record.call("cancelOrderLines", admin, ("POST", &cancel), one);
    let credits = format!("{path}/credits");
    record.call("giveCredit", admin, ("POST", &credits), json!({"amount": 5, "reason": "The box was wet"}));
    record.call("listCredits", admin, ("GET", &credits), Value::Null);
    let reused = json!({"payment_reference": "pay_29"});
    record.refuse(admin, ("POST", &format!("{path}/payment/confirm")), reused, "PAYMENT_REFERENCE_USED");
}
