//! The SQL of the barcodes of a product.

use diesel::pg::Pg;
use diesel::prelude::*;

use crate::catalogue::codes::CodeKind;
use crate::db::schema::{product_codes, variants};
use crate::kernel::id::{ProductId, StoreId, VariantId};
use crate::kernel::page::{List, PageQuery, Sort};

/// A barcode of a product, with its variant.
#[derive(Clone, Debug, Queryable)]
pub struct Barcode {
    pub code: String,
    pub units: i64,
    pub position: i64,
    /// None if it identifies the product with all its sizes.
    pub variant_id: Option<VariantId>,
    pub sku: Option<String>,
    pub size: Option<String>,
}

/// The columns that the barcodes of a product can be sorted by.
pub const SORTS: [&str; 3] = ["position", "code", "units"];

macro_rules! of_variant {
    () => {
        variants::table.on(variants::store_id
            .eq(product_codes::store_id)
            .and(variants::id.nullable().eq(product_codes::variant_id)))
    };
}

macro_rules! barcode_columns {
    () => {
        (
            product_codes::code,
            product_codes::units,
            product_codes::position,
            product_codes::variant_id,
            variants::sku.nullable(),
            variants::size.nullable(),
        )
    };
}

/// One page of the barcodes of a product.
pub fn list(
    conn: &mut PgConnection,
    store: StoreId,
    product: ProductId,
    sort: Sort,
    page: &PageQuery,
) -> QueryResult<List<Barcode>> {
    use product_codes::{code_key, position, units};
    let product_codes = product_codes::table
        .filter(product_codes::store_id.eq(store))
        .filter(product_codes::kind.eq(CodeKind::Barcode))
        .filter(product_codes::product_id.eq(product));
    let total = product_codes.count().get_result(conn)?;
    let query = product_codes.left_join(of_variant!()).select(barcode_columns!()).into_boxed::<Pg>();
    let query = match (sort.column, sort.descending) {
        ("code", false) => query.order(code_key.asc()),
        ("code", true) => query.order(code_key.desc()),
        ("units", false) => query.order((units.asc(), code_key.asc())),
        ("units", true) => query.order((units.desc(), code_key.desc())),
        (_, false) => query.order((position.asc(), code_key.asc())),
        (_, true) => query.order((position.desc(), code_key.desc())),
    };
    let found = query.limit(page.limit).offset(page.offset()).load(conn)?;
    Ok(page.list(found, total))
}

/// The barcode with this code in any spelling.
pub fn get(conn: &mut PgConnection, store: StoreId, code: &str) -> QueryResult<Barcode> {
    product_codes::table
        .left_join(of_variant!())
        .filter(product_codes::store_id.eq(store))
        .filter(product_codes::kind.eq(CodeKind::Barcode))
        .filter(product_codes::code_key.eq(CodeKind::Barcode.key(code)))
        .select(barcode_columns!())
        .first(conn)
}
