//! The examples of shipments on their way, of orders that are collected, and of papers.

use super::{Callers, Recorder};
use crate::common::{Value, json};

/// `new` is an order of one unit.
pub fn deliveries(record: &mut Recorder, callers: &Callers, new: &Value) {
    let Callers { guest, admin, .. } = callers;
    let mut two = new.clone();
    two["items"][0]["quantity"] = json!(2);
    let order = guest.post("/orders", &two).expect(201).json();
    let path = format!("/orders/{}", order["id"]);
    record.call("issueInvoice", admin, ("POST", &format!("{path}/invoice")), Value::Null);
    let reader = admin.clone().with_header("Accept", "application/json");
    record.call("getInvoice", &reader, ("GET", &format!("{path}/invoice")), Value::Null);
    let lines = json!({"lines": [{"item_id": order["items"][0]["id"], "quantity": 1}]});
    let parcels = [0, 1].map(|_| admin.post(&format!("{path}/shipments"), &lines).expect(201).id());
    let parcel = format!("/shipments/{}", parcels[0]);
    let tracking = json!({"carrier": "India Post", "tracking_number": "EE123456790IN"});
    record.call("updateShipment", admin, ("PATCH", &parcel), tracking);
    record.call("deliverShipment", admin, ("POST", &format!("{parcel}/delivered")), json!({"expected_version": 2}));
    record.call("getShipment", admin, ("GET", &parcel), Value::Null);
    let lost = json!({"reason": "The carrier has not found it"});
    record.call("loseShipment", admin, ("POST", &format!("/shipments/{}/lost", parcels[1])), lost);
    record.refuse(admin, ("GET", "/shipments/999"), Value::Null, "SHIPMENT_NOT_FOUND");
    let slip = admin.get(&format!("{parcel}/packing-slip")).expect(200).text();
    let first: String = slip.lines().take(2).map(|line| format!("{line}\n")).collect();
    record.operations.insert("getPackingSlip", json!({"answer": first}));
    let places = guest.get("/locations").expect(200).json();
    let mut collected = new.clone();
    collected["pickup_location_id"] = places["items"][0]["id"].clone();
    let collected = guest.post("/orders", &collected).expect(201).json();
    let path = format!("/orders/{}", collected["id"]);
    record.call("readyOrder", admin, ("POST", &format!("{path}/ready")), Value::Null);
    record.call("collectOrder", admin, ("POST", &format!("{path}/collected")), Value::Null);
}
