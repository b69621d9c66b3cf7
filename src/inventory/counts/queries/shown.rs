//! The SQL that reads lines with the data of their variants.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::db::schema::{count_lines, products, variants};
use crate::inventory::counts::line::{CountLine, PostedLine};
use crate::inventory::counts::status::LineStatus;
use crate::inventory::observation::Observation;
use crate::inventory::valuation::queries::report::find_average_costs;
use crate::kernel::id::{CountId, ProductId, StoreId, VariantId};
use crate::kernel::money::Money;

/// The order of lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LineOrder {
    #[default]
    FirstToLast,
    LastToFirst,
    /// The lines that are not posted come first.
    PostedLast,
}

/// The choice of lines.
#[derive(Clone, Copy, Debug, Default)]
pub struct LineFilter<'a> {
    /// Lines with one of these. All lines if empty.
    pub status: &'a [LineStatus],
    /// Only these lines.
    pub numbers: Option<&'a [i64]>,
    /// Only lines that somebody has counted.
    pub counted_only: bool,
    /// Only lines with a higher number.
    pub after: i64,
}

type Names = (ProductId, VariantId, String, String, Option<String>);
type Counted = (Option<i64>, Option<DateTime<Utc>>, Option<String>);
type Prices = (Option<Money>, Option<Money>, Money);
type Posted = (Option<i64>, Option<Money>, Option<bool>, Option<i64>);
type Row = ((i64, LineStatus), Names, Counted, Prices, Posted);

macro_rules! chosen {
    ($store:expr, $count:expr, $filter:expr) => {{
        let of_line = variants::store_id.eq(count_lines::store_id).and(variants::id.eq(count_lines::variant_id));
        let of_variant = products::store_id.eq(variants::store_id).and(products::id.eq(variants::product_id));
        let LineFilter { status, numbers, counted_only, after } = $filter;
        let mut query = count_lines::table
            .inner_join(variants::table.on(of_line))
            .inner_join(products::table.on(of_variant))
            .filter(count_lines::store_id.eq($store))
            .filter(count_lines::count_id.eq($count))
            .filter(count_lines::line.gt(after))
            .into_boxed();
        if !status.is_empty() {
            query = query.filter(count_lines::status.eq_any(status));
        }
        if let Some(numbers) = numbers {
            query = query.filter(count_lines::line.eq_any(numbers));
        }
        if counted_only {
            query = query.filter(count_lines::counted_quantity.is_not_null());
        }
        query
    }};
}

/// The number of chosen lines.
pub fn count(conn: &mut PgConnection, store: StoreId, count: CountId, filter: LineFilter<'_>) -> QueryResult<i64> {
    chosen!(store, count, filter).count().get_result(conn)
}

/// A part of the chosen lines.
pub fn list(
    conn: &mut PgConnection,
    store: StoreId,
    count: CountId,
    filter: LineFilter<'_>,
    order: LineOrder,
    (limit, offset): (i64, i64),
) -> QueryResult<Vec<CountLine>> {
    let query = chosen!(store, count, filter);
    let query = match order {
        LineOrder::FirstToLast => query.order(count_lines::line.asc()),
        LineOrder::LastToFirst => query.order(count_lines::line.desc()),
        LineOrder::PostedLast => {
            query.order((count_lines::status.eq(LineStatus::Posted).asc(), count_lines::line.asc()))
        }
    };
    let rows: Vec<Row> = query
        .select((
            (count_lines::line, count_lines::status),
            (products::id, variants::id, variants::sku, products::name, variants::size),
            (count_lines::counted_quantity, count_lines::counted_at, count_lines::counted_by),
            (products::cost_price, variants::price, products::price),
            (
                count_lines::expected_quantity,
                count_lines::unit_value,
                count_lines::touched,
                count_lines::movement_version,
            ),
        ))
        .limit(limit)
        .offset(offset)
        .load(conn)?;
    let variants: Vec<VariantId> = rows.iter().map(|(_, (_, variant, ..), ..)| *variant).collect();
    let costs = find_average_costs(conn, store, &variants)?;
    Ok(rows.into_iter().map(|row| CountLine::new(row, &costs)).collect())
}

impl CountLine {
    fn new(row: Row, average_costs: &HashMap<VariantId, Money>) -> Self {
        let ((line, status), names, (counted, at, counted_by), prices, posted) = row;
        let (product_id, variant_id, sku, product_name, size) = names;
        let (cost_price, variant_price, price) = prices;
        let average_cost = average_costs.get(&variant_id).copied();
        let posted = match posted {
            (Some(expected), Some(unit_value), Some(touched), Some(movement_version)) => {
                Some(PostedLine { expected, unit_value, touched, movement_version })
            }
            _ => None,
        };
        Self {
            line,
            status,
            product_id,
            variant_id,
            sku,
            product_name,
            size,
            observation: counted.zip(at).map(|(counted, at)| Observation { counted, at }),
            counted_by,
            unit_value: average_cost.or(cost_price).or(variant_price).unwrap_or(price),
            posted,
        }
    }
}
