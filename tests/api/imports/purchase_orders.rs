//! Rows of purchase orders.

use super::{counts, export, import, imported, results};
use crate::common::race::{duel, repeat, repetitions};
use crate::common::{Client, TestApp, Value, json};

const HEADER: &str = "reference,supplier,location,expected_on,notes,sku,size,quantity,unit_cost,line_expected_on\n";

fn start() -> (TestApp, Client) {
    let app = TestApp::start();
    let admin = app.admin();
    app.product("rice", 1.0, 1);
    app.product("dal", 1.0, 1);
    admin.post("/suppliers", &json!({"code": "acme", "name": "Acme"})).expect(201);
    (app, admin)
}

fn orders(client: &Client) -> Vec<Value> {
    let list = client.get("/purchase-orders?sort=id").expect(200).json();
    let ids = list["items"].as_array().unwrap().iter().map(|order| order["id"].clone());
    ids.map(|id| client.get(&format!("/purchase-orders/{id}")).expect(200).json()).collect()
}

#[test]
fn rows_with_one_reference_are_one_draft() {
    let (_app, admin) = start();
    let rows = format!(
        "{HEADER}R-1,acme,main,2026-12-24,Soon,rice,,10,1.50,\nR-1,,,,,dal,,4,2.00,2026-12-31\nR-2,acme,,,,rice,,1,3,\n"
    );
    assert_eq!(imported(&admin, "kind=purchase_order", &rows), [3, 0, 0, 0]);
    let [first, second] = orders(&admin).try_into().unwrap();
    let first: Value = first;
    assert_eq!((&first["status"], &first["reference"]), (&json!("draft"), &json!("R-1")));
    assert_eq!((&first["expected_on"], &first["notes"]), (&json!("2026-12-24"), &json!("Soon")));
    let lines: Vec<_> = first["lines"].as_array().unwrap().iter().collect();
    let line = |index: usize| json!([lines[index]["sku"], lines[index]["quantity"]]);
    assert_eq!([line(0), line(1)], [json!(["rice", 10]), json!(["dal", 4])]);
    assert_eq!(second["lines"].as_array().unwrap().len(), 1);
    assert_eq!(imported(&admin, "kind=purchase_order", &rows), [0, 0, 3, 0]);
    let changes = format!("{HEADER}R-1,,,,,rice,,12,,\nR-1,,,,,dal,,4,,\n");
    assert_eq!(imported(&admin, "kind=purchase_order", &changes), [0, 1, 1, 0]);
    assert_eq!(orders(&admin)[0]["lines"][0]["quantity"], 12);
}

#[test]
fn an_export_imports_without_a_change_also_after_the_draft() {
    let (_app, admin) = start();
    let rows = format!("{HEADER}R-1,acme,main,2026-12-24,,rice,,10,1.50,\nR-1,,,,,dal,,4,2.00,\n");
    imported(&admin, "kind=purchase_order", &rows);
    let number = orders(&admin)[0]["number"].as_str().map(str::to_owned);
    admin.post_nothing(&format!("/purchase-orders/{}/order", orders(&admin)[0]["id"])).expect(200);
    let file = export(&admin, "kind=purchase_orders");
    assert!(number.is_none_or(|number| file.contains(&number)), "{file}");
    assert_eq!(imported(&admin, "kind=purchase_order", &file), [0, 0, 2, 0]);
    let edited = file.replace(",rice,,10,", ",rice,,11,");
    let report = import(&admin, "kind=purchase_order&on_error=skip", &edited).expect(201).json();
    assert_eq!(counts(&report), [0, 0, 1, 1]);
    assert_eq!(results(&admin, &report)[0][2], "number");
}

#[test]
fn a_refused_row_does_not_change_its_order() {
    let (_app, admin) = start();
    imported(&admin, "kind=purchase_order", &format!("{HEADER}R-1,acme,main,,Soon,rice,,10,1.50,\n"));
    let rows = format!("{HEADER}R-1,,,2026-12-24,Later,rice,,10,1.999,\nR-1,,,,,dal,,4,2.00,\n");
    let report = import(&admin, "kind=purchase_order&on_error=skip", &rows).expect(201).json();
    assert_eq!(counts(&report), [1, 0, 0, 1]);
    let order = orders(&admin).remove(0);
    assert_eq!((&order["notes"], &order["expected_on"]), (&json!("Soon"), &json!(null)));
    assert_eq!(order["lines"].as_array().map(Vec::len), Some(2));
}

#[test]
fn rows_may_name_an_order_by_its_number_and_by_its_reference() {
    let (_app, admin) = start();
    imported(&admin, "kind=purchase_order", &format!("{HEADER}R-1,acme,main,,Soon,rice,,10,1.50,\n"));
    let number = orders(&admin)[0]["purchase_order_number"].as_str().unwrap().to_owned();
    let rows =
        format!("number,{HEADER}{number},,,,,,rice,,11,,\n,R-1,,,,,dal,,4,2.00,\n{number},R-1,,,,Late,dal,,4,,\n");
    let report = import(&admin, "kind=purchase_order&on_error=skip", &rows).expect(201).json();
    assert_eq!(counts(&report), [1, 1, 0, 1], "a variant twice in an order is refused");
    let orders = orders(&admin);
    assert_eq!((orders.len(), &orders[0]["notes"]), (1, &json!("Soon")));
    assert_eq!(orders[0]["lines"][0]["quantity"], 11);
}

#[test]
fn another_reference_of_a_numbered_order_is_refused() {
    let (_app, admin) = start();
    imported(&admin, "kind=purchase_order", &format!("{HEADER}R-1,acme,main,,,rice,,10,1.50,\n"));
    let edited = export(&admin, "kind=purchase_orders").replace(",R-1,", ",R-2,");
    let report = import(&admin, "kind=purchase_order&on_error=skip", &edited).expect(201).json();
    assert_eq!((counts(&report), &results(&admin, &report)[0][2]), ([0, 0, 0, 1], &json!("reference")));
    assert_eq!(orders(&admin)[0]["reference"], "R-1");
}

#[test]
fn a_file_that_is_imported_twice_at_once_creates_its_orders_once() {
    let (app, admin) = start();
    let supplier = "SELECT FROM suppliers WHERE code = 'ACME' FOR UPDATE";
    repeat(repetitions(), |repetition| {
        let file = format!("{HEADER}R-{repetition},acme,main,,,rice,,10,1.50,\nR-{repetition},,,,,dal,,4,2.00,\n");
        let call = || imported(&admin, "kind=purchase_order", &file);
        let (one, other) = app.behind_a_lock(supplier, 2, || duel(call, call));
        let mut both = [one, other];
        both.sort_unstable();
        assert_eq!(both, [[0, 0, 2, 0], [2, 0, 0, 0]], "repetition {repetition}");
    });
}

#[test]
fn wrong_rows_are_refused() {
    let (app, admin) = start();
    admin.post("/suppliers", &json!({"code": "old", "name": "Old", "active": false})).expect(201);
    app.add_location("west");
    for (row, column) in [
        (",acme,,,,rice,,1,1,", "reference"),
        ("R-1,,,,,rice,,1,1,", "supplier"),
        ("R-1,none,,,,rice,,1,1,", "supplier"),
        ("R-1,old,,,,rice,,1,1,", "supplier"),
        ("R-1,acme,none,,,rice,,1,1,", "location"),
        ("R-1,acme,,24.12.2026,,rice,,1,1,", "expected_on"),
        ("R-1,acme,,,,none,,1,1,", "sku"),
        ("R-1,acme,,,,rice,,0,1,", "quantity"),
        ("R-1,acme,,,,rice,,1.5,1,", "quantity"),
        ("R-1,acme,,,,rice,,1,,", "unit_cost"),
        ("R-1,acme,,,,rice,,1,1.999,", "unit_cost"),
    ] {
        let report = import(&admin, "kind=purchase_order", &format!("{HEADER}{row}\n")).expect(201).json();
        assert_eq!(results(&admin, &report)[0][2], column, "{row}");
        assert_eq!(report["state"], "failed");
    }
    let unlike = format!("{HEADER}R-1,acme,main,,,rice,,1,1,\nR-1,,west,,,dal,,1,1,\nR-1,,,,,rice,,2,1,\n");
    let report = import(&admin, "kind=purchase_order&on_error=skip", &unlike).expect(201).json();
    assert_eq!(counts(&report), [1, 0, 0, 2]);
    assert_eq!(results(&admin, &report)[1][2], "location");
}
