//! Files of several slices: rows that cannot be written, and rows about the same thing in different slices.

use diesel::connection::SimpleConnection;

use super::{counts, import, stock_of};
use crate::common::{Client, TestApp, Value, json};

/// The longest pause between two attempts.
const PAUSE_SECONDS: i64 = 60;

fn found(client: &Client, import: &Value) -> Value {
    client.get(&format!("/imports/{}", import["id"])).expect(200).json()
}

/// Imports a file of several slices to its end.
fn import_slices(app: &TestApp, query: &str, csv: &str) -> Value {
    let admin = app.admin();
    let begun = import(&admin, query, csv).expect(202).json();
    app.run_imports();
    found(&admin, &begun)
}

/// The refused rows with their columns.
fn refused(client: &Client, import: &Value) -> Value {
    let rows = client.get(&format!("/imports/{}/rows?result=refused", import["id"])).expect(200).json();
    rows["items"].as_array().unwrap().iter().map(|row| json!([row["row"], row["errors"][0]["field"]])).collect()
}

#[test]
fn rows_that_cannot_be_written_are_tried_again_and_given_up() {
    let app = TestApp::start();
    let admin = app.admin();
    let products: String = (0..1_200).map(|n| format!("p-{n},P,1.00\n")).collect();
    import_slices(&app, "kind=products&on_error=skip", &format!("sku,name,price\n{products}"));
    let mut database = app.connection();
    database
        .batch_execute("ALTER TABLE stock_levels ADD CONSTRAINT broken_check CHECK (stock_quantity <> 77)")
        .unwrap();
    let units = |n: i32| if n == 700 { 77 } else { 5 };
    let rows: String = (0..1_200).map(|n| format!("p-{n},in,{}\n", units(n))).collect();
    let file = format!("sku,movement_type,quantity\n{rows}");
    let begun = import(&admin, "kind=stock&on_error=skip", &file).expect(202).json();
    app.try_imports().unwrap_err();
    let waiting = found(&admin, &begun);
    assert_eq!((&waiting["state"], &waiting["processed"]), (&json!("running"), &json!(500)));
    assert!(waiting["failure"].as_str().unwrap().starts_with("Something went wrong"), "{waiting}");
    assert_eq!(app.try_imports().unwrap(), 0, "it waits before the next attempt");
    for _ in 2..=9 {
        app.advance(PAUSE_SECONDS);
        app.try_imports().unwrap_err();
    }
    assert_eq!(found(&admin, &begun)["state"], "running");
    app.advance(PAUSE_SECONDS);
    app.try_imports().unwrap_err();
    let failed = found(&admin, &begun);
    assert_eq!((&failed["state"], &failed["failure"]), (&json!("failed"), &waiting["failure"]));
    assert!(failed["finished_at"].is_string());
    app.advance(PAUSE_SECONDS);
    assert_eq!(app.try_imports().unwrap(), 0);
    // The same file again does the rest, and adds no units twice.
    database.batch_execute("ALTER TABLE stock_levels DROP CONSTRAINT broken_check").unwrap();
    let again = import_slices(&app, "kind=stock&on_error=skip", &file);
    assert_eq!(counts(&again), [0, 700, 500, 0]);
    assert_eq!([0, 499, 500, 700].map(|n| stock_of(&admin, &format!("p-{n}"))), [5, 5, 5, 77]);
}

#[test]
fn an_import_goes_on_when_the_reason_is_gone() {
    let app = TestApp::start();
    let admin = app.admin();
    let mut database = app.connection();
    database.batch_execute("ALTER TABLE products ADD CONSTRAINT broken_check CHECK (sku <> 'p-700')").unwrap();
    let products: String = (0..1_200).map(|n| format!("p-{n},P,1.00\n")).collect();
    let begun =
        import(&admin, "kind=products&on_error=skip", &format!("sku,name,price\n{products}")).expect(202).json();
    app.try_imports().unwrap_err();
    database.batch_execute("ALTER TABLE products DROP CONSTRAINT broken_check").unwrap();
    app.advance(PAUSE_SECONDS);
    assert_eq!(app.run_imports(), 700);
    let done = found(&admin, &begun);
    assert_eq!((counts(&done), &done["failure"]), ([1_200, 0, 0, 0], &json!(null)));
}

fn with_size(app: &TestApp) {
    app.create_product(&json!({"sku": "tee", "name": "Tee", "price": 1, "sizes": [{"size": "S", "initial_stock": 2}]}));
}

#[test]
fn a_stock_row_with_two_names_is_refused_in_another_slice() {
    let app = TestApp::start();
    let admin = app.admin();
    with_size(&app);
    let others: String = (0..600).map(|n| format!("none-{n},,,in,1\n")).collect();
    let file = format!("sku,size,location,movement_type,quantity\ntee,S,,in,3\n{others}tee-S,,main,in,3\n");
    let done = import_slices(&app, "kind=stock&on_error=skip", &file);
    assert_eq!(counts(&done), [0, 1, 0, 601]);
    let last = admin.get(&format!("/imports/{}/rows?sort=-row&limit=1", done["id"])).expect(200).json();
    let error = json!({"field": "sku", "message": "has the size and the location of row 1"});
    assert_eq!(last["items"][0]["errors"], json!([error]));
    assert_eq!(stock_of(&admin, "tee"), 5);
}

#[test]
fn a_line_with_two_names_is_refused_in_another_slice() {
    let app = TestApp::start();
    let admin = app.admin();
    with_size(&app);
    admin.post("/suppliers", &json!({"code": "acme", "name": "Acme"})).expect(201);
    let others: String = (0..600).map(|n| format!("F-{n},acme,tee-S,,1,1.00\n")).collect();
    let header = "reference,supplier,sku,size,quantity,unit_cost\n";
    let file = format!("{header}R-1,acme,tee,S,4,1.00\n{others}R-1,acme,tee-S,,5,1.00\n");
    for (dry_run, orders) in [(true, 0), (false, 601)] {
        let query = format!("kind=purchase_order&on_error=skip&dry_run={dry_run}");
        let done = import_slices(&app, &query, &file);
        assert_eq!(counts(&done), [601, 0, 0, 1], "dry run: {dry_run}");
        assert_eq!(refused(&admin, &done), json!([[602, "sku"]]));
        assert_eq!(admin.get("/purchase-orders?limit=1").expect(200).json()["total"], orders);
    }
    let again = import_slices(&app, "kind=purchase_order&on_error=skip", &file);
    assert_eq!(counts(&again), [0, 0, 601, 1]);
    let changed = import_slices(&app, "kind=purchase_order&on_error=skip", &file.replace(",1,1.00", ",2,1.00"));
    assert_eq!(counts(&changed), [0, 600, 1, 1]);
    let newest = admin.get("/purchase-orders?limit=1").expect(200).json()["items"][0].clone();
    let order = admin.get(&format!("/purchase-orders/{}", newest["id"])).expect(200).json();
    assert_eq!((&order["version"], &order["lines"][0]["quantity"]), (&json!(2), &json!(2)));
    assert_eq!(order["history"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_barcode_twice_in_a_file_is_refused_also_in_a_dry_run() {
    let app = TestApp::start();
    let admin = app.admin();
    let others: String = (0..600).map(|n| format!("p-{n},P,1.00,\n")).collect();
    let file = format!("sku,name,price,barcode\none,One,1.00,96385074\n{others}two,Two,1.00,00000096385074\n");
    for dry_run in [true, false] {
        let done = import_slices(&app, &format!("kind=products&on_error=skip&dry_run={dry_run}"), &file);
        assert_eq!(counts(&done), [601, 0, 0, 1], "dry run: {dry_run}");
        assert_eq!(refused(&admin, &done), json!([[602, "barcode"]]));
    }
}

#[test]
fn a_dry_run_knows_the_products_and_orders_of_earlier_slices() {
    let app = TestApp::start();
    let admin = app.admin();
    app.create_product(&json!({"sku": "oil", "name": "Oil", "price": 1}));
    app.create_product(&json!({"sku": "rice", "name": "Rice", "price": 1}));
    admin.post("/suppliers", &json!({"code": "acme", "name": "Acme"})).expect(201);
    // The last size follows the row of its product in another slice. A size of an unknown product is refused.
    let others: String = (0..600).map(|n| format!("p-{n},,P,1.00\n")).collect();
    let products = format!("sku,size,name,price\ntee,,Tee,1.00\ntee,S,,\n{others}tee,M,,\ncap,M,,\n");
    // The last line names no supplier, because its order is in an earlier slice.
    let others: String = (0..600).map(|n| format!("F-{n},acme,oil,1,1.00\n")).collect();
    let header = "reference,supplier,sku,quantity,unit_cost\n";
    let orders = format!("{header}R-1,acme,oil,4,1.00\n{others}R-1,,rice,5,1.00\nR-2,,rice,5,1.00\n");
    for dry_run in [true, false] {
        let done = import_slices(&app, &format!("kind=products&on_error=skip&dry_run={dry_run}"), &products);
        assert_eq!(counts(&done), [603, 0, 0, 1], "dry run: {dry_run}");
        assert_eq!(refused(&admin, &done), json!([[604, "sku"]]));
        let done = import_slices(&app, &format!("kind=purchase_order&on_error=skip&dry_run={dry_run}"), &orders);
        assert_eq!(counts(&done), [602, 0, 0, 1], "dry run: {dry_run}");
        assert_eq!(refused(&admin, &done), json!([[603, "supplier"]]));
    }
}
