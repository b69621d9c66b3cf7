//! Rows of products and their sizes.

use super::{audit_details, counts, export, import, imported, results};
use crate::common::{TestApp, json, minor};

const PRODUCTS: &str = "\
sku,size,name,price,barcode,min_stock_level,initial_stock,category
tee,,T-Shirt,20.00,,5,,shirts
tee,S,,,4006381333931,,3,
tee,M,,25.00,,2,,
cap,,Cap,12.50,96385074,,7,hats
";

#[test]
fn products_and_sizes_are_created_and_a_second_run_changes_nothing() {
    let app = TestApp::start();
    let admin = app.admin();
    assert_eq!(imported(&admin, "kind=products", PRODUCTS), [4, 0, 0, 0]);
    let tee = admin.get("/inventory/products/tee").expect(200).json();
    assert_eq!(
        (&tee["name"], &tee["category"], &tee["min_stock_level"]),
        (&json!("T-Shirt"), &json!("shirts"), &json!(5))
    );
    let variants: Vec<_> = tee["variants"].as_array().unwrap().iter().collect();
    let of = |index: usize| json!([variants[index]["sku"], variants[index]["size"], variants[index]["stock_quantity"]]);
    assert_eq!([of(0), of(1)], [json!(["tee-S", "S", 3]), json!(["tee-M", "M", 0])]);
    assert_eq!(variants[0]["barcode"], "4006381333931");
    assert_eq!((minor(&variants[1]["price"]), &variants[1]["min_stock_level"]), (2_500, &json!(2)));
    assert_eq!(super::stock_of(&admin, "cap"), 7);
    let details = audit_details(&app);
    assert_eq!(details.iter().filter(|detail| detail.ends_with(" created")).count(), 2, "{details:?}");
    let before = details.len();
    assert_eq!(imported(&admin, "kind=products", PRODUCTS), [0, 0, 4, 0]);
    assert_eq!(audit_details(&app).len(), before, "unchanged rows write nothing");
}

#[test]
fn only_the_given_cells_change_and_a_hyphen_clears() {
    let app = TestApp::start();
    let admin = app.admin();
    imported(&admin, "kind=products", PRODUCTS);
    let changes = "sku,size,name,price,category,barcode\ncap,,,13.00,-,\ntee,,Tee,,,\ntee,S,,-,,-\ntee,L,,,,\n";
    let report = import(&admin, "kind=products", changes).expect(201).json();
    assert_eq!((report["state"].as_str(), counts(&report)), (Some("done"), [1, 3, 0, 0]));
    assert_eq!(
        results(&admin, &report),
        [
            json!(["cap", "updated", null]),
            json!(["tee", "updated", null]),
            json!(["tee/S", "updated", null]),
            json!(["tee/L", "created", null])
        ]
    );
    let cap = admin.get("/inventory/products/cap").expect(200).json();
    assert_eq!((minor(&cap["price"]), &cap["category"], &cap["barcode"]), (1_300, &json!(null), &json!("96385074")));
    let tee = admin.get("/inventory/products/tee").expect(200).json();
    assert_eq!((&tee["name"], minor(&tee["price"])), (&json!("Tee"), 2_000));
    assert_eq!(tee["variants"][0]["barcode"], json!(null));
    assert_eq!(tee["variants"].as_array().unwrap().len(), 3);
    let details = audit_details(&app);
    for detail in ["Product cap changed: category, price", "Product tee changed: name, sizes"] {
        assert!(details.iter().any(|known| known == detail), "{detail} in {details:?}");
    }
    assert_eq!(imported(&admin, "kind=products", changes), [0, 0, 4, 0]);
}

#[test]
fn refused_rows_name_their_cells_and_the_others_are_done() {
    let app = TestApp::start();
    let admin = app.admin();
    imported(&admin, "kind=products", PRODUCTS);
    let rows = "\
sku,size,name,price,barcode,status,max_stock_level,size_sku,min_stock_level
new-1,,Good,1.00,,,,,
new-2,,,1.00,,,,,
new-3,,No price,,,,,,
new-4,,Comma,\"12,5\",,,,,
new-5,,Power,1.00,,,1e3,,
new-6,,Digits,1.00,96385075,,,,
new-7,,Taken,1.00,96385074,,,,
cap,,,,,gone,,,
cap,,Again,,,,,,
tee-S,,A size,,,,,,
nowhere,S,,,,,,,
tee,S,Name,,,,,,
tee,M,,,,,,tee-S,
cap,S,,,,,,,
,,No SKU,1.00,,,,,
new-8,,Low,1.00,,,3,,4
12345,,An id,1.00,,,,,
";
    let report = import(&admin, "kind=products&on_error=skip", rows).expect(201).json();
    assert_eq!(counts(&report), [1, 0, 0, 16], "{:?}", results(&admin, &report));
    let columns: Vec<_> = results(&admin, &report).into_iter().map(|row| row[2].clone()).collect();
    let expected = [
        json!(null),
        json!("name"),
        json!("price"),
        json!("price"),
        json!("max_stock_level"),
        json!("barcode"),
        json!("barcode"),
        json!("status"),
        json!("sku"),
        json!("sku"),
        json!("sku"),
        json!("name"),
        json!("size_sku"),
        json!("size"),
        json!("sku"),
        json!("max_stock_level"),
        json!("sku"),
    ];
    assert_eq!(columns, expected);
    let refused = admin.get(&format!("/imports/{}/rows?result=refused&limit=2", report["id"])).expect(200).json();
    assert_eq!((&refused["total"], &refused["items"][0]["row"]), (&json!(16), &json!(2)));
    let taken = admin.get(&format!("/imports/{}/rows?limit=100", report["id"])).expect(200).json();
    assert!(taken["items"][6]["errors"][0]["message"].as_str().unwrap().contains("taken by 'cap'"), "{taken}");
    admin.get("/inventory/products/new-1").expect(200);
    admin.get("/inventory/products/new-2").expect(404);
}

#[test]
fn a_refused_row_stops_all_and_a_dry_run_writes_nothing() {
    let app = TestApp::start();
    let admin = app.admin();
    let rows = "sku,name,price\none,One,1.00\ntwo,Two,x\n";
    let report = import(&admin, "kind=products", rows).expect(201).json();
    assert_eq!((report["state"].as_str(), counts(&report)), (Some("failed"), [1, 0, 0, 1]));
    admin.get("/inventory/products/one").expect(404);
    let dry = import(&admin, "kind=products&on_error=skip&dry_run=true", rows).expect(201).json();
    assert_eq!((dry["state"].as_str(), counts(&dry)), (Some("done"), [1, 0, 0, 1]));
    admin.get("/inventory/products/one").expect(404);
    let done = import(&admin, "kind=products&on_error=skip", rows).expect(201).json();
    assert_eq!(counts(&done), [1, 0, 0, 1]);
    admin.get("/inventory/products/one").expect(200);
}

#[test]
fn a_product_has_at_most_fifty_sizes() {
    let app = TestApp::start();
    let admin = app.admin();
    let sizes: String = (0..52).map(|n| format!("tee,{n},,\n")).collect();
    let file = format!("sku,size,name,price\ntee,,Tee,1.00\n{sizes}");
    for expected in [[51, 0, 0, 2], [0, 0, 51, 2]] {
        let report = import(&admin, "kind=products&on_error=skip", &file).expect(201).json();
        assert_eq!(counts(&report), expected);
        assert_eq!(results(&admin, &report)[51], json!(["tee/50", "refused", "size"]));
    }
}

#[test]
fn initial_stock_is_refused_while_the_main_location_is_closed() {
    let app = TestApp::start();
    let admin = app.admin();
    imported(&admin, "kind=products", "sku,size,name,price\ntee,,Tee,1.00\ntee,S,,\n");
    app.add_location("north");
    let main = app.main_location();
    app.set_status(main, "paused").expect(200);
    app.set_status(main, "closed").expect(200);
    let rows = "sku,size,name,price,initial_stock\none,,One,1.00,1\ntwo,,Two,1.00,0\ntee,S,,,5\ntee,M,,,5\ntee,L,,,\n";
    let report = import(&admin, "kind=products&on_error=skip", rows).expect(201).json();
    let expected = [
        json!(["one", "refused", "initial_stock"]),
        json!(["two", "created", null]),
        json!(["tee/S", "unchanged", null]),
        json!(["tee/M", "refused", "initial_stock"]),
        json!(["tee/L", "created", null]),
    ];
    assert_eq!(results(&admin, &report), expected);
}

#[test]
fn two_rows_cannot_take_one_code() {
    let app = TestApp::start();
    let admin = app.admin();
    let rows = "\
sku,size,name,price,barcode,size_sku
one,,One,1.00,96385074,
two,,Two,1.00,96385074,
three,,Three,1.00,,
three,S,,,,same
three,M,,,,same
four,,Four,1.00,,
four,S,,,96385074,
";
    let report = import(&admin, "kind=products&on_error=skip", rows).expect(201).json();
    let refused: Vec<_> = results(&admin, &report).into_iter().filter(|row| row[1] == "refused").collect();
    let expected = [
        json!(["two", "refused", "barcode"]),
        json!(["three/M", "refused", "size_sku"]),
        json!(["four", "refused", "sku"]),
        json!(["four/S", "refused", "barcode"]),
    ];
    assert_eq!(refused, expected);
    assert_eq!(admin.get("/inventory/products/three").expect(200).json()["variants"].as_array().unwrap().len(), 1);
}

#[test]
fn a_product_whose_sizes_cannot_be_read_is_not_created_without_sizes() {
    let app = TestApp::start();
    let admin = app.admin();
    let rows = "sku,size,name,price\ntee,,Tee,1.00\ntee,S\n";
    let report = import(&admin, "kind=products&on_error=skip", rows).expect(201).json();
    let expected = [json!(["tee", "refused", "sku"]), json!(["tee/S", "refused", ""])];
    assert_eq!(results(&admin, &report), expected);
}

#[test]
fn an_export_of_products_imports_without_a_change() {
    let app = TestApp::start();
    let admin = app.admin();
    imported(&admin, "kind=products", PRODUCTS);
    let odd = "sku,name,price,description\n\
               'odd=1,'=1+1,3.00,\"Two\nlines, a \"\"quote\"\" and a ;\"\n\
               dash,'-,4.00,'+49 30 1\n";
    let odd = odd.replace("'odd=1", "odd=1");
    assert_eq!(imported(&admin, "kind=products", &odd), [2, 0, 0, 0]);
    assert_eq!(admin.get("/inventory/products/dash").expect(200).json()["name"], "-");
    assert_eq!(admin.get("/inventory/products/odd=1").expect(200).json()["name"], "=1+1");
    let file = export(&admin, "kind=products");
    assert!(file.contains(",'=1+1,") && file.contains(",'-,") && file.contains("'+49 30 1"), "{file}");
    assert_eq!(imported(&admin, "kind=products", &file), [0, 0, 6, 0]);
    let edited = file.replace("12.50", "12.75");
    assert_eq!(imported(&admin, "kind=products", &edited), [0, 1, 5, 0]);
    assert_eq!(minor(&admin.get("/inventory/products/cap").expect(200).json()["price"]), 1_275);
}

#[test]
fn events_of_an_import_are_those_of_single_requests() {
    let app = TestApp::start();
    let admin = app.admin();
    imported(&admin, "kind=products", "sku,name,price\none,One,1.00\n");
    imported(&admin, "kind=products", "sku,name,price,status\none,,2.00,\n");
    imported(&admin, "kind=products", "sku,status\none,archived\n");
    app.relay_feed();
    let events = admin.get("/events?after=0&limit=100").expect(200).json();
    let types: Vec<_> = events["items"].as_array().unwrap().iter().map(|event| event["type"].clone()).collect();
    for expected in ["product.created", "price.changed", "product.archived"] {
        assert_eq!(types.iter().filter(|kind| **kind == expected).count(), 1, "{expected} in {types:?}");
    }
}
