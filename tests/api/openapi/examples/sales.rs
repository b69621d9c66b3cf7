//! The reports on sales.

use super::Recorder;
use crate::common::{Client, TestApp, Value, json};

pub(super) fn sales(record: &mut Recorder, app: &TestApp, admin: &Client) {
    app.value_stock();
    record.call(
        "getSalesReport",
        admin,
        ("GET", "/reports/sales?group_by=payment_method&compare=previous"),
        Value::Null,
    );
    record.call("listTopProducts", admin, ("GET", "/reports/top-products?by=units&limit=2"), Value::Null);
    record.call("getHoldsReport", admin, ("GET", "/reports/holds"), Value::Null);
    record.operations.get_mut("getHoldsReport").unwrap()["answer"]["items"][0]["day"] = json!("2026-11-30");
    // The same days at any time.
    let answer = &mut record.operations.get_mut("getSalesReport").unwrap()["answer"];
    (answer["previous"]["from"], answer["previous"]["to"]) = (json!("2026-10-02"), json!("2026-10-31"));
}
