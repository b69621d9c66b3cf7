//! The examples of suppliers and purchase orders.

use super::Recorder;
use crate::common::{Client, Value, json};

pub fn purchasing(record: &mut Recorder, admin: &Client) {
    let supplier = suppliers(record, admin);
    let main = admin.get("/locations?sort=id").expect(200).json()["items"][0]["id"].clone();
    let plan = json!({"supplier_id": supplier, "location_id": main, "expected_on": "2026-12-04",
                      "lines": [{"product_id": "prod_001", "quantity": 24}]});
    let draft = record.call("createPurchaseOrder", admin, ("POST", "/purchase-orders"), plan.clone());
    let path = format!("/purchase-orders/{}", draft["id"]);
    let line = &draft["lines"][0]["id"];
    record.call("listPurchaseOrders", admin, ("GET", "/purchase-orders?status=draft"), Value::Null);
    record.call("updatePurchaseOrder", admin, ("PATCH", &path), json!({"reference": "Spring"}));
    record.call("orderPurchaseOrder", admin, ("POST", &format!("{path}/order")), json!({"expected_version": 2}));
    record.call("withdrawPurchaseOrder", admin, ("POST", &format!("{path}/draft")), json!({"expected_version": 3}));
    admin.post_nothing(&format!("{path}/order")).expect(200);
    record.call("listIncoming", admin, ("GET", "/inventory/incoming?product=1"), Value::Null);
    record.call("getSupply", admin, ("GET", "/inventory/products/prod_001/supply"), Value::Null);
    let arrival = json!({"reference": "Note 4711", "lines": [
        {"line_id": line, "accepted": 11, "rejected": 1, "keep_rejected": true, "reject_reason": "Torn"}]});
    let received = record.call("receivePurchaseOrder", admin, ("POST", &format!("{path}/receive")), arrival);
    let number = received["receipts"][0]["receipt_number"].as_str().unwrap();
    let bill = json!({"lines": [{"line_id": line, "unit_cost": 61.5}]});
    record.call("correctReceiptCosts", admin, ("POST", &format!("{path}/receipts/{number}/costs")), bill);
    let reverse = format!("{path}/receipts/{number}/reverse");
    record.call("reversePurchaseReceipt", admin, ("POST", &reverse), json!({"reason": "Counted wrong"}));
    let reason = json!({"reason": "Sold out at the supplier"});
    record.call("closePurchaseOrder", admin, ("POST", &format!("{path}/close")), reason);
    record.call("getPurchaseOrder", admin, ("GET", &path), Value::Null);
    let other = admin.post("/purchase-orders", &plan).expect(201).json();
    let cancel = format!("/purchase-orders/{}/cancel", other["id"]);
    record.call("cancelPurchaseOrder", admin, ("POST", &cancel), json!({"reason": "Ordered twice"}));
    record.refuse(admin, ("GET", "/purchase-orders/999"), Value::Null, "PURCHASE_ORDER_NOT_FOUND");
    record.call("listReorder", admin, ("GET", "/inventory/reorder?limit=2"), Value::Null);
    record.call("reorder", admin, ("POST", "/inventory/reorder"), json!({"supplier_id": supplier}));
}

fn suppliers(record: &mut Recorder, admin: &Client) -> i64 {
    let new = json!({"code": "SUNRISE", "name": "Sunrise Mills", "email": "orders@sunrise.example",
                     "phone": "+91 20 2553 1234", "lead_time_days": 6});
    let supplier = record.call("createSupplier", admin, ("POST", "/suppliers"), new);
    let path = format!("/suppliers/{}", supplier["id"]);
    record.call("listSuppliers", admin, ("GET", "/suppliers?active=true"), Value::Null);
    record.call("updateSupplier", admin, ("PATCH", &path), json!({"lead_time_days": 5}));
    record.call("getSupplier", admin, ("GET", &path), Value::Null);
    let items = format!("{path}/items");
    let item = json!({"product_id": "prod_001", "supplier_sku": "SM-14", "unit_cost": 62, "pack_quantity": 12});
    let item = record.call("createSupplierItem", admin, ("POST", &items), item);
    record.call("listSupplierItems", admin, ("GET", &items), Value::Null);
    let one = format!("{items}/{}", item["id"]);
    record.call("updateSupplierItem", admin, ("PATCH", &one), json!({"min_quantity": 24}));
    let other = admin.post(&items, &json!({"product_id": "prod_002", "unit_cost": 40})).expect(201).id();
    record.call("deleteSupplierItem", admin, ("DELETE", &format!("{items}/{other}")), Value::Null);
    record.refuse(admin, ("GET", "/suppliers/999"), Value::Null, "SUPPLIER_NOT_FOUND");
    supplier["id"].as_i64().unwrap()
}
