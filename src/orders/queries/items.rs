//! The SQL of order items, and of the stock that they took. The DSL has neither arrays as rows nor LATERAL.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Jsonb, Nullable, Text};

use crate::db::schema::order_items;
use crate::db::{self, Failure};
use crate::kernel::id::{OrderId, ProductId, StoreId};
use crate::orders::order::{Order, OrderItem, StockReduction};

/// Inserts a set of items whose ids were taken beforehand.
pub fn insert(conn: &mut PgConnection, store: StoreId, items: &[&OrderItem]) -> QueryResult<()> {
    db::sql(
        "INSERT INTO order_items (store_id, id, order_id, product_id, variant_id, sku, product_name, size, quantity, \
                unit_price, total_price, attributes, allocations, discount_amount, tax_amount, included_tax_amount, \
                tax_line) \
         SELECT $1, unnest($2::int8[]), unnest($3::int8[]), unnest($4::int8[]), unnest($5::int8[]), \
                unnest($6::text[]), unnest($7::text[]), unnest($8::text[]), unnest($9::int8[]), unnest($10::int8[]), \
                unnest($11::int8[]), unnest($12::jsonb[]), unnest($13::jsonb[]), unnest($14::int8[]), \
                unnest($15::int8[]), unnest($16::int8[]), unnest($17::int8[])",
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
    .bind::<Array<Jsonb>, _>(items.iter().map(|item| &item.allocations).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(items.iter().map(|item| item.discount_amount).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(items.iter().map(|item| item.tax_amount).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(items.iter().map(|item| item.included_tax_amount).collect::<Vec<_>>())
    .bind::<Array<Nullable<BigInt>>, _>(items.iter().map(|item| item.tax_line).collect::<Vec<_>>())
    .execute(conn)
    .map(drop)
}

/// Writes the shipped, cancelled and returned units and the allocations of items. Their orders must have been locked in
/// this transaction.
pub fn update(conn: &mut PgConnection, store: StoreId, items: &[&OrderItem]) -> Result<(), Failure> {
    let updated = db::sql(
        "UPDATE order_items i SET shipped_quantity = n.shipped_quantity, allocations = n.allocations, \
                cancelled_quantity = n.cancelled_quantity, returned_quantity = n.returned_quantity \
         FROM (SELECT unnest($2::int8[]) AS order_id, unnest($3::int8[]) AS variant_id, \
                      unnest($4::int8[]) AS shipped_quantity, unnest($5::jsonb[]) AS allocations, \
                      unnest($6::int8[]) AS cancelled_quantity, unnest($7::int8[]) AS returned_quantity LIMIT $8) n \
         WHERE i.store_id = $1 AND i.order_id = n.order_id AND i.variant_id = n.variant_id",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(items.iter().map(|item| item.order_id).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(items.iter().map(|item| item.variant_id).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(items.iter().map(|item| item.shipped_quantity).collect::<Vec<_>>())
    .bind::<Array<Jsonb>, _>(items.iter().map(|item| &item.allocations).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(items.iter().map(|item| item.cancelled_quantity).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(items.iter().map(|item| item.returned_quantity).collect::<Vec<_>>())
    .bind::<BigInt, _>(db::count(items.len()))
    .execute(conn)?;
    db::expect_rows(updated, items.len(), "order items were written")
}

/// The items of a set of orders, by order, in the order of their lines.
pub fn list(
    conn: &mut PgConnection,
    store: StoreId,
    orders: &[OrderId],
) -> QueryResult<HashMap<OrderId, Vec<OrderItem>>> {
    let rows: Vec<OrderItem> = order_items::table
        .filter(order_items::store_id.eq(store))
        .filter(order_items::order_id.eq_any(orders))
        .order(order_items::id)
        .select(OrderItem::as_select())
        .load(conn)?;
    let mut items: HashMap<OrderId, Vec<OrderItem>> = HashMap::new();
    for item in rows {
        items.entry(item.order_id).or_default().push(item);
    }
    Ok(items)
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

/// The units that a set of orders took from stock, by order number: their `fulfil` movements in the ledger. They are
/// found by the orders' numbers (OFFSET 0 keeps it so), because the movements of a variant grow without end.
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
