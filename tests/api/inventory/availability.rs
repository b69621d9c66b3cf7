//! The units that can be bought.

use super::{change, fields, put_stock};
use crate::common::{TestApp, Value, json};

#[test]
fn a_quantity_is_available_or_the_answer_has_the_shortage() {
    let app = TestApp::start();
    let rice = app.create_product(
        &json!({"sku": "rice", "name": "Rice", "price": 10, "initial_stock": 42, "min_stock_level": 42}),
    );
    let ask = |path: &str| app.guest().get(&format!("/inventory/products/{path}"));
    let shown = |quantity: i64, available: bool, shortage: i64| {
        json!({"product_id": rice.id, "product_name": "Rice", "size": null, "requested_quantity": quantity,
               "available": available, "available_quantity": 42, "current_stock": 42, "shortage": shortage,
               "stock_status": "low_stock", "available_on": null})
    };
    assert_eq!(ask("rice/availability/42").expect(200).json(), shown(42, true, 0));
    assert_eq!(ask("rice/availability/43").expect(200).json(), shown(43, false, 1));
    assert_eq!(ask(&format!("{}/availability/50", rice.id)).expect(200).json(), shown(50, false, 8));
    assert_eq!(ask("rice/availability/10000").expect(200).json(), shown(10_000, false, 9_958));
    for refused in ["0", "-1", "1.5", "two", "10001", "99999999999999999999", "%20"] {
        ask(&format!("rice/availability/{refused}")).refused_field("qty");
    }
    ask("rice/availability/1?size=M").refused(404, "SIZE_NOT_FOUND");
    app.sized_product("tee", 30.0, &[("S", 3), ("M", 4)]);
    let figures =
        |path: &str| fields(&ask(path).expect(200).json(), ["size", "available_quantity", "available", "shortage"]);
    assert_eq!(figures("tee/availability/7"), [json!(null), json!(7), json!(true), json!(0)], "all sizes together");
    assert_eq!(figures("tee/availability/7?size=M"), [json!("M"), json!(4), json!(false), json!(3)]);
    ask("tee/availability/1?size=XXL").refused(404, "SIZE_NOT_FOUND");
}

#[test]
fn what_is_reserved_is_on_hand_but_not_available() {
    let app = TestApp::start();
    let rice = app.product("rice", 10.0, 10);
    let (admin, mara) = (app.admin(), app.customer("mara"));
    let items = json!([{"product_id": rice.id, "quantity": 4}]);
    mara.post("/orders", &json!({"items": items, "payment_method": "upi"})).expect(201);
    let product = admin.get("/inventory/products/rice").json();
    assert_eq!(
        fields(&product, ["stock_quantity", "reserved_quantity", "available_quantity"]),
        [json!(10), json!(4), json!(6)]
    );
    let asked = app.guest().get("/inventory/products/rice/availability/7").json();
    assert_eq!(
        fields(&asked, ["available", "available_quantity", "current_stock", "shortage"]),
        [json!(false), json!(6), json!(10), json!(1)]
    );
    assert_eq!(app.stock(&rice), (10, 4, 0));
    let short = put_stock(&admin, &rice, &change("out", 7)).refused(400, "INSUFFICIENT_STOCK");
    assert_eq!(
        fields(&short["stock_errors"][0], ["requested_quantity", "available_quantity", "shortage"]),
        [json!(7), json!(6), json!(1)]
    );
    put_stock(&admin, &rice, &change("adjustment", 3)).refused(409, "STOCK_BELOW_RESERVED");
    let counted = put_stock(&admin, &rice, &change("adjustment", 4)).expect(200).json();
    assert_eq!(
        fields(&counted, ["new_stock", "reserved_quantity", "available_quantity", "stock_status"]),
        [json!(4), json!(4), json!(0), json!("out_of_stock")]
    );
    let level = admin.get("/inventory").expect(200).json()["items"][0].clone();
    assert_eq!(
        fields(&level, ["stock_quantity", "reserved_quantity", "available_quantity"]),
        [json!(4), json!(4), json!(0)]
    );
    let summary = admin.get("/inventory/summary").json();
    assert_eq!(fields(&summary, ["total_units", "reserved_units", "out_of_stock"]), [json!(4), json!(4), json!(1)]);
    // After its deadline a hold counts as free in every figure, even before the job has run.
    app.advance(901);
    assert_eq!(app.stock(&rice), (4, 0, 0));
    let product = app.guest().get("/inventory/products/rice").json();
    assert_eq!(
        fields(&product, ["reserved_quantity", "available_quantity", "stock_status"]),
        [json!(0), json!(4), json!("in_stock")]
    );
    assert_eq!(admin.get("/inventory/summary").json()["reserved_units"], 0);
    put_stock(&admin, &rice, &change("adjustment", 1)).expect(200);
}

#[test]
fn demand_is_summed_over_the_lines_and_what_is_short_has_alternatives() {
    let app = TestApp::start();
    let staple = |sku: &str, stock: i64| {
        app.create_product(
            &json!({"sku": sku, "name": sku, "price": 10, "initial_stock": stock, "category": "Staples"}),
        )
    };
    let (rice, dal, flour) = (staple("rice", 10), staple("dal", 30), staple("flour", 40));
    staple("none", 0);
    let gone = staple("gone", 99);
    app.archive(&gone);
    app.product("soap", 5.0, 500);
    let tee = app.sized_product("tee", 30.0, &[("S", 3), ("M", 3)]);
    let ask = |items: Value| app.guest().post("/inventory/availability", &json!({"items": items}));
    let answer = ask(json!([
        {"product_id": rice.id, "quantity": 6},
        {"product_id": "rice", "quantity": 7},
        {"product_id": tee.id, "quantity": 3, "size": "S"},
        {"product_id": "tee", "quantity": 4, "size": "M"},
        {"product_id": dal.id, "quantity": 30},
    ]))
    .expect(200)
    .json();
    assert_eq!(answer["available"], false);
    let lines = answer["items"].as_array().unwrap();
    let shown: Vec<_> = lines
        .iter()
        .map(|line| fields(line, ["requested_quantity", "available", "max_fulfillable", "shortage", "current_stock"]))
        .collect();
    let row = |requested, available, most, shortage, stock| {
        [json!(requested), json!(available), json!(most), json!(shortage), json!(stock)]
    };
    let expected = [
        row(6, true, 6, 0, 10),
        row(7, false, 4, 3, 10),
        row(3, true, 3, 0, 3),
        row(4, false, 3, 1, 3),
        row(30, true, 30, 0, 30),
    ];
    assert_eq!(shown, expected);
    // Alternatives are of the same category and in stock. A product without a category has none.
    let instead = lines[1]["alternatives"].as_array().unwrap();
    let offered: Vec<_> =
        instead.iter().map(|other| fields(other, ["product_id", "sku", "available_quantity"])).collect();
    assert_eq!(offered, [[json!(flour.id), json!("flour"), json!(40)], [json!(dal.id), json!("dal"), json!(30)]]);
    for line in [0, 2, 3, 4] {
        assert_eq!(lines[line]["alternatives"], json!([]), "line {line}");
    }
    let fine = ask(json!([{"product_id": "rice", "quantity": 10}])).expect(200).json();
    let expected = json!({"available": true, "items": [{
        "product_id": rice.id, "product_name": "rice", "size": null, "requested_quantity": 10, "available": true,
        "available_quantity": 10, "current_stock": 10, "shortage": 0, "stock_status": "in_stock",
        "available_on": null, "max_fulfillable": 10, "alternatives": []}]});
    assert_eq!(fine, expected);
    let unsold = ask(json!([{"product_id": "gone", "quantity": 1}])).expect(200).json();
    assert_eq!(fields(&unsold["items"][0], ["available", "max_fulfillable"]), [json!(false), json!(0)]);
    ask(json!([{"product_id": "rice", "quantity": 1}, {"product_id": "missing", "quantity": 1}]))
        .refused(404, "PRODUCT_NOT_FOUND");
    ask(json!([{"product_id": "rice", "quantity": 1, "size": "M"}])).refused(404, "SIZE_NOT_FOUND");
    ask(json!([{"product_id": "tee", "quantity": 1, "size": "XXL"}])).refused(404, "SIZE_NOT_FOUND");
    ask(json!([])).refused_field("items");
    ask(json!([{"product_id": "rice", "quantity": 0}])).refused_field("items[0].quantity");
}

#[test]
fn alternatives_cost_the_same_in_a_large_category() {
    let app = TestApp::start();
    let staple = |index: i64, stock: i64| {
        let sku = format!("staple-{index}");
        app.create_product(
            &json!({"sku": sku, "name": sku, "price": 10, "initial_stock": stock, "category": "Staples"}),
        )
    };
    let first: Vec<_> = (0..51).map(|index| staple(index, index)).collect();
    let beyond = staple(51, 999);
    let short =
        json!({"items": [{"product_id": first[50].id, "quantity": 51}, {"product_id": first[49].id, "quantity": 50}]});
    let answer = app.guest().post("/inventory/availability", &short).expect(200).json();
    let offered = |line: usize| -> Vec<i64> {
        let others = answer["items"][line]["alternatives"].as_array().unwrap();
        others.iter().map(|other| other["available_quantity"].as_i64().unwrap()).collect()
    };
    // Only the first fifty products of a category are considered, and no product is its own alternative.
    assert_eq!(offered(0), [49, 48, 47, 46, 45]);
    assert_eq!(offered(1), [48, 47, 46, 45, 44]);
    assert!(!answer.to_string().contains(&beyond.sku));
}

#[test]
fn alternatives_cost_the_same_with_many_sizes_and_many_lines() {
    let app = TestApp::start();
    let sizes: Vec<(String, i64)> = (0..50).map(|size| (format!("size {size}"), 2)).collect();
    let sized = |sku: &str| {
        let sizes: Vec<Value> =
            sizes.iter().map(|(size, stock)| json!({"size": size, "initial_stock": stock})).collect();
        let product = json!({"sku": sku, "name": sku, "price": 10, "category": "Rings", "sizes": sizes});
        app.admin().post("/inventory/products", &product).expect(201);
    };
    ["ring-1", "ring-2", "ring-3"].into_iter().for_each(sized);
    let line = |size: usize| json!({"product_id": "ring-3", "size": format!("size {size}"), "quantity": 3});
    let short = json!({"items": (0..30).map(line).collect::<Vec<_>>()});
    let answer = app.guest().post("/inventory/availability", &short).expect(200).json();
    // Fifty sizes of the category are considered: those of the first product, which counts with all of its units.
    let offered: Vec<Vec<Value>> = answer["items"].as_array().unwrap().iter().map(alternatives).collect();
    let ring_1 = json!(["ring-1", 100]);
    assert!(offered[..20].iter().all(|others| *others == [ring_1.clone()]), "{offered:?}");
    assert!(offered[20..].iter().all(Vec::is_empty), "only twenty lines have alternatives: {offered:?}");
}

fn alternatives(line: &Value) -> Vec<Value> {
    let others = line["alternatives"].as_array().unwrap();
    others.iter().map(|other| json!([other["sku"], other["available_quantity"]])).collect()
}
