//! The SQL of the lines of which units may still arrive.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Nullable, Text};

use crate::db;
use crate::inventory::inbounds::origin::InboundKind;
use crate::kernel::id::{InboundId, InboundLineId, LocationId, ProductId, StoreId, SupplierId, VariantId};
use crate::kernel::page::{List, PageQuery, Sort};

/// A line of which units may still arrive.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct IncomingLine {
    #[diesel(sql_type = Text)]
    pub kind: InboundKind,
    #[diesel(sql_type = BigInt)]
    pub inbound_id: InboundId,
    #[diesel(sql_type = Text)]
    pub inbound_number: String,
    #[diesel(sql_type = BigInt)]
    pub line_id: InboundLineId,
    #[diesel(sql_type = BigInt)]
    pub product_id: ProductId,
    #[diesel(sql_type = BigInt)]
    pub variant_id: VariantId,
    #[diesel(sql_type = Text)]
    pub sku: String,
    #[diesel(sql_type = Text)]
    pub product_name: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub size: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub from_location_id: Option<LocationId>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub supplier_id: Option<SupplierId>,
    #[diesel(sql_type = BigInt)]
    pub location_id: LocationId,
    #[diesel(sql_type = Nullable<Date>)]
    pub expected_on: Option<NaiveDate>,
    #[diesel(sql_type = BigInt)]
    pub quantity: i64,
}

/// The lines of open documents with outstanding units. $2 is a destination, $3 a product.
macro_rules! incoming {
    () => {
        "FROM inbounds i JOIN inbound_lines n ON n.store_id = $1 AND n.inbound_id = i.id \
         WHERE i.store_id = $1 AND i.status IN ('ordered', 'in_transit', 'partially_received') \
           AND n.outstanding_quantity > 0 AND ($2 IS NULL OR i.to_location_id = $2) \
           AND ($3 IS NULL OR n.variant_id IN (SELECT id FROM variants WHERE store_id = $1 AND product_id = $3))"
    };
}

/// The lines of the page are found before their products are read.
macro_rules! page_by {
    ($order:literal) => {
        concat!(
            "SELECT l.*, v.product_id, v.sku, p.name AS product_name, v.size FROM ( \
                 SELECT i.kind, i.id AS inbound_id, i.inbound_number, n.id AS line_id, n.variant_id, i.from_location_id, \
                        i.supplier_id, i.to_location_id AS location_id, \
                        COALESCE(n.expected_on, i.expected_on) AS expected_on, n.outstanding_quantity AS quantity ",
            incoming!(),
            " ORDER BY ", $order, " LIMIT $4 OFFSET $5) l \
              CROSS JOIN LATERAL (SELECT product_id, sku, size FROM variants \
                   WHERE store_id = $1 AND id = l.variant_id OFFSET 0) v \
              CROSS JOIN LATERAL (SELECT name FROM products WHERE store_id = $1 AND id = v.product_id OFFSET 0) p \
              ORDER BY ", $order
        )
    };
}

/// The columns that lines can be sorted by.
pub const SORTS: [&str; 2] = ["expected_on", "line_id"];

fn text(sort: Sort) -> &'static str {
    match (sort.column, sort.descending) {
        ("expected_on", false) => page_by!("expected_on NULLS LAST, line_id"),
        ("expected_on", true) => page_by!("expected_on DESC NULLS LAST, line_id DESC"),
        (_, false) => page_by!("line_id"),
        (_, true) => page_by!("line_id DESC"),
    }
}

/// A page of the lines of which units may still arrive at a place, or of a product.
pub fn list(
    conn: &mut PgConnection,
    store: StoreId,
    (location, product): (Option<LocationId>, Option<ProductId>),
    sort: Sort,
    page: &PageQuery,
) -> QueryResult<List<IncomingLine>> {
    let total: i64 = db::sql(concat!("SELECT COUNT(*) ", incoming!()))
        .bind::<BigInt, _>(store)
        .bind::<Nullable<BigInt>, _>(location)
        .bind::<Nullable<BigInt>, _>(product)
        .columns::<BigInt>()
        .get_result(conn)?;
    let lines = db::sql(text(sort))
        .bind::<BigInt, _>(store)
        .bind::<Nullable<BigInt>, _>(location)
        .bind::<Nullable<BigInt>, _>(product)
        .bind::<BigInt, _>(page.limit)
        .bind::<BigInt, _>(page.offset())
        .load(conn)?;
    Ok(page.list(lines, total))
}
