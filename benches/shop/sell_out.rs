//! Sells the last units of a product to more buyers than units.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde::Serialize;

use crate::load::{self, Load};
use crate::shop::Shop;
use crate::{Outcome, carts, cluster, server};

const CLIENTS: u32 = 128;

/// The time limit of the load. It normally ends with the last answer.
const AT_MOST_SECONDS: u32 = 300;

#[derive(Clone, Debug, Serialize)]
pub struct SellOut {
    pub units: u64,
    pub buyers: u64,
    pub clients: u32,
    pub seconds: f64,
    /// Answers by status.
    pub answers: BTreeMap<String, u64>,
    pub sold: i64,
    pub left: i64,
    /// The output of `stockroom verify` after the sale.
    pub verify: String,
}

impl SellOut {
    /// True if all units were sold, all other buyers were refused with 400, and no request failed.
    pub fn is_exact(&self) -> bool {
        let refused = self.buyers - self.units;
        self.answers.get("201") == Some(&self.units)
            && self.answers.get("400") == Some(&refused)
            && self.answers.values().sum::<u64>() == self.buyers
            && self.sold.cast_unsigned() == self.units
            && self.left == 0
    }
}

#[derive(QueryableByName)]
struct StockRow {
    #[diesel(sql_type = BigInt)]
    variant_id: i64,
    #[diesel(sql_type = BigInt)]
    stock: i64,
    #[diesel(sql_type = BigInt)]
    sold: i64,
}

/// Runs the sale. Every buyer has one unit in the cart and sends one request.
pub fn run(shop: &mut Shop<'_>, units: u64, buyers: u64) -> Outcome<SellOut> {
    shop.restore()?;
    shop.provide_buyers(buyers)?;
    let product = format!(r#"{{"sku":"last-ones","name":"The last ones","price":99.50,"initial_stock":{units}}}"#);
    let token = shop.admin_token()?;
    shop.post("inventory/products", &token, &product)?;
    let variant = read_stock(&mut shop.conn)?.variant_id;
    carts::fill_with(&mut shop.conn, variant, buyers)?;
    cluster::checkpoint(&mut shop.conn)?;
    let load = Load {
        address: &shop.server.address,
        kind: "sell-out",
        clients: CLIENTS,
        seconds: AT_MOST_SECONDS,
        buyers,
        label: "sell-out",
    };
    let seen = load::run(&load, &shop.tokens)?;
    shop.server.wait_until_idle()?;
    let StockRow { stock, sold, .. } = read_stock(&mut shop.conn)?;
    Ok(SellOut {
        units,
        buyers,
        clients: CLIENTS,
        seconds: seen.seconds,
        answers: seen.statuses,
        sold,
        left: stock,
        verify: server::verify(&shop.url, &["--all"]).unwrap_or_else(|error| error.to_string()),
    })
}

fn read_stock(conn: &mut PgConnection) -> Outcome<StockRow> {
    Ok(diesel::sql_query(
        "SELECT v.id AS variant_id, l.stock_quantity AS stock, l.sold_quantity AS sold
         FROM variants v JOIN stock_levels l ON l.store_id = v.store_id AND l.variant_id = v.id
         WHERE v.store_id = 1 AND v.sku = 'last-ones'",
    )
    .get_result(conn)?)
}
