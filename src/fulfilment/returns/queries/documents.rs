//! The SQL of returns and their history.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;

use crate::db::schema::{return_history, returns};
use crate::db::{self, Failure};
use crate::fulfilment::returns::status::ReturnStatus;
use crate::kernel::document_ref::DocumentRef;
use crate::kernel::history_step::HistoryStep;
use crate::kernel::id::{OrderId, ReturnId, StoreId};

/// A return as it is stored, without its lines.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = returns)]
#[diesel(check_for_backend(Pg))]
pub struct Return {
    pub id: ReturnId,
    pub return_number: String,
    pub order_id: OrderId,
    pub status: ReturnStatus,
    pub note: Option<String>,
    /// The reason of a rejection or a cancellation.
    pub reason: Option<String>,
    pub exchange_order_id: Option<OrderId>,
    pub version: i64,
    pub actor: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Inserts a return. Its id is taken by the database.
pub fn insert(conn: &mut PgConnection, store: StoreId, new: &Return) -> QueryResult<ReturnId> {
    diesel::insert_into(returns::table)
        .values((
            returns::store_id.eq(store),
            returns::return_number.eq(&new.return_number),
            returns::order_id.eq(new.order_id),
            returns::status.eq(new.status),
            returns::note.eq(&new.note),
            returns::reason.eq(&new.reason),
            returns::exchange_order_id.eq(new.exchange_order_id),
            returns::version.eq(new.version),
            returns::actor.eq(&new.actor),
            returns::created_at.eq(new.created_at),
            returns::updated_at.eq(new.updated_at),
        ))
        .returning(returns::id)
        .get_result(conn)
}

/// The number of returns of an order.
pub fn count(conn: &mut PgConnection, store: StoreId, order: OrderId) -> QueryResult<i64> {
    returns::table.filter(returns::store_id.eq(store)).filter(returns::order_id.eq(order)).count().get_result(conn)
}

/// Writes what can change of a return. The row must have been locked.
pub fn update(conn: &mut PgConnection, store: StoreId, changed: &Return) -> Result<(), Failure> {
    let row = returns::table.filter(returns::store_id.eq(store)).filter(returns::id.eq(changed.id));
    let before = changed.version.saturating_sub(1);
    let updated = diesel::update(row.filter(returns::version.eq(before)))
        .set((
            returns::status.eq(changed.status),
            returns::reason.eq(&changed.reason),
            returns::version.eq(changed.version),
            returns::updated_at.eq(changed.updated_at),
        ))
        .execute(conn)?;
    db::expect_rows(updated, 1, "returns were written")
}

/// Appends a step to the history of a return.
pub fn append_history(
    conn: &mut PgConnection,
    store: StoreId,
    id: ReturnId,
    step: &HistoryStep<ReturnStatus>,
) -> QueryResult<()> {
    diesel::insert_into(return_history::table)
        .values((
            return_history::store_id.eq(store),
            return_history::return_id.eq(id),
            return_history::from_status.eq(step.from),
            return_history::to_status.eq(step.to),
            return_history::reason.eq(&step.reason),
            return_history::actor.eq(&step.actor),
            return_history::created_at.eq(step.at),
        ))
        .execute(conn)
        .map(drop)
}

/// Every status of these returns, each return's oldest first.
pub fn list_history(
    conn: &mut PgConnection,
    store: StoreId,
    ids: &[ReturnId],
) -> QueryResult<Vec<(ReturnId, HistoryStep<ReturnStatus>)>> {
    return_history::table
        .filter(return_history::store_id.eq(store))
        .filter(return_history::return_id.eq_any(ids))
        .order((return_history::return_id, return_history::id))
        .select((
            return_history::return_id,
            (
                return_history::from_status,
                return_history::to_status,
                return_history::reason,
                return_history::actor,
                return_history::created_at,
            ),
        ))
        .load(conn)
}

/// The return of that id or number, if there is one.
pub fn find(conn: &mut PgConnection, store: StoreId, name: &DocumentRef<ReturnId>) -> QueryResult<Option<Return>> {
    let query = returns::table.filter(returns::store_id.eq(store)).select(Return::as_select());
    match name {
        DocumentRef::Id(id) => query.filter(returns::id.eq(*id)).first(conn),
        DocumentRef::Number(number) => query.filter(returns::return_number.eq(number)).first(conn),
    }
    .optional()
}

/// Locks a return and reads it.
pub fn find_for_update(
    conn: &mut PgConnection,
    store: StoreId,
    name: &DocumentRef<ReturnId>,
) -> QueryResult<Option<Return>> {
    let query = returns::table.filter(returns::store_id.eq(store)).select(Return::as_select()).for_update();
    match name {
        DocumentRef::Id(id) => query.filter(returns::id.eq(*id)).first(conn),
        DocumentRef::Number(number) => query.filter(returns::return_number.eq(number)).first(conn),
    }
    .optional()
}

/// The returns of an order, the oldest first.
pub fn list(conn: &mut PgConnection, store: StoreId, order: OrderId) -> QueryResult<Vec<Return>> {
    returns::table
        .filter(returns::store_id.eq(store))
        .filter(returns::order_id.eq(order))
        .order(returns::id)
        .select(Return::as_select())
        .load(conn)
}
