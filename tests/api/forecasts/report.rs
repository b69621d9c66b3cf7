//! The stock report, against figures that the test computes from the sales that it made.

#![allow(clippy::float_arithmetic, reason = "the figures are means and shares")]

use super::Shop;
use crate::common::shop::Product;
use crate::common::{Value, json};

/// The units that a product sells on each day, and its days out of stock.
struct Plan {
    price: f64,
    days: Vec<Option<i64>>,
}

/// Products over 100 days: steady, seldom, out of stock for 15 days, and never sold.
fn plans() -> Vec<(&'static str, Plan)> {
    let days = |units: fn(usize) -> Option<i64>| (0..100).map(units).collect();
    vec![
        ("steady", Plan { price: 9.0, days: days(|day| Some(if day % 2 == 0 { 3 } else { 4 })) }),
        ("seldom", Plan { price: 30.0, days: days(|day| Some(if day % 21 == 0 { 5 } else { 0 })) }),
        ("gaps", Plan { price: 2.0, days: days(|day| if (60..75).contains(&day) { None } else { Some(2) }) }),
        ("never", Plan { price: 5.0, days: days(|_| Some(0)) }),
    ]
}

fn made(shop: &Shop) -> Vec<(Product, Plan)> {
    let plans = plans().into_iter().map(|(sku, plan)| (shop.app.product(sku, plan.price, 1_000), plan));
    let plans: Vec<_> = plans.collect();
    for day in 0..100 {
        for (product, plan) in &plans {
            match plan.days[day] {
                None if day == 0 || plan.days[day - 1].is_some() => shop.app.set_stock(product, 0),
                Some(_) if day > 0 && plan.days[day - 1].is_none() => shop.app.set_stock(product, 1_000),
                _ => {}
            }
            shop.sell(product, plan.days[day].unwrap_or(0));
        }
        shop.app.relay_feed();
        shop.next_day();
    }
    shop.forecast_all();
    plans
}

fn round(number: f64, decimals: i32) -> f64 {
    let factor = 10_f64.powi(decimals);
    (number * factor).round() / factor
}

/// The units a day of the last days, without days out of stock.
fn velocity(plan: &Plan, days: usize) -> f64 {
    let known: Vec<i64> = plan.days[100 - days..].iter().flatten().copied().collect();
    known.iter().sum::<i64>() as f64 / known.len() as f64
}

fn variation(plan: &Plan) -> Option<f64> {
    let weeks: Vec<f64> = plan.days[100 - 84..]
        .chunks(7)
        .filter_map(|week| {
            let known: Vec<i64> = week.iter().flatten().copied().collect();
            (!known.is_empty()).then(|| known.iter().sum::<i64>() as f64 * 7.0 / known.len() as f64)
        })
        .collect();
    let mean = weeks.iter().sum::<f64>() / weeks.len() as f64;
    let variance = weeks.iter().map(|units| (units - mean).powi(2)).sum::<f64>() / weeks.len() as f64;
    (mean > 0.0).then(|| variance.sqrt() / mean)
}

fn class(variation: Option<f64>) -> Value {
    match variation {
        None => json!(null),
        Some(variation) if variation <= 0.5 => json!("X"),
        Some(variation) if variation <= 1.0 => json!("Y"),
        Some(_) => json!("Z"),
    }
}

#[test]
fn the_figures_are_those_of_the_sales() {
    let shop = Shop::open();
    let plans = made(&shop);
    let rows = shop.report("");
    assert_eq!(rows.len(), plans.len());
    for ((product, plan), row) in plans.iter().zip(&rows) {
        let (stock, _, _) = shop.app.stock(product);
        let last: Vec<Option<i64>> = plan.days[10..].to_vec();
        let sold = last.iter().flatten().sum::<i64>();
        let out = last.iter().filter(|day| day.is_none()).count();
        let (week, month, quarter) = (velocity(plan, 7), velocity(plan, 30), velocity(plan, 90));
        assert_eq!(row["product_id"], product.id);
        let velocities = ["velocity_7", "velocity_30", "velocity_90"].map(|name| row[name].as_f64().unwrap());
        assert_eq!(velocities, [week, month, quarter].map(|units| round(units, 3)), "{row}");
        let cover = (month > 0.0).then(|| round(stock as f64 / month, 1));
        assert_eq!(row["days_of_cover"], json!(cover), "{row}");
        assert_eq!(row["sell_through"], json!(round(sold as f64 / (sold + stock) as f64, 4)), "{row}");
        assert_eq!(row["xyz"], class(variation(plan)), "{row}");
        assert_eq!(row["days_out_of_stock"], json!(out), "{row}");
        assert_eq!(row["lost_units"], json!(round(out as f64 * quarter, 1)), "{row}");
        assert_eq!(row["dead"], json!(sold == 0), "{row}");
    }
    // Of 90 days: 315 units for 9 are 2835, 20 for 30 are 600, and 150 for 2 are 300, of 3735. Before the second are 76
    // percent, and before the third 92.
    let classes: Vec<&str> = rows.iter().map(|row| row["abc"].as_str().unwrap()).collect();
    assert_eq!(classes, ["A", "A", "B", "C"], "{rows:?}");
}

#[test]
fn the_report_has_pages_and_orders() {
    let shop = Shop::open();
    made(&shop);
    let skus = |query: &str| {
        let rows = shop.report(query);
        rows.iter().map(|row| row["sku"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(skus("&sort=sku"), ["gaps", "never", "seldom", "steady"]);
    assert_eq!(skus("&sort=-velocity_30"), ["steady", "gaps", "seldom", "never"]);
    assert_eq!(skus("&sort=-days_out_of_stock")[0], "gaps");
    assert_eq!(skus("&sort=-lost_units")[0], "gaps");
    assert_eq!(skus("&sort=days_of_cover"), ["steady", "gaps", "seldom", "never"]);
    let page = shop.admin.get("/reports/stock?sort=sku&limit=3&page=2").expect(200).json();
    assert_eq!((&page["total"], &page["pages"], &page["items"][0]["sku"]), (&json!(4), &json!(2), &json!("steady")));
    let behind = shop.admin.get("/reports/stock?limit=3&page=9").expect(200).json();
    assert_eq!((&behind["total"], &behind["items"]), (&json!(4), &json!([])));
}

#[test]
fn a_variant_without_sales_is_dead_after_90_days() {
    let shop = Shop::open();
    shop.app.product("old", 10.0, 5);
    shop.app.advance(91 * 86_400);
    shop.app.product("new", 10.0, 5);
    shop.app.product("empty", 10.0, 0);
    shop.forecast_all();
    let dead: Vec<(String, bool)> = shop
        .report("&sort=sku")
        .iter()
        .map(|row| (row["sku"].as_str().unwrap().to_owned(), row["dead"] == true))
        .collect();
    assert_eq!(dead, [("empty".to_owned(), false), ("new".to_owned(), false), ("old".to_owned(), true)]);
}

#[test]
fn the_report_can_be_read_as_csv() {
    let shop = Shop::open();
    let rice = shop.app.product("rice", 10.0, 5);
    let csv = shop.admin.get("/reports/stock?format=csv").expect(200).text();
    let header = "product_id,sku,size,velocity_7,velocity_30,velocity_90,days_of_cover,sell_through,abc,xyz,\
                  days_out_of_stock,lost_units,dead";
    let lines: Vec<&str> = csv.split("\r\n").collect();
    assert_eq!(lines, [header, &format!("{},rice,,0,0,0,,0,C,,0,0,false", rice.id), ""]);
}

#[test]
fn sales_of_the_present_day_count_with_the_stock_that_is_left() {
    let shop = Shop::open();
    let rice = shop.app.product("rice", 10.0, 5);
    let figures = || {
        let row = shop.report("").remove(0);
        ["dead", "sell_through", "velocity_90"].map(|name| row[name].clone())
    };
    shop.app.advance(91 * 86_400);
    shop.forecast_all();
    assert_eq!(figures(), [json!(true), json!(0.0), json!(0.0)]);
    shop.sell(&rice, 1);
    shop.app.relay_feed();
    shop.app.fold_sales();
    // The velocity is that of whole days.
    assert_eq!(figures(), [json!(false), json!(0.2), json!(0.0)]);
    shop.next_day();
    shop.forecast_all();
    let [dead, sell_through, velocity] = figures();
    assert_eq!([dead, sell_through], [json!(false), json!(0.2)]);
    assert!(velocity.as_f64().unwrap() > 0.0, "{velocity}");
}

#[test]
fn sales_before_the_first_figures_count_too() {
    let shop = Shop::open();
    let rice = shop.app.product("rice", 10.0, 5);
    shop.sell(&rice, 1);
    shop.app.relay_feed();
    shop.app.fold_sales();
    assert_eq!(shop.report("")[0]["sell_through"], json!(0.2));
}
