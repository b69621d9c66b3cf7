//! The SQL of the variants that sold best. The DSL has no UNION in FROM.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, Text};

use super::facts::{facts, part};
use super::reading::{Reading, Sums, rows, sums};
use super::rollups::amounts;
use crate::kernel::id::ProductId;
use crate::kernel::text_enum::text_enum;

text_enum! {
    /// The figure by which variants are compared.
    #[strum(serialize_all = "snake_case")]
    pub enum Measure {
        Units,
        Revenue,
        Margin,
    }
}

/// A variant with its sales.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct TopVariant {
    #[diesel(sql_type = BigInt)]
    pub product_id: ProductId,
    #[diesel(sql_type = Text)]
    pub sku: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub size: Option<String>,
    #[diesel(sql_type = Text)]
    pub product_name: String,
    #[diesel(embed)]
    pub sums: Sums,
}

/// The variants with the most sold units, net sales or margin. Variants without a sale or a credit are left out. If the
/// margin decides, so are variants of which no cost is known. Variants with equal figures are in the order of their ids.
pub fn list_top(
    conn: &mut PgConnection,
    reading: &Reading,
    measure: Measure,
    days: (NaiveDate, NaiveDate),
    limit: i64,
) -> QueryResult<Vec<TopVariant>> {
    let text = concat!(
        rows!("sales_by_variant", "variant_id", "product_orders"),
        "SELECT v.product_id, v.sku, v.size, p.name AS product_name, t.* FROM ( \
              SELECT variant_id, ",
        sums!(),
        ", CASE $11 WHEN 0 THEN SUM(units) WHEN 1 THEN SUM(gross - discounts - credits) ELSE SUM(costed_net - cost) END \
                     AS measure FROM rows GROUP BY variant_id \
              HAVING $11 < 2 OR SUM(costed_net) <> 0 OR SUM(cost) <> 0 ORDER BY measure DESC, variant_id LIMIT $10) t \
         CROSS JOIN LATERAL (SELECT product_id, sku, size FROM variants WHERE store_id = $1 AND id = t.variant_id OFFSET 0) v \
         CROSS JOIN LATERAL (SELECT name FROM products WHERE store_id = $1 AND id = v.product_id OFFSET 0) p \
         ORDER BY t.measure DESC, t.variant_id"
    );
    let number = match measure {
        Measure::Units => 0,
        Measure::Revenue => 1,
        Measure::Margin => 2,
    };
    reading.bind(text, days).bind::<BigInt, _>(limit).bind::<Integer, _>(number).load(conn)
}
