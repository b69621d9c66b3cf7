//! The SQL that reads the ledger.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamptz};

use crate::db;
use crate::kernel::id::{LocationId, MovementId, ProductId, StoreId, VariantId};
use crate::kernel::page::{List, PageQuery};

/// What movements of a list have in common; `None` asks for nothing.
#[derive(Clone, Debug, Default)]
pub struct MovementFilter {
    pub product: Option<ProductId>,
    pub kind: Option<String>,
    pub reference_id: Option<String>,
    /// From this moment on.
    pub from: Option<DateTime<Utc>>,
    /// Before this moment.
    pub to: Option<DateTime<Utc>>,
    /// Only movements after this one, oldest first.
    pub after: Option<i64>,
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
    pub kind: String,
    #[diesel(sql_type = BigInt)]
    pub stock_delta: i64,
    #[diesel(sql_type = BigInt)]
    pub reserved_delta: i64,
    #[diesel(sql_type = BigInt)]
    pub sold_delta: i64,
    #[diesel(sql_type = BigInt)]
    pub stock_after: i64,
    #[diesel(sql_type = BigInt)]
    pub reserved_after: i64,
    #[diesel(sql_type = BigInt)]
    pub sold_after: i64,
    #[diesel(sql_type = Nullable<Text>)]
    pub reason: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub reference_id: Option<String>,
    #[diesel(sql_type = Text)]
    pub actor: String,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

macro_rules! matching {
    () => {
        "FROM stock_movements m JOIN variants v ON v.store_id = m.store_id AND v.id = m.variant_id \
         WHERE m.store_id = $1 AND v.store_id = $1 AND ($2 IS NULL OR v.product_id = $2) \
         AND ($3 IS NULL OR m.kind = $3) AND ($4 IS NULL OR m.reference_id = $4) \
         AND ($5 IS NULL OR m.created_at >= $5) AND ($6 IS NULL OR m.created_at < $6) \
         AND ($7 IS NULL OR m.id > $7)"
    };
}

macro_rules! page_by {
    ($order:literal) => {
        concat!(
            "SELECT m.id, v.product_id, m.variant_id, v.sku, v.size, m.location_id, m.kind, m.stock_delta, \
                    m.reserved_delta, m.sold_delta, m.stock_after, m.reserved_after, m.sold_after, m.reason, \
                    m.reference_id, m.actor, m.created_at ",
            matching!(),
            " ORDER BY ",
            $order,
            " LIMIT $8 OFFSET $9"
        )
    };
}

fn bind_filter<'a>(text: &'static str, store: StoreId, filter: &'a MovementFilter) -> db::sql::Sql<'a> {
    db::sql(text)
        .bind::<BigInt, _>(store)
        .bind::<Nullable<BigInt>, _>(filter.product)
        .bind::<Nullable<Text>, _>(filter.kind.as_deref())
        .bind::<Nullable<Text>, _>(filter.reference_id.as_deref())
        .bind::<Nullable<Timestamptz>, _>(filter.from)
        .bind::<Nullable<Timestamptz>, _>(filter.to)
        .bind::<Nullable<BigInt>, _>(filter.after)
}

/// One page of the ledger: newest first, or from a row on, oldest first.
pub fn list_movements(
    conn: &mut PgConnection,
    store: StoreId,
    filter: &MovementFilter,
    page: &PageQuery,
) -> QueryResult<List<LedgerRow>> {
    let total: Count =
        bind_filter(concat!("SELECT count(*) AS count ", matching!()), store, filter).get_result(conn)?;
    let text = if filter.after.is_some() { page_by!("m.id") } else { page_by!("m.id DESC") };
    let items =
        bind_filter(text, store, filter).bind::<BigInt, _>(page.limit).bind::<BigInt, _>(page.offset()).load(conn)?;
    Ok(page.list(items, total.count))
}
