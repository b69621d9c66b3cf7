//! The barcodes of a product.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::requests::{check_barcode, check_digits};
use crate::auth::Ctx;
use crate::catalogue::queries::barcodes::{self, Barcode};
use crate::catalogue::queries::products;
use crate::catalogue::{barcode, size};
use crate::error::ApiError;
use crate::http::{Query, SortQuery};
use crate::idempotency::command::NoBody;
use crate::idempotency::{Answer, Command};
use crate::inventory::change_barcodes::{NewBarcode, add_barcode, remove_barcode};
use crate::kernel::id::{ProductRef, VariantId};
use crate::kernel::page::PageQuery;
use crate::kernel::quantity::Quantity;

pub use crate::catalogue::queries::barcodes::SORTS;

/// The order of barcodes without `?sort=`.
pub const FIRST_ONES_FIRST: &str = "position";

/// A barcode to add to a product.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBarcodeRequest {
    /// Digits of 8, 12, 13 or 14 are a GTIN with a check digit. Leading zeros do not count, so a UPC is also an EAN.
    /// Other codes are taken as they are.
    #[validate(length(min = 1, max = 100, message = "must have 1 to 100 characters"))]
    #[validate(custom(function = "check_barcode"))]
    #[schema(min_length = 1, max_length = 100)]
    pub code: String,
    /// Required for a product with sizes, unless the path contains the SKU of one size.
    #[validate(custom(function = "size::validate"))]
    #[schema(min_length = 1, max_length = 50, pattern = r"\S")]
    pub size: Option<String>,
    /// The units that a scan counts, such as 12 for a case; 1 by default.
    pub units: Option<Quantity>,
}

/// A barcode of a product.
#[derive(Debug, Serialize, ToSchema)]
pub struct BarcodeResponse {
    /// As it was given.
    #[schema(max_length = 100)]
    code: String,
    /// The 14 digits of a GTIN; null for other codes.
    #[schema(max_length = 14)]
    gtin: Option<String>,
    /// Null if the barcode identifies a product with all its sizes.
    variant_id: Option<VariantId>,
    #[schema(max_length = 151)]
    sku: Option<String>,
    #[schema(max_length = 50)]
    size: Option<String>,
    /// The units that a scan counts.
    units: i64,
    /// True if it is the `barcode` of its product or size.
    first: bool,
}

impl From<Barcode> for BarcodeResponse {
    fn from(row: Barcode) -> Self {
        let Barcode { code, units, position, variant_id, sku, size } = row;
        let gtin = barcode::gtin(&code);
        Self { code, gtin, variant_id, sku, size, units, first: position == 0 }
    }
}

/// `GET /inventory/products/{id}/barcodes`
pub async fn list(
    path: web::Path<String>,
    Query(page): Query<PageQuery>,
    Query(sort): Query<SortQuery>,
    ctx: Ctx,
) -> Result<HttpResponse, ApiError> {
    let name = ProductRef::from_path(&path);
    let sort = sort.among(&SORTS, FIRST_ONES_FIRST)?;
    ctx.answer("list_barcodes", move |conn, scope| {
        let product = products::get_product(conn, scope.store, &name)?.id;
        Ok(barcodes::list(conn, scope.store, product, sort, &page)?.map(BarcodeResponse::from))
    })
    .await
}

/// `POST /inventory/products/{id}/barcodes`
pub async fn create(path: web::Path<String>, command: Command<NewBarcodeRequest>) -> Result<HttpResponse, ApiError> {
    check_digits(std::iter::once(("code".to_owned(), command.body.code.as_str())))?;
    let name = ProductRef::from_path(&path);
    command
        .run("add_barcode", move |conn, scope, body| {
            let units = body.units.map_or(1, Quantity::get);
            let new = NewBarcode { code: body.code.clone(), size: body.size.clone(), units };
            add_barcode(conn, scope, &name, &new)?;
            Ok(Answer::created(&BarcodeResponse::from(barcodes::get(conn, scope.store, &body.code)?))?)
        })
        .await
}

/// `DELETE /inventory/products/{id}/barcodes/{code}`
pub async fn delete(path: web::Path<(String, String)>, command: Command<NoBody>) -> Result<HttpResponse, ApiError> {
    let (name, code) = path.into_inner();
    let name = ProductRef::from_path(&name);
    command
        .run("remove_barcode", move |conn, scope, _| {
            remove_barcode(conn, scope, &name, &code)?;
            Ok(Answer::no_content())
        })
        .await
}
