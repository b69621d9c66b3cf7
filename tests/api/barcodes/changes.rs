//! Several barcodes of a product: they are added, listed, changed and removed.

use super::{add, barcodes, encoded};
use crate::common::{TestApp, Value, json};
use diesel::connection::SimpleConnection;
use stockroom::jobs::fill_folded_text::fill_folded_text;

const PIECE: &str = "4006381333931";
const CASE: &str = "14006381333938";

#[test]
fn a_product_has_several_barcodes_and_the_first_is_its_barcode() {
    let app = TestApp::start();
    let admin = app.admin();
    let rice = app.product("rice", 1.0, 9);
    let product = || admin.get("/inventory/products/rice").expect(200).json();
    let added = add(&admin, "rice", &json!({"code": PIECE})).expect(201).json();
    let variant = &product()["variants"][0]["id"];
    let expected = json!({"code": PIECE, "gtin": format!("0{PIECE}"), "variant_id": variant, "sku": "rice",
                          "size": null, "units": 1, "first": true});
    assert_eq!(added, expected);
    add(&admin, &rice.id.to_string(), &json!({"code": CASE, "units": 12})).expect(201);
    add(&admin, "rice", &json!({"code": "shelf 7", "units": 1})).expect(201);
    let all = [json!([PIECE, null, 1, true]), json!([CASE, null, 12, false]), json!(["shelf 7", null, 1, false])];
    assert_eq!(barcodes(&app.guest(), "rice"), all);
    assert_eq!((&product()["barcode"], &product()["variants"][0]["barcode"]), (&json!(PIECE), &json!(PIECE)));
    let page = admin.get("/inventory/products/rice/barcodes?sort=-units&limit=1&page=1").expect(200).json();
    assert_eq!((&page["items"][0]["code"], &page["total"], &page["pages"]), (&json!(CASE), &json!(3), &json!(3)));
    // Searches find every barcode, also when a later version folds the texts anew.
    let conn = &mut app.connection();
    conn.batch_execute("UPDATE products SET search_text = NULL").unwrap();
    assert_eq!(fill_folded_text(conn).unwrap(), 1);
    for word in [PIECE, CASE, "shelf"] {
        let found = admin.get(&format!("/inventory/products?q={word}")).expect(200).json();
        assert_eq!(found["items"][0]["sku"], "rice", "{word}");
    }
    // The next one moves up when the first is removed, in any spelling.
    let remove = |code: &str| admin.delete(&format!("/inventory/products/rice/barcodes/{}", encoded(code)));
    remove(&format!("0{PIECE}")).expect(204);
    assert_eq!(product()["barcode"], CASE);
    assert_eq!(barcodes(&admin, "rice"), [json!([CASE, null, 12, true]), json!(["shelf 7", null, 1, false])]);
    assert_eq!(admin.get(&format!("/inventory/products?q={PIECE}")).expect(200).json()["total"], 0);
    admin.get(&format!("/inventory/scan/{PIECE}")).refused(404, "NOT_FOUND");
    remove(PIECE).refused(404, "NOT_FOUND");
    remove("shelf 7").expect(204);
    remove(CASE).expect(204);
    assert_eq!((&product()["barcode"], barcodes(&admin, "rice")), (&json!(null), vec![]));
    let entries = admin.get(&format!("/audit?entity=Product&entity_id={}", rice.id)).expect(200).json();
    let details: Vec<&Value> = entries["items"].as_array().unwrap().iter().map(|entry| &entry["detail"]).collect();
    let done = |what: &str| json!(format!("Product rice changed: barcode {what}"));
    assert_eq!(*details[0], done(&format!("{CASE} removed")));
    assert_eq!(*details[4], done(&format!("{CASE} of 12 units added")));
    assert_eq!(details.len(), 7, "{details:?}");
}

#[test]
fn each_size_has_barcodes_of_its_own() {
    let app = TestApp::start();
    let admin = app.admin();
    app.sized_product("tee", 1.0, &[("S", 1), ("M", 1)]);
    for (product, body) in [
        ("tee", json!({"code": "s-1", "size": "S"})),
        ("tee-S", json!({"code": "s-6", "units": 6})),
        ("tee-M", json!({"code": "m-1", "size": "m"})),
    ] {
        add(&admin, product, &body).expect(201);
    }
    let all = [json!(["m-1", "M", 1, true]), json!(["s-1", "S", 1, true]), json!(["s-6", "S", 6, false])];
    assert_eq!(barcodes(&admin, "tee"), all);
    let variants = admin.get("/inventory/products/tee").expect(200).json()["variants"].clone();
    assert_eq!((&variants[0]["barcode"], &variants[1]["barcode"]), (&json!("s-1"), &json!("m-1")));
    for (product, body, status, code) in [
        ("tee", json!({"code": "x"}), 422, "SIZE_REQUIRED"),
        ("tee", json!({"code": "x", "size": "XL"}), 404, "SIZE_NOT_FOUND"),
        ("tee-S", json!({"code": "x", "size": "M"}), 404, "SIZE_NOT_FOUND"),
        ("none", json!({"code": "x"}), 404, "PRODUCT_NOT_FOUND"),
        ("tee", json!({"code": "x", "size": "S", "units": 0}), 422, "VALIDATION_FAILED"),
        ("tee", json!({"code": "x", "size": "S", "units": 10_001}), 422, "VALIDATION_FAILED"),
        ("tee", json!({"code": "", "size": "S"}), 422, "VALIDATION_FAILED"),
        ("tee", json!({"code": "x".repeat(101), "size": "S"}), 422, "VALIDATION_FAILED"),
        ("tee", json!({"size": "S"}), 422, "VALIDATION_FAILED"),
        ("tee", json!({"code": "m-1", "size": "S"}), 409, "DUPLICATE"),
    ] {
        app.without_effect(|| add(&admin, product, &body)).refused(status, code);
    }
    let taken = add(&admin, "tee", &json!({"code": "m-1", "size": "S"})).json();
    assert_eq!(taken["detail"], "The barcode 'm-1' is taken by 'tee-M'.");
    // Another store has its own codes.
    app.other_store("STORE-TWO");
    admin.clone().in_store("STORE-TWO").get("/inventory/scan/m-1").refused(404, "NOT_FOUND");
    admin.in_store("STORE-TWO").get("/inventory/products/tee/barcodes").refused(404, "PRODUCT_NOT_FOUND");
}

#[test]
fn a_change_of_the_product_replaces_its_first_barcode_only() {
    let app = TestApp::start();
    let admin = app.admin();
    app.product("rice", 1.0, 9);
    for (code, units) in [("012345678905", 6), ("case", 12), ("pallet", 144)] {
        add(&admin, "rice", &json!({"code": code, "units": units})).expect(201);
    }
    let change = |barcode: Value| {
        let changed = admin.patch("/inventory/products/rice", &json!({"barcode": barcode})).expect(200).json();
        (changed["barcode"].clone(), barcodes(&admin, "rice"))
    };
    let (case, pallet) = (json!(["case", null, 12, false]), json!(["pallet", null, 144, false]));
    let first = |code: &str, units: i64| json!([code, null, units, true]);
    // Another spelling keeps the units.
    let spelled = change(json!("0012345678905"));
    assert_eq!(spelled, (json!("0012345678905"), vec![first("0012345678905", 6), case.clone(), pallet.clone()]));
    assert_eq!(change(json!("new")), (json!("new"), vec![first("new", 1), case.clone(), pallet.clone()]));
    // A further barcode becomes the first, and the one before is gone.
    assert_eq!(change(json!("pallet")), (json!("pallet"), vec![first("pallet", 144), case.clone()]));
    assert_eq!(change(json!(null)), (json!("case"), vec![first("case", 12)]));
    assert_eq!(change(json!(null)), (json!(null), vec![]));
    app.product("dal", 1.0, 9);
    add(&admin, "dal", &json!({"code": "0012345678905"})).expect(201);
}

#[test]
fn a_product_has_at_most_200_barcodes() {
    let app = TestApp::start();
    let admin = app.admin();
    app.product("rice", 1.0, 9);
    for number in 0..200 {
        add(&admin, "rice", &json!({"code": format!("b-{number}")})).expect(201);
    }
    app.without_effect(|| add(&admin, "rice", &json!({"code": "b-200"}))).refused_field("code");
}
