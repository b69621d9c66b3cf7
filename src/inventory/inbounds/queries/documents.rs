//! The SQL of documents and their history.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;

use crate::db::schema::{inbound_history, inbounds};
use crate::db::{self, Failure};
use crate::inventory::inbounds::origin::Origin;
use crate::inventory::inbounds::status::InboundStatus;
use crate::kernel::document_ref::DocumentRef;
use crate::kernel::history_step::HistoryStep;
use crate::kernel::id::{InboundId, LocationId, StoreId, SupplierId};
use crate::kernel::page::{List, PageQuery, Sort};

/// A document as it is stored, without its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inbound<O> {
    pub id: InboundId,
    pub inbound_number: String,
    pub status: InboundStatus,
    pub origin: O,
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

/// Inserts a document. Its id is taken by the database.
pub fn insert<O: Origin>(conn: &mut PgConnection, store: StoreId, new: &Inbound<O>) -> QueryResult<InboundId> {
    diesel::insert_into(inbounds::table)
        .values((
            inbounds::store_id.eq(store),
            inbounds::kind.eq(O::KIND),
            inbounds::inbound_number.eq(&new.inbound_number),
            inbounds::status.eq(new.status),
            inbounds::from_location_id.eq(new.origin.place()),
            inbounds::supplier_id.eq(new.origin.supplier()),
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

/// Writes a document as it is in memory. The row must have been locked.
pub fn update<O: Origin>(conn: &mut PgConnection, store: StoreId, inbound: &Inbound<O>) -> Result<(), Failure> {
    let row = inbounds::table.filter(inbounds::store_id.eq(store)).filter(inbounds::id.eq(inbound.id));
    let changed = diesel::update(row)
        .set((
            inbounds::status.eq(inbound.status),
            inbounds::from_location_id.eq(inbound.origin.place()),
            inbounds::supplier_id.eq(inbound.origin.supplier()),
            inbounds::to_location_id.eq(inbound.to_location_id),
            inbounds::reference.eq(&inbound.reference),
            inbounds::expected_on.eq(inbound.expected_on),
            inbounds::notes.eq(&inbound.notes),
            inbounds::tracking.eq(&inbound.tracking),
            inbounds::version.eq(inbound.version),
            inbounds::updated_at.eq(inbound.updated_at),
        ))
        .execute(conn)?;
    db::expect_rows(changed, 1, "documents were written")
}

/// Appends a step to the history of a document.
pub fn append_history(
    conn: &mut PgConnection,
    store: StoreId,
    inbound: InboundId,
    step: &HistoryStep<InboundStatus>,
) -> QueryResult<()> {
    diesel::insert_into(inbound_history::table)
        .values((
            inbound_history::store_id.eq(store),
            inbound_history::inbound_id.eq(inbound),
            inbound_history::from_status.eq(step.from),
            inbound_history::to_status.eq(step.to),
            inbound_history::reason.eq(&step.reason),
            inbound_history::actor.eq(&step.actor),
            inbound_history::created_at.eq(step.at),
        ))
        .execute(conn)
        .map(drop)
}

/// Every status that a document has had, oldest first.
pub fn list_history(
    conn: &mut PgConnection,
    store: StoreId,
    inbound: InboundId,
) -> QueryResult<Vec<HistoryStep<InboundStatus>>> {
    inbound_history::table
        .filter(inbound_history::store_id.eq(store))
        .filter(inbound_history::inbound_id.eq(inbound))
        .order(inbound_history::id)
        .select((
            inbound_history::from_status,
            inbound_history::to_status,
            inbound_history::reason,
            inbound_history::actor,
            inbound_history::created_at,
        ))
        .load(conn)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = inbounds)]
#[diesel(check_for_backend(diesel::pg::Pg))]
struct Row {
    id: InboundId,
    inbound_number: String,
    status: InboundStatus,
    from_location_id: Option<LocationId>,
    supplier_id: Option<SupplierId>,
    to_location_id: LocationId,
    reference: Option<String>,
    expected_on: Option<NaiveDate>,
    notes: Option<String>,
    tracking: Option<String>,
    version: i64,
    actor: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl Row {
    fn into_inbound<O: Origin>(self) -> Result<Inbound<O>, Failure> {
        let Self { id, inbound_number, status, from_location_id, supplier_id, to_location_id, .. } = self;
        let Self { reference, expected_on, notes, tracking, version, actor, created_at, updated_at, .. } = self;
        let origin = O::from_row(from_location_id, supplier_id)
            .ok_or_else(|| Failure::Internal(format!("{} {id} has no origin", O::NAMES.noun)))?;
        Ok(Inbound {
            id,
            inbound_number,
            status,
            origin,
            to_location_id,
            reference,
            expected_on,
            notes,
            tracking,
            version,
            actor,
            created_at,
            updated_at,
        })
    }
}

type Query<'a> = inbounds::BoxedQuery<'a, diesel::pg::Pg>;

fn of_kind<'a, O: Origin>(store: StoreId) -> Query<'a> {
    inbounds::table.filter(inbounds::store_id.eq(store)).filter(inbounds::kind.eq(O::KIND)).into_boxed()
}

/// The document of that id or number, if there is one.
pub fn find<O: Origin>(
    conn: &mut PgConnection,
    store: StoreId,
    name: &DocumentRef<InboundId>,
) -> Result<Option<Inbound<O>>, Failure> {
    let query = match name {
        DocumentRef::Id(id) => of_kind::<O>(store).filter(inbounds::id.eq(*id)),
        DocumentRef::Number(number) => of_kind::<O>(store).filter(inbounds::inbound_number.eq(number)),
    };
    query.select(Row::as_select()).first(conn).optional()?.map(Row::into_inbound).transpose()
}

/// The documents with these ids, in the order of their ids.
pub fn list_by_id<O: Origin>(
    conn: &mut PgConnection,
    store: StoreId,
    ids: &[InboundId],
) -> Result<Vec<Inbound<O>>, Failure> {
    let query = of_kind::<O>(store).filter(inbounds::id.eq_any(ids)).order(inbounds::id);
    let rows: Vec<Row> = query.select(Row::as_select()).load(conn)?;
    rows.into_iter().map(Row::into_inbound).collect()
}

/// The ids of the documents with one of these numbers, or with one of these references unless they are cancelled, in
/// their order. Each has its number and its reference.
pub fn list_named<O: Origin>(
    conn: &mut PgConnection,
    store: StoreId,
    (numbers, references): (&[String], &[String]),
) -> QueryResult<Vec<(InboundId, String, Option<String>)>> {
    let has_reference = inbounds::reference.eq_any(references).and(inbounds::status.ne(InboundStatus::Cancelled));
    of_kind::<O>(store)
        .filter(inbounds::inbound_number.eq_any(numbers).or(has_reference.assume_not_null()))
        .order(inbounds::id)
        .select((inbounds::id, inbounds::inbound_number, inbounds::reference))
        .load(conn)
}

/// Locks a document and reads it.
pub fn find_for_update<O: Origin>(
    conn: &mut PgConnection,
    store: StoreId,
    name: &DocumentRef<InboundId>,
) -> Result<Option<Inbound<O>>, Failure> {
    let query = inbounds::table
        .filter(inbounds::store_id.eq(store))
        .filter(inbounds::kind.eq(O::KIND))
        .select(Row::as_select())
        .for_update();
    let row = match name {
        DocumentRef::Id(id) => query.filter(inbounds::id.eq(*id)).first(conn),
        DocumentRef::Number(number) => query.filter(inbounds::inbound_number.eq(number)).first(conn),
    };
    row.optional()?.map(Row::into_inbound).transpose()
}

/// The columns that documents can be sorted by.
pub const SORTS: [&str; 2] = ["id", "created_at"];

/// The documents that a list shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct InboundFilter {
    pub status: Option<InboundStatus>,
    pub supplier: Option<SupplierId>,
    /// The destination.
    pub to: Option<LocationId>,
}

fn matching<'a, O: Origin>(store: StoreId, filter: InboundFilter) -> Query<'a> {
    let InboundFilter { status, supplier, to } = filter;
    let mut query = of_kind::<O>(store);
    if let Some(status) = status {
        query = query.filter(inbounds::status.eq(status));
    }
    if let Some(supplier) = supplier {
        query = query.filter(inbounds::supplier_id.eq(supplier));
    }
    if let Some(to) = to {
        query = query.filter(inbounds::to_location_id.eq(to));
    }
    query
}

/// A page of documents.
pub fn list<O: Origin>(
    conn: &mut PgConnection,
    store: StoreId,
    filter: InboundFilter,
    sort: Sort,
    page: &PageQuery,
) -> Result<List<Inbound<O>>, Failure> {
    let total = matching::<O>(store, filter).count().get_result(conn)?;
    let query = matching::<O>(store, filter);
    let query = match (sort.column, sort.descending) {
        ("created_at", false) => query.order((inbounds::created_at.asc(), inbounds::id.asc())),
        ("created_at", true) => query.order((inbounds::created_at.desc(), inbounds::id.desc())),
        (_, false) => query.order(inbounds::id.asc()),
        (_, true) => query.order(inbounds::id.desc()),
    };
    let rows: Vec<Row> = query.select(Row::as_select()).limit(page.limit).offset(page.offset()).load(conn)?;
    let found: Vec<Inbound<O>> = rows.into_iter().map(Row::into_inbound).collect::<Result<_, _>>()?;
    Ok(page.list(found, total))
}
