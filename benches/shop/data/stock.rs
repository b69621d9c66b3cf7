//! Stock rows, and the ledger that they are the sum of.

use std::io::{self, Write};

use diesel::prelude::*;

use super::copy::{NULL, copy, row};
use super::hash::{below, hash};
use super::history::{Change, History, Order};
use super::{FIRST_STORE_PRODUCTS, Size};

/// The stock of a product, counted along.
#[derive(Clone, Copy, Default)]
struct Shelf {
    stock: i64,
    reserved: i64,
    sold: i64,
    version: i64,
    /// What was ever taken, cancelled or not.
    taken: i64,
}

pub const MINIMUM: i64 = 10;
const PLENTY: i64 = 1_000_000;

impl Shelf {
    /// One product in 50 is running out, but for the first ones of the first store.
    fn first_delivery(&self, size: &Size, product: i64) -> i64 {
        if product > FIRST_STORE_PRODUCTS && size.orders > 0 && product % 50 == 7 {
            self.taken + below(hash([product, 11, 0]), MINIMUM + 1)
        } else {
            PLENTY
        }
    }

    fn apply(&mut self, (_, stock, reserved, sold): Change) {
        self.stock += stock;
        self.reserved += reserved;
        self.sold += sold;
        self.version += 1;
    }
}

fn slot(product: i64) -> usize {
    usize::try_from(product - 1).unwrap_or(0)
}

/// Every shelf as it is now.
fn count_up(history: &History) -> Vec<Shelf> {
    let mut shelves = vec![Shelf::default(); slot(history.size.products + 1)];
    for (order, _) in history.orders() {
        for line in &order.lines {
            let shelf = &mut shelves[slot(line.product)];
            shelf.taken += line.quantity;
            order.changes(line.quantity).into_iter().for_each(|(change, _)| shelf.apply(change));
        }
    }
    shelves
}

/// Stock rows, and the ledger that they are the sum of.
pub fn load(conn: &mut PgConnection, history: &History) -> QueryResult<()> {
    let (size, at) = (&history.size, history.opened_at);
    let shelves = count_up(history);
    copy!(
        conn,
        stock_levels(
            store_id,
            variant_id,
            location_id,
            stock_quantity,
            reserved_quantity,
            sold_quantity,
            version,
            updated_at
        ),
        |out| {
            for (id, shelf) in (1..=size.products).zip(&shelves) {
                let (store, stock) = (size.store_of(id), shelf.first_delivery(size, id) + shelf.stock);
                row!(out, store, id, store, stock, shelf.reserved, shelf.sold, shelf.version + 1, history.now);
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
            stock_after,
            reserved_after,
            sold_after,
            reason,
            reference_id,
            actor,
            created_at
        ),
        |out| {
            let mut shelves = shelves.clone();
            for (id, shelf) in (1..=size.products).zip(&mut shelves) {
                let stock = shelf.first_delivery(size, id);
                *shelf = Shelf { stock, version: 1, ..Shelf::default() };
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
                    stock,
                    0,
                    0,
                    "Initial stock",
                    NULL,
                    "system",
                    at
                );
            }
            for (order, _) in history.orders() {
                write_movements(out, &order, &mut shelves)?;
            }
        }
    )?;
    Ok(())
}

fn write_movements(out: &mut impl Write, order: &Order, shelves: &mut [Shelf]) -> io::Result<()> {
    let (mut id, number) = (order.first_movement_id(), order.number());
    for round in 0..order.changes(0).len() {
        for line in &order.lines {
            let shelf = &mut shelves[slot(line.product)];
            let (change, at) = order.changes(line.quantity)[round];
            shelf.apply(change);
            let (kind, stock, reserved, sold) = change;
            row!(
                out,
                order.store,
                id,
                line.product,
                order.store,
                shelf.version,
                kind,
                stock,
                reserved,
                sold,
                shelf.stock,
                shelf.reserved,
                shelf.sold,
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
