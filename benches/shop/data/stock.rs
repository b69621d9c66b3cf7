//! Stock rows and their ledger.

use std::io::{self, Write};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::copy::{NULL, copy, row};
use super::hash::{below, hash};
use super::history::{Change, History, Order};
use super::{FIRST_STORE_PRODUCTS, Size};

/// The current stock of a product, while its history is computed.
#[derive(Clone, Copy, Default)]
struct StockLevel {
    stock: i64,
    reserved: i64,
    sold: i64,
    committed: i64,
    version: i64,
    /// All units that were ever sold, including those of cancelled orders.
    taken: i64,
}

pub const MINIMUM: i64 = 10;
const PLENTY: i64 = 1_000_000;

impl StockLevel {
    /// One product in 50 is low on stock, except the first products of the first store.
    fn first_delivery(&self, size: &Size, product: i64) -> i64 {
        if product > FIRST_STORE_PRODUCTS && size.orders > 0 && product % 50 == 7 {
            self.taken + below(hash([product, 11, 0]), MINIMUM + 1)
        } else {
            PLENTY
        }
    }

    fn apply(&mut self, (_, stock, reserved, sold, committed): Change) {
        self.stock += stock;
        self.reserved += reserved;
        self.sold += sold;
        self.committed += committed;
        self.version += 1;
    }
}

fn slot(product: i64) -> usize {
    usize::try_from(product - 1).unwrap_or(0)
}

/// The final stock of every product.
fn count_up(history: &History) -> Vec<StockLevel> {
    let mut levels = vec![StockLevel::default(); slot(history.size.products + 1)];
    for (order, _) in history.orders() {
        for line in &order.lines {
            let level = &mut levels[slot(line.product)];
            level.taken += line.quantity;
            order.changes(line.quantity).into_iter().for_each(|(change, _)| level.apply(change));
        }
    }
    levels
}

/// Writes the stock rows and their ledger.
pub fn load(conn: &mut PgConnection, history: &History) -> QueryResult<()> {
    let (size, at) = (&history.size, history.opened_at);
    let levels = count_up(history);
    copy!(
        conn,
        stock_levels(
            store_id,
            variant_id,
            location_id,
            stock_quantity,
            reserved_quantity,
            sold_quantity,
            committed_quantity,
            version,
            updated_at
        ),
        |out| {
            for (id, level) in (1..=size.products).zip(&levels) {
                let (store, stock) = (size.store_of(id), level.first_delivery(size, id) + level.stock);
                let StockLevel { reserved, sold, committed, version, .. } = *level;
                row!(out, store, id, store, stock, reserved, sold, committed, version + 1, history.now);
            }
        }
    )?;
    copy!(
        conn,
        stock_movements(
            store_id,
            id,
            variant_id,
            location_id,
            version,
            kind,
            stock_delta,
            reserved_delta,
            sold_delta,
            committed_delta,
            stock_after,
            reserved_after,
            sold_after,
            committed_after,
            reason,
            reference_id,
            actor,
            created_at
        ),
        |out| {
            let mut levels = levels.clone();
            for (id, level) in (1..=size.products).zip(&mut levels) {
                let stock = level.first_delivery(size, id);
                *level = StockLevel { stock, version: 1, ..StockLevel::default() };
                let store = size.store_of(id);
                row!(
                    out,
                    store,
                    size.products + id,
                    id,
                    store,
                    1,
                    "receive",
                    stock,
                    0,
                    0,
                    0,
                    stock,
                    0,
                    0,
                    0,
                    "Initial stock",
                    NULL,
                    "system",
                    at
                );
            }
            for (order, _) in history.orders() {
                write_movements(out, &order, &mut levels)?;
            }
        }
    )?;
    Ok(())
}

fn write_movements(out: &mut impl Write, order: &Order, levels: &mut [StockLevel]) -> io::Result<()> {
    let (mut id, number) = (order.first_movement_id(), order.number());
    for round in 0..order.changes(0).len() {
        for line in &order.lines {
            let level = &mut levels[slot(line.product)];
            let (change, at) = order.changes(line.quantity)[round];
            level.apply(change);
            let (kind, stock, reserved, sold, committed) = change;
            row!(
                out,
                order.store,
                id,
                line.product,
                order.store,
                level.version,
                kind,
                stock,
                reserved,
                sold,
                committed,
                level.stock,
                level.reserved,
                level.sold,
                level.committed,
                NULL,
                number,
                format_args!("user:{}", order.user),
                at
            );
            id += 1;
        }
    }
    Ok(())
}

/// The statuses of scarce variants, which the relay of a running shop has found.
pub fn load_states(conn: &mut PgConnection) -> QueryResult<()> {
    conn.batch_execute(
        "INSERT INTO stock_states (store_id, variant_id, status)
         SELECT v.store_id, v.id, CASE WHEN COALESCE(l.sellable, 0) <= 0 THEN 'out_of_stock' ELSE 'low_stock' END
         FROM variants v
         JOIN products p ON p.store_id = v.store_id AND p.id = v.product_id
         LEFT JOIN (SELECT r.store_id, r.variant_id,
                           SUM(GREATEST(r.stock_quantity - r.reserved_quantity - r.safety_quantity, 0)) AS sellable
                    FROM stock_levels r
                    JOIN locations o ON o.store_id = r.store_id AND o.id = r.location_id
                    WHERE o.kind = 'place' AND o.status = 'active' AND o.sells_online
                    GROUP BY r.store_id, r.variant_id) l ON l.store_id = v.store_id AND l.variant_id = v.id
         WHERE v.status = 'active' AND p.status = 'active'
           AND COALESCE(l.sellable, 0) <= COALESCE(v.min_stock_level, p.min_stock_level);
         INSERT INTO stock_outs (store_id, variant_id, started_at)
         SELECT store_id, variant_id, now() FROM stock_states WHERE status = 'out_of_stock'",
    )
}
