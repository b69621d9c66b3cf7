//! The catalogue and its stock.

mod availability;
mod ledger;
mod listing;
mod products;
mod reports;
mod stock;

use crate::common::shop::Product;
use crate::common::{Client, Reply, TestApp, Value, json};

/// The fields of a value, in a given order.
fn fields<const N: usize>(value: &Value, names: [&str; N]) -> [Value; N] {
    names.map(|name| value.get(name).unwrap_or_else(|| panic!("no {name} in {value}")).clone())
}

fn skus(list: &Value) -> Vec<String> {
    list["items"].as_array().unwrap().iter().map(|item| item["sku"].as_str().unwrap().to_owned()).collect()
}

fn change(movement_type: &str, quantity: i64) -> Value {
    json!({"quantity": quantity, "movement_type": movement_type, "reason": "test"})
}

fn put_stock(client: &Client, product: &Product, body: &Value) -> Reply {
    client.put(&format!("/inventory/products/{}/stock", product.id), body)
}

/// Creates five products one after the other.
fn create_products(app: &TestApp) {
    let product = |sku: &str, name: &str, category: &str, brand: &str, price: f64, levels: (i64, i64)| {
        let (stock, minimum) = levels;
        let mut body = json!({"sku": sku, "name": name, "brand": brand, "price": price, "initial_stock": stock,
                              "min_stock_level": minimum});
        if !category.is_empty() {
            body["category"] = json!(category);
        }
        app.create_product(&body)
    };
    product("p-rice", "Basmati Rice", "Staples", "India Gate", 145.0, (50, 10));
    product("p-dal", "Toor Dal", "Staples", "Tata", 172.0, (8, 8));
    product("p-salt", "salt 100%", "Staples", "Tata", 26.0, (0, 20));
    product("p-milk", "Milk_1L", "Dairy", "Amul", 66.0, (10, 4));
    let old = product("p-old", "Old Rice", "", "India Gate", 99.5, (5, 1));
    app.archive(&old);
}
