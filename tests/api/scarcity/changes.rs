//! Every change on which the figures depend, with and without the job.

use diesel::connection::SimpleConnection;

use super::Shop;
use crate::common::{Value, json};

type Change = (&'static str, fn(&Shop));

fn patch(shop: &Shop, path: &str, body: &Value) {
    shop.admin.patch(path, body).expect(200);
}

fn minimum(shop: &Shop, minimum: i64) {
    shop.app.set_product(&shop.rice, &json!({"min_stock_level": minimum}));
}

fn size(shop: &Shop, change: &Value) {
    shop.app.set_product(&shop.tee, &json!({"sizes": [change]}));
}

fn supplier(shop: &Shop, id: i64, change: &Value) {
    patch(shop, &format!("/suppliers/{id}"), change);
}

fn item(shop: &Shop) -> String {
    let items = shop.admin.get(&format!("/suppliers/{}/items", shop.dear)).expect(200).json();
    format!("/suppliers/{}/items/{}", shop.dear, items["items"][0]["id"])
}

fn safety(shop: &Shop, quantity: i64) {
    let body = json!({"location_id": shop.main, "quantity": quantity});
    shop.admin.put(&format!("/inventory/products/{}/safety", shop.rice.id), &body).expect(200);
}

/// Does the next act of the only purchase order.
fn purchase(shop: &Shop, act: &str, body: &Value) {
    let orders = shop.admin.get("/purchase-orders").expect(200).json();
    shop.admin.post(&format!("/purchase-orders/{}/{act}", orders["items"][0]["id"]), body).expect(200);
}

fn receive_purchase(shop: &Shop) {
    let orders = shop.admin.get("/purchase-orders").expect(200).json();
    let order = shop.admin.get(&format!("/purchase-orders/{}", orders["items"][0]["id"])).expect(200).json();
    purchase(shop, "receive", &json!({"lines": [{"line_id": order["lines"][0]["id"], "accepted": 2}]}));
}

/// Each change changes a list.
const CHANGES: [Change; 26] = [
    ("the minimum of a product", |shop| minimum(shop, 25)),
    ("a higher minimum", |shop| minimum(shop, 60)),
    ("the minimum of a size", |shop| size(shop, &json!({"size": "L", "min_stock_level": 50}))),
    ("a size goes off sale", |shop| size(shop, &json!({"size": "L", "status": "archived"}))),
    ("a size is on sale again", |shop| size(shop, &json!({"size": "L", "status": "active"}))),
    ("a new size", |shop| size(shop, &json!({"size": "XL", "min_stock_level": 2}))),
    ("a new product", |shop| drop(shop.app.product("later", 5.0, 0))),
    ("a name", |shop| shop.app.set_product(&shop.rice, &json!({"name": "Zebra rice", "sku": "zebra"}))),
    ("units arrive", |shop| drop(shop.app.receive(&shop.rice, 3, shop.attic).expect(200))),
    ("a sale", |shop| drop(shop.app.customer("mara").buy(&shop.rice, 6))),
    ("safety stock", |shop| safety(shop, 5)),
    ("another lead time of a supplier", |shop| supplier(shop, shop.cheap, &json!({"lead_time_days": 40}))),
    ("an inactive supplier", |shop| supplier(shop, shop.cheap, &json!({"active": false}))),
    ("an active supplier", |shop| supplier(shop, shop.cheap, &json!({"active": true}))),
    ("a lower cost", |shop| patch(shop, &item(shop), &json!({"unit_cost": 2, "lead_time_days": 80}))),
    ("an item less", |shop| drop(shop.admin.delete(&item(shop)))),
    ("an item more", |shop| {
        let item = json!({"product_id": shop.rice.id, "unit_cost": 3});
        shop.admin.post(&format!("/suppliers/{}/items", shop.dear), &item).expect(201);
    }),
    ("a draft", |shop| {
        let lines = json!([{"product_id": shop.rice.id, "quantity": 9}]);
        let body = json!({"supplier_id": shop.cheap, "location_id": shop.main, "lines": lines});
        shop.admin.post("/purchase-orders", &body).expect(201);
    }),
    ("an order", |shop| purchase(shop, "order", &json!({}))),
    ("an order that becomes a draft again", |shop| purchase(shop, "draft", &json!({}))),
    ("the order once more", |shop| purchase(shop, "order", &json!({}))),
    ("a receipt", receive_purchase),
    ("an order that is closed", |shop| purchase(shop, "close", &json!({"reason": "sold out"}))),
    ("a paused place", |shop| drop(shop.app.set_status(shop.attic, "paused").expect(200))),
    ("an active place", |shop| drop(shop.app.set_status(shop.attic, "active").expect(200))),
    ("a product off sale", |shop| shop.app.archive(&shop.rice)),
];

#[test]
fn lists_are_right_after_each_change_with_and_without_the_job() {
    let shop = Shop::open();
    shop.settle();
    let mut before = shop.assert_right("at first");
    for (name, change) in CHANGES {
        change(&shop);
        let without = shop.assert_right(name);
        assert_ne!(before, without, "{name} changed nothing");
        shop.app.find_scarce_variants();
        assert_eq!(without, shop.assert_right(name), "{name}, after the job");
        shop.settle();
        before = shop.assert_right(name);
    }
}

#[test]
fn a_change_of_the_whole_store_is_found_by_the_job() {
    let shop = Shop::open();
    minimum(&shop, 22);
    shop.settle();
    let before = shop.assert_right("at first");
    let change = "UPDATE locations SET sells_online = false WHERE code = 'attic'; \
                  INSERT INTO scarcity_changes (store_id) SELECT id FROM stores";
    shop.app.connection().batch_execute(change).unwrap();
    let changed = shop.assert_right("before the job");
    assert_ne!(before, changed);
    shop.settle();
    assert_eq!(changed, shop.assert_right("after the job"));
}

/// A purchase order is a draft again before the job, and then has other lines.
#[test]
fn a_line_that_is_removed_is_no_longer_incoming() {
    let shop = Shop::open();
    minimum(&shop, 60);
    let lines = json!([{"product_id": shop.rice.id, "quantity": 9}]);
    let body = json!({"supplier_id": shop.cheap, "location_id": shop.main, "lines": lines});
    let order = shop.admin.post("/purchase-orders", &body).expect(201).json();
    purchase(&shop, "order", &json!({}));
    shop.settle();
    purchase(&shop, "draft", &json!({}));
    let lines = json!({"lines": [{"product_id": "plenty", "quantity": 1, "unit_cost": 1}]});
    patch(&shop, &format!("/purchase-orders/{}", order["id"]), &lines);
    shop.assert_right("without the line");
    shop.settle();
    shop.assert_right("after the job");
}

#[test]
fn holds_count_until_their_deadline_and_sales_for_thirty_days() {
    let shop = Shop::open();
    minimum(&shop, 22);
    shop.settle();
    let before = shop.assert_right("at first");
    let items = json!([{"product_id": shop.rice.id, "quantity": 5}]);
    shop.app.customer("mara").post("/orders", &json!({"items": items, "payment_method": "upi"})).expect(201);
    let held = shop.assert_right("with a hold");
    assert_ne!(before, held);
    shop.settle();
    assert_eq!(held, shop.assert_right("after the job"));
    // The job runs while the hold is overdue, and the hold ends later.
    shop.app.advance(2_000);
    assert_eq!(before, shop.assert_right("after the deadline"));
    shop.settle();
    assert_eq!(before, shop.assert_right("after the job"));
    shop.app.expire_holds();
    shop.settle();
    assert_eq!(before, shop.assert_right("after the end"));

    shop.app.customer("mara").buy(&shop.rice, 12);
    shop.app.advance(30 * 86_400 - 20);
    shop.app.find_scarce_variants();
    let sold = shop.assert_right("before the thirtieth day");
    shop.app.advance(40);
    let forgotten = shop.assert_right("on the thirtieth day");
    assert_ne!(sold, forgotten);
    shop.app.find_scarce_variants();
    assert_eq!(forgotten, shop.assert_right("after the job"));
}
