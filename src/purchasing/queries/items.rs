//! The SQL of the items that suppliers sell.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;

use crate::db::schema::{products, supplier_items, variants};
use crate::db::{self, Failure};
use crate::error::{Abort, ApiError, Code};
use crate::kernel::id::{ProductId, StoreId, SupplierId, SupplierItemId, VariantId};
use crate::kernel::money::Money;
use crate::kernel::page::{List, PageQuery, Sort};

/// The terms on which a supplier sells a variant.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = supplier_items)]
#[diesel(check_for_backend(Pg))]
#[diesel(treat_none_as_null = true)]
pub struct ItemTerms {
    pub supplier_sku: Option<String>,
    pub unit_cost: Money,
    pub pack_quantity: i64,
    pub min_quantity: i64,
    pub lead_time_days: Option<i64>,
}

/// An item of a supplier, with the names of its variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SupplierItem {
    pub id: SupplierItemId,
    pub variant_id: VariantId,
    pub product_id: ProductId,
    pub sku: String,
    pub product_name: String,
    pub size: Option<String>,
    pub terms: ItemTerms,
}

/// Adds an item. Refuses if the supplier has one of the variant already.
pub fn insert(
    conn: &mut PgConnection,
    store: StoreId,
    (supplier, variant): (SupplierId, VariantId),
    terms: &ItemTerms,
    at: DateTime<Utc>,
) -> Result<SupplierItemId, Abort> {
    diesel::insert_into(supplier_items::table)
        .values((
            supplier_items::store_id.eq(store),
            supplier_items::supplier_id.eq(supplier),
            supplier_items::variant_id.eq(variant),
            terms,
            supplier_items::created_at.eq(at),
            supplier_items::updated_at.eq(at),
        ))
        .returning(supplier_items::id)
        .get_result(conn)
        .map_err(|error| {
            Abort::or_refuse(error, "supplier_items_variant_key", || {
                ApiError::new(Code::Duplicate, "The supplier has an item of this product and size already.")
            })
        })
}

/// Writes the terms of an item. Its supplier must have been locked.
pub fn update(conn: &mut PgConnection, store: StoreId, item: &SupplierItem, at: DateTime<Utc>) -> Result<(), Failure> {
    let row = supplier_items::table.filter(supplier_items::store_id.eq(store)).filter(supplier_items::id.eq(item.id));
    let changed = diesel::update(row).set((&item.terms, supplier_items::updated_at.eq(at))).execute(conn)?;
    db::expect_rows(changed, 1, "items of a supplier were written")
}

/// Deletes an item. Its supplier must have been locked.
pub fn delete(conn: &mut PgConnection, store: StoreId, item: SupplierItemId) -> Result<(), Failure> {
    let row = supplier_items::table.filter(supplier_items::store_id.eq(store)).filter(supplier_items::id.eq(item));
    db::expect_rows(diesel::delete(row).execute(conn)?, 1, "items of a supplier were deleted")
}

type Row = ((SupplierItemId, VariantId, ProductId, String, String, Option<String>), ItemTerms);

fn item(((id, variant_id, product_id, sku, product_name, size), terms): Row) -> SupplierItem {
    SupplierItem { id, variant_id, product_id, sku, product_name, size, terms }
}

/// The items of a supplier, with the names of their variants.
macro_rules! items_of {
    ($store:expr, $supplier:expr) => {{
        let of_item = variants::store_id.eq(supplier_items::store_id).and(variants::id.eq(supplier_items::variant_id));
        let of_variant = products::store_id.eq(variants::store_id).and(products::id.eq(variants::product_id));
        supplier_items::table
            .inner_join(variants::table.on(of_item))
            .inner_join(products::table.on(of_variant))
            .filter(supplier_items::store_id.eq($store))
            .filter(supplier_items::supplier_id.eq($supplier))
            .select((
                (supplier_items::id, variants::id, products::id, variants::sku, products::name, variants::size),
                ItemTerms::as_select(),
            ))
    }};
}

/// The item of the supplier with this id, if there is one.
pub fn find(
    conn: &mut PgConnection,
    store: StoreId,
    supplier: SupplierId,
    id: SupplierItemId,
) -> QueryResult<Option<SupplierItem>> {
    let row = items_of!(store, supplier).filter(supplier_items::id.eq(id)).first::<Row>(conn).optional()?;
    Ok(row.map(item))
}

/// The columns that items can be sorted by.
pub const SORTS: [&str; 3] = ["id", "sku", "unit_cost"];

/// A page of the items of a supplier.
pub fn list(
    conn: &mut PgConnection,
    store: StoreId,
    supplier: SupplierId,
    sort: Sort,
    page: &PageQuery,
) -> QueryResult<List<SupplierItem>> {
    let total = supplier_items::table
        .filter(supplier_items::store_id.eq(store))
        .filter(supplier_items::supplier_id.eq(supplier))
        .count()
        .get_result(conn)?;
    let query = items_of!(store, supplier).into_boxed::<Pg>();
    let query = match (sort.column, sort.descending) {
        ("sku", false) => query.order(variants::sku.asc()),
        ("sku", true) => query.order(variants::sku.desc()),
        ("unit_cost", false) => query.order((supplier_items::unit_cost.asc(), supplier_items::id.asc())),
        ("unit_cost", true) => query.order((supplier_items::unit_cost.desc(), supplier_items::id.desc())),
        (_, false) => query.order(supplier_items::id.asc()),
        (_, true) => query.order(supplier_items::id.desc()),
    };
    let rows: Vec<Row> = query.limit(page.limit).offset(page.offset()).load(conn)?;
    Ok(page.list(rows.into_iter().map(item).collect(), total))
}

/// The terms of a supplier for these variants. Variants that it does not sell are left out.
pub fn list_terms(
    conn: &mut PgConnection,
    store: StoreId,
    supplier: SupplierId,
    variants: &[VariantId],
) -> QueryResult<HashMap<VariantId, ItemTerms>> {
    let rows: Vec<(VariantId, ItemTerms)> = supplier_items::table
        .filter(supplier_items::store_id.eq(store))
        .filter(supplier_items::supplier_id.eq(supplier))
        .filter(supplier_items::variant_id.eq_any(variants))
        .select((supplier_items::variant_id, ItemTerms::as_select()))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// The costs of these variants at these suppliers. Variants that a supplier does not sell are left out.
pub fn list_costs(
    conn: &mut PgConnection,
    store: StoreId,
    suppliers: &[SupplierId],
    variants: &[VariantId],
) -> QueryResult<HashMap<(SupplierId, VariantId), Money>> {
    let rows: Vec<((SupplierId, VariantId), Money)> = supplier_items::table
        .filter(supplier_items::store_id.eq(store))
        .filter(supplier_items::supplier_id.eq_any(suppliers))
        .filter(supplier_items::variant_id.eq_any(variants))
        .select(((supplier_items::supplier_id, supplier_items::variant_id), supplier_items::unit_cost))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}
