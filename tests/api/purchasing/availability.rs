//! The units that will arrive, and the days on which quantities become available.

use super::{Shop, day};
use crate::common::shop::Product;
use crate::common::{Value, json};

impl Shop {
    /// Orders units of a product for a place, on a day.
    fn order_for(&self, product: &Product, quantity: i64, location: i64, expected_on: &Value) -> Value {
        let lines = json!([{"product_id": product.id, "quantity": quantity, "unit_cost": 1}]);
        let fields = json!({"location_id": location, "lines": lines, "expected_on": expected_on});
        let draft = self.create(&fields).expect(201).json();
        self.act(&draft, "order", &json!({})).expect(200).json()
    }

    /// The answers for a quantity: from the product's path, and from the list.
    fn available_on(&self, product: &Product, quantity: i64) -> Value {
        let path = format!("/inventory/products/{}/availability/{quantity}", product.id);
        let one = self.app.guest().get(&path).expect(200).json();
        let items = json!({"items": [{"product_id": product.id, "quantity": quantity}]});
        let list = self.app.guest().post("/inventory/availability", &items).expect(200).json();
        assert_eq!(one["available_on"], list["items"][0]["available_on"], "{quantity}");
        assert_eq!(one["available"], list["available"], "{quantity}");
        one["available_on"].clone()
    }
}

#[test]
fn twelve_units_are_available_when_the_ordered_ones_arrive() {
    let shop = Shop::open();
    let (friday, monday) = (day(&shop.app, 2), day(&shop.app, 5));
    let tee = shop.app.product("tee", 10.0, 5);
    // Three units are on the road from a place that sells nothing online, and ten are ordered.
    let depot = json!({"code": "depot", "name": "Depot", "sells_online": false});
    let depot = shop.admin.post("/locations", &depot).expect(201).id();
    shop.app.receive(&tee, 8, depot).expect(200);
    let lines = json!([{"product_id": tee.id, "quantity": 3}]);
    let transfer =
        json!({"from_location_id": depot, "to_location_id": shop.main, "lines": lines, "expected_on": friday});
    let transfer = shop.admin.post("/transfers", &transfer).expect(201).id();
    shop.admin.post(&format!("/transfers/{transfer}/ready"), &json!({})).expect(200);
    assert_eq!(shop.available_on(&tee, 6), json!(null));
    shop.admin.post(&format!("/transfers/{transfer}/send"), &json!({})).expect(200);
    let order = shop.order_for(&tee, 10, shop.main, &json!(monday));

    for (quantity, expected) in [
        (5, json!(null)),
        (6, json!(friday)),
        (8, json!(friday)),
        (9, json!(monday)),
        (12, json!(monday)),
        (18, json!(monday)),
        (19, json!(null)),
    ] {
        assert_eq!(shop.available_on(&tee, quantity), expected, "{quantity}");
    }
    let supply = shop.app.guest().get(&format!("/inventory/products/{}/supply", tee.id)).expect(200).json();
    assert_eq!(
        supply,
        json!({"product_id": tee.id, "size": null, "available_quantity": 5, "supply": [
            {"expected_on": friday, "quantity": 3}, {"expected_on": monday, "quantity": 10}]})
    );
    let incoming = shop.admin.get("/inventory/incoming").expect(200).json();
    let rows: Vec<_> = incoming["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["kind"].as_str().unwrap(), row["id"].clone(), row["outstanding_quantity"].as_i64().unwrap()))
        .collect();
    assert_eq!(rows, [("transfer", json!(transfer), 3), ("purchase", order["id"].clone(), 10)]);
    assert_eq!(
        (&incoming["items"][0]["from_location_id"], &incoming["items"][1]["supplier_id"]),
        (&json!(depot), &json!(shop.supplier))
    );
    let other = shop.admin.get(&format!("/inventory/incoming?location={depot}")).expect(200).json();
    assert_eq!(other["total"], 0);
    let of_rice = shop.admin.get(&format!("/inventory/incoming?product={}", shop.rice.id)).expect(200).json();
    assert_eq!(of_rice["total"], 0);

    // In the levels, both are incoming at the place.
    let stock = shop.admin.get(&format!("/inventory/products/{}/stock", tee.id)).expect(200).json();
    let main = stock["locations"].as_array().unwrap().iter().find(|row| row["location_id"] == shop.main).unwrap();
    assert_eq!((&main["in_transit_quantity"], &main["incoming_quantity"]), (&json!(3), &json!(13)));
    let levels = shop.admin.get("/inventory").expect(200).json();
    let incoming = |location: i64| {
        let rows = levels["items"].as_array().unwrap().iter();
        let of_tee = rows.filter(|row| row["product_id"] == tee.id && row["location_id"] == location);
        of_tee.map(|row| row["incoming_quantity"].as_i64().unwrap()).sum::<i64>()
    };
    assert_eq!((incoming(shop.main), incoming(depot)), (13, 0));
}

#[test]
fn earlier_lines_take_the_units_that_arrive_first() {
    let shop = Shop::open();
    let (friday, monday) = (day(&shop.app, 2), day(&shop.app, 5));
    let tee = shop.app.product("tee", 10.0, 5);
    shop.order_for(&tee, 3, shop.main, &json!(friday));
    shop.order_for(&tee, 10, shop.main, &json!(monday));
    let line = |quantity: i64| json!({"product_id": tee.id, "quantity": quantity});
    let body = json!({"items": [line(4), line(3), line(2), line(10)]});
    let list = shop.app.guest().post("/inventory/availability", &body).expect(200).json();
    let days: Vec<&Value> = list["items"].as_array().unwrap().iter().map(|line| &line["available_on"]).collect();
    assert_eq!(days, [&json!(null), &json!(friday), &json!(monday), &json!(null)]);
}

#[test]
fn units_that_buyers_cannot_get_have_no_day() {
    let shop = Shop::open();
    let monday = json!(day(&shop.app, 5));
    let tee = shop.app.product("tee", 10.0, 1);
    let order = shop.order_for(&tee, 2, shop.main, &json!(null));
    // The lead time of the supplier is the day of an order without one.
    assert_eq!(shop.available_on(&tee, 3), monday);
    // On the day itself it is still known. The day of overdue units is not.
    shop.app.advance(5 * 86_400);
    assert_eq!(shop.available_on(&tee, 3), json!(day(&shop.app, 0)));
    shop.app.advance(86_400);
    assert_eq!(shop.available_on(&tee, 3), json!(null));
    let path = format!("/inventory/products/{}/supply", tee.id);
    let overdue = shop.app.guest().get(&path).expect(200).json();
    assert_eq!(overdue["supply"], json!([{"expected_on": null, "quantity": 2}]));
    let incoming = shop.admin.get(&format!("/inventory/incoming?product={}", tee.id)).expect(200).json();
    assert_eq!(incoming["items"][0]["expected_on"], monday, "staff see the day that has passed");
    // A new day makes it known again.
    let later = json!(day(&shop.app, 4));
    shop.admin.patch(&format!("/purchase-orders/{}", order["id"]), &json!({"expected_on": later})).expect(200);
    assert_eq!(shop.available_on(&tee, 3), later);
    let unknown = json!({"expected_on": null});
    shop.admin.patch(&format!("/purchase-orders/{}", order["id"]), &unknown).expect(200);
    assert_eq!(shop.available_on(&tee, 3), json!(null));
    let supply = shop.app.guest().get(&path).expect(200).json();
    assert_eq!(supply["supply"], json!([{"expected_on": null, "quantity": 2}]));
    // A place that does not sell online, a draft, and a product that is not on sale.
    shop.act(&order, "cancel", &json!({})).expect(200);
    let depot = json!({"code": "depot", "name": "Depot", "sells_online": false});
    let depot = shop.admin.post("/locations", &depot).expect(201).id();
    shop.order_for(&tee, 2, depot, &json!(day(&shop.app, 1)));
    let lines = json!([{"product_id": tee.id, "quantity": 9, "unit_cost": 1, "expected_on": day(&shop.app, 1)}]);
    shop.create(&json!({"lines": lines})).expect(201);
    assert_eq!(shop.available_on(&tee, 3), json!(null));
    shop.order_for(&tee, 2, shop.main, &json!(day(&shop.app, 3)));
    assert_eq!(shop.available_on(&tee, 3), json!(day(&shop.app, 3)));
    shop.app.archive(&tee);
    let gone = shop.app.guest().get(&format!("/inventory/products/{}/availability/3", tee.id)).expect(200).json();
    assert_eq!((&gone["available"], &gone["available_on"]), (&json!(false), &json!(null)));
}

#[test]
fn all_sizes_together_have_a_day_too() {
    let shop = Shop::open();
    let shirt = shop.app.sized_product("shirt", 10.0, &[("S", 1), ("M", 2)]);
    let line = |size: &str, quantity: i64, days: i64| {
        json!({"product_id": shirt.id, "size": size, "quantity": quantity, "unit_cost": 1,
               "expected_on": day(&shop.app, days)})
    };
    let order = shop.create(&json!({"lines": [line("S", 4, 2), line("M", 5, 1)]})).expect(201).json();
    shop.act(&order, "order", &json!({})).expect(200);
    let get =
        |query: &str| shop.app.guest().get(&format!("/inventory/products/{}{query}", shirt.id)).expect(200).json();
    assert_eq!(get("/availability/8")["available_on"], day(&shop.app, 1));
    assert_eq!(get("/availability/9")["available_on"], day(&shop.app, 2));
    assert_eq!(get("/availability/5?size=S")["available_on"], day(&shop.app, 2));
    assert_eq!(get("/availability/6?size=S")["available_on"], json!(null));
    let days =
        json!([{"expected_on": day(&shop.app, 1), "quantity": 5}, {"expected_on": day(&shop.app, 2), "quantity": 4}]);
    assert_eq!(get("/supply")["supply"], days);
    let of_small = get("/supply?size=S");
    assert_eq!((&of_small["size"], &of_small["available_quantity"]), (&json!("S"), &json!(1)));
    assert_eq!(of_small["supply"], json!([{"expected_on": day(&shop.app, 2), "quantity": 4}]));
}

#[test]
fn a_store_that_never_splits_needs_all_units_at_one_place() {
    let shop = Shop::open();
    let second = shop.app.add_location("second");
    let tee = shop.app.product("tee", 10.0, 3);
    shop.app.receive(&tee, 4, second).expect(200);
    let (friday, monday) = (json!(day(&shop.app, 2)), json!(day(&shop.app, 5)));
    shop.order_for(&tee, 2, shop.main, &friday);
    shop.order_for(&tee, 4, second, &monday);
    assert_eq!((shop.available_on(&tee, 9), shop.available_on(&tee, 7)), (friday.clone(), json!(null)));
    let policy = json!({"rules": ["priority"], "split": "never"});
    shop.admin.put("/stores/1/routing", &policy).expect(200);
    assert_eq!(shop.available_on(&tee, 4), json!(null));
    assert_eq!(shop.available_on(&tee, 5), friday);
    assert_eq!(shop.available_on(&tee, 6), monday);
    assert_eq!(shop.available_on(&tee, 8), monday);
    assert_eq!(shop.available_on(&tee, 9), json!(null));
}

#[test]
fn incoming_units_are_found_by_the_sku_of_their_product() {
    let shop = Shop::open();
    let tee = shop.app.product("tee", 10.0, 0);
    shop.order_for(&tee, 2, shop.main, &json!(null));
    shop.order_for(&shop.rice, 3, shop.main, &json!(null));
    let skus = |query: &str| {
        let list = shop.admin.get(&format!("/inventory/incoming{query}")).expect(200).json();
        let items = list["items"].as_array().unwrap().iter();
        items.map(|item| item["sku"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(skus("?product=tee"), ["tee"]);
    assert_eq!(skus(&format!("?product={}", tee.id)), ["tee"]);
    assert_eq!(skus("?product=unknown"), [""; 0]);
}
