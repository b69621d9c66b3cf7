//! The data of a shop of any size, written by COPY into a migrated, empty database.
//!
//! The data is the same at each run except the dates, which end at the time of loading. `stockroom verify` finds no
//! violation in it. A benchmark may rely on these facts:
//!
//! - stores have the ids 1 to `stores` and the codes `STORE-1`, …; each has one location, of the same id;
//! - products have the ids 1 to `products`, store by store, and the SKUs `sku-1`, …; each has one variant, of the
//!   same id; the first store has at least 10,000 products, and much stock of its first 10,000;
//! - customers, who cannot log in, have the ids 1 to `customers()`.
//!
//! Idempotency keys are deleted after some days, so there are none.

mod catalogue;
mod copy;
pub mod hash;
mod history;
mod orders;
mod stock;
mod values;

use chrono::Utc;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use history::History;

/// The size of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub stores: i64,
    pub products: i64,
    pub orders: i64,
    /// The average. Each line has a movement, and each product has one for its first delivery.
    pub lines_per_order: i64,
}

/// The minimal number of products of the first store.
pub const FIRST_STORE_PRODUCTS: i64 = 10_000;

impl Size {
    /// A store that has just opened.
    #[must_use]
    pub const fn small() -> Self {
        Self { stores: 1, products: FIRST_STORE_PRODUCTS, orders: 0, lines_per_order: 5 }
    }

    /// Two years of a large shop: a tenth of its products and orders are in the first store.
    #[must_use]
    pub const fn large() -> Self {
        Self { stores: 200, products: 1_000_000, orders: 1_000_000, lines_per_order: 5 }
    }

    /// The same number of stores with so many percent of everything else.
    #[must_use]
    pub fn scaled(self, percent: i64) -> Self {
        let least = FIRST_STORE_PRODUCTS + 50 * (self.stores - 1);
        Self { products: (self.products * percent / 100).max(least), orders: self.orders * percent / 100, ..self }
    }

    #[must_use]
    pub fn customers(&self) -> i64 {
        self.orders / 10
    }

    /// The products of a store: first id and number.
    #[must_use]
    pub fn products_of(&self, store: i64) -> (i64, i64) {
        if self.stores == 1 {
            return (1, self.products);
        }
        let first = (self.products / 10).max(FIRST_STORE_PRODUCTS);
        if store == 1 {
            return (1, first);
        }
        let each = (self.products - first) / (self.stores - 1);
        let start = first + each * (store - 2);
        let number = if store == self.stores { self.products - start } else { each };
        (start + 1, number)
    }

    /// The store of a product.
    #[must_use]
    pub fn store_of(&self, product: i64) -> i64 {
        let (_, first) = self.products_of(1);
        if product <= first {
            return 1;
        }
        let each = (self.products - first) / (self.stores - 1);
        (2 + (product - first - 1) / each).min(self.stores)
    }
}

/// Fills the database and brings sequences and statistics up to date.
pub fn load(url: &str, size: &Size) -> Result<(), Box<dyn std::error::Error>> {
    load_unvalued(url, size)?;
    value(url)
}

/// The same without the values of the stock, so that more movements can be added.
pub fn load_unvalued(url: &str, size: &Size) -> Result<(), Box<dyn std::error::Error>> {
    let conn = &mut PgConnection::establish(url)?;
    // The checks of foreign keys would take most of the time. Only a superuser may skip them.
    drop(conn.batch_execute("SET session_replication_role = replica"));
    conn.batch_execute("SET synchronous_commit = off")?;
    let history = History::new(*size, Utc::now());
    catalogue::accounts(conn, &history)?;
    catalogue::products(conn, &history)?;
    stock::load(conn, &history)?;
    orders::load(conn, &history)?;
    stock::load_states(conn)?;
    catalogue::sequences(conn, &history)?;
    conn.batch_execute("VACUUM (ANALYZE)")?;
    Ok(())
}

/// Values the movements, as the job of the server does.
pub fn value(url: &str) -> Result<(), Box<dyn std::error::Error>> {
    let conn = &mut PgConnection::establish(url)?;
    conn.batch_execute("SET synchronous_commit = off")?;
    values::load(conn)?;
    conn.batch_execute("VACUUM (ANALYZE) valuations, valuation_checkpoints, valuation_rows, valuation_hours")?;
    Ok(())
}
