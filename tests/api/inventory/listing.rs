//! Products are listed and found.

use super::{change, create_products, fields, skus};
use crate::common::{TestApp, Value, json};

#[test]
fn products_are_found_by_every_filter() {
    let app = TestApp::start();
    create_products(&app);
    let find = |query: &str| skus(&app.guest().get(&format!("/inventory/products?{query}")).expect(200).json());
    let all = ["p-rice", "p-dal", "p-salt", "p-milk"];
    assert_eq!(find(""), all, "archived ones are asked for by name");
    assert_eq!(find("status=active"), all);
    assert_eq!(find("status=archived"), ["p-old"]);
    assert_eq!(find("q=RICE"), ["p-rice"]);
    assert_eq!(find("q=tata"), ["p-dal", "p-salt"]);
    assert_eq!(find("q=P-DAL"), ["p-dal"]);
    assert_eq!(find("q=100%25"), ["p-salt"]);
    assert_eq!(find("q=%25"), ["p-salt"], "a percent sign is only a character");
    assert_eq!(find("q=_"), ["p-milk"]);
    assert_eq!(find("q=%5C"), [""; 0]);
    assert_eq!(find("q=%27%20OR%201%3D1%20--"), [""; 0]);
    assert_eq!(find("category=Staples"), ["p-rice", "p-dal", "p-salt"]);
    assert_eq!(find("category=staple"), [""; 0]);
    assert_eq!(find("brand=Tata"), ["p-dal", "p-salt"]);
    assert_eq!(find("stock_status=in_stock"), ["p-rice", "p-milk"]);
    assert_eq!(find("stock_status=low_stock"), ["p-dal"]);
    assert_eq!(find("stock_status=out_of_stock"), ["p-salt"]);
    assert_eq!(find("min_price=66"), ["p-rice", "p-dal", "p-milk"]);
    assert_eq!(find("max_price=66.00"), ["p-salt", "p-milk"]);
    assert_eq!(find("min_price=26.01&max_price=145"), ["p-rice", "p-milk"]);
    assert_eq!(find("category=Staples&brand=Tata&stock_status=low_stock&q=dal"), ["p-dal"]);
    assert_eq!(find("category=&brand=&q=&status="), all, "empty values come from forms");
    for refused in [
        "status=gone",
        "stock_status=some",
        "min_price=-1",
        "max_price=cheap",
        "min_price=1.001",
        "page=0",
        "limit=0",
        "limit=101",
        "sort=cost_price",
        "sort=price;drop",
    ] {
        app.guest().get(&format!("/inventory/products?{refused}")).refused(422, "VALIDATION_FAILED");
    }
}

#[test]
fn products_are_sorted_both_ways_and_paged() {
    let app = TestApp::start();
    create_products(&app);
    let get = |query: &str| app.guest().get(&format!("/inventory/products?{query}")).expect(200).json();
    let sorts = [
        ("id", ["p-rice", "p-dal", "p-salt", "p-milk"]),
        ("created_at", ["p-rice", "p-dal", "p-salt", "p-milk"]),
        ("name", ["p-rice", "p-milk", "p-salt", "p-dal"]),
        ("sku", ["p-dal", "p-milk", "p-rice", "p-salt"]),
        ("price", ["p-salt", "p-milk", "p-rice", "p-dal"]),
        ("stock", ["p-salt", "p-dal", "p-milk", "p-rice"]),
    ];
    for (column, ascending) in sorts {
        assert_eq!(skus(&get(&format!("sort={column}"))), ascending, "{column}");
        let descending: Vec<&str> = ascending.into_iter().rev().collect();
        assert_eq!(skus(&get(&format!("sort=-{column}"))), descending, "-{column}");
    }
    let page = get("sort=price&page=2&limit=3");
    assert_eq!(skus(&page), ["p-dal"]);
    assert_eq!(fields(&page, ["total", "page", "limit", "pages"]), [json!(4), json!(2), json!(3), json!(2)]);
    let beyond = get("page=1000000000");
    assert_eq!((&beyond["items"], &beyond["total"]), (&json!([]), &json!(4)));
    let none = get("q=nothing+like+it");
    assert_eq!(none, json!({"items": [], "total": 0, "page": 1, "limit": 20, "pages": 0}));
}

#[test]
fn cost_prices_are_shown_to_those_who_may_read_the_inventory() {
    let app = TestApp::start();
    let body = json!({"sku": "rice", "name": "Rice", "price": 10, "cost_price": 7.5, "initial_stock": 1});
    app.create_product(&body);
    let readers = [(app.admin(), true), (app.staff(&["inventory:read"]), true)];
    let others = [
        (app.guest(), false),
        (app.customer("mara"), false),
        (app.staff(&["products:write", "inventory:update", "orders:read"]), false),
    ];
    for (client, sees) in readers.into_iter().chain(others) {
        let one = client.get("/inventory/products/rice").expect(200).json();
        let list = client.get("/inventory/products").expect(200).json()["items"][0].clone();
        let in_store = client.get(&format!("/inventory/products/{}/rice", app.store)).expect(200).json();
        for product in [one, list, in_store] {
            assert_eq!(product.get("cost_price"), sees.then_some(&json!(7.5)));
        }
    }
    // The permission to write products does not show the cost price.
    let writer = app.staff(&["products:write"]);
    let new = json!({"sku": "dal", "name": "Dal", "price": 10, "cost_price": 8});
    assert_eq!(writer.post("/inventory/products", &new).expect(201).json().get("cost_price"), None);
    let patched = writer.patch("/inventory/products/rice", &json!({"cost_price": 8})).expect(200).json();
    assert_eq!(patched.get("cost_price"), None);
    assert_eq!(app.admin().get("/inventory/products/rice").json()["cost_price"], 8.0);
}

#[test]
fn names_in_a_path_that_name_nothing_are_404() {
    let app = TestApp::start();
    let rice = app.product("rice", 10.0, 5);
    let admin = app.admin();
    let absent = [
        "999999",
        "0",
        "9007199254740992",
        "9223372036854775807",
        "9223372036854775808",
        "99999999999999999999999999",
        "-1",
        "1.5",
        "none",
        "RICE",
        "%00",
        "rice%0A",
        "%27",
        "%FF",
    ];
    for name in absent {
        let of = |rest: &str| format!("/inventory/products/{name}{rest}");
        let replies = [
            admin.get(&of("")),
            admin.patch(&of(""), &json!({"name": "x"})),
            admin.delete(&of("")),
            admin.get(&of("/availability/1")),
            admin.get(&of("/stock")),
            admin.put(&of("/stock"), &change("in", 1)),
            admin.get(&of("/movements")),
            admin.get(&format!("/inventory/products/{}/{name}", app.store)),
        ];
        for reply in replies {
            reply.refused(404, "PRODUCT_NOT_FOUND");
        }
    }
    for store in ["999999", "STORE-NONE", "9223372036854775808"] {
        admin.get(&format!("/inventory/products/{store}/{}", rice.id)).refused(404, "STORE_NOT_FOUND");
    }
    for store in [app.store.to_string().as_str(), crate::common::shop::STORE] {
        for product in [rice.id.to_string().as_str(), "rice"] {
            let read = app.guest().get(&format!("/inventory/products/{store}/{product}")).expect(200).json();
            assert_eq!(read["id"], rice.id);
        }
    }
    // In a body a number is an id and a string is a SKU, even if it has only digits.
    let ask = |product: Value| {
        let items = json!([{"product_id": product, "quantity": 1}]);
        app.guest().post("/inventory/availability", &json!({"items": items}))
    };
    ask(json!(rice.id)).expect(200);
    ask(json!("rice")).expect(200);
    ask(json!(rice.id.to_string())).refused(404, "PRODUCT_NOT_FOUND");
    ask(json!(9_007_199_254_740_991_i64)).refused(404, "PRODUCT_NOT_FOUND");
    for wrong in [json!(0), json!(-1), json!(1.5), json!(9_007_199_254_740_992_i64), json!(null), json!([1])] {
        ask(wrong).refused(422, "VALIDATION_FAILED");
    }
}
