//! The examples of counts.

use super::Recorder;
use crate::common::{Client, Value, json};

pub fn counts(record: &mut Recorder, admin: &Client) {
    let main = admin.get("/locations?sort=id").expect(200).json()["items"][0]["id"].clone();
    let plan = json!({"location_id": main, "scope": {"products": ["prod_008", "prod_009"]}, "blind": true});
    let count = record.call("openCount", admin, ("POST", "/counts"), plan.clone());
    let path = format!("/counts/{}", count["id"]);
    record.call("listCounts", admin, ("GET", "/counts?status=open"), Value::Null);
    let scans = json!({"entries": [{"product_id": "prod_008", "quantity": 58},
                                   {"product_id": "prod_009", "quantity": 1, "add": true}]});
    record.call("enterCount", admin, ("POST", &format!("{path}/entries")), scans);
    record.call("listCountEntries", admin, ("GET", &format!("{path}/entries")), Value::Null);
    record.call("submitCount", admin, ("POST", &format!("{path}/submit")), json!({"expected_version": 2}));
    record.call("recountLine", admin, ("POST", &format!("{path}/lines/2/recount")), json!({}));
    let again = json!({"entries": [{"product_id": "prod_009", "quantity": 80}]});
    admin.post(&format!("{path}/entries"), &again).expect(200);
    admin.post_nothing(&format!("{path}/submit")).expect(200);
    record.call("listCountVariances", admin, ("GET", &format!("{path}/variances")), Value::Null);
    record.call("postCount", admin, ("POST", &format!("{path}/post")), json!({"lines": [1, 2]}));
    record.call("getCount", admin, ("GET", &path), Value::Null);
    let other = admin.post("/counts", &plan).expect(201).json();
    let cancel = format!("/counts/{}/cancel", other["id"]);
    record.call("cancelCount", admin, ("POST", &cancel), json!({"reason": "The shelf was moved"}));
    record.refuse(admin, ("GET", "/counts/999"), Value::Null, "COUNT_NOT_FOUND");
}
