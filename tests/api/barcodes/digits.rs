//! The digits of a barcode.

use super::{add, encoded};
use crate::common::{TestApp, json};

/// Each with the end of the message.
const WRONG: [(&str, &str); 6] = [
    ("4006381333932", "13 digits are a GTIN, which would end with 1"),
    ("96385075", "8 digits are a GTIN, which would end with 4"),
    ("036000291453", "12 digits are a GTIN, which would end with 2"),
    ("10614141000416", "14 digits are a GTIN, which would end with 5"),
    ("04252614", "is a UPC-E code; give its 12 digits, 042100005264"),
    ("٤٠٠٦٣٨١٣٣٣٩٣١", "must have its digits as 0 to 9"),
];

#[test]
fn a_barcode_with_a_wrong_digit_is_refused_everywhere() {
    let app = TestApp::start();
    let admin = app.admin();
    app.product("rice", 1.0, 9);
    app.sized_product("tee", 1.0, &[("S", 1)]);
    for (code, message) in WRONG {
        let sizes = json!([{"size": "S", "barcode": code}]);
        let calls = [
            (
                "POST",
                "/inventory/products",
                json!({"sku": "dal", "name": "Dal", "price": 1, "barcode": code}),
                "barcode",
            ),
            (
                "POST",
                "/inventory/products",
                json!({"sku": "cap", "name": "Cap", "price": 1, "sizes": sizes}),
                "sizes[0].barcode",
            ),
            ("PATCH", "/inventory/products/rice", json!({"barcode": code}), "barcode"),
            ("PATCH", "/inventory/products/tee", json!({"sizes": sizes}), "sizes[0].barcode"),
            ("POST", "/inventory/products/rice/barcodes", json!({"code": code}), "code"),
        ];
        for (method, path, body, field) in calls {
            let problem = app.without_effect(|| admin.send(method, path, Some(&body))).refused(422, "INVALID_BARCODE");
            assert_eq!(problem["errors"][0]["field"], field, "{problem}");
            let shown = problem["errors"][0]["message"].as_str().unwrap();
            assert!(shown.ends_with(message), "{method} {path} {code}: {shown}");
        }
        let misread = admin.get(&format!("/inventory/scan/{}", encoded(code))).refused(422, "INVALID_BARCODE");
        assert_eq!(misread["errors"][0]["field"], "code");
    }
    // The form of a field is checked before its digits, and both before the product is looked up.
    let form = json!({"code": " 4006381333932"});
    add(&admin, "rice", &form).refused(422, "VALIDATION_FAILED");
    add(&admin, "none", &json!({"code": "4006381333932"})).refused(422, "INVALID_BARCODE");
    add(&admin, "none", &json!({"code": "4006381333931"})).refused(404, "PRODUCT_NOT_FOUND");
}

#[test]
fn a_gtin_in_every_spelling_is_one_code() {
    let app = TestApp::start();
    let admin = app.admin();
    for sku in ["rice", "dal"] {
        app.product(sku, 1.0, 9);
    }
    let added = add(&admin, "rice", &json!({"code": "012345678905"})).expect(201).json();
    assert_eq!((&added["code"], &added["gtin"]), (&json!("012345678905"), &json!("00012345678905")));
    assert_eq!(admin.get("/inventory/products/rice").expect(200).json()["barcode"], "012345678905", "as it was given");
    for same in ["012345678905", "0012345678905", "00012345678905"] {
        let problem = app.without_effect(|| add(&admin, "dal", &json!({"code": same}))).refused(409, "DUPLICATE");
        assert_eq!(problem["detail"], "The barcode '012345678905' is taken by 'rice'.");
        add(&admin, "rice", &json!({"code": same})).refused(409, "DUPLICATE");
        let barcode = json!({"barcode": same});
        app.without_effect(|| admin.patch("/inventory/products/dal", &barcode)).refused(409, "DUPLICATE");
        let scanned = app.guest().get(&format!("/inventory/scan/{same}")).expect(200).json();
        assert_eq!((&scanned["kind"], &scanned["product"]["sku"]), (&json!("barcode"), &json!("rice")));
    }
    // Its product may change the spelling.
    let respelled = admin.patch("/inventory/products/rice", &json!({"barcode": "0012345678905"})).expect(200).json();
    assert_eq!(respelled["barcode"], "0012345678905");
    // Digits of other lengths are no GTIN, and stay apart.
    for code in ["12345678905", "0111", "111", "1234567"] {
        let added = add(&admin, "dal", &json!({"code": code})).expect(201).json();
        assert_eq!((&added["code"], &added["gtin"]), (&json!(code), &json!(null)));
    }
}
