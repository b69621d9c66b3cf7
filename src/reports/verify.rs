//! The check of the invariants by queries in one snapshot of the database.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text, Timestamptz};
use serde::Serialize;
use utoipa::ToSchema;

use super::rules::{COUNT_RULES, CREDIT_RULES, DELIVERY_RULES, HOLD_RULES, INVOICE_RULES, ORDER_RULES, PURCHASE_RULES};
use super::rules::{RETURN_RULES, SALES_RULES, STATE_RULES, STORE_RULES, TAX_RULES, TRANSFER_RULES, VALUE_RULES};
use crate::db::schema::{orders, stores};
use crate::db::{self, Failure};
use crate::inventory::{scarcity, valuation};
use crate::kernel::id::StoreId;

/// The result of the check.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VerifyResponse {
    pub ok: bool,
    /// The number of rules that were checked, over all stores.
    pub checked: i64,
    pub violations: Vec<Violation>,
}

/// A violated rule, and a row that violates it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Violation {
    pub store_id: i64,
    #[schema(max_length = 200)]
    pub rule: String,
    /// A description of the row.
    #[schema(max_length = 2000)]
    pub row: String,
}

/// The age of the rows to check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All stock, holds and open orders. Finished orders and the ledger never change, so only rows of the last
    /// [`RECENT_DAYS`] days are checked.
    Recent,
    /// All rows.
    Whole,
}

pub const RECENT_DAYS: i32 = 30;

/// The number of orders that are checked together. It bounds the memory and the time of a statement.
const ORDERS_AT_A_TIME: i64 = 20_000;

/// This rule is checked by code, not by a query.
const VALUES_FROM_ZERO: &str = "folding the values from zero gives the same";

/// This rule is checked by code, too.
const SCARCE_VARIANTS: &str = "the stored figures of scarce variants are those of their stock";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    row: String,
}

/// Checks all rows of every store.
pub fn verify_all(conn: &mut PgConnection) -> Result<VerifyResponse, Failure> {
    verify_stores(conn, Extent::Whole)
}

/// Checks every store.
pub fn verify_stores(conn: &mut PgConnection, extent: Extent) -> Result<VerifyResponse, Failure> {
    let stores: Vec<StoreId> = stores::table.select(stores::id).order(stores::id).load(conn)?;
    let mut whole = VerifyResponse { ok: true, checked: 0, violations: Vec::new() };
    for store in stores {
        let VerifyResponse { ok, checked, violations } = verify_store(conn, store, extent)?;
        whole.ok &= ok;
        whole.checked = whole.checked.saturating_add(checked);
        whole.violations.extend(violations);
    }
    Ok(whole)
}

/// Checks one store. The caller opens a snapshot, so that all rules see the same data.
pub fn verify_store(conn: &mut PgConnection, store: StoreId, extent: Extent) -> Result<VerifyResponse, Failure> {
    let since = find_start(conn, store, extent)?;
    let mut violations = Vec::new();
    // The statements are planned for the actual values, because a plan for ten orders does not suit thousands.
    let store_rules = || {
        let of_goods = STORE_RULES.iter().chain(TRANSFER_RULES).chain(COUNT_RULES);
        let of_money = of_goods.chain(PURCHASE_RULES).chain(VALUE_RULES).chain(INVOICE_RULES);
        of_money.chain(STATE_RULES).chain(SALES_RULES).chain(HOLD_RULES)
    };
    for rule in store_rules() {
        let query = diesel::sql_query(rule.sql).bind::<BigInt, _>(store).bind::<BigInt, _>(since.ledger_id);
        let rows = query.bind::<Timestamptz, _>(since.at).load(conn)?;
        violations.extend(violations_of(store, rule.name, rows));
    }
    let order_rules =
        || ORDER_RULES.iter().chain(CREDIT_RULES).chain(RETURN_RULES).chain(TAX_RULES).chain(DELIVERY_RULES);
    let mut last = 0;
    loop {
        let ids = list_orders(conn, store, &since, last)?;
        let (Some(first), Some(end)) = (ids.first().copied(), ids.last().copied()) else { break };
        last = end;
        // A range of ids is faster than a long list of ids.
        let (among, ids) = match extent {
            Extent::Recent => ("= ANY($2)", ids),
            Extent::Whole => ("BETWEEN ($2)[1] AND ($2)[2]", vec![first, end]),
        };
        for rule in order_rules() {
            let query = diesel::sql_query(rule.sql.replace("{among}", among));
            let rows = query.bind::<BigInt, _>(store).bind::<Array<BigInt>, _>(&ids).load(conn)?;
            violations.extend(violations_of(store, rule.name, rows));
        }
    }
    let mut checked = db::count(store_rules().count().saturating_add(order_rules().count()));
    if extent == Extent::Whole {
        let differences = valuation::verify::find_differences(conn, store)?.into_iter().map(|row| Row { row });
        violations.extend(violations_of(store, VALUES_FROM_ZERO, differences.collect()));
        let differences = scarcity::verify::find_differences(conn, store)?.into_iter().map(|row| Row { row });
        violations.extend(violations_of(store, SCARCE_VARIANTS, differences.collect()));
        checked = checked.saturating_add(2);
    }
    Ok(VerifyResponse { ok: violations.is_empty(), checked, violations })
}

fn violations_of(store: StoreId, rule: &str, rows: Vec<Row>) -> impl Iterator<Item = Violation> {
    rows.into_iter().map(move |row| Violation { store_id: store.0, rule: rule.to_owned(), row: row.row })
}

/// The start of the rows to check, among rows that never change.
#[derive(QueryableByName)]
struct Start {
    #[diesel(sql_type = Timestamptz)]
    at: DateTime<Utc>,
    /// The last row of the ledger before that time.
    #[diesel(sql_type = BigInt)]
    ledger_id: i64,
}

fn find_start(conn: &mut PgConnection, store: StoreId, extent: Extent) -> QueryResult<Start> {
    if extent == Extent::Whole {
        return Ok(Start { at: DateTime::<Utc>::UNIX_EPOCH, ledger_id: 0 });
    }
    db::sql(
        "SELECT s.at, COALESCE((SELECT m.id FROM stock_movements m WHERE m.store_id = $1 AND m.created_at < s.at \
                                ORDER BY m.created_at DESC, m.id DESC LIMIT 1), 0) AS ledger_id \
         FROM (SELECT $now - $2 * interval '1 day' AS at) s",
    )
    .bind::<BigInt, _>(store)
    .bind::<diesel::sql_types::Integer, _>(RECENT_DAYS)
    .get_result(conn)
}

#[derive(QueryableByName)]
struct OrderRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// The next orders: all, or those that are open, are new, or were changed, paid or credited since then.
fn list_orders(conn: &mut PgConnection, store: StoreId, since: &Start, last: i64) -> QueryResult<Vec<i64>> {
    if since.ledger_id == 0 {
        let all = orders::table.filter(orders::store_id.eq(store)).filter(orders::id.gt(last));
        return all.order(orders::id).select(orders::id).limit(ORDERS_AT_A_TIME).load(conn);
    }
    // The DSL has no UNION within FROM.
    let rows: Vec<OrderRow> = diesel::sql_query(
        "SELECT DISTINCT t.id FROM ( \
              SELECT order_id AS id FROM order_history WHERE store_id = $1 AND id > $3 \
              UNION ALL SELECT order_id FROM order_payments WHERE store_id = $1 AND id > $3 \
              UNION ALL SELECT order_id FROM credits WHERE store_id = $1 AND id > $3 \
              UNION ALL SELECT order_id FROM returns WHERE store_id = $1 AND updated_at >= $4 \
              UNION ALL SELECT id FROM orders WHERE store_id = $1 AND created_at >= $4 \
              UNION ALL SELECT id FROM orders WHERE store_id = $1 \
                    AND status IN ('under_paying', 'pending', 'processing', 'shipped')) t \
         WHERE t.id > $2 ORDER BY t.id LIMIT $5",
    )
    .bind::<BigInt, _>(store)
    .bind::<BigInt, _>(last)
    .bind::<BigInt, _>(since.ledger_id)
    .bind::<Timestamptz, _>(since.at)
    .bind::<BigInt, _>(ORDERS_AT_A_TIME)
    .load(conn)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}
