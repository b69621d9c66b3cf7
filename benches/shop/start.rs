//! The state of the database at the start of every round.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::Outcome;

/// The last ids of the initial data. Rows with larger ids belong to a round.
#[derive(Clone, Copy, Debug, QueryableByName)]
pub struct Start {
    #[diesel(sql_type = BigInt)]
    order_id: i64,
    #[diesel(sql_type = BigInt)]
    ledger_id: i64,
}

/// Counts of the rows that a round wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, QueryableByName)]
pub struct Written {
    #[diesel(sql_type = BigInt)]
    pub orders: i64,
    /// Units in the totals of the orders. The next fields count the units in their items, in their allocations, in the
    /// ledger and in the stock rows.
    #[diesel(sql_type = BigInt)]
    pub ordered: i64,
    #[diesel(sql_type = BigInt)]
    pub items: i64,
    #[diesel(sql_type = BigInt)]
    pub allocated: i64,
    #[diesel(sql_type = BigInt)]
    pub moved: i64,
    #[diesel(sql_type = BigInt)]
    pub sold: i64,
    #[diesel(sql_type = BigInt)]
    pub stored_answers: i64,
    #[diesel(sql_type = BigInt)]
    pub histories: i64,
}

impl Written {
    /// True if every order is complete, with so many units each.
    pub fn is_whole(&self, units_each: i64) -> bool {
        let Self { orders, ordered, items, allocated, moved, sold, stored_answers, histories } = *self;
        [ordered, items, allocated, moved, sold].iter().all(|units| *units == orders * units_each)
            && stored_answers == orders
            && histories == orders
    }
}

impl Start {
    /// Saves the current state. The last orders get stored responses, because plans that are made for an empty table
    /// would remain in use.
    pub fn remember(conn: &mut PgConnection) -> Outcome<Self> {
        for statement in [
            "INSERT INTO idempotency_keys (store_id, caller, key, fingerprint, status, body, order_id, created_at)
             SELECT store_id, 'user:' || user_id, 'history-' || id, sha256(int8send(id)), 201,
                    convert_to(repeat(shipping_address::text, 8), 'UTF8'), id, now()
             FROM orders WHERE store_id = 1 AND user_id IS NOT NULL ORDER BY id DESC LIMIT 20000",
            "CREATE TABLE start_levels (LIKE stock_levels INCLUDING INDEXES)",
            "INSERT INTO start_levels SELECT * FROM stock_levels WHERE store_id = 1",
            "CREATE TABLE start_checkpoints (LIKE valuation_checkpoints INCLUDING INDEXES)",
            "INSERT INTO start_checkpoints SELECT * FROM valuation_checkpoints WHERE store_id = 1",
            "CREATE TABLE start_hours AS SELECT * FROM valuation_hours WHERE store_id = 1",
            "INSERT INTO feed_positions VALUES (1, 0, 0, 0) ON CONFLICT DO NOTHING",
            "VACUUM (ANALYZE) idempotency_keys, start_levels, start_checkpoints",
            // Restoring deletes rows without a check of foreign keys, which would be slow.
            "SET session_replication_role = replica",
        ] {
            conn.batch_execute(statement)?;
        }
        Ok(diesel::sql_query(
            "SELECT COALESCE((SELECT max(id) FROM orders), 0) AS order_id,
                    GREATEST((SELECT max(id) FROM stock_movements), (SELECT max(id) FROM order_history),
                             (SELECT max(id) FROM audit_log)) AS ledger_id",
        )
        .get_result(conn)?)
    }

    /// Removes all rows of a round, and restores the stock, its values and the end of the feed. The jobs of the server
    /// wait meanwhile: one of them could write what it has read of the round.
    pub fn restore(&self, conn: &mut PgConnection) -> Outcome<()> {
        conn.transaction(|conn| self.restore_rows(conn))?;
        Ok(conn.batch_execute(
            "VACUUM (ANALYZE) order_items, order_history, order_search, stock_movements, idempotency_keys, orders, \
             stock_levels, valuation_rows, valuation_checkpoints, valuation_hours, outbox, feed, feed_positions",
        )?)
    }

    fn restore_rows(&self, conn: &mut PgConnection) -> QueryResult<()> {
        conn.batch_execute(
            "SELECT FROM valuations WHERE store_id = 1 FOR UPDATE;
             SELECT FROM order_search_positions WHERE store_id = 1 FOR UPDATE;
             SELECT FROM feed_positions WHERE store_id = 1 FOR UPDATE",
        )?;
        for (table, column, after) in [
            ("order_items", "order_id", self.order_id),
            ("order_history", "id", self.ledger_id),
            ("order_search", "order_id", self.order_id),
            ("stock_movements", "id", self.ledger_id),
            ("valuation_rows", "movement_id", self.ledger_id),
            ("idempotency_keys", "order_id", self.order_id),
            ("orders", "id", self.order_id),
        ] {
            conn.batch_execute(&format!("DELETE FROM {table} WHERE store_id = 1 AND {column} > {after}"))?;
        }
        conn.batch_execute(
            "UPDATE stock_levels l SET stock_quantity = s.stock_quantity, reserved_quantity = s.reserved_quantity,
                    sold_quantity = s.sold_quantity, committed_quantity = s.committed_quantity, version = s.version
             FROM start_levels s
             WHERE l.store_id = 1 AND s.store_id = 1 AND l.variant_id = s.variant_id AND l.location_id = s.location_id
               AND l.version <> s.version;
             UPDATE valuation_checkpoints c SET versions = s.versions, state = s.state, places = s.places,
                    posted_at = s.posted_at, fold_again_from = s.fold_again_from
             FROM start_checkpoints s
             WHERE c.store_id = 1 AND s.store_id = 1 AND c.variant_id = s.variant_id AND c.versions <> s.versions;
             DELETE FROM valuation_hours WHERE store_id = 1;
             INSERT INTO valuation_hours SELECT * FROM start_hours;
             DELETE FROM outbox WHERE store_id = 1;
             DELETE FROM feed WHERE store_id = 1;
             UPDATE order_search_positions SET position = 0 WHERE store_id = 1;
             UPDATE feed_positions SET position = 0, movements = 0, entries = 0 WHERE store_id = 1",
        )
    }

    /// Counts the rows of a round.
    pub fn written(&self, conn: &mut PgConnection) -> Outcome<Written> {
        Ok(diesel::sql_query(
            "SELECT (SELECT count(*) FROM orders WHERE store_id = 1 AND id > $1) AS orders,
                    (SELECT COALESCE(sum(total_items), 0)::int8 FROM orders WHERE store_id = 1 AND id > $1) AS ordered,
                    (SELECT COALESCE(sum(quantity), 0)::int8 FROM order_items WHERE store_id = 1 AND order_id > $1) AS items,
                    (SELECT COALESCE(sum((a ->> 'quantity')::int8), 0)::int8
                     FROM order_items i CROSS JOIN jsonb_array_elements(i.allocations) a
                     WHERE i.store_id = 1 AND i.order_id > $1) AS allocated,
                    (SELECT COALESCE(-sum(stock_delta), 0)::int8 FROM stock_movements
                     WHERE store_id = 1 AND id > $2 AND kind = 'fulfil') AS moved,
                    (SELECT COALESCE(sum(l.sold_quantity - s.sold_quantity), 0)::int8
                     FROM stock_levels l JOIN start_levels s USING (store_id, variant_id, location_id)) AS sold,
                    (SELECT count(*) FROM idempotency_keys
                     WHERE store_id = 1 AND order_id > $1 AND status = 201 AND body IS NOT NULL) AS stored_answers,
                    (SELECT count(*) FROM order_history WHERE store_id = 1 AND id > $2) AS histories",
        )
        .bind::<BigInt, _>(self.order_id)
        .bind::<BigInt, _>(self.ledger_id)
        .get_result(conn)?)
    }
}
