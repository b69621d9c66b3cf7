//! Proposals of what to order, by the forecast.

use super::Shop;
use crate::common::shop::Product;
use crate::common::{Value, json};

impl Shop {
    /// A supplier that sells the product after this number of days.
    fn supplier_of(&self, product: &Product, lead_time_days: i64) -> i64 {
        let code = format!("after-{lead_time_days}");
        let body = json!({"code": code, "name": code, "lead_time_days": lead_time_days});
        let supplier = self.admin.post("/suppliers", &body).expect(201).id();
        let item = json!({"product_id": product.id, "unit_cost": 2.0});
        self.admin.post(&format!("/suppliers/{supplier}/items"), &item).expect(201);
        supplier
    }

    fn needs(&self, query: &str) -> Vec<Value> {
        let list = self.admin.get(&format!("/inventory/reorder?sort=sku{query}")).expect(200).json();
        list["items"].as_array().unwrap().clone()
    }
}

#[test]
fn the_reorder_point_is_the_demand_over_the_lead_time() {
    let shop = Shop::open();
    let rice = shop.app.product("rice", 10.0, 4 * 60 + 25);
    shop.supplier_of(&rice, 5);
    shop.app.set_product(&rice, &json!({"min_stock_level": 10}));
    shop.sell_daily(&rice, [4; 60]);
    shop.forecast_all();
    // 10 + 5 · 4 - 25.
    let need = &shop.needs("")[0];
    assert_eq!(
        (&need["reorder_point"], &need["needed"], &need["available_quantity"]),
        (&json!(30), &json!(5), &json!(25))
    );
    // 24 units are sold in six days, and the last one on the seventh.
    assert_eq!(need["stock_out_on"], json!(shop.today() + chrono::Days::new(6)));
    let made = shop.admin.post("/inventory/reorder", &json!({})).expect(201).json();
    assert_eq!(made["purchase_orders"][0]["quantity"], json!(5), "{made}");
}

#[test]
fn days_out_of_stock_do_not_lower_what_is_ordered() {
    let shop = Shop::open();
    let rice = shop.app.product("rice", 10.0, 4 * 40);
    shop.supplier_of(&rice, 10);
    shop.sell_daily(&rice, [4; 40]);
    shop.app.relay_feed();
    shop.sell_daily(&rice, [0; 10]);
    shop.app.set_stock(&rice, 4 * 20);
    shop.app.relay_feed();
    shop.sell_daily(&rice, [4; 20]);
    shop.forecast_all();
    // The sales of the last 30 days are 80 units, which would be 27 in 10 days.
    assert_eq!(shop.needs("")[0]["needed"], json!(40));
}

#[test]
fn a_higher_service_level_orders_more_of_what_sells_irregularly() {
    let shop = Shop::open();
    let rice = shop.app.product("rice", 10.0, 5_000);
    let supplier = shop.supplier_of(&rice, 7);
    shop.sell_daily(&rice, (0..90).map(|day| (day * 7 + day * day) % 11));
    shop.app.set_stock(&rice, 1);
    let needed = |level: i64| {
        shop.app.set_store(&json!({"service_level": level}));
        shop.forecast_all();
        let all = shop.needs("")[0]["needed"].as_i64().unwrap();
        assert_eq!(shop.needs(&format!("&supplier={supplier}"))[0]["needed"], json!(all));
        let here = format!("&location={}", shop.app.main_location());
        assert_eq!(shop.needs(&here)[0]["needed"], json!(all));
        all
    };
    let (half, most) = (needed(50), needed(99));
    assert!(half < most && (20..60).contains(&half), "{half} {most}");
}

#[test]
fn a_longer_lead_time_than_the_forecast_continues_it() {
    let shop = Shop::open();
    let rice = shop.app.product("rice", 10.0, 2 * 60 + 1);
    shop.supplier_of(&rice, 400);
    shop.sell_daily(&rice, [2; 60]);
    shop.forecast_all();
    assert_eq!(shop.needs("")[0]["needed"], json!(799));
}
