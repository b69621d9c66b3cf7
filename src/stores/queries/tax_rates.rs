//! The SQL of tax rates. The DSL cannot make a list of rows.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Jsonb, Nullable, Text};
use serde::Deserialize;
use serde_json::Value;

use super::Store;
use crate::db::schema::{stores, tax_rates};
use crate::db::{self, Failure};
use crate::kernel::id::StoreId;
use crate::kernel::rate::Rate;
use crate::stores::tax_rates::TaxRate;

/// The start of a query for the tax rates of a store, as a list of objects in their order. The store and a closing
/// bracket follow.
macro_rules! tax_rates_of {
    () => {
        "(SELECT COALESCE(jsonb_agg(jsonb_build_object('country', country, 'region', region, 'category', category, \
                 'rate_ppm', rate_ppm, 'name', name) ORDER BY position), '[]') \
          FROM tax_rates WHERE store_id = "
    };
}

pub(crate) use tax_rates_of;

/// A rate in the list that the SQL of `tax_rates_of!` selects.
#[derive(Deserialize)]
struct ListedRate {
    country: Option<String>,
    region: Option<String>,
    category: Option<String>,
    rate_ppm: i64,
    name: String,
}

/// Reads the list that the SQL of `tax_rates_of!` selects.
pub fn from_json(list: Value) -> Result<Vec<TaxRate>, Failure> {
    let unreadable = |error| Failure::Internal(format!("the tax rates are unreadable: {error}"));
    let listed: Vec<ListedRate> = serde_json::from_value(list).map_err(unreadable)?;
    let rates = listed.into_iter().map(|rate| {
        let ListedRate { country, region, category, rate_ppm, name } = rate;
        TaxRate { country, region, category, percent: Rate(rate_ppm), name }
    });
    Ok(rates.collect())
}

/// The store of a scope with its tax rates, in one statement.
pub fn get_store_with_rates(conn: &mut PgConnection, store: StoreId) -> Result<(Store, Vec<TaxRate>), Failure> {
    let rates = sql::<Jsonb>(tax_rates_of!()).bind::<BigInt, _>(store).sql(")");
    let (store, rates): (Store, Value) =
        stores::table.filter(stores::id.eq(store)).select((Store::as_select(), rates)).first(conn)?;
    Ok((store, from_json(rates)?))
}

/// Country, region, category, percentage and name.
type Row = (Option<String>, Option<String>, Option<String>, Rate, String);

/// The tax rates of a store, in their order.
pub fn list(conn: &mut PgConnection, store: StoreId) -> QueryResult<Vec<TaxRate>> {
    let rows: Vec<Row> = tax_rates::table
        .filter(tax_rates::store_id.eq(store))
        .order(tax_rates::position)
        .select((tax_rates::country, tax_rates::region, tax_rates::category, tax_rates::rate_ppm, tax_rates::name))
        .load(conn)?;
    let rate = |(country, region, category, percent, name)| TaxRate { country, region, category, percent, name };
    Ok(rows.into_iter().map(rate).collect())
}

/// Replaces the tax rates. The row of the store must have been locked.
pub fn replace(conn: &mut PgConnection, store: StoreId, rates: &[TaxRate]) -> Result<(), Failure> {
    diesel::delete(tax_rates::table.filter(tax_rates::store_id.eq(store))).execute(conn)?;
    let text = |value: fn(&TaxRate) -> Option<&str>| rates.iter().map(value).collect::<Vec<_>>();
    let inserted = db::sql(
        "INSERT INTO tax_rates (store_id, position, country, region, category, rate_ppm, name) \
         SELECT $1, unnest($2::int8[]), unnest($3::text[]), unnest($4::text[]), unnest($5::text[]), \
                unnest($6::int8[]), unnest($7::text[])",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>((1..).take(rates.len()).collect::<Vec<i64>>())
    .bind::<Array<Nullable<Text>>, _>(text(|rate| rate.country.as_deref()))
    .bind::<Array<Nullable<Text>>, _>(text(|rate| rate.region.as_deref()))
    .bind::<Array<Nullable<Text>>, _>(text(|rate| rate.category.as_deref()))
    .bind::<Array<BigInt>, _>(rates.iter().map(|rate| rate.percent).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(rates.iter().map(|rate| rate.name.as_str()).collect::<Vec<_>>())
    .execute(conn)?;
    db::expect_rows(inserted, rates.len(), "tax rates were written")
}
