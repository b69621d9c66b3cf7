//! The reports on demand and stock.

use super::Recorder;
use crate::common::{Client, Value, json};

pub(super) fn forecasts(record: &mut Recorder, admin: &Client) {
    record.call("getForecast", admin, ("GET", "/reports/forecast?product_id=prod_001&horizon=2"), Value::Null);
    record.call("reportStock", admin, ("GET", "/reports/stock?limit=2"), Value::Null);
    // The same days at any time.
    let items = &mut record.operations.get_mut("getForecast").unwrap()["answer"]["items"];
    (items[0]["day"], items[1]["day"]) = (json!("2026-12-01"), json!("2026-12-02"));
}
