//! The SQL of invoices.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::content::InvoiceContent;
use crate::db::schema::{invoice_counters, invoices};
use crate::kernel::id::{OrderId, StoreId};

/// An invoice as it is stored.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = invoices)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct Invoice {
    pub store_id: StoreId,
    pub order_id: OrderId,
    pub number: i64,
    pub invoice_number: String,
    pub content: InvoiceContent,
    pub actor: String,
    pub created_at: DateTime<Utc>,
}

/// The invoice of an order, if it was issued.
pub fn find(conn: &mut PgConnection, store: StoreId, order: OrderId) -> QueryResult<Option<Invoice>> {
    invoices::table.find((store, order)).select(Invoice::as_select()).first(conn).optional()
}

/// Takes the next number of the store. Its row is locked until the end of the transaction, so take it after all other
/// locks.
pub fn take_number(conn: &mut PgConnection, store: StoreId) -> QueryResult<i64> {
    diesel::insert_into(invoice_counters::table)
        .values((invoice_counters::store_id.eq(store), invoice_counters::last_number.eq(1)))
        .on_conflict(invoice_counters::store_id)
        .do_update()
        .set(invoice_counters::last_number.eq(invoice_counters::last_number + 1))
        .returning(invoice_counters::last_number)
        .get_result(conn)
}

/// Inserts the invoice of an order that is locked in this transaction.
pub fn insert(conn: &mut PgConnection, invoice: &Invoice) -> QueryResult<()> {
    diesel::insert_into(invoices::table).values(invoice).execute(conn).map(drop)
}
