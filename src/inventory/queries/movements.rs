//! The SQL that reads the ledger. The DSL has neither LATERAL nor a sum of integers as an integer.

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz};

use crate::db;
use crate::db::schema::stock_movements as ledger;
use crate::inventory::stock_level::MovementKind;
use crate::kernel::id::{LocationId, MovementId, ProductId, StoreId, VariantId};
use crate::kernel::page::{List, PageQuery, Sort};

/// The conditions of a list of movements; `None` is no condition.
#[derive(Clone, Debug, Default)]
pub struct MovementFilter {
    /// A product, and perhaps one of its variants.
    pub product: Option<(ProductId, Option<VariantId>)>,
    pub kind: Option<MovementKind>,
    pub reference_id: Option<String>,
    /// From this moment on.
    pub from: Option<DateTime<Utc>>,
    /// Before this moment.
    pub to: Option<DateTime<Utc>>,
}

impl MovementFilter {
    fn is_empty(&self) -> bool {
        let Self { product, kind, reference_id, from, to } = self;
        product.is_none() && kind.is_none() && reference_id.is_none() && from.is_none() && to.is_none()
    }
}

/// A row of the ledger with the variant that it is about.
#[derive(Clone, Debug, QueryableByName)]
pub struct LedgerRow {
    #[diesel(sql_type = BigInt)]
    pub id: MovementId,
    #[diesel(sql_type = BigInt)]
    pub product_id: ProductId,
    #[diesel(sql_type = BigInt)]
    pub variant_id: VariantId,
    #[diesel(sql_type = Text)]
    pub sku: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub size: Option<String>,
    #[diesel(sql_type = BigInt)]
    pub location_id: LocationId,
    #[diesel(sql_type = Text)]
    pub kind: MovementKind,
    #[diesel(sql_type = BigInt)]
    pub stock_delta: i64,
    #[diesel(sql_type = BigInt)]
    pub reserved_delta: i64,
    #[diesel(sql_type = BigInt)]
    pub sold_delta: i64,
    #[diesel(sql_type = BigInt)]
    pub committed_delta: i64,
    #[diesel(sql_type = BigInt)]
    pub stock_after: i64,
    #[diesel(sql_type = BigInt)]
    pub reserved_after: i64,
    #[diesel(sql_type = BigInt)]
    pub sold_after: i64,
    #[diesel(sql_type = BigInt)]
    pub committed_after: i64,
    #[diesel(sql_type = Nullable<Text>)]
    pub reason: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub reference_id: Option<String>,
    #[diesel(sql_type = Text)]
    pub actor: String,
    #[diesel(sql_type = Timestamptz)]
    pub effective_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
}

/// The movements `m` of the variants `v` of a product.
macro_rules! of_product {
    () => {
        "variants v JOIN stock_movements m ON m.store_id = $1 AND m.variant_id = v.id \
         WHERE v.store_id = $1 AND v.product_id = $2 AND ($7 IS NULL OR v.id = $7)"
    };
}

macro_rules! matching {
    () => {
        "($3 IS NULL OR m.kind = $3) AND ($4 IS NULL OR m.reference_id = ANY(ARRAY( \
             SELECT $4 UNION ALL SELECT 'reservation:' || r.id FROM reservations r \
             WHERE r.store_id = $1 AND r.reference_id = $4))) AND ($5 IS NULL OR m.created_at >= $5) \
         AND ($6 IS NULL OR m.created_at < $6)"
    };
}

macro_rules! columns {
    () => {
        "m.id, v.product_id, m.variant_id, v.sku, v.size, m.location_id, m.kind, m.stock_delta, m.reserved_delta, \
         m.sold_delta, m.committed_delta, m.stock_after, m.reserved_after, m.sold_after, m.committed_after, m.reason, \
         COALESCE(m.effective_at, m.created_at) AS effective_at, COALESCE((SELECT r.reference_id FROM reservations r \
              WHERE r.store_id = $1 AND r.id = CASE WHEN m.kind IN ('reserve', 'release', 'fulfil') \
                    AND m.reference_id ~ E'^reservation:[0-9]{1,18}\\\\Z' THEN substr(m.reference_id, 13)::int8 END), \
             m.reference_id) AS reference_id, m.actor, m.created_at"
    };
}

mod followed;

pub use followed::{list_ids_of_product, list_movements_after};

/// The columns that movements can be sorted by.
pub const SORTS: [&str; 2] = ["id", "created_at"];

/// One page of the ledger.
pub fn list_movements(
    conn: &mut PgConnection,
    store: StoreId,
    filter: &MovementFilter,
    sort: Sort,
    page: &PageQuery,
) -> QueryResult<List<LedgerRow>> {
    let total = count(conn, store, filter)?;
    let items = match filter.product {
        Some(_) => list_of_product(conn, store, filter, sort, page)?,
        None => {
            let ids = list_ids(conn, store, filter, sort, page)?;
            let mut rows = list_by_id(conn, store, &ids)?;
            rows.sort_by_key(|row| ids.iter().position(|id| *id == row.id));
            rows
        }
    };
    Ok(page.list(items, total))
}

/// Counts movements. The version of a stock row is the number of its movements, so the whole ledger is counted without
/// reading it. The number of sales is the total minus the other kinds.
fn count(conn: &mut PgConnection, store: StoreId, filter: &MovementFilter) -> QueryResult<i64> {
    let MovementFilter { product, kind, reference_id, from, to } = filter;
    let by_kind_alone = reference_id.is_none() && from.is_none() && to.is_none();
    match (product, kind) {
        (product, None) if by_kind_alone => count_all(conn, store, *product),
        (None, Some(MovementKind::Fulfil)) if by_kind_alone => {
            let others = ledger::table.filter(ledger::store_id.eq(store)).filter(sql::<Bool>("kind <> 'fulfil'"));
            let others: i64 = others.count().get_result(conn)?;
            Ok(count_all(conn, store, None)?.saturating_sub(others))
        }
        (None, _) => filtered(store, filter).count().get_result(conn),
        (Some(_), _) => {
            let text = concat!("SELECT count(*) FROM ", of_product!(), " AND ", matching!());
            bind_filter(text, store, filter).columns::<BigInt>().get_result(conn)
        }
    }
}

fn count_all(
    conn: &mut PgConnection,
    store: StoreId,
    product: Option<(ProductId, Option<VariantId>)>,
) -> QueryResult<i64> {
    let count = match product {
        None => db::sql("SELECT COALESCE(SUM(version), 0)::int8 FROM stock_levels WHERE store_id = $1")
            .bind::<BigInt, _>(store),
        Some((product, variant)) => db::sql(
            "SELECT COALESCE(SUM(l.version), 0)::int8 FROM variants v \
             JOIN stock_levels l ON l.store_id = $1 AND l.variant_id = v.id \
             WHERE v.store_id = $1 AND v.product_id = $2 AND ($3 IS NULL OR v.id = $3)",
        )
        .bind::<BigInt, _>(store)
        .bind::<BigInt, _>(product)
        .bind::<Nullable<BigInt>, _>(variant),
    };
    count.columns::<BigInt>().get_result(conn)
}

type Query<'a> = ledger::BoxedQuery<'a, Pg>;

/// The conditions that are asked for and no others, so that each has the plan that fits it.
fn filtered<'a>(store: StoreId, filter: &'a MovementFilter) -> Query<'a> {
    let MovementFilter { product: _, kind, reference_id, from, to } = filter;
    let mut query = ledger::table.filter(ledger::store_id.eq(store)).into_boxed();
    if let Some(kind) = kind {
        // A part of the text, because the planner uses a partial index only for a value that it knows.
        query = query.filter(sql::<Bool>(&format!("kind = '{}'", kind.as_str())));
    }
    if let Some(reference) = reference_id {
        query = query.filter(is_of_reference(store, reference));
    }
    if let Some(from) = from {
        query = query.filter(ledger::created_at.ge(from));
    }
    if let Some(to) = to {
        query = query.filter(ledger::created_at.lt(to));
    }
    query
}

/// The ledger names a reservation by its id, because another service may choose the number of an order for its name.
fn is_of_reference(store: StoreId, reference: &str) -> Box<dyn BoxableExpression<ledger::table, Pg, SqlType = Bool>> {
    let names = sql::<Bool>("reference_id = ANY(ARRAY(SELECT ").bind::<Text, _>(reference.to_owned());
    let reservations = names.sql(" UNION ALL SELECT 'reservation:' || r.id FROM reservations r WHERE r.store_id = ");
    let of_store = reservations.bind::<BigInt, _>(store).sql(" AND r.reference_id = ");
    Box::new(of_store.bind::<Text, _>(reference.to_owned()).sql("))"))
}

/// The page's ids alone, so that nothing else is read of the rows before it.
fn list_ids(
    conn: &mut PgConnection,
    store: StoreId,
    filter: &MovementFilter,
    sort: Sort,
    page: &PageQuery,
) -> QueryResult<Vec<MovementId>> {
    let query = filtered(store, filter);
    let query = match (sort.column, sort.descending) {
        ("created_at", false) => query.order((ledger::created_at.asc(), ledger::id.asc())),
        ("created_at", true) => query.order((ledger::created_at.desc(), ledger::id.desc())),
        (_, false) => query.order(ledger::id.asc()),
        (_, true) => query.order(ledger::id.desc()),
    };
    query.select(ledger::id).limit(page.limit).offset(page.offset()).load(conn)
}

/// Movements by their ids, in any order.
pub fn list_by_id(conn: &mut PgConnection, store: StoreId, ids: &[MovementId]) -> QueryResult<Vec<LedgerRow>> {
    db::sql(concat!(
        "SELECT ",
        columns!(),
        " FROM unnest($2::int8[]) AS w (id) \
         CROSS JOIN LATERAL (SELECT * FROM stock_movements WHERE store_id = $1 AND id = w.id OFFSET 0) m \
         CROSS JOIN LATERAL (SELECT * FROM variants WHERE store_id = $1 AND id = m.variant_id OFFSET 0) v"
    ))
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(ids)
    .load(conn)
}

/// The ids of a stock row's movements go up with its versions. So a page needs the newest of each stock
/// row only, however many movements a product has had.
macro_rules! page_of_product {
    ($by_version:literal, $by_id:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM variants v JOIN stock_levels l ON l.store_id = $1 AND l.variant_id = v.id \
              CROSS JOIN LATERAL (SELECT * FROM stock_movements m \
                   WHERE m.store_id = $1 AND m.variant_id = l.variant_id AND m.location_id = l.location_id AND ",
            matching!(),
            " ORDER BY ",
            $by_version,
            " LIMIT $8::int8 + $9::int8) m WHERE v.store_id = $1 AND v.product_id = $2 AND ($7 IS NULL OR v.id = $7) \
              ORDER BY ",
            $by_id,
            " LIMIT $8 OFFSET $9"
        )
    };
}

fn list_of_product(
    conn: &mut PgConnection,
    store: StoreId,
    filter: &MovementFilter,
    sort: Sort,
    page: &PageQuery,
) -> QueryResult<Vec<LedgerRow>> {
    let text = match (sort.column, sort.descending) {
        ("created_at", false) => page_of_product!("m.created_at, m.id", "m.created_at, m.id"),
        ("created_at", true) => page_of_product!("m.created_at DESC, m.id DESC", "m.created_at DESC, m.id DESC"),
        (_, false) => page_of_product!("m.version", "m.id"),
        (_, true) => page_of_product!("m.version DESC", "m.id DESC"),
    };
    bind_filter(text, store, filter).bind::<BigInt, _>(page.limit).bind::<BigInt, _>(page.offset()).load(conn)
}

fn bind_filter<'a>(text: &'static str, store: StoreId, filter: &'a MovementFilter) -> db::sql::Sql<'a> {
    let MovementFilter { product, kind, reference_id, from, to } = filter;
    let (product, variant) = product.unzip();
    db::sql(text)
        .bind::<BigInt, _>(store)
        .bind::<Nullable<BigInt>, _>(product)
        .bind::<Nullable<Text>, _>(*kind)
        .bind::<Nullable<Text>, _>(reference_id.as_deref())
        .bind::<Nullable<Timestamptz>, _>(*from)
        .bind::<Nullable<Timestamptz>, _>(*to)
        .bind::<Nullable<BigInt>, _>(variant.flatten())
}
