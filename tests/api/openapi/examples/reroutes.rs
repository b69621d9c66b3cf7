//! The example of a reroute.

use super::Recorder;
use crate::common::{Client, json};

pub fn reroutes(record: &mut Recorder, admin: &Client) {
    let shop = admin.post("/locations", &json!({"code": "shop-mumbai", "name": "Shop in Mumbai"})).expect(201).id();
    let delivery = json!({"quantity": 5, "movement_type": "in", "reason": "Delivery", "location_id": shop});
    admin.put("/inventory/products/prod_008/stock", &delivery).expect(200);
    let order = json!({"items": [{"product_id": "prod_008", "quantity": 3}], "customer_name": "Asha Rao"});
    let order = admin.post("/orders", &order).expect(201).json();
    let item = &order["items"][0];
    let line = |quantity: i64| {
        json!({"lines": [{"item_id": item["id"], "quantity": quantity, "to_location_id": shop,
                          "from_location_id": item["allocations"][0]["location_id"]}]})
    };
    let path = format!("/orders/{}/reroute", order["id"]);
    record.call("rerouteOrder", admin, ("POST", &path), line(2));
}
