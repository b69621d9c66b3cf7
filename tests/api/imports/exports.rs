//! Downloads of the rows of a store.

use diesel::connection::SimpleConnection;

use super::export;
use crate::common::{Client, TestApp, json};

#[test]
fn orders_and_their_taxes_of_a_time_are_listed() {
    let app = TestApp::start();
    let admin = app.admin();
    let rates = json!({"rates": [{"category": "food", "percent": 5, "name": "GST"}]});
    admin.put(&format!("/stores/{}/tax-rates", app.store), &rates).expect(200);
    let rice = json!({"sku": "rice", "name": "Rice", "price": 100, "category": "food", "initial_stock": 10});
    let rice = app.create_product(&rice);
    let mara = app.customer("mara");
    mara.add_to_cart(&rice, 2);
    let order = mara.checkout_to(mara.address()).expect(201).json();
    let number = order["order_number"].as_str().unwrap();
    let orders = export(&admin, "kind=orders");
    let lines: Vec<_> = orders.lines().collect();
    assert_eq!(lines.len(), 2, "{orders}");
    assert!(lines[0].starts_with("order_number,created_at,status,payment_status,") && lines[0].ends_with(",taxes"));
    assert!(lines[1].starts_with(number) && lines[1].contains("GST 5%: 10.00 of 200.00"), "{orders}");
    let taxes = export(&admin, "kind=order_taxes");
    assert!(taxes.lines().nth(1).unwrap().ends_with(",GST,5,false,200.00,10.00"), "{taxes}");
    let items = export(&admin, "kind=order_items");
    assert!(items.lines().nth(1).unwrap().contains(",rice,") && items.contains(",2,100.00,"), "{items}");
    mara.cancel(&order).expect(200);
    for kind in ["orders", "order_items", "order_taxes", "credit_taxes", "movements"] {
        let past = export(&admin, &format!("kind={kind}&to=2020-01-01T00:00:00Z"));
        assert_eq!(past.lines().count(), 1, "{past}");
        let since = export(&admin, &format!("kind={kind}&from=2020-01-01T00:00:00Z"));
        assert!(since.lines().count() > 1, "{since}");
    }
    let customers = export(&admin, "kind=customers");
    assert!(customers.contains("mara") && customers.lines().count() == 2, "{customers}");
}

/// The last cells of the rows: the rate, the net amount and the tax.
fn taxes(client: &Client, kind: &str) -> Vec<String> {
    let last = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        cells[cells.len() - 5..].join(",")
    };
    export(client, &format!("kind={kind}")).lines().skip(1).map(last).collect()
}

#[test]
fn the_taxes_of_credits_are_listed_by_rate_and_add_up_to_those_of_the_order() {
    let app = TestApp::start();
    let admin = app.admin();
    app.set_store(&json!({"shipping_flat_rate": 30, "shipping_tax": "as_goods"}));
    let rates = json!({"rates": [{"category": "food", "percent": 5, "name": "GST"},
                                 {"category": "toys", "percent": 20, "name": "VAT"}]});
    admin.put(&format!("/stores/{}/tax-rates", app.store), &rates).expect(200);
    let product = |sku: &str, price: i64, category: &str| {
        let body = json!({"sku": sku, "name": sku, "price": price, "category": category, "initial_stock": 10});
        app.create_product(&body)
    };
    let (rice, ball) = (product("rice", 100, "food"), product("ball", 50, "toys"));
    let mara = app.customer("mara");
    mara.add_to_cart(&rice, 2);
    mara.add_to_cart(&ball, 1);
    let order = mara.checkout_to(mara.address()).expect(201).json();
    // The delivery is shared 24 to 6.
    assert_eq!(taxes(&admin, "order_taxes"), ["GST,5,false,224.00,11.20", "VAT,20,false,56.00,11.20"]);
    assert_eq!(taxes(&admin, "credit_taxes"), Vec::<String>::new());
    let items = order["items"].as_array().unwrap();
    let rice = items.iter().find(|item| item["sku"] == "rice").unwrap();
    let lines = json!({"lines": [{"item_id": rice["id"], "quantity": 1}], "reason": "too many"});
    admin.post(&format!("/orders/{}/cancel-lines", order["id"]), &lines).expect(200);
    assert_eq!(taxes(&admin, "credit_taxes"), ["GST,5,false,100.00,5.00"]);
    mara.cancel(&order).expect(200);
    let rest = ["GST,5,false,100.00,5.00", "GST,5,false,124.00,6.20", "VAT,20,false,56.00,11.20"];
    assert_eq!(taxes(&admin, "credit_taxes"), rest);
    let future = export(&admin, "kind=credit_taxes&from=2100-01-01T00:00:00Z");
    assert_eq!(future.lines().count(), 1, "{future}");
}

#[test]
fn the_taxes_of_credits_have_no_rate_if_those_of_the_items_are_not_known() {
    let app = TestApp::start();
    app.set_store(&json!({"tax_rate": 10, "prices_include_tax": true}));
    let rice = app.product("rice", 11.0, 10);
    let mara = app.customer("mara");
    let order = mara.buy(&rice, 1);
    mara.cancel(&order).expect(200);
    let admin = app.admin();
    let known = taxes(&admin, "credit_taxes");
    assert_eq!(known, taxes(&admin, "order_taxes"));
    assert!(known[0].ends_with(",10,true,10.00,1.00"), "{known:?}");
    app.connection().batch_execute("UPDATE order_items SET tax_line = NULL").unwrap();
    assert_eq!(taxes(&admin, "credit_taxes"), [",,,10.00,1.00"]);
}

#[test]
fn movements_are_listed_in_slices() {
    let app = TestApp::start();
    let admin = app.admin();
    let rows: String = (0..1_203).map(|n| format!("p-{n},P,1.00,1\n")).collect();
    super::imported(&admin, "kind=products", &format!("sku,name,price,initial_stock\n{rows}"));
    let movements = export(&admin, "kind=movements");
    assert_eq!(movements.lines().count(), 1_204);
    let ids: Vec<i64> =
        movements.lines().skip(1).map(|line| line.split(',').next().unwrap().parse().unwrap()).collect();
    assert!(ids.is_sorted(), "{ids:?}");
    assert_eq!(export(&admin, "kind=products").lines().count(), 1_204);
    assert_eq!(export(&admin, "kind=stock").lines().count(), 1_204);
}

#[test]
fn an_empty_export_has_its_columns() {
    let app = TestApp::start();
    let admin = app.admin();
    for kind in [
        "products",
        "stock",
        "movements",
        "orders",
        "order_items",
        "order_taxes",
        "credit_taxes",
        "customers",
        "barcodes",
        "suppliers",
        "purchase_orders",
    ] {
        assert_eq!(export(&admin, &format!("kind={kind}")).lines().count(), 1, "{kind}");
    }
}

#[test]
fn a_slice_without_rows_does_not_end_the_file() {
    let app = TestApp::start();
    let admin = app.admin();
    for n in 0..60 {
        app.product(&format!("p-{n}"), 1.0, 0);
    }
    app.create_product(&json!({"sku": "last", "name": "Last", "price": 1, "barcode": "the-last"}));
    assert!(export(&admin, "kind=barcodes").contains("the-last"));
}

#[test]
fn wrong_exports_are_refused_and_each_kind_has_its_permission() {
    let app = TestApp::start();
    let admin = app.admin();
    for (query, field) in [
        ("", "kind"),
        ("kind=colours", "kind"),
        ("kind=orders&from=yesterday", "from"),
        ("kind=products&from=2026-01-01T00:00:00Z", "from"),
        ("kind=orders&format=pdf", "format"),
    ] {
        admin.get(&format!("/exports?{query}")).refused_field(field);
    }
    for (kind, permission) in [
        ("products", "inventory:read"),
        ("movements", "inventory:read"),
        ("orders", "orders:read"),
        ("customers", "users:manage"),
        ("suppliers", "purchasing:manage"),
    ] {
        for other in ["inventory:read", "orders:read", "users:manage", "purchasing:manage", "products:write"] {
            let reply = app.staff(&[other]).get(&format!("/exports?kind={kind}"));
            if other == permission { drop(reply.expect(200)) } else { drop(reply.refused(403, "FORBIDDEN")) }
        }
    }
    app.guest().get("/exports?kind=products").refused(401, "UNAUTHENTICATED");
}
