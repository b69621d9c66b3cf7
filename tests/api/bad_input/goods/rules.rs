//! Requests that are well formed and break a rule: places, promised units, codes, times.

use chrono::{Duration, Utc};

use super::{Call, Goods};
use crate::common::{Value, json};

/// Codes that are misread or no GTIN: a wrong check digit, a UPC-E, Arabic digits.
const MISREAD: [&str; 3] = ["4006381333932", "04252614", "٤٠٠٦٣٨١٣٣٣٩٣١"];

type Row = (Call, u16, &'static str);

impl Goods {
    fn call(&self, operation: &str, pointer: &str, value: Value) -> Call {
        self.calls().into_iter().find(|call| call.operation == operation).unwrap().with(pointer, value)
    }

    /// Places of another store, places that do not fit, and suppliers and products of another store.
    fn wrong_places(&self) -> Vec<Row> {
        let (line, other) = (json!([{"product_id": self.rice, "quantity": 1}]), self.others.place);
        let transfer = |from: i64, to: i64| {
            Call::new("POST /transfers", &[], json!({"from_location_id": from, "to_location_id": to, "lines": line}))
        };
        let purchase = |supplier: i64, place: i64| {
            let body = json!({"supplier_id": supplier, "location_id": place, "lines": line});
            Call::new("POST /purchase-orders", &[], body)
        };
        let count = |place: i64| Call::new("POST /counts", &[], json!({"location_id": place, "scope": {"all": true}}));
        let foreign = json!([{"product_id": self.others.product, "quantity": 1, "unit_cost": 1}]);
        let mut rows = vec![
            (transfer(self.main, self.main), 422, "VALIDATION_FAILED"),
            (transfer(self.main, other), 404, "LOCATION_NOT_FOUND"),
            (transfer(other, self.main), 404, "LOCATION_NOT_FOUND"),
            (self.call("PATCH /transfers/{id}", "/to_location_id", json!(self.main)), 422, "VALIDATION_FAILED"),
            (self.call("PATCH /transfers/{id}", "/to_location_id", json!(other)), 404, "LOCATION_NOT_FOUND"),
            (purchase(self.supplier, other), 404, "LOCATION_NOT_FOUND"),
            (purchase(self.others.supplier, self.main), 404, "SUPPLIER_NOT_FOUND"),
            (self.call("PATCH /purchase-orders/{id}", "/location_id", json!(other)), 404, "LOCATION_NOT_FOUND"),
            (
                self.call("PATCH /purchase-orders/{id}", "/supplier_id", json!(self.others.supplier)),
                404,
                "SUPPLIER_NOT_FOUND",
            ),
            (count(other), 404, "LOCATION_NOT_FOUND"),
            (
                Call::new(
                    "POST /counts",
                    &[],
                    json!({"location_id": self.main, "scope": {"products": [self.others.product]}}),
                ),
                404,
                "PRODUCT_NOT_FOUND",
            ),
            (
                Call::new("POST /inventory/reorder", &[], json!({"supplier_id": self.others.supplier})),
                404,
                "SUPPLIER_NOT_FOUND",
            ),
            (Call::new("POST /inventory/reorder", &[], json!({"location_id": other})), 404, "LOCATION_NOT_FOUND"),
            (
                self.call("POST /suppliers/{id}/items", "/product_id", json!(self.others.product)),
                404,
                "PRODUCT_NOT_FOUND",
            ),
            (
                self.call("POST /counts/{id}/entries", "/entries/0/product_id", json!(self.others.product)),
                404,
                "PRODUCT_NOT_FOUND",
            ),
            (
                self.call("POST /orders/{id}/reroute", "/lines/0/to_location_id", json!(self.main)),
                422,
                "VALIDATION_FAILED",
            ),
            (
                self.call("POST /orders/{id}/reroute", "/lines/0/to_location_id", json!(other)),
                404,
                "LOCATION_NOT_FOUND",
            ),
        ];
        for operation in ["PATCH /transfers/{id}", "PATCH /purchase-orders/{id}"] {
            let mut lines = foreign.clone();
            if operation.contains("transfers") {
                lines = json!([{"product_id": self.others.product, "quantity": 1}]);
            }
            rows.push((self.call(operation, "/lines", lines), 404, "PRODUCT_NOT_FOUND"));
        }
        for operation in [
            "PUT /inventory/products/{id}/stock",
            "PUT /inventory/products/{id}/safety",
            "POST /inventory/products/{id}/move",
            "POST /returns/{id}/receive",
        ] {
            rows.push((self.call(operation, "/location_id", json!(other)), 404, "LOCATION_NOT_FOUND"));
        }
        rows
    }

    /// More units than there are, or than may move.
    fn too_many_units(&self) -> Vec<Row> {
        let of = |operation: &str, quantity: i64| self.call(operation, "/lines/0/quantity", json!(quantity));
        let arrived = |operation: &str, units: i64| self.call(operation, "/lines/0/accepted", json!(units));
        let moved = |quantity: i64| self.call("POST /inventory/products/{id}/move", "/quantity", json!(quantity));
        let sellable = self.sellable();
        let counted = |units: i64| self.call("PUT /inventory/products/{id}/stock", "/quantity", json!(units));
        let line = json!([{"product_id": self.rice, "quantity": sellable + 1}]);
        let plan = json!({"from_location_id": self.main, "to_location_id": self.attic, "lines": line});
        let draft = self.admin.post("/transfers", &plan).expect(201).json();
        vec![
            (Call::new("POST /transfers/{id}/ready", &[&draft["id"]], json!({})), 400, "INSUFFICIENT_STOCK"),
            (moved(sellable + 1), 400, "INSUFFICIENT_STOCK"),
            (counted(9), 409, "STOCK_BELOW_RESERVED"),
            (of("POST /transfers/{id}/send", 11), 409, "QUANTITY_EXCEEDED"),
            (arrived("POST /transfers/{id}/receive", 11), 409, "OVER_RECEIPT"),
            (of("POST /transfers/{id}/settle", 11), 409, "QUANTITY_EXCEEDED"),
            (arrived("POST /purchase-orders/{id}/receive", 11), 409, "OVER_RECEIPT"),
            (of("POST /orders/{id}/shipments", 21), 409, "QUANTITY_EXCEEDED"),
            (of("POST /orders/{id}/reroute", 21), 409, "QUANTITY_EXCEEDED"),
            (of("POST /orders/{id}/returns", 2), 409, "QUANTITY_EXCEEDED"),
            (self.call("POST /returns/{id}/receive", "/lines/0/restock", json!(3)), 409, "QUANTITY_EXCEEDED"),
        ]
    }

    fn sellable(&self) -> i64 {
        let stock = self.admin.get(&format!("/inventory/products/{}/stock", self.rice)).expect(200).json();
        let rows = stock["locations"].as_array().unwrap();
        let main = rows.iter().find(|row| row["location_id"] == self.main).unwrap();
        main["available_quantity"].as_i64().unwrap()
    }

    fn misread_codes(&self) -> Vec<Row> {
        let calls = |code: &str| {
            let sized = json!([{"size": "S", "barcode": code}]);
            let new = |rest: &str, value: Value| {
                Call::new("POST /inventory/products", &[], json!({"sku": "toor", "name": "Toor", "price": 1}))
                    .with(rest, value)
            };
            vec![
                new("/barcode", json!(code)),
                new("/sizes", sized),
                self.call("PATCH /inventory/products/{id}", "/barcode", json!(code)),
                self.call("POST /inventory/products/{id}/barcodes", "/code", json!(code)),
                self.call("POST /counts/{id}/entries", "/entries/0", json!({"barcode": code, "quantity": 1})),
            ]
        };
        MISREAD.into_iter().flat_map(calls).map(|call| (call, 422, "INVALID_BARCODE")).collect()
    }

    fn wrong_times(&self) -> Vec<Row> {
        let at = |seconds: i64| json!((Utc::now() + Duration::seconds(seconds)).to_rfc3339());
        let entered = |time: Value| self.call("POST /counts/{id}/entries", "/entries/0/counted_at", time);
        let counted = |time: Value| {
            let count = self.call("PUT /inventory/products/{id}/stock", "/on_hand", json!(true));
            count.with("/counted_at", time)
        };
        let planned = |operation: &str| self.call(operation, "/expected_on", json!("2026-02-30"));
        let without_shelf = self.call("PUT /inventory/products/{id}/stock", "/counted_at", at(-1));
        [
            entered(at(120)),
            entered(at(-86_400)),
            entered(json!("10:30")),
            counted(at(120)),
            counted(json!("yesterday")),
            without_shelf,
            planned("PATCH /transfers/{id}"),
            planned("PATCH /purchase-orders/{id}"),
        ]
        .map(|call| (call, 422, "VALIDATION_FAILED"))
        .into()
    }
}

#[test]
fn requests_that_break_a_rule_are_refused() {
    let goods = Goods::open();
    let rows = [goods.wrong_places(), goods.too_many_units(), goods.misread_codes(), goods.wrong_times()];
    for (call, status, code) in rows.into_iter().flatten() {
        let reply = goods.app.without_effect(|| call.send(&goods.admin));
        let shown = (reply.status, reply.code());
        assert_eq!(shown, (status, Some(code.to_owned())), "{} {}: {}", call.operation, call.body, reply.text());
    }
    for query in [
        format!("/inventory/reorder?supplier={}", goods.others.supplier),
        format!("/inventory/reorder?location={}", goods.others.place),
    ] {
        let code = if query.contains("supplier") { "SUPPLIER_NOT_FOUND" } else { "LOCATION_NOT_FOUND" };
        goods.refused(|| goods.admin.get(&query), 404, code);
    }
    for code in
        ["4006381333932", "04252614", "%D9%A4%D9%A0%D9%A0%D9%A6%D9%A3%D9%A8%D9%A1%D9%A3%D9%A3%D9%A3%D9%A9%D9%A3%D9%A1"]
    {
        goods.refused(|| goods.admin.get(&format!("/inventory/scan/{code}")), 422, "INVALID_BARCODE");
    }
}
