//! The examples of barcodes and scans.

use super::Recorder;
use crate::common::{Client, Value, json};

pub fn barcodes(record: &mut Recorder, guest: &Client, admin: &Client) {
    let path = "/inventory/products/prod_002/barcodes";
    record.call("addBarcode", admin, ("POST", path), json!({"code": "2000001000021", "units": 6}));
    record.call("listBarcodes", guest, ("GET", path), Value::Null);
    record.call("scanCode", admin, ("GET", "/inventory/scan/2000001000014"), Value::Null);
    record.refuse(admin, ("POST", path), json!({"code": "2000001000022"}), "INVALID_BARCODE");
    record.refuse(guest, ("GET", "/inventory/scan/nothing"), Value::Null, "NOT_FOUND");
    record.call("removeBarcode", admin, ("DELETE", &format!("{path}/2000001000021")), Value::Null);
}
