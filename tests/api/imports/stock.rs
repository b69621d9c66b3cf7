//! Rows that change stock.

use chrono::{SecondsFormat, Utc};

use super::{counts, export, import, imported, results, stock_of};
use crate::common::{TestApp, json};

#[test]
fn units_are_received_removed_and_counted() {
    let app = TestApp::start();
    let admin = app.admin();
    app.product("rice", 1.0, 10);
    app.product("dal", 1.0, 10);
    app.product("salt", 1.0, 10);
    let rows = "\
sku,size,location,movement_type,quantity,expected_stock,reason
rice,,,in,5,,Delivery 7
dal,,MAIN,out,3,,Broken
salt,,main,adjustment,8,10,
";
    let report = import(&admin, "kind=stock", rows).expect(201).json();
    assert_eq!(counts(&report), [0, 3, 0, 0], "{:?}", results(&admin, &report));
    assert_eq!(["rice", "dal", "salt"].map(|sku| stock_of(&admin, sku)), [15, 7, 8]);
    let movements = admin.get("/inventory/products/rice/movements?limit=1").expect(200).json();
    let movement = &movements["items"][0];
    assert_eq!((&movement["reason"], &movement["kind"]), (&json!("Delivery 7"), &json!("receive")));
    assert_eq!(movement["reference_id"], json!(format!("import:{}", report["id"])));
    // The same file again: the figures are there, and the delivery has been booked.
    assert_eq!(imported(&admin, "kind=stock", rows), [0, 0, 3, 0]);
    assert_eq!(["rice", "dal", "salt"].map(|sku| stock_of(&admin, sku)), [15, 7, 8]);
    // Another delivery of the same size is another file.
    let other = rows.replace("Delivery 7", "Delivery 8").replace("Broken", "Lost");
    assert_eq!(imported(&admin, "kind=stock", &other), [0, 2, 1, 0]);
    assert_eq!(["rice", "dal", "salt"].map(|sku| stock_of(&admin, sku)), [20, 4, 8]);
}

#[test]
fn a_delivery_behind_unreadable_rows_is_booked_once() {
    let app = TestApp::start();
    let admin = app.admin();
    app.product("rice", 1.0, 10);
    let file = format!("sku,movement_type,quantity\n{}rice,in,5\n", "rice\n".repeat(3));
    for expected in [[0, 1, 0, 3], [0, 0, 1, 3]] {
        let report = import(&admin, "kind=stock&on_error=skip", &file).expect(201).json();
        assert_eq!(counts(&report), expected, "{:?}", results(&admin, &report));
        assert_eq!(stock_of(&admin, "rice"), 15);
    }
}

#[test]
fn an_old_sheet_does_not_replace_sales() {
    let app = TestApp::start();
    let admin = app.admin();
    let rice = app.product("rice", 1.0, 10);
    let sheet = export(&admin, "kind=stock");
    assert_eq!(sheet, "sku,size,location,movement_type,quantity,expected_stock,reason\nrice,,main,adjustment,10,10,\n");
    assert_eq!(imported(&admin, "kind=stock", &sheet), [0, 0, 1, 0]);
    let mara = app.customer("mara");
    mara.add_to_cart(&rice, 4);
    mara.checkout_to(mara.address()).expect(201);
    assert_eq!(stock_of(&admin, "rice"), 6);
    for quantity in ["10", "12"] {
        let edited = sheet.replace("adjustment,10", &format!("adjustment,{quantity}"));
        let report = import(&admin, "kind=stock&on_error=skip", &edited).expect(201).json();
        assert_eq!(results(&admin, &report), [json!(["rice/main", "refused", "expected_stock"])]);
        let rows = admin.get(&format!("/imports/{}/rows", report["id"])).expect(200).json();
        let message = rows["items"][0]["errors"][0]["message"].as_str().unwrap().to_owned();
        assert!(message.contains("is 6 by now"), "{message}");
    }
    assert_eq!(stock_of(&admin, "rice"), 6);
}

#[test]
fn a_count_in_the_past_changes_by_the_difference() {
    let app = TestApp::start();
    let admin = app.admin();
    let rice = app.product("rice", 1.0, 10);
    let seen = Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true);
    let mara = app.customer("mara");
    mara.add_to_cart(&rice, 4);
    mara.checkout_to(mara.address()).expect(201);
    let rows = format!("sku,movement_type,quantity,counted_at\nrice,adjustment,9,{seen}\n");
    assert_eq!(imported(&admin, "kind=stock", &rows), [0, 1, 0, 0]);
    assert_eq!(stock_of(&admin, "rice"), 5, "one unit was missing when they were counted");
    assert_eq!(imported(&admin, "kind=stock", &rows), [0, 0, 1, 0]);
    let future = "sku,movement_type,quantity,counted_at\nrice,adjustment,9,2099-01-01T00:00:00Z\n";
    let report = import(&admin, "kind=stock&on_error=skip", future).expect(201).json();
    assert_eq!(results(&admin, &report)[0][2], "counted_at");
}

#[test]
fn refused_rows_name_their_cells() {
    let app = TestApp::start();
    let admin = app.admin();
    app.product("rice", 1.0, 10);
    app.create_product(&json!({"sku": "tee", "name": "Tee", "price": 1, "sizes": [{"size": "S", "initial_stock": 2}]}));
    let rows = "\
sku;size;location;movement_type;quantity;expected_stock
rice;;;adjustment;5;
rice;;;out;11;
rice;;;in;1e3;
rice;;;in;0;
rice;;nowhere;in;1;
tee;;;in;1;
tee;XL;;in;1;
none;;;in;1;
rice;;;sideways;1;
tee;S;;in;3;2
tee-S;;;in;3;
";
    let report = import(&admin, "kind=stock&on_error=skip", rows).expect(201).json();
    let columns: Vec<_> = results(&admin, &report).into_iter().map(|row| row[2].clone()).collect();
    // All rows of one place and product but the first are the same row, whatever they say.
    assert_eq!(columns[0], "expected_stock");
    assert_eq!(columns[1..4], [json!("sku"), json!("sku"), json!("sku")]);
    assert_eq!(columns[4..8], [json!("location"), json!("size"), json!("size"), json!("sku")]);
    assert_eq!(columns[9], json!(null));
    assert_eq!(columns[10], "sku", "the size was in the row before, by its product's name");
    for (row, column) in [
        ("rice;;;out;11;", "quantity"),
        ("rice;;;in;1e3;", "quantity"),
        ("rice;;;in;0;", "quantity"),
        ("rice;;;in;12,5;", "quantity"),
        ("rice;;;sideways;1;", "movement_type"),
        ("rice;;;in;;", "quantity"),
    ] {
        let file = format!("sku;size;location;movement_type;quantity;expected_stock\n{row}\n");
        let report = import(&admin, "kind=stock", &file).expect(201).json();
        assert_eq!(results(&admin, &report)[0][2], column, "{row}");
    }
    assert_eq!(stock_of(&admin, "rice"), 10);
}

#[test]
fn a_stock_export_imports_without_a_change() {
    let app = TestApp::start();
    let admin = app.admin();
    app.product("rice", 1.0, 10);
    app.create_product(
        &json!({"sku": "tee", "name": "Tee", "price": 1, "sizes": [{"size": "S", "initial_stock": 2}, {"size": "M"}]}),
    );
    app.add_location("west");
    imported(&admin, "kind=stock", "sku,size,location,movement_type,quantity\ntee,M,west,in,4\n");
    let sheet = export(&admin, "kind=stock");
    assert_eq!(sheet.lines().count(), 5, "{sheet}");
    assert_eq!(imported(&admin, "kind=stock", &sheet), [0, 0, 4, 0]);
    let dry = import(&admin, "kind=stock&dry_run=true", &sheet.replace("adjustment,4,4", "adjustment,9,4"));
    assert_eq!(counts(&dry.expect(201).json()), [0, 1, 3, 0]);
    assert_eq!(export(&admin, "kind=stock"), sheet);
}
