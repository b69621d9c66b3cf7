//! The SQL of the lines of returns. Sets of rows are bound as arrays, which the DSL can neither insert nor join.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text, Timestamptz};

use super::documents;
use crate::db::schema::{order_items, return_lines, returns};
use crate::db::{self, Failure};
use crate::fulfilment::returns::disposition::Disposition;
use crate::fulfilment::returns::status::ReturnStatus;
use crate::fulfilment::returns::window::{Creator, DeliveredUnits, TakenUnits};
use crate::kernel::id::{OrderId, OrderItemId, ProductId, ReturnId, ReturnLineId, StoreId, VariantId};

/// Units of an order item to return.
#[derive(Clone, Debug)]
pub struct NewReturnLine {
    pub variant: VariantId,
    pub quantity: i64,
    pub reason: String,
}

/// Inserts the lines of a return.
pub fn insert(conn: &mut PgConnection, store: StoreId, id: ReturnId, new: &[NewReturnLine]) -> QueryResult<()> {
    db::sql(
        "INSERT INTO return_lines (store_id, return_id, variant_id, quantity, reason) \
         SELECT $1, $2, unnest($3::int8[]), unnest($4::int8[]), unnest($5::text[])",
    )
    .bind::<BigInt, _>(store)
    .bind::<BigInt, _>(id)
    .bind::<Array<BigInt>, _>(new.iter().map(|line| line.variant).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(new.iter().map(|line| line.quantity).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(new.iter().map(|line| line.reason.as_str()).collect::<Vec<_>>())
    .execute(conn)
    .map(drop)
}

/// A line of a return, with the data of its order item.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = return_lines)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct ReturnLine {
    pub id: ReturnLineId,
    pub return_id: ReturnId,
    pub variant_id: VariantId,
    pub quantity: i64,
    pub reason: String,
    pub restocked_quantity: i64,
    pub quarantined_quantity: i64,
    pub scrapped_quantity: i64,
    pub missing_quantity: i64,
    #[diesel(select_expression = order_items::id)]
    pub item_id: OrderItemId,
    #[diesel(select_expression = order_items::product_id)]
    pub product_id: ProductId,
    #[diesel(select_expression = order_items::sku)]
    pub sku: String,
    #[diesel(select_expression = order_items::product_name)]
    pub product_name: String,
    #[diesel(select_expression = order_items::size)]
    pub size: Option<String>,
}

impl ReturnLine {
    /// The sums of the receipts.
    #[must_use]
    pub const fn received(&self) -> Disposition {
        Disposition {
            restock: self.restocked_quantity,
            quarantine: self.quarantined_quantity,
            scrap: self.scrapped_quantity,
            missing: self.missing_quantity,
        }
    }

    /// Adds units of a receipt.
    pub const fn add(&mut self, units: Disposition) {
        let Disposition { restock, quarantine, scrap, missing } = self.received().plus(units);
        self.restocked_quantity = restock;
        self.quarantined_quantity = quarantine;
        self.scrapped_quantity = scrap;
        self.missing_quantity = missing;
    }

    /// The units that may still arrive.
    #[must_use]
    pub const fn outstanding(&self) -> i64 {
        self.quantity.saturating_sub(self.received().settled())
    }
}

/// The lines of returns of an order, each return's in the order of the order items.
pub fn list(conn: &mut PgConnection, store: StoreId, order: OrderId, ids: &[ReturnId]) -> QueryResult<Vec<ReturnLine>> {
    let is_item = order_items::store_id
        .eq(return_lines::store_id)
        .and(order_items::order_id.eq(order))
        .and(order_items::variant_id.eq(return_lines::variant_id));
    return_lines::table
        .inner_join(order_items::table.on(is_item))
        .filter(return_lines::store_id.eq(store))
        .filter(return_lines::return_id.eq_any(ids))
        .order((return_lines::return_id, order_items::id))
        .select(ReturnLine::as_select())
        .load(conn)
}

/// Writes the received units of lines. Their return has been locked.
pub fn update(conn: &mut PgConnection, store: StoreId, changed: &[&ReturnLine]) -> Result<(), Failure> {
    let units = |value: fn(&ReturnLine) -> i64| changed.iter().map(|line| value(line)).collect::<Vec<_>>();
    let updated = db::sql(
        "UPDATE return_lines l SET restocked_quantity = n.restocked, quarantined_quantity = n.quarantined, \
                scrapped_quantity = n.scrapped, missing_quantity = n.missing \
         FROM (SELECT unnest($2::int8[]) AS id, unnest($3::int8[]) AS restocked, unnest($4::int8[]) AS quarantined, \
                      unnest($5::int8[]) AS scrapped, unnest($6::int8[]) AS missing LIMIT $7) n \
         WHERE l.store_id = $1 AND l.id = n.id",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(changed.iter().map(|line| line.id).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(units(|line| line.restocked_quantity))
    .bind::<Array<BigInt>, _>(units(|line| line.quarantined_quantity))
    .bind::<Array<BigInt>, _>(units(|line| line.scrapped_quantity))
    .bind::<Array<BigInt>, _>(units(|line| line.missing_quantity))
    .bind::<BigInt, _>(db::count(changed.len()))
    .execute(conn)?;
    db::expect_rows(updated, changed.len(), "lines of returns were written")
}

/// The units of an order that may still arrive by open returns. Read them under the lock of the order.
pub fn list_open_units(
    conn: &mut PgConnection,
    store: StoreId,
    order: OrderId,
) -> QueryResult<HashMap<VariantId, i64>> {
    let is_of_return = returns::store_id.eq(return_lines::store_id).and(returns::id.eq(return_lines::return_id));
    let settled = return_lines::restocked_quantity
        + return_lines::quarantined_quantity
        + return_lines::scrapped_quantity
        + return_lines::missing_quantity;
    let rows: Vec<(VariantId, i64)> = return_lines::table
        .inner_join(returns::table.on(is_of_return))
        .filter(returns::store_id.eq(store))
        .filter(returns::order_id.eq(order))
        .filter(returns::status.eq_any(ReturnStatus::OPEN))
        .select((return_lines::variant_id, return_lines::quantity - settled))
        .load(conn)?;
    let mut open: HashMap<VariantId, i64> = HashMap::new();
    for (variant, quantity) in rows {
        let sum = open.entry(variant).or_default();
        *sum = sum.saturating_add(quantity);
    }
    Ok(open)
}

/// The units that the returns of an order take, in the order of their creation: those that arrived, and those of open
/// returns that may still arrive. Read them under the lock of the order.
pub fn list_taken(conn: &mut PgConnection, store: StoreId, order: OrderId) -> QueryResult<Vec<TakenUnits>> {
    let is_of_return = returns::store_id.eq(return_lines::store_id).and(returns::id.eq(return_lines::return_id));
    let rows: Vec<(ReturnId, VariantId, i64, DateTime<Utc>)> = return_lines::table
        .inner_join(returns::table.on(is_of_return))
        .filter(returns::store_id.eq(store))
        .filter(returns::order_id.eq(order))
        .filter(returns::status.ne_all([ReturnStatus::Rejected, ReturnStatus::Cancelled]))
        .order((returns::id, return_lines::id))
        .select((
            returns::id,
            return_lines::variant_id,
            return_lines::quantity - return_lines::missing_quantity,
            returns::created_at,
        ))
        .load(conn)?;
    let ids: Vec<ReturnId> = rows.iter().map(|(id, ..)| *id).collect();
    // A return of the buyer begins as requested, and one of staff as approved.
    let first_steps = documents::list_history(conn, store, &ids)?.into_iter().filter(|(_, step)| step.from.is_none());
    let requested: HashSet<ReturnId> =
        first_steps.filter(|(_, step)| step.to == ReturnStatus::Requested).map(|(id, _)| id).collect();
    let taken = |(id, variant, quantity, created_at): (ReturnId, VariantId, i64, DateTime<Utc>)| {
        let creator = if requested.contains(&id) { Creator::Buyer } else { Creator::Staff };
        TakenUnits { variant, quantity, created_at, creator }
    };
    Ok(rows.into_iter().map(taken).collect())
}

#[derive(QueryableByName)]
struct DeliveredRow {
    #[diesel(sql_type = BigInt)]
    variant_id: VariantId,
    #[diesel(sql_type = BigInt)]
    quantity: i64,
    #[diesel(sql_type = Timestamptz)]
    delivered_at: DateTime<Utc>,
}

/// The shipped units of an order that were delivered. The DSL has no LATERAL.
pub fn list_delivered(conn: &mut PgConnection, store: StoreId, order: OrderId) -> QueryResult<Vec<DeliveredUnits>> {
    let rows: Vec<DeliveredRow> = db::sql(
        "SELECT l.variant_id, l.quantity, s.delivered_at FROM shipments s \
         CROSS JOIN LATERAL (SELECT variant_id, quantity FROM shipment_lines \
              WHERE store_id = $1 AND shipment_id = s.id OFFSET 0) l \
         WHERE s.store_id = $1 AND s.order_id = $2 AND s.delivered_at IS NOT NULL",
    )
    .bind::<BigInt, _>(store)
    .bind::<BigInt, _>(order)
    .load(conn)?;
    let units = |row: DeliveredRow| {
        let DeliveredRow { variant_id: variant, quantity, delivered_at } = row;
        DeliveredUnits { variant, quantity, delivered_at }
    };
    Ok(rows.into_iter().map(units).collect())
}
