//! The SQL that reads sales by day, product and so on: the rows of a roll-up, and the facts that it does not have yet. So
//! reports are exact up to the last commit. The DSL has neither UNION in FROM nor sums as integers.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Date, Nullable, Text};

use super::facts::{facts, part};
use super::progress::{self, Progress};
use super::rollups::amounts;
use crate::db;
use crate::db::sql::Sql;
use crate::kernel::id::StoreId;
use crate::kernel::sum::Sum;

/// The parts of a report: the days whose roll-ups are usable, and the position in the feed after which facts are read from
/// their sources.
#[derive(Clone, Debug)]
pub struct Reading {
    pub store: StoreId,
    pub time_zone: String,
    pub today: NaiveDate,
    progress: Progress,
}

/// Opens the roll-ups of a store. Those in another time zone than that of the store are not used.
pub fn open(conn: &mut PgConnection, store: StoreId, time_zone: String, today: NaiveDate) -> QueryResult<Reading> {
    let found = progress::find(conn, store)?.filter(|found| found.time_zone == time_zone);
    let progress = found.unwrap_or_else(|| Progress::start(&time_zone));
    Ok(Reading { store, time_zone, today, progress })
}

impl Reading {
    /// Binds the parameters of the facts, `$1` to `$6`, the first and the last day, `$7` and `$8`, and the day before
    /// which the roll-ups are used, `$9`.
    pub(super) fn bind(&self, text: &'static str, (from, to): (NaiveDate, NaiveDate)) -> Sql<'_> {
        let Progress { position, kept_position, kept_day, is_emptied, .. } = self.progress;
        // No order is older than the last of these days.
        let none = NaiveDate::from_ymd_opt(1, 1, 1).unwrap_or(from);
        let usable_before = if is_emptied { to.succ_opt().unwrap_or(to) } else { kept_day.unwrap_or(none) };
        db::sql(text)
            .bind::<BigInt, _>(self.store)
            .bind::<Text, _>(&self.time_zone)
            .bind::<BigInt, _>(position)
            .bind::<BigInt, _>(i64::MAX)
            .bind::<BigInt, _>(kept_position)
            .bind::<Nullable<Date>, _>(kept_day)
            .bind::<Date, _>(from)
            .bind::<Date, _>(to)
            .bind::<Date, _>(usable_before)
    }
}

/// Sums of sales.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, QueryableByName)]
pub struct Sums {
    #[diesel(sql_type = BigInt)]
    pub orders: i64,
    #[diesel(sql_type = BigInt)]
    pub units: i64,
    #[diesel(sql_type = BigInt)]
    pub credited_units: i64,
    #[diesel(sql_type = Text)]
    pub gross: Sum,
    #[diesel(sql_type = Text)]
    pub discounts: Sum,
    #[diesel(sql_type = Text)]
    pub tax: Sum,
    #[diesel(sql_type = Text)]
    pub shipping: Sum,
    #[diesel(sql_type = Text)]
    pub refunds: Sum,
    #[diesel(sql_type = Text)]
    pub credits: Sum,
    #[diesel(sql_type = Text)]
    pub costed_net: Sum,
    #[diesel(sql_type = Text)]
    pub cost: Sum,
}

macro_rules! sums {
    () => {
        "SUM(orders)::int8 AS orders, SUM(units)::int8 AS units, SUM(credited_units)::int8 AS credited_units, \
         SUM(gross)::text AS gross, SUM(discounts)::text AS discounts, SUM(tax)::text AS tax, \
         SUM(shipping)::text AS shipping, SUM(refunds)::text AS refunds, SUM(credits)::text AS credits, \
         SUM(costed_net)::text AS costed_net, SUM(cost)::text AS cost"
    };
}

/// The rows of a roll-up and the newer facts, as the CTE `rows`.
macro_rules! rows {
    ($rollup:literal, $keys:literal, $orders:literal) => {
        concat!(
            "WITH ",
            facts!(),
            ", rows AS (SELECT ",
            $keys,
            ", ",
            $orders,
            " AS orders, ",
            amounts!(),
            " FROM ",
            $rollup,
            " WHERE store_id = $1 AND day >= $7 AND day <= $8 AND day < $9 UNION ALL SELECT ",
            $keys,
            ", ",
            $orders,
            ", ",
            amounts!(),
            " FROM facts WHERE day >= $7 AND day <= $8) "
        )
    };
}

/// The sums of a day.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct SumsOfDay {
    #[diesel(sql_type = Date)]
    pub day: NaiveDate,
    #[diesel(embed)]
    pub sums: Sums,
}

/// The days with sales, credits or refunds, ascending.
pub fn list_by_day(
    conn: &mut PgConnection,
    reading: &Reading,
    days: (NaiveDate, NaiveDate),
) -> QueryResult<Vec<SumsOfDay>> {
    let text = concat!(
        rows!("sales_by_payment_method", "day", "orders"),
        "SELECT day, ",
        sums!(),
        " FROM rows GROUP BY day ORDER BY day"
    );
    reading.bind(text, days).load(conn)
}

/// The sums of a product, category and so on.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct SumsOfKey {
    /// None for all that have no such key.
    #[diesel(sql_type = Nullable<Text>)]
    pub key: Option<String>,
    #[diesel(embed)]
    pub sums: Sums,
    /// True if the customer bought for the first time. None if the key is no customer, or if the customer bought nothing.
    #[diesel(sql_type = Nullable<Bool>)]
    pub is_new: Option<bool>,
}

/// The keys of sales besides their days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    Product,
    Category,
    Location,
    PaymentMethod,
    Customer,
}

macro_rules! by_key {
    ($rollup:literal, $keys:literal, $orders:literal, $key:literal, $is_new:literal) => {
        concat!(
            rows!($rollup, $keys, $orders),
            "SELECT ",
            $key,
            " AS key, ",
            $is_new,
            " AS is_new, ",
            sums!(),
            " FROM rows GROUP BY ",
            $keys,
            " ORDER BY SUM(gross - discounts - credits) DESC, SUM(units) DESC, ",
            $keys,
            " LIMIT $10"
        )
    };
}

/// The keys with the highest net sales, at most `limit`.
pub fn list_by_key(
    conn: &mut PgConnection,
    reading: &Reading,
    dimension: Dimension,
    days: (NaiveDate, NaiveDate),
    limit: i64,
) -> QueryResult<Vec<SumsOfKey>> {
    let text = match dimension {
        Dimension::Product => {
            by_key!("sales_by_variant", "product_id", "product_orders", "product_id::text", "NULL::bool")
        }
        Dimension::Category => {
            by_key!("sales_by_variant", "category", "category_orders", "NULLIF(category, '')", "NULL::bool")
        }
        Dimension::Location => {
            by_key!("sales_by_variant", "location_id", "location_orders", "NULLIF(location_id, 0)::text", "NULL::bool")
        }
        Dimension::PaymentMethod => {
            by_key!("sales_by_payment_method", "payment_method", "orders", "payment_method", "NULL::bool")
        }
        Dimension::Customer => by_key!(
            "sales_by_customer",
            "customer_id",
            "orders",
            "NULLIF(customer_id, 0)::text",
            "CASE WHEN customer_id > 0 AND SUM(orders) > 0 THEN NOT EXISTS (SELECT FROM sales_by_customer s \
                  WHERE s.store_id = $1 AND s.customer_id = rows.customer_id AND s.day < $7 AND s.day < $9 AND s.orders > 0) \
                  AND NOT EXISTS (SELECT FROM facts f \
                  WHERE f.customer_id = rows.customer_id AND f.day < $7 AND f.kind = 'sale') END"
        ),
    };
    reading.bind(text, days).bind::<BigInt, _>(limit).load(conn)
}

pub(super) use {rows, sums};
