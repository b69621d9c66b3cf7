//! Stock as products, availability and lists show it. The macros below compute the reserved and available quantities.
//! The DSL supports neither LATERAL nor `$now`.

use std::collections::{BTreeSet, HashMap};

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::serialize::ToSql;
use diesel::sql_types::{Array, BigInt};

use crate::catalogue::product::Product;
use crate::catalogue::queries::products;
use crate::db;
use crate::error::Abort;
use crate::inventory::product_with_stock::{ProductWithStock, VariantWithStock};
use crate::kernel::id::{LocationId, ProductId, ProductRef, StoreId, VariantId};

/// The places of store `$1`, without quarantines and transits. The list is read once in a statement.
macro_rules! places {
    () => {
        "ANY(ARRAY(SELECT id FROM locations WHERE store_id = $1 AND kind = 'place'))"
    };
}

/// The places of store `$1` that new orders can take units from.
macro_rules! selling_places {
    () => {
        "ANY(ARRAY(SELECT id FROM locations \
                   WHERE store_id = $1 AND kind = 'place' AND status = 'active' AND sells_online))"
    };
}

/// The columns of a stock row `r` with the overdue holds `e`. Units are available to staff if nobody has reserved them.
/// Units are sellable if buyers can get them.
macro_rules! level_columns {
    () => {
        concat!(
            "r.variant_id, r.location_id, r.stock_quantity, \
             r.reserved_quantity - COALESCE(e.quantity, 0) AS reserved_quantity, \
             r.stock_quantity - r.reserved_quantity + COALESCE(e.quantity, 0) AS available_quantity, \
             CASE WHEN r.location_id = ",
            selling_places!(),
            " THEN GREATEST(r.stock_quantity - r.reserved_quantity + COALESCE(e.quantity, 0) - r.safety_quantity, 0) \
                  ELSE 0 END AS sellable_quantity, \
             r.safety_quantity, r.committed_quantity, r.sold_quantity, r.updated_at"
        )
    };
}

/// The stock rows at places of store `$1`, with `level_columns!`. Overdue holds count as available.
macro_rules! levels {
    () => {
        concat!(
            "(SELECT ",
            level_columns!(),
            " FROM stock_levels r LEFT JOIN LATERAL (SELECT SUM(h.quantity)::int8 AS quantity FROM stock_holds h \
                   WHERE h.store_id = $1 AND h.variant_id = r.variant_id AND h.location_id = r.location_id \
                     AND h.state = 'active' AND h.expires_at <= $now) e ON true \
              WHERE r.store_id = $1 AND r.location_id = ",
            places!(),
            ")"
        )
    };
}

/// The same rows. Overdue holds are summed first, which is faster for all rows of a store.
macro_rules! all_levels {
    () => {
        concat!(
            "(SELECT ",
            level_columns!(),
            " FROM stock_levels r LEFT JOIN (SELECT h.variant_id, h.location_id, SUM(h.quantity)::int8 AS quantity \
                   FROM stock_holds h WHERE h.store_id = $1 AND h.state = 'active' AND h.expires_at <= $now \
                   GROUP BY h.variant_id, h.location_id) e \
                ON e.variant_id = r.variant_id AND e.location_id = r.location_id \
              WHERE r.store_id = $1 AND r.location_id = ",
            places!(),
            ")"
        )
    };
}

/// The units of the row `l` in the quarantine and in the transit of its place, and those that are ordered for it.
macro_rules! beside_level {
    () => {
        "(SELECT COALESCE(SUM(s.stock_quantity) FILTER (WHERE c.kind = 'quarantine'), 0)::int8 AS quarantined_quantity, \
                 COALESCE(SUM(s.stock_quantity) FILTER (WHERE c.kind = 'transit'), 0)::int8 AS in_transit_quantity, \
                 (SELECT COALESCE(SUM(n.outstanding_quantity), 0)::int8 \
                  FROM inbound_lines n JOIN inbounds i ON i.store_id = $1 AND i.id = n.inbound_id \
                  WHERE n.store_id = $1 AND n.variant_id = l.variant_id AND n.outstanding_quantity > 0 \
                    AND i.kind = 'purchase' AND i.status IN ('ordered', 'partially_received') \
                    AND i.to_location_id = l.location_id) AS ordered_quantity \
          FROM locations c CROSS JOIN LATERAL (SELECT stock_quantity FROM stock_levels \
               WHERE store_id = $1 AND variant_id = l.variant_id AND location_id = c.id) s \
          WHERE c.store_id = $1 AND c.parent_id = l.location_id)"
    };
}

/// The highest minimum of the store's products of a status, or of its sizes that have one of their own.
macro_rules! highest_minimum {
    ("variants") => {
        "(SELECT MAX(x.min_stock_level) FROM variants x WHERE x.store_id = $1 AND x.min_stock_level IS NOT NULL)"
    };
    ($status:literal) => {
        concat!("(SELECT MAX(x.min_stock_level) FROM products x WHERE x.store_id = $1 AND x.status = '", $status, "')")
    };
}

/// The variants that can be low at all, among products with one of these statuses. A row at a selling place never has
/// more sellable units than its variant. So only variants with such a row under the highest minimum of the store can be
/// low, and variants without such a row. The rows at other places are read only if there are such places.
macro_rules! scarce_variants {
    ($($status:tt),+) => {
        concat!(
            "(SELECT r.variant_id FROM stock_levels r WHERE r.store_id = $1 \
                 AND r.stock_quantity - r.reserved_quantity - r.safety_quantity <= COALESCE(GREATEST(",
            $(highest_minimum!($status), ", ",)+
            highest_minimum!("variants"),
            "), 0) AND r.location_id = ",
            selling_places!(),
            " UNION SELECT n.variant_id FROM (SELECT id FROM locations \
                 WHERE store_id = $1 AND kind = 'place' AND NOT (status = 'active' AND sells_online)) o \
              CROSS JOIN LATERAL (SELECT r.variant_id FROM stock_levels r WHERE r.store_id = $1 AND r.location_id = o.id \
                 AND NOT EXISTS (SELECT FROM stock_levels a WHERE a.store_id = $1 AND a.variant_id = r.variant_id \
                                 AND a.location_id = ",
            selling_places!(),
            ") OFFSET 0) n OFFSET 0)"
        )
    };
}

/// The products of which some variant can be low. Each variant is looked up by its key: the planner can't know that
/// they are few, and would read all variants for them. A product without a size on sale is out of stock.
macro_rules! scarce_products {
    () => {
        concat!(
            "(SELECT v.product_id FROM ",
            scarce_variants!("active", "archived"),
            " c CROSS JOIN LATERAL (SELECT product_id FROM variants WHERE store_id = $1 AND id = c.variant_id OFFSET 0) v \
              UNION ALL SELECT y.product_id FROM variants y WHERE y.store_id = $1 AND y.status = 'archived')"
        )
    };
}

/// The units of the variant `v` that buyers can get.
macro_rules! available_of_variant {
    () => {
        concat!("(SELECT COALESCE(SUM(l.sellable_quantity), 0)::int8 FROM ", levels!(), " l WHERE l.variant_id = v.id)")
    };
}

/// The units of product `p` that buyers can get, over its sizes, on sale or not.
macro_rules! available_of_product {
    () => {
        concat!(
            "(SELECT COALESCE(SUM(l.sellable_quantity), 0)::int8 FROM variants v JOIN ",
            levels!(),
            " l ON l.variant_id = v.id WHERE v.store_id = $1 AND v.product_id = p.id)"
        )
    };
}

/// The stock status of product `p`: that of its lowest variant on sale.
macro_rules! stock_status {
    () => {
        concat!(
            "(SELECT CASE WHEN COALESCE(bool_or(s.available <= 0), true) THEN 'out_of_stock' \
                          WHEN bool_or(s.available <= COALESCE(v.min_stock_level, p.min_stock_level)) THEN 'low_stock' \
                          ELSE 'in_stock' END \
              FROM variants v CROSS JOIN LATERAL (SELECT ",
            available_of_variant!(),
            " AS available OFFSET 0) s WHERE v.store_id = $1 AND v.product_id = p.id AND v.status = 'active')"
        )
    };
}

/// Variants `v` on sale, of products `p` on sale, that are at or under their minimum `m.least`, with their available
/// units as `s.available`. OFFSET 0 makes the sum run once.
macro_rules! low_variants {
    () => {
        concat!(
            "FROM ",
            scarce_variants!("active"),
            " c CROSS JOIN LATERAL (SELECT * FROM variants WHERE store_id = $1 AND id = c.variant_id OFFSET 0) v \
              CROSS JOIN LATERAL (SELECT * FROM products WHERE store_id = $1 AND id = v.product_id OFFSET 0) p \
              CROSS JOIN LATERAL (SELECT COALESCE(v.min_stock_level, p.min_stock_level) AS least) m \
              CROSS JOIN LATERAL (SELECT ",
            available_of_variant!(),
            " AS available OFFSET 0) s WHERE p.status = 'active' AND v.status = 'active' AND s.available <= m.least"
        )
    };
}

pub(crate) use {
    all_levels, available_of_product, available_of_variant, beside_level, highest_minimum, level_columns, levels,
    low_variants, places, scarce_products, scarce_variants, selling_places, stock_status,
};

/// The variants with these values of a column, which differ. With a LIMIT that is a parameter, the planner expects a
/// tenth of the keys: one row. So the generic plan looks equally cheap, and is kept.
macro_rules! variants_by {
    ($column:literal) => {
        concat!(
            "SELECT v.product_id, v.id, v.sku, v.size, v.barcode, v.price, v.min_stock_level, v.status, \
                    s.stock, s.reserved, s.available, s.sold \
             FROM (SELECT unnest($2::int8[]) AS key LIMIT $3) w CROSS JOIN LATERAL \
                  (SELECT * FROM variants WHERE store_id = $1 AND ",
            $column,
            " = w.key OFFSET 0) v CROSS JOIN LATERAL \
                  (SELECT COALESCE(SUM(l.stock_quantity), 0)::int8 AS stock, \
                          COALESCE(SUM(l.reserved_quantity), 0)::int8 AS reserved, \
                          COALESCE(SUM(l.sellable_quantity), 0)::int8 AS available, \
                          COALESCE(SUM(l.sold_quantity), 0)::int8 AS sold FROM ",
            levels!(),
            " l WHERE l.variant_id = v.id) s ORDER BY v.id"
        )
    };
}

/// Adds their variants with stock to products, which differ, in one statement.
pub fn with_stock(
    conn: &mut PgConnection,
    store: StoreId,
    products: Vec<Product>,
) -> QueryResult<Vec<ProductWithStock>> {
    let ids: Vec<ProductId> = products.iter().map(|product| product.id).collect();
    let variants = load_variants(conn, variants_by!("product_id"), store, ids)?;
    Ok(joined(products, variants))
}

/// The products of these variants, with these variants only.
pub fn list_with_stock(
    conn: &mut PgConnection,
    store: StoreId,
    variants: BTreeSet<VariantId>,
) -> QueryResult<Vec<ProductWithStock>> {
    let variants = load_variants(conn, variants_by!("id"), store, variants.into_iter().collect())?;
    let products = products::list(conn, store, &variants.iter().map(|variant| variant.product_id).collect())?;
    Ok(joined(products, variants))
}

fn joined(products: Vec<Product>, variants: Vec<VariantWithStock>) -> Vec<ProductWithStock> {
    let mut of_products: HashMap<ProductId, Vec<VariantWithStock>> = HashMap::new();
    for variant in variants {
        of_products.entry(variant.product_id).or_default().push(variant);
    }
    let stocked = |product: Product| {
        let variants = of_products.remove(&product.id).unwrap_or_default();
        ProductWithStock { product, variants }
    };
    products.into_iter().map(stocked).collect()
}

fn load_variants<K: ToSql<BigInt, Pg> + Send>(
    conn: &mut PgConnection,
    text: &'static str,
    store: StoreId,
    keys: Vec<K>,
) -> QueryResult<Vec<VariantWithStock>> {
    let count = db::count(keys.len());
    db::sql(text).bind::<BigInt, _>(store).bind::<Array<BigInt>, _>(keys).bind::<BigInt, _>(count).load(conn)
}

/// The product of that name with its stock, or 404.
pub fn get_stocked(conn: &mut PgConnection, store: StoreId, name: &ProductRef) -> Result<ProductWithStock, Abort> {
    let product = products::get_product(conn, store, name)?;
    let stocked = with_stock(conn, store, vec![product])?.pop();
    stocked.ok_or_else(|| products::not_found(name).into())
}

/// The stock of a variant at one of its places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, QueryableByName)]
pub struct PlaceStock {
    #[diesel(sql_type = BigInt)]
    pub location_id: LocationId,
    #[diesel(sql_type = BigInt)]
    pub reserved_quantity: i64,
    #[diesel(sql_type = BigInt)]
    pub available_quantity: i64,
    /// The units that buyers can get.
    #[diesel(sql_type = BigInt)]
    pub sellable_quantity: i64,
}

/// The stock of one variant at each of its places.
pub fn list_places(conn: &mut PgConnection, store: StoreId, variant: VariantId) -> QueryResult<Vec<PlaceStock>> {
    db::sql(concat!(
        "SELECT l.location_id, l.reserved_quantity, l.available_quantity, l.sellable_quantity FROM ",
        levels!(),
        " l WHERE l.variant_id = $2 ORDER BY l.location_id"
    ))
    .bind::<BigInt, _>(store)
    .bind::<BigInt, _>(variant)
    .load(conn)
}
