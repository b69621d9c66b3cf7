//! The statistics by which the database plans statements.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

/// Reads the statistics of the tables that grow, within the transaction. A long transaction that fills empty tables needs
/// them: otherwise it keeps the plans for empty tables, which read all rows of a store.
pub fn analyze(conn: &mut PgConnection) -> QueryResult<()> {
    conn.batch_execute(
        "ANALYZE orders, order_items, order_history, order_payments, stock_levels, stock_movements, stock_holds, \
         shipments, shipment_lines, inbounds, inbound_lines, credits, credit_lines, returns, return_lines, audit_log",
    )
}
