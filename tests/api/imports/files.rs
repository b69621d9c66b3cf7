//! Files of every form, the refused rows as a file, and long imports.

use super::{counts, import, imported, results};
use crate::common::{TestApp, Value, json};

#[test]
fn separators_marks_line_ends_and_quotes_make_no_difference() {
    let app = TestApp::start();
    let admin = app.admin();
    let rows = "sku,name,price,description\none,One,1.00,\"first, \"\"line\"\"\nsecond\"\ntwo,\"Two; three\",2.00,\n";
    assert_eq!(imported(&admin, "kind=products", rows), [2, 0, 0, 0]);
    let one = admin.get("/inventory/products/one").expect(200).json();
    assert_eq!(one["description"], "first, \"line\"\nsecond");
    let semicolons =
        "sku;name;price;description\r\none;One;1.00;\"first, \"\"line\"\"\nsecond\"\r\ntwo;\"Two; three\";2.00;\r\n";
    for same in [
        format!("\u{feff}{rows}"),
        semicolons.to_owned(),
        "sku\tname\tprice\none\tOne\t1.00\ntwo\tTwo; three\t2.00".to_owned(),
        "price,sku,name\n1.00,one,One\n2.00,two,Two; three\n".to_owned(),
        "sku,name,price\rone,One,1.00\rtwo,Two; three,2.00\r".to_owned(),
    ] {
        assert_eq!(imported(&admin, "kind=products", &same), [0, 0, 2, 0], "{same:?}");
    }
    let array = json!([{"sku": "one", "name": "One", "price": 1.0}, {"price": "2.00", "sku": "two"}]);
    let report = admin.post("/imports?kind=products", &array).expect(201).json();
    assert_eq!(counts(&report), [0, 0, 2, 0]);
    let nothing = admin.post("/imports?kind=products", &json!([])).expect(201).json();
    assert_eq!((&nothing["state"], &nothing["rows"]), (&json!("done"), &json!(0)));
}

#[test]
fn refused_rows_can_be_corrected_and_sent_again() {
    let app = TestApp::start();
    let admin = app.admin();
    let rows = "sku;name;price\none;One;1,50\ntwo;Two;2.00\nthree;'=3;\n";
    let report = import(&admin, "kind=products&on_error=skip", rows).expect(201).json();
    assert_eq!(counts(&report), [1, 0, 0, 2]);
    let reply = admin.get(&format!("/imports/{}/refused.csv", report["id"])).expect(200);
    assert!(reply.header("content-disposition").contains("refused.csv"));
    let file = reply.text();
    let lines: Vec<_> = file.lines().collect();
    assert_eq!((lines[0], lines.len()), ("sku,name,price,error", 3), "{file}");
    assert!(lines[1].starts_with("one,One,\"1,50\",\"price: must be an amount"), "{file}");
    assert!(lines[2].starts_with("three,'=3,,price: is required"), "{file}");
    let corrected = file.replace("\"1,50\"", "1.50").replace("'=3,,", "'=3,3.00,");
    assert_eq!(imported(&admin, "kind=products", &corrected), [2, 0, 0, 0]);
    assert_eq!(admin.get("/inventory/products/three").expect(200).json()["name"], "=3");
}

#[test]
fn a_character_that_cannot_be_stored_refuses_its_row() {
    let app = TestApp::start();
    let admin = app.admin();
    let rows = "sku,name,price\none,a\0b,1.00\ntwo,Two,2.00\n";
    let report = import(&admin, "kind=products&on_error=skip", rows).expect(201).json();
    assert_eq!(results(&admin, &report)[0], json!(["one", "refused", "name"]));
    let array = json!([
        {"sku": "th\0ree", "name": "Three", "price": "1"},
        {"sku": "four", "size": null, "name": "Four", "price": 1},
    ]);
    let report = admin.post("/imports?kind=products&on_error=skip", &array).expect(201).json();
    assert_eq!(counts(&report), [1, 0, 0, 1]);
}

#[test]
fn a_name_cannot_be_cleared() {
    let app = TestApp::start();
    let admin = app.admin();
    app.product("rice", 1.0, 10);
    for (row, column) in [("rice,-,", "size"), ("rice,,-", "location"), ("-,,", "sku")] {
        let rows = format!("sku,size,location,movement_type,quantity\n{row},in,1\n");
        let report = import(&admin, "kind=stock", &rows).expect(201).json();
        assert_eq!(results(&admin, &report)[0][2], column, "{row}");
    }
}

#[test]
fn a_key_twice_is_refused_in_the_second_row() {
    let app = TestApp::start();
    let admin = app.admin();
    let rows = "sku,size,name,price\none,,One,1.00\n\u{ff4f}ne,,Other,2.00\none,S,,\none, s,,\n";
    let report = import(&admin, "kind=products&on_error=skip", rows).expect(201).json();
    let rows = admin.get(&format!("/imports/{}/rows", report["id"])).expect(200).json();
    let message = |row: usize| rows["items"][row]["errors"][0]["message"].clone();
    assert_eq!((message(1), message(3)), (json!("has the key of row 1"), json!("has the key of row 3")));
    assert_eq!(counts(&report), [2, 0, 0, 2]);
}

fn many(rows: usize) -> String {
    let rows: String = (0..rows).map(|n| format!("p-{n},Product {n},1.00,{}\n", n % 7)).collect();
    format!("sku,name,price,initial_stock\n{rows}")
}

#[test]
fn a_long_import_goes_on_after_the_response() {
    let app = TestApp::start();
    let admin = app.admin().with_key("long");
    let mut file = many(1_200);
    file.push_str("p-3,Again,1.00,\nbad,Bad,x,\n");
    let begun = import(&admin, "kind=products&on_error=skip", &file).expect(202).json();
    assert_eq!((&begun["state"], &begun["rows"], &begun["processed"]), (&json!("running"), &json!(1202), &json!(0)));
    let path = format!("/imports/{}", begun["id"]);
    assert_eq!(app.run_imports(), 1202);
    let done = admin.get(&path).expect(200).json();
    assert_eq!((done["state"].as_str(), counts(&done)), (Some("done"), [1200, 0, 0, 2]));
    assert_eq!(app.run_imports(), 0, "nothing is left");
    let again = import(&admin, "kind=products&on_error=skip", &file).expect(202);
    assert_eq!((again.header("idempotent-replayed"), &again.json()["id"]), ("true", &begun["id"]));
    let second = import(&app.admin(), "kind=products&on_error=skip", &file).expect(202).json();
    app.run_imports();
    let second = admin.get(&format!("/imports/{}", second["id"])).expect(200).json();
    assert_eq!(counts(&second), [0, 0, 1200, 2]);
    let list = admin.get(&format!("{path}/rows?sort=-row&limit=2")).expect(200).json();
    assert_eq!((&list["items"][0]["row"], &list["items"][0]["key"]), (&json!(1202), &json!("bad")));
}

#[test]
fn a_product_and_its_sizes_are_in_one_slice() {
    let app = TestApp::start();
    let admin = app.admin();
    let mut file = "sku,size,name,price\n".to_owned();
    for n in 0..499 {
        file.push_str(&format!("p-{n},,P,1.00\n"));
    }
    file.push_str("tee,,Tee,1.00\n");
    for size in 0..40 {
        file.push_str(&format!("tee,{size},,\n"));
    }
    let begun = import(&admin, "kind=products&on_error=skip", &file).expect(202).json();
    app.run_imports();
    let done = admin.get(&format!("/imports/{}", begun["id"])).expect(200).json();
    assert_eq!((counts(&done), results(&admin, &done).len()), ([540, 0, 0, 0], 100));
    let tee = admin.get("/inventory/products/tee").expect(200).json();
    assert_eq!(tee["variants"].as_array().map(Vec::len), Some(40));
}

#[test]
fn five_thousand_rows_are_one_transaction() {
    let app = TestApp::start();
    let admin = app.admin();
    let report = import(&admin, "kind=products", &many(5_000)).expect(201).json();
    assert_eq!((report["state"].as_str(), counts(&report)), (Some("done"), [5_000, 0, 0, 0]));
    let one_more: Value = import(&admin, "kind=products", &many(5_001)).refused(422, "VALIDATION_FAILED");
    assert_eq!(one_more["errors"][0]["field"], "on_error");
}
