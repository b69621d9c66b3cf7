//! The SQL of proposals from the figures of scarce variants. The DSL supports neither LATERAL nor `$now`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Timestamptz};

use super::proposals::Row;
use crate::db;
use crate::inventory::queries::stock_by_variant::{level_columns, levels, places, selling_places};
use crate::inventory::scarcity::queries::figures::{
    current_figures, figures, needed_over, outdated_variants, sold_of_variant, units_over, with_outdated,
};
use crate::kernel::id::{StoreId, SupplierId};
use crate::kernel::page::Sort;

/// The figures `f` with the lead time `days` of the supplier with the lowest cost.
macro_rules! at_best_terms {
    () => {
        concat!("(SELECT f.*, f.lead_time_days AS days FROM ", current_figures!(), " f)")
    };
}

/// The figures of the variants that the active supplier `$2` sells, with its lead time `days`.
macro_rules! at_terms_of_supplier {
    () => {
        concat!(
            "(SELECT f.*, COALESCE(t.lead_time_days, u.lead_time_days, 0) AS days \
              FROM suppliers u JOIN supplier_items t ON t.store_id = $1 AND t.supplier_id = u.id JOIN ",
            current_figures!(),
            " f ON f.variant_id = t.variant_id WHERE u.store_id = $1 AND u.id = $2 AND u.active)"
        )
    };
}

/// The keys of the page are found before the rest of its variants is read, and counted at the same time. The figures are
/// complete until `$5`.
macro_rules! page_of {
    ($terms:ident, $direction:literal, $key:literal) => {
        concat!(
            with_outdated!("$5"),
            "SELECT n.variant_id, n.product_id, n.sku, p.name AS product_name, v.size, \
                    n.available_quantity AS available, n.incoming_quantity AS incoming, i.in_drafts, n.minimum, \
                    p.max_stock_level AS maximum, n.sold_quantity AS sold, n.needed, o.supplier_id, o.unit_cost, \
                    o.pack_quantity, o.min_quantity, o.lead_time_days, n.total \
             FROM (SELECT y.*, COUNT(*) OVER () AS total, ",
            $key,
            " AS key FROM (SELECT x.*, ",
            needed_over!("x", "x.days"),
            " AS needed FROM ",
            $terms!(),
            " x OFFSET 0) y WHERE y.needed > 0 ORDER BY key ",
            $direction,
            ", y.variant_id ",
            $direction,
            " LIMIT $3 OFFSET $4) n \
              CROSS JOIN LATERAL (SELECT size FROM variants \
                   WHERE store_id = $1 AND id = n.variant_id OFFSET 0) v \
              CROSS JOIN LATERAL (SELECT name, max_stock_level FROM products \
                   WHERE store_id = $1 AND id = n.product_id OFFSET 0) p \
              CROSS JOIN LATERAL (SELECT COALESCE(SUM(b.outstanding_quantity), 0)::int8 AS in_drafts \
                   FROM (SELECT inbound_id, outstanding_quantity FROM inbound_lines \
                         WHERE store_id = $1 AND variant_id = n.variant_id AND outstanding_quantity > 0 OFFSET 0) b \
                   CROSS JOIN LATERAL (SELECT FROM inbounds \
                         WHERE store_id = $1 AND id = b.inbound_id AND status = 'draft' OFFSET 0) d) i \
              LEFT JOIN LATERAL (SELECT t.supplier_id, t.unit_cost, t.pack_quantity, t.min_quantity, \
                          COALESCE(t.lead_time_days, u.lead_time_days) AS lead_time_days \
                   FROM (SELECT * FROM supplier_items WHERE store_id = $1 AND variant_id = n.variant_id OFFSET 0) t \
                   CROSS JOIN LATERAL (SELECT lead_time_days FROM suppliers \
                        WHERE store_id = $1 AND id = t.supplier_id AND active OFFSET 0) u \
                   WHERE $2 IS NULL OR t.supplier_id = $2 \
                   ORDER BY t.unit_cost, COALESCE(t.lead_time_days, u.lead_time_days), t.supplier_id LIMIT 1) o ON true \
              ORDER BY n.key ",
            $direction,
            ", n.variant_id ",
            $direction
        )
    };
}

macro_rules! page_by {
    ($supplier:ident, $direction:literal, $key:literal) => {
        match $supplier {
            Some(_) => page_of!(at_terms_of_supplier, $direction, $key),
            None => page_of!(at_best_terms, $direction, $key),
        }
    };
}

fn text(sort: Sort, supplier: Option<SupplierId>) -> &'static str {
    match (sort.column, sort.descending) {
        ("sku", false) => page_by!(supplier, "", "y.sku"),
        ("sku", true) => page_by!(supplier, "DESC", "y.sku"),
        ("variant_id", false) => page_by!(supplier, "", "y.variant_id"),
        ("variant_id", true) => page_by!(supplier, "DESC", "y.variant_id"),
        (_, false) => page_by!(supplier, "", "y.needed"),
        (_, true) => page_by!(supplier, "DESC", "y.needed"),
    }
}

/// A part of the variants that need units, from figures that are complete until that time.
pub(super) fn list(
    conn: &mut PgConnection,
    store: StoreId,
    (supplier, until): (Option<SupplierId>, DateTime<Utc>),
    sort: Sort,
    (limit, offset): (i64, i64),
) -> QueryResult<Vec<Row>> {
    db::sql(text(sort, supplier))
        .bind::<BigInt, _>(store)
        .bind::<Nullable<BigInt>, _>(supplier)
        .bind::<BigInt, _>(limit)
        .bind::<BigInt, _>(offset)
        .bind::<Timestamptz, _>(until)
        .load(conn)
}
