use super::{both, figures, rice, valued};
use crate::common::{TestApp, json};

#[test]
fn a_sale_costs_what_it_takes_and_a_cancel_brings_it_back() {
    let app = TestApp::start();
    let rice = rice(&app);
    let mara = app.customer("mara");
    assert_eq!(both(&app), ["15 16.5 1.1, 16.5 0.0 0.0 16.5"; 2]);
    let order = mara.buy(&rice, 4);
    // Sold units are not in stock, although they were not shipped: 16.50 × 4 / 15, and 4 × 1.00.
    assert_eq!(both(&app), ["11 12.1 1.1, 12.1 4.4 0.0 16.5", "11 12.5 1.14, 12.5 4.0 0.0 16.5"]);
    mara.cancel(&order).expect(200);
    assert_eq!(both(&app), ["15 16.5 1.1, 16.5 0.0 0.0 16.5"; 2]);
    mara.buy(&rice, 15);
    assert_eq!(both(&app), ["0 0.0 null, 0.0 16.5 0.0 16.5"; 2]);
}

#[test]
fn a_cancel_brings_back_the_cost_of_its_own_sale() {
    let app = TestApp::start();
    let rice = rice(&app);
    let mara = app.customer("mara");
    let order = mara.buy(&rice, 4);
    app.set_product(&rice, &json!({"cost_price": 2}));
    app.receive(&rice, 9, app.main_location()).expect(200);
    // 12.10 + 18.00, and 12.50 + 18.00.
    assert_eq!(both(&app), ["20 30.1 1.51, 30.1 4.4 0.0 34.5", "20 30.5 1.53, 30.5 4.0 0.0 34.5"]);
    mara.cancel(&order).expect(200);
    assert_eq!(both(&app), ["24 34.5 1.44, 34.5 0.0 0.0 34.5"; 2]);
    // FIFO sells the returned units first, so the newest ones stay: 10 × 1.00 + 2 × 1.30.
    mara.buy(&rice, 12);
    assert_eq!(both(&app), ["12 17.25 1.44, 17.25 17.25 0.0 34.5", "12 21.9 1.83, 21.9 12.6 0.0 34.5"]);
}

#[test]
fn stock_takes_the_cost_price_of_its_time_although_the_job_runs_later() {
    let app = TestApp::start();
    let rice = app.create_product(&json!({"sku": "rice", "name": "Rice", "price": 3, "initial_stock": 4}));
    let main = app.main_location();
    for (cost, units) in [(json!(1), 2), (json!(null), 2), (json!(2.5), 2)] {
        app.set_product(&rice, &json!({"cost_price": cost}));
        app.receive(&rice, units, main).expect(200);
    }
    app.set_product(&rice, &json!({"cost_price": 9}));
    // Nothing for four units, 2.00 for two, their average 0.33 for two (2.00 × 2 / 6 = 0.67), and 5.00 for two.
    assert_eq!(both(&app), ["10 7.67 0.77, 7.67 0.0 0.0 7.67"; 2]);
}

#[test]
fn lost_and_scrapped_units_are_written_off() {
    let app = TestApp::start();
    let rice = rice(&app);
    let (path, main) = (format!("/inventory/products/{}", rice.id), app.main_location());
    let scrap = json!({"quantity": 3, "location_id": main, "from": "sellable", "to": "scrap", "reason": "wet"});
    app.admin().post(&format!("{path}/move"), &scrap).expect(200);
    assert_eq!(both(&app), ["12 13.2 1.1, 13.2 0.0 3.3 16.5", "12 13.5 1.13, 13.5 0.0 3.0 16.5"]);
    // Two units were found at a count. They cost 1.30 each.
    app.set_stock(&rice, 14);
    assert_eq!(both(&app), ["14 15.8 1.13, 15.8 0.0 3.3 19.1", "14 16.1 1.15, 16.1 0.0 3.0 19.1"]);
    app.set_stock(&rice, 0);
    assert_eq!(both(&app), ["0 0.0 null, 0.0 0.0 19.1 19.1"; 2]);
}

#[test]
fn units_keep_their_value_wherever_they_are() {
    let app = TestApp::start();
    let rice = rice(&app);
    let (main, shop, admin) = (app.main_location(), app.add_location("shop"), app.admin());
    let path = format!("/inventory/products/{}", rice.id);
    let to_quarantine =
        json!({"quantity": 2, "location_id": main, "from": "sellable", "to": "quarantine", "reason": "wet"});
    admin.post(&format!("{path}/move"), &to_quarantine).expect(200);
    let lines = json!([{"product_id": rice.id, "quantity": 7}]);
    let plan = json!({"from_location_id": main, "to_location_id": shop, "lines": lines});
    let transfer = admin.post("/transfers", &plan).expect(201).json();
    let act = |act: &str, body| admin.post(&format!("/transfers/{}/{act}", transfer["id"]), &body).expect(200).json();
    act("ready", json!({}));
    act("send", json!({}));
    let locations = |query: &str| valued(&app, query)["items"][0]["locations"].clone();
    // Units in quarantine are those of their place, units on the road those of the destination: 16.50 × 8 / 15 = 8.80.
    let places =
        json!([{"location_id": main, "quantity": 8, "value": 8.8}, {"location_id": shop, "quantity": 7, "value": 7.7}]);
    assert_eq!(locations(""), places);
    let line = &transfer["lines"][0]["id"];
    act("receive", json!({"lines": [{"line_id": line, "accepted": 4, "rejected": 1}]}));
    assert_eq!(locations(""), places);
    act("settle", json!({"lines": [{"line_id": line, "quantity": 1, "outcome": "returned"}], "reason": "found"}));
    assert_eq!(figures(&app, ""), "15 16.5 1.1, 16.5 0.0 0.0 16.5");
    act("settle", json!({"lines": [{"line_id": line, "quantity": 1, "outcome": "lost"}], "reason": "lost"}));
    assert_eq!(figures(&app, ""), "14 15.4 1.1, 15.4 0.0 1.1 16.5");
    let places =
        json!([{"location_id": main, "quantity": 9, "value": 9.9}, {"location_id": shop, "quantity": 5, "value": 5.5}]);
    assert_eq!(locations(""), places);
}

#[test]
fn an_order_from_two_places_is_one_sale() {
    let app = TestApp::start();
    let rice =
        app.create_product(&json!({"sku": "rice", "name": "Rice", "price": 3, "cost_price": 0.01, "initial_stock": 1}));
    app.set_product(&rice, &json!({"cost_price": 0.02}));
    app.receive(&rice, 1, app.main_location()).expect(200);
    app.receive(&rice, 2, app.add_location("shop")).expect(200);
    // Three of four units take round(0.07 × 3 / 4) = 0.05. Two and then one would take 0.04 and 0.02.
    let mara = app.customer("mara");
    let order = mara.buy(&rice, 3);
    assert_eq!(order["stock_reductions"].as_array().unwrap().len(), 2);
    assert_eq!(figures(&app, ""), "1 0.02 0.02, 0.02 0.05 0.0 0.07");
    mara.cancel(&order).expect(200);
    assert_eq!(figures(&app, ""), "4 0.07 0.02, 0.07 0.0 0.0 0.07");
}

#[test]
fn a_confirmed_reservation_is_a_sale() {
    let app = TestApp::start();
    let rice = rice(&app);
    let service = app.staff(&["inventory:update"]);
    let reservation = service.reserve(&rice, 6).expect(201).json();
    assert_eq!(figures(&app, ""), "15 16.5 1.1, 16.5 0.0 0.0 16.5");
    service.post_nothing(&format!("/reservations/{}/confirm", reservation["id"])).expect(200);
    assert_eq!(figures(&app, ""), "9 9.9 1.1, 9.9 6.6 0.0 16.5");
}

#[test]
fn the_values_of_a_past_time_stay() {
    let app = TestApp::start();
    let rice = rice(&app);
    let mara = app.customer("mara");
    let first = valued(&app, "")["as_of"].as_str().unwrap().to_owned();
    for hours in [1, 2] {
        app.advance(3600 * hours);
        mara.buy(&rice, 4);
    }
    let at = |time: &str| figures(&app, &format!("?as_of={time}"));
    let now = valued(&app, "")["as_of"].as_str().unwrap().to_owned();
    assert_eq!(at(&first), "15 16.5 1.1, 16.5 0.0 0.0 16.5");
    assert_eq!(at(&now), "7 7.7 1.1, 7.7 8.8 0.0 16.5");
    let later = |minutes: i64| (first.parse::<Time>().unwrap() + chrono::Duration::minutes(minutes)).to_rfc3339();
    let at = |minutes: i64| at(&later(minutes).replace('+', "%2B"));
    assert_eq!([at(-60), at(59)], ["0 0.0 null, 0.0 0.0 0.0 0.0", "15 16.5 1.1, 16.5 0.0 0.0 16.5"]);
    assert_eq!([at(61), at(179)], ["11 12.1 1.1, 12.1 4.4 0.0 16.5"; 2]);
    let answer = valued(&app, &format!("?as_of={first}&method=fifo"));
    assert_eq!((&answer["as_of"], &answer["method"]), (&json!(first), &json!("fifo")));
}

type Time = chrono::DateTime<chrono::Utc>;

#[test]
fn every_size_is_an_item_and_the_totals_are_those_of_the_store() {
    let app = TestApp::start();
    let sizes = json!([{"size": "S", "initial_stock": 2}, {"size": "M", "initial_stock": 0}]);
    app.create_product(&json!({"sku": "tee", "name": "Tee", "price": 9, "cost_price": 4, "sizes": sizes}));
    rice(&app);
    let far = app.other_store("STORE-FAR");
    app.product_in("STORE-FAR", "dal", 1.0, 5);
    let answer = valued(&app, "?limit=2&sort=-variant_id");
    let items: Vec<_> = answer["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (item["sku"].clone(), item["size"].clone(), item["quantity"].clone()))
        .collect();
    assert_eq!(items, [(json!("rice"), json!(null), json!(15)), (json!("tee-M"), json!("M"), json!(0))]);
    assert_eq!([&answer["total"], &answer["pages"], &answer["page"]], [3, 2, 1]);
    let totals = json!({"value": 24.5, "cost_of_goods_sold": 0.0, "written_off": 0.0, "paid": 24.5});
    assert_eq!(answer["totals"], totals);
    let by_sku = valued(&app, "?sort=sku");
    assert_eq!(by_sku["items"][0]["sku"], "rice");
    assert_eq!(
        app.staff_of(far, &["inventory:read"]).get("/inventory/valuation").expect(200).json()["totals"]["value"],
        0.0
    );
}

#[test]
fn values_above_64_bits_are_exact() {
    let app = TestApp::start();
    let gold = app.create_product(
        &json!({"sku": "gold", "name": "Gold", "price": 1, "cost_price": "9999999999999.99", "initial_stock": 1_000_000_000}),
    );
    app.customer("mara").buy(&gold, 3);
    app.value_stock();
    let text = app.staff(&["inventory:read"]).get("/inventory/valuation").expect(200).text().to_owned();
    assert!(text.contains("\"value\":9999999969999990000000.03,\"unit_cost\":9999999999999.99"), "{text}");
    assert!(text.contains("\"cost_of_goods_sold\":29999999999999.97"), "{text}");
}

#[test]
fn the_largest_costs_and_quantities_are_valued_exactly() {
    let app = TestApp::start();
    let most = 1_000_000_000_000_i64;
    let gold =
        json!({"sku": "gold", "name": "Gold", "price": 1, "cost_price": 10_000_000_000_000_i64, "initial_stock": most});
    let gold = app.create_product(&gold);
    let attic = app.add_location("attic");
    app.receive(&gold, most, attic).expect(200);
    // The tests' JSON numbers are floats at this size, so the text is compared.
    let text = |query: &str| {
        app.value_stock();
        let answer = app.staff(&["inventory:read"]).get(&format!("/inventory/valuation{query}")).expect(200);
        answer.text().to_owned()
    };
    let before = text("");
    assert_eq!(before.matches(r#""value":10000000000000000000000000.00"#).count(), 2, "{before}");
    let out =
        json!({"quantity": 900_000_000_000_i64, "movement_type": "out", "reason": "Melted", "location_id": attic});
    app.admin().put(&format!("/inventory/products/{}/stock", gold.id), &out).expect(200);
    for method in ["average", "fifo"] {
        let after = text(&format!("?method={method}"));
        for figure in [
            r#""quantity":1100000000000,"value":11000000000000000000000000.00"#,
            r#""quantity":100000000000,"value":1000000000000000000000000.00"#,
            r#""written_off":9000000000000000000000000.00"#,
            r#""paid":20000000000000000000000000.00"#,
        ] {
            assert!(after.contains(figure), "{method}: {figure} in {after}");
        }
    }
}
