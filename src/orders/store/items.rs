//! The SQL of order items, their allocations, and the stock that they took.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Jsonb, Nullable, Text};

use crate::db;
use crate::db::schema::order_items;
use crate::kernel::id::{LocationId, OrderId, OrderItemId, ProductId, StoreId, VariantId};
use crate::kernel::money::Money;
use crate::orders::order::{Order, OrderItem, StockReduction};

#[derive(Queryable, Selectable)]
#[diesel(table_name = order_items)]
#[diesel(check_for_backend(diesel::pg::Pg))]
struct Row {
    id: OrderItemId,
    order_id: OrderId,
    product_id: ProductId,
    variant_id: VariantId,
    sku: String,
    product_name: String,
    size: Option<String>,
    quantity: i64,
    unit_price: Money,
    total_price: Money,
    attributes: serde_json::Value,
}

/// Units of a line that came from one location.
#[derive(Clone, Copy, Debug, PartialEq, Eq, QueryableByName)]
pub struct Allocation {
    #[diesel(sql_type = BigInt)]
    pub order_item_id: OrderItemId,
    #[diesel(sql_type = BigInt)]
    pub variant_id: VariantId,
    #[diesel(sql_type = BigInt)]
    pub location_id: LocationId,
    #[diesel(sql_type = BigInt)]
    pub quantity: i64,
}

/// Inserts a set of items whose ids were taken beforehand, with where their units come from.
pub fn insert(
    conn: &mut PgConnection,
    store: StoreId,
    items: &[&OrderItem],
    allocations: &[Allocation],
) -> QueryResult<()> {
    db::sql(
        "WITH allocated AS ( \
             INSERT INTO order_allocations (store_id, order_item_id, location_id, quantity) \
             SELECT $1, a.* FROM unnest($13::int8[], $14::int8[], $15::int8[]) AS a) \
         INSERT INTO order_items (store_id, id, order_id, product_id, variant_id, sku, product_name, size, quantity, \
                unit_price, total_price, attributes) \
         SELECT $1, i.* FROM unnest($2::int8[], $3::int8[], $4::int8[], $5::int8[], $6::text[], $7::text[], \
                $8::text[], $9::int8[], $10::int8[], $11::int8[], $12::jsonb[]) AS i",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(items.iter().map(|item| item.id).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(items.iter().map(|item| item.order_id).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(items.iter().map(|item| item.product_id).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(items.iter().map(|item| item.variant_id).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(items.iter().map(|item| item.sku.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(items.iter().map(|item| item.product_name.as_str()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(items.iter().map(|item| item.size.as_deref()).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(items.iter().map(|item| item.quantity).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(items.iter().map(|item| item.unit_price).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(items.iter().map(|item| item.total_price).collect::<Vec<_>>())
    .bind::<Array<Jsonb>, _>(items.iter().map(|item| &item.attributes).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(allocations.iter().map(|a| a.order_item_id).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(allocations.iter().map(|a| a.location_id).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(allocations.iter().map(|a| a.quantity).collect::<Vec<_>>())
    .execute(conn)
    .map(drop)
}

/// An allocation, and whose it is.
#[derive(Clone, Copy, Debug, QueryableByName)]
pub struct Allocated {
    #[diesel(sql_type = BigInt)]
    pub order_id: OrderId,
    #[diesel(embed)]
    pub allocation: Allocation,
}

/// Where the units of orders came from, in the order that stock rows are locked in.
pub fn list_allocations(conn: &mut PgConnection, store: StoreId, orders: &[OrderId]) -> QueryResult<Vec<Allocated>> {
    db::sql(
        "SELECT i.order_id, a.order_item_id, i.variant_id, a.location_id, a.quantity \
         FROM unnest($2::int8[]) AS o (id) \
         CROSS JOIN LATERAL (SELECT id, order_id, variant_id FROM order_items \
              WHERE store_id = $1 AND order_id = o.id OFFSET 0) i \
         CROSS JOIN LATERAL (SELECT order_item_id, location_id, quantity FROM order_allocations \
              WHERE store_id = $1 AND order_item_id = i.id OFFSET 0) a \
         ORDER BY i.variant_id, a.location_id",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(orders)
    .load(conn)
}

/// The items of a set of orders, by order, in the order of their lines.
pub fn list(
    conn: &mut PgConnection,
    store: StoreId,
    orders: &[OrderId],
) -> QueryResult<HashMap<OrderId, Vec<OrderItem>>> {
    let rows: Vec<Row> = order_items::table
        .filter(order_items::store_id.eq(store))
        .filter(order_items::order_id.eq_any(orders))
        .order(order_items::id)
        .select(Row::as_select())
        .load(conn)?;
    let mut items: HashMap<OrderId, Vec<OrderItem>> = HashMap::new();
    for row in rows {
        items.entry(row.order_id).or_default().push(row.into());
    }
    Ok(items)
}

impl From<Row> for OrderItem {
    fn from(row: Row) -> Self {
        let Row {
            id,
            order_id,
            product_id,
            variant_id,
            sku,
            product_name,
            size,
            quantity,
            unit_price,
            total_price,
            attributes,
        } = row;
        Self {
            id,
            order_id,
            product_id,
            variant_id,
            sku,
            product_name,
            size,
            quantity,
            unit_price,
            total_price,
            attributes,
        }
    }
}

#[derive(QueryableByName)]
struct ReductionRow {
    #[diesel(sql_type = Text)]
    order_number: String,
    #[diesel(sql_type = BigInt)]
    product_id: ProductId,
    #[diesel(sql_type = Nullable<Text>)]
    size: Option<String>,
    #[diesel(sql_type = BigInt)]
    quantity: i64,
    #[diesel(sql_type = BigInt)]
    previous_stock: i64,
    #[diesel(sql_type = BigInt)]
    new_stock: i64,
}

/// What a set of orders took from stock, by order number: their `fulfil` movements in the ledger. They are found
/// by the orders' numbers (OFFSET 0 keeps it so), for a variant has ever more movements.
pub fn list_reductions(
    conn: &mut PgConnection,
    store: StoreId,
    orders: &[&Order],
) -> QueryResult<HashMap<String, Vec<StockReduction>>> {
    let rows: Vec<ReductionRow> = db::sql(
        "SELECT m.reference_id AS order_number, i.product_id, i.size, -m.stock_delta AS quantity, \
                m.stock_after - m.stock_delta AS previous_stock, m.stock_after AS new_stock \
         FROM unnest($2::int8[], $3::text[]) AS o (id, order_number) \
         CROSS JOIN LATERAL (SELECT * FROM stock_movements WHERE store_id = $1 AND reference_id = o.order_number \
                             AND kind = 'fulfil' OFFSET 0) m \
         JOIN order_items i ON i.store_id = $1 AND i.order_id = o.id AND i.variant_id = m.variant_id \
         ORDER BY i.id, m.location_id",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(orders.iter().map(|order| order.id).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(orders.iter().map(|order| order.order_number.as_str()).collect::<Vec<_>>())
    .load(conn)?;
    let mut reductions: HashMap<String, Vec<StockReduction>> = HashMap::new();
    for row in rows {
        let ReductionRow { order_number, product_id, size, quantity, previous_stock, new_stock } = row;
        reductions.entry(order_number).or_default().push(StockReduction {
            product_id,
            size,
            quantity,
            previous_stock,
            new_stock,
        });
    }
    Ok(reductions)
}
