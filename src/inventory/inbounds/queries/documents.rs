//! The SQL of documents and their history. Sets of documents are bound as arrays, which the DSL can neither insert nor
//! join.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Nullable, Text, Timestamptz};

use crate::db::schema::{inbound_history, inbounds};
use crate::db::sql::Sql;
use crate::db::{self, Failure};
use crate::inventory::inbounds::origin::Origin;
use crate::inventory::inbounds::status::InboundStatus;
use crate::kernel::document_ref::DocumentRef;
use crate::kernel::history_step::HistoryStep;
use crate::kernel::id::{InboundId, LocationId, StoreId, SupplierId};

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

/// Inserts documents, and gives them the ids that the database takes. Each is found again by its number.
pub fn insert_all<O: Origin>(conn: &mut PgConnection, store: StoreId, new: &mut [Inbound<O>]) -> Result<(), Failure> {
    let numbers: Vec<String> = new.iter().map(|inbound| inbound.inbound_number.clone()).collect();
    let inserted: Vec<(String, InboundId)> = bind_columns(
        db::sql(
            "INSERT INTO inbounds (store_id, kind, status, from_location_id, supplier_id, to_location_id, reference, \
                    expected_on, notes, tracking, version, updated_at, created_at, actor, inbound_number) \
             SELECT $1, $11, n.status, n.from_id, n.supplier_id, n.to_id, n.reference, n.expected_on, n.notes, \
                    n.tracking, n.version, n.updated_at, n.created_at, n.actor, n.number \
             FROM unnest($2::text[], $3::int8[], $4::int8[], $5::int8[], $6::text[], $7::date[], $8::text[], \
                         $9::text[], $10::int8[], $12::timestamptz[], $13::timestamptz[], $14::text[], $15::text[]) \
                  AS n (status, from_id, supplier_id, to_id, reference, expected_on, notes, tracking, version, \
                        updated_at, created_at, actor, number) \
             RETURNING inbound_number, id",
        ),
        store,
        new,
    )
    .bind::<Text, _>(O::KIND)
    .bind::<Array<Timestamptz>, _>(column(new, |inbound| inbound.updated_at))
    .bind::<Array<Timestamptz>, _>(column(new, |inbound| inbound.created_at))
    .bind::<Array<Text>, _>(column(new, |inbound| inbound.actor.clone()))
    .bind::<Array<Text>, _>(numbers)
    .columns::<(Text, BigInt)>()
    .load(conn)?;
    db::expect_rows(inserted.len(), new.len(), "documents were inserted")?;
    let ids: HashMap<String, InboundId> = inserted.into_iter().collect();
    let missing = || Failure::Internal("a document got no id".to_owned());
    for inbound in new {
        inbound.id = ids.get(&inbound.inbound_number).copied().ok_or_else(missing)?;
    }
    Ok(())
}

fn column<O, T>(inbounds: &[Inbound<O>], value: impl Fn(&Inbound<O>) -> T) -> Vec<T> {
    inbounds.iter().map(value).collect()
}

/// The store, and the columns that a change writes: $1 to $10.
fn bind_columns<'a, O: Origin>(sql: Sql<'a>, store: StoreId, inbounds: &[Inbound<O>]) -> Sql<'a> {
    sql.bind::<BigInt, _>(store)
        .bind::<Array<Text>, _>(column(inbounds, |inbound| inbound.status))
        .bind::<Array<Nullable<BigInt>>, _>(column(inbounds, |inbound| inbound.origin.place()))
        .bind::<Array<Nullable<BigInt>>, _>(column(inbounds, |inbound| inbound.origin.supplier()))
        .bind::<Array<BigInt>, _>(column(inbounds, |inbound| inbound.to_location_id))
        .bind::<Array<Nullable<Text>>, _>(column(inbounds, |inbound| inbound.reference.clone()))
        .bind::<Array<Nullable<Date>>, _>(column(inbounds, |inbound| inbound.expected_on))
        .bind::<Array<Nullable<Text>>, _>(column(inbounds, |inbound| inbound.notes.clone()))
        .bind::<Array<Nullable<Text>>, _>(column(inbounds, |inbound| inbound.tracking.clone()))
        .bind::<Array<BigInt>, _>(column(inbounds, |inbound| inbound.version))
}

/// Writes documents as they are in memory. Their rows must have been locked.
pub fn update_all<O: Origin>(conn: &mut PgConnection, store: StoreId, inbounds: &[Inbound<O>]) -> Result<(), Failure> {
    let changed = bind_columns(
        db::sql(
            "UPDATE inbounds d SET status = n.status, from_location_id = n.from_id, supplier_id = n.supplier_id, \
                    to_location_id = n.to_id, reference = n.reference, expected_on = n.expected_on, notes = n.notes, \
                    tracking = n.tracking, version = n.version, updated_at = n.updated_at \
             FROM unnest($2::text[], $3::int8[], $4::int8[], $5::int8[], $6::text[], $7::date[], $8::text[], \
                         $9::text[], $10::int8[], $11::timestamptz[], $12::int8[]) \
                  AS n (status, from_id, supplier_id, to_id, reference, expected_on, notes, tracking, version, \
                        updated_at, id) \
             WHERE d.store_id = $1 AND d.id = n.id",
        ),
        store,
        inbounds,
    )
    .bind::<Array<Timestamptz>, _>(column(inbounds, |inbound| inbound.updated_at))
    .bind::<Array<BigInt>, _>(column(inbounds, |inbound| inbound.id))
    .execute(conn)?;
    db::expect_rows(changed, inbounds.len(), "documents were written")
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

/// Appends steps to the histories of documents.
pub fn append_history(
    conn: &mut PgConnection,
    store: StoreId,
    steps: &[(InboundId, HistoryStep<InboundStatus>)],
) -> QueryResult<()> {
    let row = |(inbound, step): &(InboundId, HistoryStep<InboundStatus>)| {
        (
            inbound_history::store_id.eq(store),
            inbound_history::inbound_id.eq(*inbound),
            inbound_history::from_status.eq(step.from),
            inbound_history::to_status.eq(step.to),
            inbound_history::reason.eq(step.reason.clone()),
            inbound_history::actor.eq(step.actor.clone()),
            inbound_history::created_at.eq(step.at),
        )
    };
    let rows: Vec<_> = steps.iter().map(row).collect();
    diesel::insert_into(inbound_history::table).values(rows).execute(conn).map(drop)
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
pub(super) struct Row {
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
    pub(super) fn into_inbound<O: Origin>(self) -> Result<Inbound<O>, Failure> {
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

pub(super) type Query<'a> = inbounds::BoxedQuery<'a, diesel::pg::Pg>;

pub(super) fn of_kind<'a, O: Origin>(store: StoreId) -> Query<'a> {
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

/// Locks documents in the order of their ids, and reads them.
pub fn list_by_id_for_update<O: Origin>(
    conn: &mut PgConnection,
    store: StoreId,
    ids: &[InboundId],
) -> Result<Vec<Inbound<O>>, Failure> {
    let rows: Vec<Row> = inbounds::table
        .filter(inbounds::store_id.eq(store))
        .filter(inbounds::kind.eq(O::KIND))
        .filter(inbounds::id.eq_any(ids))
        .order(inbounds::id)
        .select(Row::as_select())
        .for_update()
        .load(conn)?;
    rows.into_iter().map(Row::into_inbound).collect()
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
