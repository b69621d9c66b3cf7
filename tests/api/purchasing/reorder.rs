//! Proposals for what to order next, with hand-made figures.

use super::{Shop, day};
use crate::common::{Value, json};

impl Shop {
    fn needs(&self, query: &str) -> Vec<Value> {
        let list = self.admin.get(&format!("/inventory/reorder{query}")).expect(200).json();
        let items = list["items"].as_array().unwrap().clone();
        assert_eq!(list["total"], items.len());
        items
    }
}

/// The product, the needed units, the units to order, their cost and the day without stock.
fn proposal(need: &Value) -> (&str, i64, i64, Value, Value) {
    (
        need["sku"].as_str().unwrap(),
        need["needed"].as_i64().unwrap(),
        need["quantity"].as_i64().unwrap(),
        need["cost"].clone(),
        need["stock_out_on"].clone(),
    )
}

#[test]
fn what_to_order_follows_from_sales_lead_time_and_incoming_units() {
    let shop = Shop::open();
    shop.app.set_product(&shop.rice, &json!({"min_stock_level": 4}));
    assert!(shop.needs("").is_empty());
    // 16 of 20 units are sold within 30 days, of which one is restored. Two units are safety stock.
    let mara = shop.app.customer("mara");
    mara.buy(&shop.rice, 15);
    let cancelled = mara.buy(&shop.rice, 1);
    mara.cancel(&cancelled).expect(200);
    let safety = json!({"location_id": shop.main, "quantity": 2});
    shop.admin.put(&format!("/inventory/products/{}/safety", shop.rice.id), &safety).expect(200);
    // 15 units in 30 days are 2.5 in 5 days, so 3. 4 + 3 + 2 - 5 = 4, in packs of 6: 6 units for 7.00.
    let out = json!(day(&shop.app, 10));
    let needs = shop.needs("");
    assert_eq!(needs.iter().map(proposal).collect::<Vec<_>>(), [("rice", 4, 6, json!(42.0), out.clone())]);
    assert_eq!((&needs[0]["supplier_id"], &needs[0]["sold_quantity"]), (&json!(shop.supplier), &json!(15)));
    assert_eq!((&needs[0]["available_quantity"], &needs[0]["lead_time_days"]), (&json!(5), &json!(5)));
    // Filled up to the maximum of 21: 16 units, in packs of 6.
    shop.app.set_product(&shop.rice, &json!({"max_stock_level": 21}));
    assert_eq!(proposal(&shop.needs("")[0]), ("rice", 4, 18, json!(126.0), out.clone()));
    // Three ordered units are incoming. Units of drafts are not needed twice.
    shop.ordered(3);
    assert_eq!(proposal(&shop.needs("")[0]), ("rice", 1, 18, json!(126.0), out.clone()));
    shop.draft(12);
    assert_eq!(proposal(&shop.needs("")[0]), ("rice", 1, 6, json!(42.0), out.clone()));
    shop.draft(1);
    assert_eq!(proposal(&shop.needs("")[0]), ("rice", 1, 0, json!(0.0), out));
    shop.ordered(1);
    assert!(shop.needs("").is_empty());
    // Sales that are older than 30 days do not count.
    shop.app.advance(31 * 86_400);
    shop.app.set_product(&shop.rice, &json!({"min_stock_level": 8, "max_stock_level": null}));
    assert_eq!(proposal(&shop.needs("")[0]), ("rice", 1, 0, json!(0.0), json!(null)));
}

#[test]
fn the_supplier_with_the_lowest_cost_is_proposed() {
    let shop = Shop::open();
    let dal = shop.app.create_product(&json!({"sku": "dal", "name": "Dal", "price": 5, "min_stock_level": 10}));
    let add = |code: &str, cost: f64, days: Value| {
        let supplier =
            shop.admin.post("/suppliers", &json!({"code": code, "name": code, "lead_time_days": 9})).expect(201).id();
        let item = json!({"product_id": dal.id, "unit_cost": cost, "lead_time_days": days, "min_quantity": 15});
        shop.admin.post(&format!("/suppliers/{supplier}/items"), &item).expect(201);
        supplier
    };
    let needs = shop.needs("");
    assert_eq!(proposal(&needs[0]), ("dal", 10, 10, json!(null), json!(null)));
    assert_eq!(needs[0]["supplier_id"], json!(null));
    let slow = add("slow", 2.0, json!(null));
    let (fast, dear) = (add("fast", 2.0, json!(3)), add("dear", 2.5, json!(1)));
    let need = &shop.needs("")[0];
    assert_eq!((&need["supplier_id"], &need["quantity"], &need["cost"]), (&json!(fast), &json!(15), &json!(30.0)));
    assert_eq!(shop.needs(&format!("?supplier={dear}"))[0]["cost"], json!(37.5));
    assert!(shop.needs(&format!("?supplier={}", shop.supplier)).is_empty());
    shop.admin.patch(&format!("/suppliers/{fast}"), &json!({"active": false})).expect(200);
    assert_eq!(shop.needs("")[0]["supplier_id"], slow);
    let second = shop.app.add_location("second");
    shop.app.receive(&dal, 6, second).expect(200);
    assert_eq!(shop.needs("")[0]["needed"], 4);
    assert_eq!(shop.needs(&format!("?location={}", shop.main))[0]["needed"], 10);
    shop.admin.get("/inventory/reorder?location=999999").refused(404, "LOCATION_NOT_FOUND");
}

#[test]
fn drafts_are_made_one_for_each_supplier_and_not_twice() {
    let shop = Shop::open();
    shop.app.set_product(&shop.rice, &json!({"min_stock_level": 25}));
    let product =
        |sku: &str| shop.app.create_product(&json!({"sku": sku, "name": sku, "price": 5, "min_stock_level": 10}));
    let (dal, tea) = (product("dal"), product("tea"));
    product("unsold");
    let other = shop.admin.post("/suppliers", &json!({"code": "other", "name": "Other"})).expect(201).id();
    let sell = |supplier: i64, product: i64, cost: i64| {
        let item = json!({"product_id": product, "unit_cost": cost});
        shop.admin.post(&format!("/suppliers/{supplier}/items"), &item).expect(201);
    };
    sell(shop.supplier, dal.id, 2);
    sell(other, tea.id, 3);
    let made = shop.admin.post("/inventory/reorder", &json!({})).expect(201).json();
    let drafts = made["purchase_orders"].as_array().unwrap();
    let figures: Vec<_> = drafts
        .iter()
        .map(|draft| {
            (
                draft["supplier_id"].as_i64().unwrap(),
                draft["status"].as_str().unwrap(),
                draft["quantity"].as_i64().unwrap(),
                draft["total"].as_f64().unwrap(),
            )
        })
        .collect();
    assert_eq!(figures, [(shop.supplier, "draft", 16, 62.0), (other, "draft", 10, 30.0)]);
    assert!(drafts.iter().all(|draft| draft["location_id"] == shop.main));
    let again = shop.admin.post("/inventory/reorder", &json!({})).expect(201).json();
    assert_eq!(again["purchase_orders"], json!([]));
    // At a second place, everything is needed again.
    let second = shop.app.add_location("second");
    let body = json!({"supplier_id": other, "location_id": second});
    let there = shop.admin.post("/inventory/reorder", &body).expect(201).json();
    let there = &there["purchase_orders"][0];
    assert_eq!((&there["location_id"], &there["quantity"]), (&json!(second), &json!(10)));
    let order = shop.act(&drafts[0], "order", &json!({})).expect(200).json();
    assert_eq!(order["lines"].as_array().unwrap().len(), 2);
}
