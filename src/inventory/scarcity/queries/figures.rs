//! The figures of variants by which they are low on stock or need units, as texts of SQL. The DSL has neither LATERAL
//! nor `$now`. The texts read tables of purchasing, too.

/// The stock rows at places of store `$1`, as `levels!`. But units of overdue holds are reserved until they are released.
macro_rules! stored_levels {
    () => {
        concat!(
            "(SELECT r.variant_id, r.stock_quantity - r.reserved_quantity AS available_quantity, r.safety_quantity, \
                     CASE WHEN r.location_id = ",
            selling_places!(),
            " THEN GREATEST(r.stock_quantity - r.reserved_quantity - r.safety_quantity, 0) ELSE 0 END \
                         AS sellable_quantity \
              FROM stock_levels r WHERE r.store_id = $1 AND r.location_id = ",
            places!(),
            ")"
        )
    };
}

/// The units of the variant `v` that were sold in the last 30 days. The movements of a stock row are read from the
/// newest one back to one before this time, so that older ones cost nothing.
macro_rules! sold_of_variant {
    () => {
        "(SELECT COALESCE(SUM(m.sold_delta), 0)::int8 AS sold_quantity \
          FROM (SELECT location_id FROM stock_levels WHERE store_id = $1 AND variant_id = v.id OFFSET 0) x \
          CROSS JOIN LATERAL (SELECT COALESCE((SELECT version FROM stock_movements \
               WHERE store_id = $1 AND variant_id = v.id AND location_id = x.location_id \
                 AND created_at <= $now - interval '31 days' ORDER BY version DESC LIMIT 1), 0) AS version OFFSET 0) b \
          CROSS JOIN LATERAL (SELECT sold_delta FROM stock_movements \
               WHERE store_id = $1 AND variant_id = v.id AND location_id = x.location_id AND version > b.version \
                 AND created_at > $now - interval '30 days' OFFSET 0) m)"
    };
}

/// The figures of the variants on sale among those of a set with the column `variant_id`, from these stock rows.
/// `longest_days` is the longest lead time of an active supplier.
macro_rules! figures {
    ($variants:literal, $levels:ident) => {
        concat!(
            "(SELECT v.id AS variant_id, v.product_id, v.sku, p.sku AS product_sku, p.name_key, \
                     COALESCE(v.min_stock_level, p.min_stock_level) AS minimum, \
                     l.sellable_quantity, t.product_quantity, l.available_quantity, l.safety_quantity, \
                     i.incoming_quantity, s.sold_quantity, o.lead_time_days, o.longest_days, d.lead_time_units \
              FROM ",
            $variants,
            " k CROSS JOIN LATERAL (SELECT id, product_id, sku, status, min_stock_level FROM variants \
                   WHERE store_id = $1 AND id = k.variant_id OFFSET 0) v \
              CROSS JOIN LATERAL (SELECT sku, name_key, status, min_stock_level FROM products \
                   WHERE store_id = $1 AND id = v.product_id OFFSET 0) p \
              CROSS JOIN LATERAL (SELECT COALESCE(SUM(r.sellable_quantity), 0)::int8 AS sellable_quantity, \
                          COALESCE(SUM(r.available_quantity), 0)::int8 AS available_quantity, \
                          COALESCE(SUM(r.safety_quantity), 0)::int8 AS safety_quantity FROM ",
            $levels!(),
            " r WHERE r.variant_id = v.id OFFSET 0) l \
              CROSS JOIN LATERAL (SELECT COALESCE(SUM(r.sellable_quantity), 0)::int8 AS product_quantity \
                   FROM (SELECT id FROM variants WHERE store_id = $1 AND product_id = v.product_id OFFSET 0) w \
                   CROSS JOIN LATERAL (SELECT sellable_quantity FROM ",
            $levels!(),
            " r WHERE r.variant_id = w.id OFFSET 0) r) t \
              CROSS JOIN LATERAL (SELECT COALESCE(SUM(n.outstanding_quantity), 0)::int8 AS incoming_quantity \
                   FROM (SELECT inbound_id, outstanding_quantity FROM inbound_lines \
                         WHERE store_id = $1 AND variant_id = v.id AND outstanding_quantity > 0 OFFSET 0) n \
                   CROSS JOIN LATERAL (SELECT FROM inbounds \
                         WHERE store_id = $1 AND id = n.inbound_id AND status <> 'draft' OFFSET 0) d) i \
              CROSS JOIN LATERAL ",
            sold_of_variant!(),
            " s CROSS JOIN LATERAL (SELECT COALESCE((array_agg(e.days ORDER BY e.unit_cost, e.days, e.supplier_id))[1], 0) \
                               AS lead_time_days, COALESCE(MAX(e.days), 0) AS longest_days \
                   FROM (SELECT a.unit_cost, a.supplier_id, COALESCE(a.lead_time_days, u.lead_time_days) AS days \
                         FROM (SELECT * FROM supplier_items WHERE store_id = $1 AND variant_id = v.id OFFSET 0) a \
                         CROSS JOIN LATERAL (SELECT lead_time_days FROM suppliers \
                              WHERE store_id = $1 AND id = a.supplier_id AND active OFFSET 0) u) e) o \
              LEFT JOIN LATERAL (SELECT lead_time_units FROM forecasts \
                   WHERE store_id = $1 AND variant_id = v.id OFFSET 0) d ON true \
              WHERE v.status = 'active' AND p.status = 'active')"
        )
    };
}

/// The units for a lead time: those of the forecast, or the sales of the last 30 days in proportion if there is none.
/// The forecast has units for up to 90 days. Those of a longer time grow as in the last 30 of these days.
macro_rules! units_over {
    ($units:expr, $sold:expr, $days:expr) => {
        concat!(
            "CASE WHEN ",
            $units,
            " IS NULL THEN (GREATEST(",
            $sold,
            ", 0) * ",
            $days,
            " + 29) / 30 WHEN ",
            $days,
            " <= 0 THEN 0 WHEN ",
            $days,
            " <= 90 THEN ",
            $units,
            "[",
            $days,
            "::int4] ELSE ",
            $units,
            "[90] + ((",
            $units,
            "[90] - ",
            $units,
            "[60]) * (",
            $days,
            " - 90) + 29) / 30 END"
        )
    };
}

/// The units that a row of figures needs over a lead time, as a proposal computes them.
macro_rules! needed_over {
    ($row:literal, $days:literal) => {
        concat!(
            $row,
            ".minimum + ",
            units_over!(concat!($row, ".lead_time_units"), concat!($row, ".sold_quantity"), $days),
            " + ",
            $row,
            ".safety_quantity - ",
            $row,
            ".available_quantity - ",
            $row,
            ".incoming_quantity"
        )
    };
}

/// The variants whose stored figures may be outdated, where the job has searched until `$until`: those with movements
/// since then or a moment before, those with sales that became older than 30 days since then, noted ones, and those
/// with overdue holds. Changes after `$to` are left out. All variants of a product are together. A transaction commits
/// its movements a moment after it read the clock. If that takes longer, the sweep of the job finds them.
macro_rules! outdated_variants {
    ($until:literal, $to:literal, $noted:literal) => {
        concat!(
            "(SELECT DISTINCT b.id AS variant_id FROM ( \
                   SELECT variant_id FROM stock_movements WHERE store_id = $1 AND created_at > ",
            $until,
            "::timestamptz - interval '30 seconds' AND created_at <= ",
            $to,
            "      UNION SELECT variant_id FROM stock_movements WHERE store_id = $1 AND created_at > ",
            $until,
            "::timestamptz - interval '30 days' AND created_at <= LEAST($now, ",
            $to,
            ") - interval '30 days' AND sold_delta <> 0 \
                   UNION SELECT variant_id FROM ",
            $noted,
            "      WHERE store_id = $1 AND variant_id IS NOT NULL \
                   UNION SELECT variant_id FROM stock_holds \
                         WHERE store_id = $1 AND state = 'active' AND expires_at <= $now) c \
              CROSS JOIN LATERAL (SELECT product_id FROM variants WHERE store_id = $1 AND id = c.variant_id OFFSET 0) a \
              CROSS JOIN LATERAL (SELECT id FROM variants WHERE store_id = $1 AND product_id = a.product_id OFFSET 0) b)"
        )
    };
}

/// The start of a statement with `current_figures!`. `$until` is the time until which the stored figures are complete.
macro_rules! with_outdated {
    ($until:literal) => {
        concat!("WITH outdated AS MATERIALIZED ", outdated_variants!($until, "'infinity'", "scarcity_changes"), " ")
    };
}

/// The figures of all variants that may be scarce, at this moment: stored ones, and computed ones of outdated variants.
/// Some of these variants are not scarce. The statement begins with `with_outdated!`.
macro_rules! current_figures {
    () => {
        concat!(
            "(SELECT variant_id, product_id, sku, product_sku, name_key, minimum, sellable_quantity, \
                     product_quantity, available_quantity, safety_quantity, incoming_quantity, sold_quantity, \
                     lead_time_days, lead_time_units FROM scarce_variants \
              WHERE store_id = $1 AND variant_id NOT IN (SELECT variant_id FROM outdated) \
              UNION ALL \
              SELECT variant_id, product_id, sku, product_sku, name_key, minimum, sellable_quantity, \
                     product_quantity, available_quantity, safety_quantity, incoming_quantity, sold_quantity, \
                     lead_time_days, lead_time_units FROM ",
            figures!("outdated", levels),
            " f)"
        )
    };
}

pub(crate) use {
    current_figures, figures, needed_over, outdated_variants, sold_of_variant, stored_levels, units_over, with_outdated,
};
