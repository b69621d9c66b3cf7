//! The SQL of entries. Sets of rows are bound as arrays, which the DSL cannot insert.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Text, Timestamptz};

use crate::db;
use crate::db::schema::{count_entries, count_lines, products, variants};
use crate::kernel::id::{CountEntryId, CountId, ProductId, StoreId, VariantId};
use crate::kernel::page::{List, PageQuery, Sort};

/// An entry to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewCountEntry {
    pub line: i64,
    pub quantity: i64,
    pub is_added: bool,
    pub counted_at: DateTime<Utc>,
}

/// Appends entries in their order.
pub fn insert(
    conn: &mut PgConnection,
    store: StoreId,
    count: CountId,
    entries: &[NewCountEntry],
    (actor, at): (&str, DateTime<Utc>),
) -> QueryResult<()> {
    db::sql(
        "INSERT INTO count_entries (store_id, count_id, line, quantity, is_added, counted_at, actor, created_at) \
         SELECT $1, $2, n.line, n.quantity, n.is_added, n.counted_at, $3, $4 \
         FROM unnest($5::int8[], $6::int8[], $7::bool[], $8::timestamptz[]) WITH ORDINALITY \
              AS n (line, quantity, is_added, counted_at, ordinal) ORDER BY n.ordinal",
    )
    .bind::<BigInt, _>(store)
    .bind::<BigInt, _>(count)
    .bind::<Text, _>(actor)
    .bind::<Timestamptz, _>(at)
    .bind::<Array<BigInt>, _>(entries.iter().map(|entry| entry.line).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(entries.iter().map(|entry| entry.quantity).collect::<Vec<_>>())
    .bind::<Array<Bool>, _>(entries.iter().map(|entry| entry.is_added).collect::<Vec<_>>())
    .bind::<Array<Timestamptz>, _>(entries.iter().map(|entry| entry.counted_at).collect::<Vec<_>>())
    .execute(conn)
    .map(drop)
}

/// An entry as it is stored, with the names of its variant.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = count_entries)]
#[diesel(check_for_backend(Pg))]
pub struct CountEntry {
    pub id: CountEntryId,
    pub line: i64,
    #[diesel(embed)]
    pub variant: CountedVariant,
    pub quantity: i64,
    pub is_added: bool,
    pub counted_at: DateTime<Utc>,
    pub actor: String,
    pub created_at: DateTime<Utc>,
}

/// The names of a variant.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = variants)]
#[diesel(check_for_backend(Pg))]
pub struct CountedVariant {
    pub product_id: ProductId,
    #[diesel(select_expression = variants::id)]
    pub variant_id: VariantId,
    pub sku: String,
    #[diesel(select_expression = products::name)]
    pub product_name: String,
    pub size: Option<String>,
}

/// The columns that entries can be sorted by. The entries of a line are in the order of their observations.
pub const SORTS: [&str; 2] = ["line", "id"];

/// A page of the entries of a count, or of one of its lines.
pub fn list(
    conn: &mut PgConnection,
    store: StoreId,
    (count, line): (CountId, Option<i64>),
    sort: Sort,
    page: &PageQuery,
) -> QueryResult<List<CountEntry>> {
    let matching = || {
        let of_count = count_entries::table
            .inner_join(
                count_lines::table.on(count_lines::store_id
                    .eq(count_entries::store_id)
                    .and(count_lines::count_id.eq(count_entries::count_id))
                    .and(count_lines::line.eq(count_entries::line))),
            )
            .inner_join(
                variants::table
                    .on(variants::store_id.eq(count_lines::store_id).and(variants::id.eq(count_lines::variant_id))),
            )
            .inner_join(
                products::table
                    .on(products::store_id.eq(variants::store_id).and(products::id.eq(variants::product_id))),
            )
            .filter(count_entries::store_id.eq(store))
            .filter(count_entries::count_id.eq(count))
            .into_boxed();
        match line {
            Some(line) => of_count.filter(count_entries::line.eq(line)),
            None => of_count,
        }
    };
    let total = matching().count().get_result(conn)?;
    let (line, at, id) = (count_entries::line, count_entries::counted_at, count_entries::id);
    let query = match (sort.column, sort.descending) {
        ("id", false) => matching().order(id.asc()),
        ("id", true) => matching().order(id.desc()),
        (_, false) => matching().order((line.asc(), at.asc(), id.asc())),
        (_, true) => matching().order((line.desc(), at.desc(), id.desc())),
    };
    let found = query.select(CountEntry::as_select()).limit(page.limit).offset(page.offset()).load(conn)?;
    Ok(page.list(found, total))
}
