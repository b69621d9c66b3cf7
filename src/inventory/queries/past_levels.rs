//! The SQL of the list of stock rows as it was at a time, from the ledger.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz};

use super::past_stock::{found, movement_of_version};
use super::stock_by_variant::places;
use crate::db;
use crate::inventory::locked_stock::StockKey;
use crate::kernel::id::{LocationId, ProductId, StoreId, VariantId};
use crate::kernel::page::{PageQuery, Sort};

/// A stock row as it was, with the units in its quarantine and transit. Its names are those of today.
#[derive(Clone, Debug, QueryableByName)]
pub struct PastLevel {
    #[diesel(sql_type = BigInt)]
    pub variant_id: VariantId,
    #[diesel(sql_type = BigInt)]
    pub product_id: ProductId,
    #[diesel(sql_type = Text)]
    pub sku: String,
    #[diesel(sql_type = Text)]
    pub product_name: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub size: Option<String>,
    #[diesel(sql_type = BigInt)]
    pub location_id: LocationId,
    #[diesel(sql_type = Text)]
    pub location_code: String,
    #[diesel(sql_type = BigInt)]
    pub stock_quantity: i64,
    #[diesel(sql_type = BigInt)]
    pub reserved_quantity: i64,
    #[diesel(sql_type = BigInt)]
    pub available_quantity: i64,
    #[diesel(sql_type = BigInt)]
    pub committed_quantity: i64,
    #[diesel(sql_type = BigInt)]
    pub sold_quantity: i64,
    #[diesel(sql_type = BigInt)]
    pub quarantined_quantity: i64,
    #[diesel(sql_type = BigInt)]
    pub in_transit_quantity: i64,
    /// The time of the last movement. None if there was none yet.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub updated_at: Option<DateTime<Utc>>,
}

/// The columns of a row `f` with its movement `m` and its overdue holds `e`.
macro_rules! past_columns {
    () => {
        "f.variant_id, f.location_id, COALESCE(m.stock_after, 0) AS stock_quantity, \
         COALESCE(m.reserved_after, 0) - COALESCE(e.quantity, 0) AS reserved_quantity, \
         COALESCE(m.stock_after, 0) - COALESCE(m.reserved_after, 0) + COALESCE(e.quantity, 0) AS available_quantity, \
         COALESCE(m.committed_after, 0) AS committed_quantity, COALESCE(m.sold_after, 0) AS sold_quantity, \
         m.created_at AS updated_at"
    };
}

/// The keys of the page, in the order of a figure. It has to look up all rows of the store.
macro_rules! keys_by_figure {
    ($order:literal) => {
        concat!(
            "WITH RECURSIVE points AS (SELECT ARRAY[$2::timestamptz] AS at), \
             stock AS (SELECT variant_id, location_id, version FROM stock_levels WHERE store_id = $1 AND location_id = ",
            places!(),
            "), ",
            found!(),
            ", overdue AS (SELECT variant_id, location_id, SUM(quantity)::int8 AS quantity FROM stock_holds \
                  WHERE store_id = $1 AND state = 'active' AND expires_at <= $2 GROUP BY variant_id, location_id) \
             SELECT l.variant_id, l.location_id FROM (SELECT ",
            past_columns!(),
            " FROM found f ",
            movement_of_version!(),
            " LEFT JOIN overdue e ON e.variant_id = f.variant_id AND e.location_id = f.location_id) l ORDER BY ",
            $order,
            " LIMIT $3 OFFSET $4"
        )
    };
}

/// The keys of the page, in the order of names or ids, which do not depend on the time.
macro_rules! keys_by_name {
    ($joins:literal, $order:literal) => {
        concat!(
            "SELECT x.variant_id, x.location_id FROM stock_levels x ",
            $joins,
            " WHERE x.store_id = $1 AND x.location_id = ",
            places!(),
            " ORDER BY ",
            $order,
            " LIMIT $2 OFFSET $3"
        )
    };
    (sku $order:literal) => {
        keys_by_name!("JOIN variants w ON w.store_id = $1 AND w.id = x.variant_id", $order)
    };
    (product_name $order:literal) => {
        keys_by_name!(
            "JOIN variants w ON w.store_id = $1 AND w.id = x.variant_id \
             JOIN products q ON q.store_id = $1 AND q.id = w.product_id",
            $order
        )
    };
}

/// True if the order needs the figures of all rows of the store.
pub fn is_by_figure(sort: Sort) -> bool {
    !matches!(sort.column, "variant_id" | "sku" | "product_name")
}

fn keys_text(sort: Sort) -> &'static str {
    match (sort.column, sort.descending) {
        ("sku", false) => keys_by_name!(sku "w.sku, x.variant_id, x.location_id"),
        ("sku", true) => keys_by_name!(sku "w.sku DESC, x.variant_id DESC, x.location_id DESC"),
        ("product_name", false) => keys_by_name!(product_name "q.name_key, x.variant_id, x.location_id"),
        ("product_name", true) => {
            keys_by_name!(product_name "q.name_key DESC, x.variant_id DESC, x.location_id DESC")
        }
        ("stock_quantity", false) => keys_by_figure!("stock_quantity, variant_id, location_id"),
        ("stock_quantity", true) => keys_by_figure!("stock_quantity DESC, variant_id DESC, location_id DESC"),
        ("reserved_quantity", false) => keys_by_figure!("reserved_quantity, variant_id, location_id"),
        ("reserved_quantity", true) => keys_by_figure!("reserved_quantity DESC, variant_id DESC, location_id DESC"),
        ("available_quantity", false) => keys_by_figure!("available_quantity, variant_id, location_id"),
        ("available_quantity", true) => keys_by_figure!("available_quantity DESC, variant_id DESC, location_id DESC"),
        ("sold_quantity", false) => keys_by_figure!("sold_quantity, variant_id, location_id"),
        ("sold_quantity", true) => keys_by_figure!("sold_quantity DESC, variant_id DESC, location_id DESC"),
        ("updated_at", false) => keys_by_figure!("updated_at NULLS FIRST, variant_id, location_id"),
        ("updated_at", true) => keys_by_figure!("updated_at DESC NULLS LAST, variant_id DESC, location_id DESC"),
        (_, false) => keys_by_name!("", "x.variant_id, x.location_id"),
        (_, true) => keys_by_name!("", "x.variant_id DESC, x.location_id DESC"),
    }
}

/// One page of the store's stock rows as they were. Rows without a movement at that time are among them, with 0 units:
/// the same rows are listed at every time.
pub fn list(
    conn: &mut PgConnection,
    store: StoreId,
    at: DateTime<Utc>,
    sort: Sort,
    page: &PageQuery,
) -> QueryResult<Vec<PastLevel>> {
    let keys = db::sql(keys_text(sort)).bind::<BigInt, _>(store);
    let keys = if is_by_figure(sort) { keys.bind::<Timestamptz, _>(at) } else { keys };
    let keys: Vec<StockKey> =
        keys.bind::<BigInt, _>(page.limit).bind::<BigInt, _>(page.offset()).columns::<(BigInt, BigInt)>().load(conn)?;
    list_by_key(conn, store, at, &keys)
}

/// These rows as they were, in their order.
fn list_by_key(
    conn: &mut PgConnection,
    store: StoreId,
    at: DateTime<Utc>,
    keys: &[StockKey],
) -> QueryResult<Vec<PastLevel>> {
    let (variants, locations): (Vec<VariantId>, Vec<LocationId>) = keys.iter().copied().unzip();
    db::sql(concat!(
        "WITH RECURSIVE points AS (SELECT ARRAY[$2::timestamptz] AS at), \
         page AS (SELECT * FROM unnest($3::int8[], $4::int8[]) WITH ORDINALITY AS k (variant_id, location_id, position)), \
         stock AS (SELECT l.* FROM page k \
              JOIN locations c ON c.store_id = $1 AND COALESCE(c.parent_id, c.id) = k.location_id \
              CROSS JOIN LATERAL (SELECT variant_id, location_id, version FROM stock_levels \
                   WHERE store_id = $1 AND variant_id = k.variant_id AND location_id = c.id OFFSET 0) l), ",
        found!(),
        ", past AS (SELECT ",
        past_columns!(),
        " FROM found f ",
        movement_of_version!(),
        " LEFT JOIN LATERAL (SELECT SUM(h.quantity)::int8 AS quantity FROM stock_holds h \
               WHERE h.store_id = $1 AND h.variant_id = f.variant_id AND h.location_id = f.location_id \
                 AND h.state = 'active' AND h.expires_at <= $2) e ON true) \
         SELECT k.variant_id, v.product_id, v.sku, p.name AS product_name, v.size, k.location_id, \
                o.code AS location_code, l.stock_quantity, l.reserved_quantity, l.available_quantity, \
                l.committed_quantity, l.sold_quantity, b.quarantined_quantity, b.in_transit_quantity, l.updated_at \
         FROM page k JOIN past l ON l.variant_id = k.variant_id AND l.location_id = k.location_id \
         JOIN locations o ON o.store_id = $1 AND o.id = k.location_id \
         CROSS JOIN LATERAL (SELECT * FROM variants WHERE store_id = $1 AND id = k.variant_id OFFSET 0) v \
         CROSS JOIN LATERAL (SELECT * FROM products WHERE store_id = $1 AND id = v.product_id OFFSET 0) p \
         CROSS JOIN LATERAL ( \
              SELECT COALESCE(SUM(s.stock_quantity) FILTER (WHERE c.kind = 'quarantine'), 0)::int8 AS quarantined_quantity, \
                     COALESCE(SUM(s.stock_quantity) FILTER (WHERE c.kind = 'transit'), 0)::int8 AS in_transit_quantity \
              FROM locations c JOIN past s ON s.variant_id = k.variant_id AND s.location_id = c.id \
              WHERE c.store_id = $1 AND c.parent_id = k.location_id) b \
         ORDER BY k.position"
    ))
    .bind::<BigInt, _>(store)
    .bind::<Timestamptz, _>(at)
    .bind::<Array<BigInt>, _>(variants)
    .bind::<Array<BigInt>, _>(locations)
    .load(conn)
}
