//! The SQL of documents and their history.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::AssumeNotNull;
use diesel::prelude::*;

use crate::db::schema::{inbound_history, inbounds};
use crate::db::{self, Failure};
use crate::inventory::transfers::status::TransferStatus;
use crate::inventory::transfers::transfer_ref::TransferRef;
use crate::kernel::id::{InboundId, LocationId, StoreId};
use crate::kernel::page::{List, PageQuery, Sort};

/// The kind of a transfer among the inbounds.
const TRANSFER: &str = "transfer";

/// A transfer as it is stored, without its lines.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = inbounds)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct Transfer {
    pub id: InboundId,
    pub inbound_number: String,
    pub status: TransferStatus,
    #[diesel(select_expression = inbounds::from_location_id.assume_not_null())]
    #[diesel(select_expression_type = AssumeNotNull<inbounds::from_location_id>)]
    pub from_location_id: LocationId,
    pub to_location_id: LocationId,
    pub reference: Option<String>,
    pub expected_on: Option<NaiveDate>,
    pub notes: Option<String>,
    pub tracking: Option<String>,
    pub version: i64,
    pub actor: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Inserts a transfer. Its id is taken by the database.
pub fn insert(conn: &mut PgConnection, store: StoreId, new: &Transfer) -> QueryResult<InboundId> {
    diesel::insert_into(inbounds::table)
        .values((
            inbounds::store_id.eq(store),
            inbounds::kind.eq(TRANSFER),
            inbounds::inbound_number.eq(&new.inbound_number),
            inbounds::status.eq(new.status),
            inbounds::from_location_id.eq(new.from_location_id),
            inbounds::to_location_id.eq(new.to_location_id),
            inbounds::reference.eq(&new.reference),
            inbounds::expected_on.eq(new.expected_on),
            inbounds::notes.eq(&new.notes),
            inbounds::tracking.eq(&new.tracking),
            inbounds::version.eq(new.version),
            inbounds::actor.eq(&new.actor),
            inbounds::created_at.eq(new.created_at),
            inbounds::updated_at.eq(new.updated_at),
        ))
        .returning(inbounds::id)
        .get_result(conn)
}

/// Writes a transfer as it is in memory. The row must have been locked.
pub fn update(conn: &mut PgConnection, store: StoreId, transfer: &Transfer) -> Result<(), Failure> {
    let row = inbounds::table.filter(inbounds::store_id.eq(store)).filter(inbounds::id.eq(transfer.id));
    let changed = diesel::update(row)
        .set((
            inbounds::status.eq(transfer.status),
            inbounds::from_location_id.eq(transfer.from_location_id),
            inbounds::to_location_id.eq(transfer.to_location_id),
            inbounds::reference.eq(&transfer.reference),
            inbounds::expected_on.eq(transfer.expected_on),
            inbounds::notes.eq(&transfer.notes),
            inbounds::tracking.eq(&transfer.tracking),
            inbounds::version.eq(transfer.version),
            inbounds::updated_at.eq(transfer.updated_at),
        ))
        .execute(conn)?;
    db::expect_rows(changed, 1, "transfers were written")
}

/// A step in the history of a transfer.
#[derive(Clone, Debug)]
pub struct HistoryStep {
    pub from_status: Option<TransferStatus>,
    pub to_status: TransferStatus,
    pub reason: Option<String>,
    pub actor: String,
    pub created_at: DateTime<Utc>,
}

pub fn append_history(
    conn: &mut PgConnection,
    store: StoreId,
    transfer: InboundId,
    step: &HistoryStep,
) -> QueryResult<()> {
    diesel::insert_into(inbound_history::table)
        .values((
            inbound_history::store_id.eq(store),
            inbound_history::inbound_id.eq(transfer),
            inbound_history::from_status.eq(step.from_status),
            inbound_history::to_status.eq(step.to_status),
            inbound_history::reason.eq(&step.reason),
            inbound_history::actor.eq(&step.actor),
            inbound_history::created_at.eq(step.created_at),
        ))
        .execute(conn)
        .map(drop)
}

/// Every status that a transfer has had, oldest first.
pub fn list_history(conn: &mut PgConnection, store: StoreId, transfer: InboundId) -> QueryResult<Vec<HistoryStep>> {
    type Row = (Option<TransferStatus>, TransferStatus, Option<String>, String, DateTime<Utc>);
    let rows: Vec<Row> = inbound_history::table
        .filter(inbound_history::store_id.eq(store))
        .filter(inbound_history::inbound_id.eq(transfer))
        .order(inbound_history::id)
        .select((
            inbound_history::from_status,
            inbound_history::to_status,
            inbound_history::reason,
            inbound_history::actor,
            inbound_history::created_at,
        ))
        .load(conn)?;
    let step = |(from_status, to_status, reason, actor, created_at)| HistoryStep {
        from_status,
        to_status,
        reason,
        actor,
        created_at,
    };
    Ok(rows.into_iter().map(step).collect())
}

type Query<'a> = inbounds::BoxedQuery<'a, diesel::pg::Pg>;

fn transfers<'a>(store: StoreId) -> Query<'a> {
    inbounds::table.filter(inbounds::store_id.eq(store)).filter(inbounds::kind.eq(TRANSFER)).into_boxed()
}

/// The transfer of that id or number, if there is one.
pub fn find(conn: &mut PgConnection, store: StoreId, name: &TransferRef) -> QueryResult<Option<Transfer>> {
    let query = match name {
        TransferRef::Id(id) => transfers(store).filter(inbounds::id.eq(*id)),
        TransferRef::Number(number) => transfers(store).filter(inbounds::inbound_number.eq(number)),
    };
    query.select(Transfer::as_select()).first(conn).optional()
}

/// Locks a transfer and reads it.
pub fn find_for_update(conn: &mut PgConnection, store: StoreId, name: &TransferRef) -> QueryResult<Option<Transfer>> {
    let query = inbounds::table
        .filter(inbounds::store_id.eq(store))
        .filter(inbounds::kind.eq(TRANSFER))
        .select(Transfer::as_select())
        .for_update();
    match name {
        TransferRef::Id(id) => query.filter(inbounds::id.eq(*id)).first(conn),
        TransferRef::Number(number) => query.filter(inbounds::inbound_number.eq(number)).first(conn),
    }
    .optional()
}

/// The columns that transfers can be sorted by.
pub const SORTS: [&str; 2] = ["id", "created_at"];

/// A page of transfers.
pub fn list(
    conn: &mut PgConnection,
    store: StoreId,
    status: Option<TransferStatus>,
    sort: Sort,
    page: &PageQuery,
) -> QueryResult<List<Transfer>> {
    let matching = || match status {
        Some(status) => transfers(store).filter(inbounds::status.eq(status)),
        None => transfers(store),
    };
    let total = matching().count().get_result(conn)?;
    let query = match (sort.column, sort.descending) {
        ("created_at", false) => matching().order((inbounds::created_at.asc(), inbounds::id.asc())),
        ("created_at", true) => matching().order((inbounds::created_at.desc(), inbounds::id.desc())),
        (_, false) => matching().order(inbounds::id.asc()),
        (_, true) => matching().order(inbounds::id.desc()),
    };
    let found = query.select(Transfer::as_select()).limit(page.limit).offset(page.offset()).load(conn)?;
    Ok(page.list(found, total))
}
