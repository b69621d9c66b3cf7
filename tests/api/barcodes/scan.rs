//! Finds what a scanned code names.

use super::{add, encoded};
use crate::common::{Client, TestApp, Value, json};
use crate::purchasing::Shop;

fn scan(client: &Client, code: &str) -> Value {
    client.get(&format!("/inventory/scan/{}", encoded(code))).expect(200).json()
}

#[test]
fn a_scan_finds_barcodes_before_skus() {
    let app = TestApp::start();
    let admin = app.admin();
    let rice = app.product("rice", 1.0, 9);
    let dal = app.product("dal", 1.0, 4);
    add(&admin, "rice", &json!({"code": "14006381333938", "units": 12})).expect(201);
    add(&admin, "rice", &json!({"code": "dal", "units": 3})).expect(201);
    add(&admin, "rice", &json!({"code": "(01)0/7 ö", "units": 2})).expect(201);
    for (code, kind, product, units) in [
        ("14006381333938", "barcode", rice.id, 12),
        (" 14006381333938\r\n", "barcode", rice.id, 12),
        ("dal", "barcode", rice.id, 3),
        ("rice", "sku", rice.id, 1),
        ("(01)0/7 ö", "barcode", rice.id, 2),
    ] {
        let found = scan(&app.guest(), code);
        assert_eq!((&found["kind"], &found["units"]), (&json!(kind), &json!(units)), "{code:?}");
        assert_eq!(found["product"]["id"], product, "{code:?}");
    }
    assert_eq!(app.guest().get("/inventory/products/dal").expect(200).json()["id"], dal.id);
    for unknown in ["none", "Rice", "9", "ORD-20261121-AAAAAAAAAA", "a\u{0}b", "%"] {
        admin.get(&format!("/inventory/scan/{}", encoded(unknown))).refused(404, "NOT_FOUND");
    }
}

#[test]
fn staff_see_the_stock_and_the_open_documents_and_others_the_product_only() {
    let app = TestApp::start();
    let admin = app.admin();
    let rice = app.product("rice", 1.0, 100);
    add(&admin, "rice", &json!({"code": "4006381333931"})).expect(201);
    let (main, shop) = (app.main_location(), app.add_location("shop"));
    let send = |quantity: i64, acts: &[&str]| {
        let lines = json!([{"product_id": rice.id, "quantity": quantity}]);
        let body =
            json!({"from_location_id": main, "to_location_id": shop, "lines": lines, "expected_on": "2030-01-02"});
        let made = admin.post("/transfers", &body).expect(201).json();
        for act in acts {
            admin.post_nothing(&format!("/transfers/{}/{act}", made["id"])).expect(200);
        }
        made
    };
    send(1, &[]);
    send(2, &["ready", "cancel"]);
    let (planned, sent) = (send(5, &["ready"]), send(7, &["ready", "send"]));
    let line = json!({"lines": [{"line_id": sent["lines"][0]["id"], "accepted": 4}]});
    admin.post(&format!("/transfers/{}/receive", sent["id"]), &line).expect(200);
    let found = scan(&app.staff(&["inventory:read"]), "4006381333931");
    let open = |made: &Value, status: &str, quantity: i64| {
        json!({"kind": "transfer", "id": made["id"], "number": made["transfer_number"], "status": status,
               "location_id": shop, "quantity": quantity, "expected_on": "2030-01-02"})
    };
    assert_eq!(found["open"], json!([open(&planned, "ready", 5), open(&sent, "partially_received", 3)]));
    let levels: Vec<_> = found["levels"].as_array().unwrap().iter().collect();
    let shown = |level: &Value| {
        [&level["location_id"], &level["stock_quantity"], &level["in_transit_quantity"]].map(Clone::clone)
    };
    assert_eq!(shown(levels[0]), [json!(main), json!(93), json!(0)]);
    assert_eq!(shown(levels[1]), [json!(shop), json!(4), json!(3)]);
    for client in [app.guest(), app.customer("mara"), app.staff(&["orders:read"])] {
        let found = scan(&client, "4006381333931");
        assert_eq!((&found["levels"], &found["open"], &found["document"]), (&json!(null), &json!(null), &json!(null)));
        assert_eq!(found["product"], client.get("/inventory/products/rice").expect(200).json());
    }
    assert!(scan(&admin, "rice")["product"]["cost_price"].is_null());
}

#[test]
fn a_code_of_a_size_finds_that_size() {
    let app = TestApp::start();
    let admin = app.admin();
    app.sized_product("tee", 1.0, &[("S", 1), ("M", 2)]);
    admin.patch("/inventory/products/tee", &json!({"barcode": "all sizes"})).expect(200);
    add(&admin, "tee-M", &json!({"code": "m-6", "units": 6})).expect(201);
    for (code, size, units, stock) in [("m-6", "M", 6, 2), ("tee-S", "S", 1, 1)] {
        let found = scan(&admin, code);
        assert_eq!((&found["size"], &found["units"]), (&json!(size), &json!(units)), "{code}");
        assert_eq!(found["levels"][0]["stock_quantity"], stock, "{code}");
    }
    for code in ["tee", "all sizes"] {
        let found = scan(&admin, code);
        assert_eq!((&found["size"], &found["variant_id"]), (&json!(null), &json!(null)), "{code}");
        assert_eq!(found["levels"][0]["stock_quantity"], 3, "{code}");
    }
}

#[test]
fn numbers_of_documents_are_found_by_staff_with_the_permission() {
    let app = TestApp::start();
    let admin = app.admin();
    let rice = app.product("rice", 1.0, 100);
    let (main, shop) = (app.main_location(), app.add_location("shop"));
    let lines = json!([{"product_id": rice.id, "quantity": 5}]);
    let body = json!({"from_location_id": main, "to_location_id": shop, "lines": lines});
    let transfer = admin.post("/transfers", &body).expect(201).json();
    let path = format!("/transfers/{}", transfer["id"]);
    admin.post_nothing(&format!("{path}/ready")).expect(200);
    admin.post_nothing(&format!("{path}/send")).expect(200);
    let line = json!({"lines": [{"line_id": transfer["lines"][0]["id"], "accepted": 5}]});
    let received = admin.post(&format!("{path}/receive"), &line).expect(200).json();
    let mara = app.customer("mara");
    let order = mara.buy(&rice, 2);
    let shipped = admin.post_nothing(&format!("/orders/{}/shipments", order["id"])).expect(201).json();
    let of_order = json!({"kind": "order", "id": order["id"], "number": order["order_number"], "status": "shipped"});
    let of_transfer =
        json!({"kind": "transfer", "id": transfer["id"], "number": transfer["transfer_number"], "status": "received"});
    let (orders, stock) = (app.staff(&["orders:read"]), app.staff(&["inventory:update"]));
    for (kind, number, document, allowed, other) in [
        ("order", &order["order_number"], &of_order, &orders, &stock),
        ("shipment", &shipped["shipment_number"], &of_order, &orders, &stock),
        ("transfer", &transfer["transfer_number"], &of_transfer, &stock, &orders),
        ("receipt", &received["receipts"][0]["receipt_number"], &of_transfer, &stock, &orders),
    ] {
        let number = number.as_str().unwrap();
        for spelling in [number.to_owned(), number.to_lowercase()] {
            let found = scan(allowed, &spelling);
            let expected = json!({"kind": kind, "units": null, "product": null, "variant_id": null, "size": null,
                                  "levels": null, "open": null, "document": document});
            assert_eq!(found, expected);
        }
        for client in [other, &mara, &app.guest()] {
            client.get(&format!("/inventory/scan/{number}")).refused(404, "NOT_FOUND");
        }
    }
}

#[test]
fn a_scan_shows_the_purchase_orders_that_expect_a_product() {
    let shop = Shop::open();
    let Shop { app, admin, rice, main, .. } = &shop;
    shop.draft(3);
    let ordered = shop.ordered(12);
    let received = shop.receive(&ordered, 5, 0).expect(200).json();
    let (id, number) = (&ordered["id"], ordered["purchase_order_number"].as_str().unwrap());
    let found = scan(&app.staff(&["inventory:read"]), &rice.sku);
    let expected = json!({"kind": "purchase", "id": id, "number": number, "status": "partially_received",
                          "location_id": main, "quantity": 7, "expected_on": ordered["lines"][0]["expected_on"]});
    assert_eq!(found["open"], json!([expected]));
    let document = json!({"kind": "purchase", "id": id, "number": number, "status": "partially_received"});
    let receipt = received["receipts"][0]["receipt_number"].as_str().unwrap();
    for (code, kind) in [(number, "purchase"), (receipt, "receipt")] {
        for permission in ["purchasing:manage", "inventory:update"] {
            let found = scan(&app.staff(&[permission]), code);
            assert_eq!((&found["kind"], &found["document"]), (&json!(kind), &document), "{permission}");
        }
        app.staff(&["orders:read"]).get(&format!("/inventory/scan/{code}")).refused(404, "NOT_FOUND");
    }
    shop.receive(&ordered, 7, 0).expect(200);
    assert_eq!(scan(admin, &rice.sku)["open"], json!([]));
}
