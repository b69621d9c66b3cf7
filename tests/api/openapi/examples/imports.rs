//! The examples of imports and exports.

use super::Recorder;
use crate::common::{Client, Value, json};

pub fn imports(record: &mut Recorder, admin: &Client) {
    let rows = json!([
        {"sku": "prod_001", "price": "13.00"},
        {"sku": "prod_new", "name": "Earl Grey Tea", "price": "4,50"},
    ]);
    let made = record.call("createImport", admin, ("POST", "/imports?kind=products&on_error=skip&dry_run=true"), rows);
    let path = format!("/imports/{}", made["id"]);
    record.call("getImport", admin, ("GET", &path), Value::Null);
    record.call("listImportRows", admin, ("GET", &format!("{path}/rows?result=refused")), Value::Null);
    record.refuse(admin, ("GET", "/imports/999999"), Value::Null, "IMPORT_NOT_FOUND");
    let text = |path: &str| {
        let text = admin.get(path).expect(200).text();
        json!({"answer": text.lines().take(2).map(|line| format!("{line}\n")).collect::<String>()})
    };
    record.operations.insert("getRefusedRows", text(&format!("{path}/refused.csv")));
    record.operations.insert("exportRows", text("/exports?kind=stock"));
    let new = json!([{"sku": "prod_new", "name": "Earl Grey Tea", "price": "4.50", "initial_stock": 12}]);
    record.call("createProducts", admin, ("POST", "/inventory/products/bulk"), new);
    let change = json!([{"sku": "prod_new", "price": "4.80"}]);
    record.call("updateProducts", admin, ("PATCH", "/inventory/products/bulk"), change);
}
