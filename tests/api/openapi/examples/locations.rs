//! The examples of locations, and of units that move at one.

use super::Recorder;
use crate::common::{Client, Value, json};

pub fn locations(record: &mut Recorder, guest: &Client, admin: &Client) {
    let new = json!({"code": "corner", "name": "Corner shop", "priority": 10, "latitude": 18.52, "longitude": 73.86,
                     "country": "IN", "region": "Maharashtra", "postal_code": "411001",
                     "pickup": {"enabled": true, "instructions": "Ask at the counter"}});
    let made = record.call("createLocation", admin, ("POST", "/locations"), new);
    record.call("listLocations", guest, ("GET", "/locations"), Value::Null);
    let path = format!("/locations/{}", made["id"]);
    record.call("getLocation", guest, ("GET", &path), Value::Null);
    let main = admin.get("/locations?sort=id").expect(200).json()["items"][0]["id"].clone();
    let product = "/inventory/products/prod_005";
    record.call(
        "setSafetyStock",
        admin,
        ("PUT", &format!("{product}/safety")),
        json!({"quantity": 2, "location_id": main}),
    );
    let moved = json!({"quantity": 3, "location_id": main, "from": "sellable", "to": "quarantine", "reason": "Wet"});
    record.call("moveStock", admin, ("POST", &format!("{product}/move")), moved);
    let main = format!("/locations/{main}");
    let places = admin.get("/locations?limit=100").expect(200).json();
    let others: Vec<String> =
        places["items"].as_array().unwrap().iter().map(|one| format!("/locations/{}", one["id"])).collect();
    let set_others = |status: &str| {
        for other in others.iter().filter(|other| **other != main) {
            admin.patch(other, &json!({"status": status})).expect(200);
        }
    };
    set_others("paused");
    record.refuse(admin, ("PATCH", &main), json!({"status": "paused"}), "LAST_LOCATION");
    set_others("active");
    admin.patch(&main, &json!({"status": "paused"})).expect(200);
    record.refuse(admin, ("PATCH", &main), json!({"status": "closed"}), "LOCATION_NOT_EMPTY");
    admin.patch(&main, &json!({"status": "active"})).expect(200);
    admin.patch(&path, &json!({"status": "paused"})).expect(200);
    record.call("updateLocation", admin, ("PATCH", &path), json!({"status": "closed"}));
    let at = json!({"quantity": 1, "movement_type": "in", "reason": "Delivery", "location_id": made["id"]});
    record.refuse(admin, ("PUT", &format!("{product}/stock")), at, "LOCATION_CLOSED");
}
