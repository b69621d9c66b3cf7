//! The forecast of a product.

use chrono::Days;

use super::Shop;
use crate::common::{Value, json};

fn expected(forecast: &Value) -> Vec<f64> {
    forecast["items"].as_array().unwrap().iter().map(|day| day["expected"].as_f64().unwrap()).collect()
}

#[test]
fn the_demand_of_the_past_continues_from_tomorrow_on() {
    let shop = Shop::open();
    let rice = shop.app.product("rice", 10.0, 1_000);
    shop.sell_daily(&rice, [4; 60]);
    assert!(shop.forecast_all() >= 1);
    let forecast = shop.forecast(&rice, "&horizon=3");
    assert_eq!(expected(&forecast), [4.0; 3]);
    let days: Vec<String> = (1..=3).map(|days| (shop.today() + Days::new(days)).to_string()).collect();
    let found: Vec<&str> =
        forecast["items"].as_array().unwrap().iter().map(|day| day["day"].as_str().unwrap()).collect();
    assert_eq!(found, days);
    let day = &forecast["items"][0];
    let bounds = ["low_95", "low_80", "high_80", "high_95"].map(|bound| day[bound].as_f64().unwrap());
    assert_eq!(bounds, [4.0; 4]);
    // A forecast that repeats the week before makes no error here.
    assert_eq!((&forecast["mase"], &forecast["bias"]), (&json!(null), &json!(0.0)));
    assert_eq!(forecast["coverage"], json!({"80": 1.0, "95": 1.0}));
}

#[test]
fn days_out_of_stock_are_gaps() {
    let shop = Shop::open();
    let rice = shop.app.product("rice", 10.0, 4 * 30);
    // 30 days sell everything, then 20 days have nothing, and 30 more days sell.
    shop.sell_daily(&rice, [4; 30]);
    shop.app.relay_feed();
    shop.sell_daily(&rice, [0; 20]);
    shop.app.set_stock(&rice, 500);
    shop.app.relay_feed();
    shop.sell_daily(&rice, [4; 30]);
    shop.forecast_all();
    // With the 20 days as zeros, the mean would be 3 units.
    assert_eq!(expected(&shop.forecast(&rice, "&horizon=90")), [4.0; 90]);
}

#[test]
fn a_forecast_that_is_missing_or_old_is_computed_at_once() {
    let shop = Shop::open();
    let rice = shop.app.product("rice", 10.0, 1_000);
    shop.sell_daily(&rice, [4; 60]);
    shop.app.relay_feed();
    shop.app.fold_sales();
    let before = shop.forecast(&rice, "");
    shop.forecast_all();
    assert_eq!(shop.forecast(&rice, ""), before);
    shop.sell_daily(&rice, [0; 30]);
    shop.app.relay_feed();
    shop.app.fold_sales();
    let after = expected(&shop.forecast(&rice, "&horizon=1"));
    assert!(after[0] < 3.0, "{after:?}");
}

#[test]
fn a_run_computes_every_variant_once_a_day_and_again_for_another_service_level() {
    let shop = Shop::open();
    let products: Vec<_> = (0..3).map(|number| shop.app.product(&format!("p{number}"), 10.0, 500)).collect();
    for _ in 0..58 {
        products.iter().for_each(|product| shop.sell(product, 1));
        shop.next_day();
    }
    assert_eq!((shop.forecast_all(), shop.forecast_all()), (3, 0));
    shop.app.set_store(&json!({"service_level": 99}));
    assert_eq!((shop.forecast_all(), shop.forecast_all()), (3, 0));
    shop.next_day();
    assert_eq!((shop.forecast_all(), shop.forecast_all()), (3, 0));
}

#[test]
fn a_new_product_has_the_pattern_of_its_category() {
    let shop = Shop::open();
    let food = |sku: &str| {
        shop.app
            .create_product(&json!({"sku": sku, "name": sku, "price": 10, "initial_stock": 900, "category": "food"}))
    };
    let rice = food("rice");
    shop.sell_daily(&rice, [6; 60]);
    let dal = food("dal");
    shop.next_day();
    shop.forecast_all();
    let forecast = shop.forecast(&dal, "&horizon=1");
    assert_eq!((&forecast["method"], &forecast["mase"]), (&json!("category_profile"), &json!(null)));
    // 14 imaginary days of rice and no sale on a day or two.
    let units = expected(&forecast)[0];
    assert!((4.5..6.0).contains(&units), "{units}");
    let books = shop.app.create_product(&json!({"sku": "book", "name": "Book", "price": 10, "category": "books"}));
    let nothing = shop.forecast(&books, "&horizon=2");
    assert_eq!((&nothing["method"], expected(&nothing)), (&json!("zero"), vec![0.0, 0.0]));
}

#[test]
fn new_products_of_several_categories_have_the_patterns_of_their_own() {
    let shop = Shop::open();
    let product = |sku: &str, category: &str| {
        shop.app
            .create_product(&json!({"sku": sku, "name": sku, "price": 10, "initial_stock": 900, "category": category}))
    };
    let known = [(product("rice", "food"), 6), (product("tea", "drinks"), 2), (shop.app.product("pen", 10.0, 900), 10)];
    for _ in 0..60 {
        known.iter().for_each(|(product, units)| shop.sell(product, *units));
        shop.next_day();
    }
    assert_eq!(shop.forecast_all(), 3);
    // 14 imaginary days of the category, and a day or two without a sale.
    let new = [
        (product("dal", "food"), 4.5..6.0),
        (product("milk", "drinks"), 1.5..2.0),
        (shop.app.product("ink", 10.0, 900), 7.5..10.0),
    ];
    let other = product("book", "books");
    shop.next_day();
    assert_eq!(shop.forecast_all(), 6, "a new category has no pattern");
    for (product, range) in &new {
        let forecast = shop.forecast(product, "&horizon=1");
        assert_eq!(forecast["method"], "category_profile");
        let units = expected(&forecast)[0];
        assert!(range.contains(&units), "{units}");
    }
    assert_eq!(shop.forecast(&other, "&horizon=1")["method"], "zero");
}
