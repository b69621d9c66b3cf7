//! The ledger of stock movements, and its check.

use super::{change, fields, put_stock};
use crate::common::{TestApp, json};
use diesel::connection::SimpleConnection;

#[test]
fn the_ledger_is_a_chain_that_ends_at_the_level() {
    let app = TestApp::start();
    let rice = app.product("rice", 10.0, 100);
    let (admin, mara) = (app.admin(), app.customer("mara"));
    let order = mara.buy(&rice, 5);
    let mut received = change("in", 20);
    received["reference_id"] = json!("PO-7");
    put_stock(&admin, &rice, &received).expect(200);
    put_stock(&admin, &rice, &change("out", 15)).expect(200);
    put_stock(&admin, &rice, &change("adjustment", 90)).expect(200);
    mara.post_nothing(&format!("/orders/{}/cancel", order["id"])).expect(200);
    let list = |query: &str| admin.get(&format!("/inventory/products/rice/movements?{query}")).expect(200).json();
    app.relay_feed();
    let ledger = list("after=0");
    let shown: Vec<_> = ledger["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            fields(
                row,
                ["kind", "stock_delta", "reserved_delta", "sold_delta", "stock_after", "reserved_after", "sold_after"],
            )
        })
        .collect();
    let row = |kind: &str, stock: i64, sold: i64, stock_after: i64, sold_after: i64| {
        [json!(kind), json!(stock), json!(0), json!(sold), json!(stock_after), json!(0), json!(sold_after)]
    };
    let expected = [
        row("receive", 100, 0, 100, 0),
        row("fulfil", -5, 5, 95, 5),
        row("receive", 20, 0, 115, 5),
        row("remove", -15, 0, 100, 5),
        row("adjust", -10, 0, 90, 5),
        row("restore", 5, -5, 95, 0),
    ];
    assert_eq!(shown, expected);
    assert_eq!(app.stock(&rice), (95, 0, 0));
    let newest = list("limit=2");
    assert_eq!(newest["items"][0], ledger["items"][5], "newest first without a row to start from");
    assert_eq!(fields(&newest, ["total", "pages"]), [json!(6), json!(3)]);
    let kinds = |query: &str| -> Vec<String> {
        list(query)["items"].as_array().unwrap().iter().map(|row| row["kind"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(kinds("kind=receive").len(), 2);
    assert_eq!(kinds("reference_id=PO-7"), ["receive"]);
    let number = order["order_number"].as_str().unwrap();
    assert_eq!(kinds(&format!("after=0&reference_id={number}")), ["fulfil", "restore"]);
    let third = &ledger["items"][2];
    let behind = list("after=0&limit=3")["next"].as_str().unwrap().to_owned();
    assert_eq!(kinds(&format!("after={behind}&limit=2")), ["remove", "adjust"]);
    let moment = third["created_at"].as_str().unwrap();
    assert_eq!(kinds(&format!("after=0&from={moment}")).len(), 4);
    assert_eq!(kinds(&format!("after=0&to={moment}")).len(), 2);
    assert_eq!(
        fields(third, ["reason", "reference_id", "actor"]),
        [json!("test"), json!("PO-7"), json!(format!("user:{}", admin.user.unwrap()))]
    );
    for refused in ["kind=stolen", "after=-1", "after=x", "from=yesterday", "limit=101"] {
        admin.get(&format!("/inventory/movements?{refused}")).refused(422, "VALIDATION_FAILED");
    }
    app.product("dal", 10.0, 1);
    assert_eq!(admin.get("/inventory/movements").expect(200).json()["total"], 7, "of the whole store");
    assert_eq!(list("")["total"], 6, "of the product");
    // A change of stock is audited by its movement.
    let audited = admin.get("/audit?entity=Inventory").expect(200).json();
    assert_eq!(audited["total"], 7);
}

#[test]
fn verify_is_clean_and_reports_damage() {
    let app = TestApp::start();
    let rice = app.product("rice", 10.0, 10);
    app.customer("mara").buy(&rice, 3);
    let reader = app.staff(&["inventory:read"]);
    let clean = reader.get("/inventory/verify").expect(200).json();
    assert_eq!(fields(&clean, ["ok", "violations"]), [json!(true), json!([])]);
    assert!(clean["checked"].as_i64().unwrap() >= 8, "{clean}");
    let spoil = |by: &str| {
        app.connection()
            .batch_execute(&format!("UPDATE stock_levels SET stock_quantity = stock_quantity {by}"))
            .unwrap()
    };
    spoil("+ 1");
    let broken = reader.get("/inventory/verify").expect(200).json();
    assert_eq!((&broken["ok"], broken["violations"].as_array().unwrap().len()), (&json!(false), 1));
    assert_eq!(broken["violations"][0]["rule"], "a stock level equals the sum of its movements");
    spoil("- 1");
    assert_eq!(reader.get("/inventory/verify").json(), clean);
}

#[test]
fn the_number_of_a_document_is_found_in_any_case() {
    let app = TestApp::start();
    let rice = app.product("rice", 10.0, 10);
    let order = app.customer("mara").buy(&rice, 1);
    let mut received = change("in", 2);
    received["reference_id"] = json!("Note 7");
    put_stock(&app.admin(), &rice, &received).expect(200);
    let total = |reference: &str| {
        let path = format!("/inventory/movements?reference_id={}", reference.replace(' ', "%20"));
        app.admin().get(&path).expect(200).json()["total"].clone()
    };
    let number = order["order_number"].as_str().unwrap();
    assert_eq!((total(number), total(&number.to_lowercase())), (json!(1), json!(1)));
    assert_eq!((total("Note 7"), total("note 7")), (json!(1), json!(0)), "a reference of a client is any text");
}
