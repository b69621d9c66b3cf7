//! Creates and changes many products in one request.

use actix_web::{FromRequest as _, HttpRequest, HttpResponse, web};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::imports::start;
use super::receive::{ImportOptions, receive};
use super::response::{BulkResponse, ImportResponse, ImportRowResponse};
use crate::error::ApiError;
use crate::http::Query;
use crate::idempotency::Answer;
use crate::imports::file::Format;
use crate::imports::kind::{ImportKind, OnError};
use crate::imports::queries::rows;
use crate::imports::run::SLICE;
use crate::kernel::money::AmountInput;
use crate::kernel::page::{PageQuery, Sort};
use crate::kernel::{number, text_enum};

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct BulkQuery {
    /// `stop`: a refused row means that nothing is changed. `skip`: the other rows are changed.
    #[serde(default, deserialize_with = "text_enum::in_query")]
    #[param(default = "stop")]
    pub on_error: Option<OnError>,
    /// Only finds out the results of the rows.
    #[serde(default, deserialize_with = "number::flag_in_query")]
    #[param(default = false)]
    pub dry_run: Option<bool>,
}

/// A row of an import of products: a product, or with `size` one of its sizes. An absent cell leaves the value as it is,
/// null or `-` clears it. Numbers may be given as texts of digits.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
// The rows are read as cells of an import. This type describes them in the document.
pub struct ProductRowRequest {
    /// The SKU of the product, also in the rows of its sizes.
    #[schema(min_length = 1, max_length = 100)]
    pub sku: String,
    #[schema(max_length = 50)]
    pub size: Option<String>,
    /// The SKU of a size.
    #[schema(max_length = 100)]
    pub size_sku: Option<String>,
    /// Required for a new product.
    #[schema(max_length = 255)]
    pub name: Option<String>,
    #[schema(max_length = 5000)]
    pub description: Option<String>,
    #[schema(max_length = 100)]
    pub category: Option<String>,
    #[schema(max_length = 100)]
    pub brand: Option<String>,
    #[schema(max_length = 100)]
    pub barcode: Option<String>,
    /// Required for a new product.
    pub price: Option<AmountInput>,
    pub mrp: Option<AmountInput>,
    pub cost_price: Option<AmountInput>,
    #[schema(max_length = 50)]
    pub unit: Option<String>,
    /// `active` or `archived`.
    #[schema(max_length = 20)]
    pub status: Option<String>,
    pub min_stock_level: Option<i64>,
    pub max_stock_level: Option<i64>,
    /// The stock of a new product or size. Ignored for those that are there already.
    pub initial_stock: Option<i64>,
}

/// `POST /inventory/products/bulk`
pub async fn create(request: HttpRequest, payload: web::Payload) -> Result<HttpResponse, ApiError> {
    change(request, payload, Answer::created).await
}

/// `PATCH /inventory/products/bulk`
pub async fn update(request: HttpRequest, payload: web::Payload) -> Result<HttpResponse, ApiError> {
    change(request, payload, Answer::ok).await
}

async fn change(
    request: HttpRequest,
    payload: web::Payload,
    answer: fn(&BulkResponse) -> Result<Answer, crate::db::Failure>,
) -> Result<HttpResponse, ApiError> {
    let mut payload = payload.into_inner();
    let Query(query) = Query::<BulkQuery>::from_request(&request, &mut payload).await?;
    let options = ImportOptions {
        kind: ImportKind::Products,
        on_error: query.on_error.unwrap_or_default(),
        dry_run: query.dry_run.unwrap_or(false),
        formats: &[Format::Json],
    };
    let command = receive(&request, payload, options).await?;
    let count = command.body.file.row_count;
    if !(1..=SLICE).contains(&count) {
        return Err(ApiError::field("", format!("must have 1 to {SLICE} rows, and has {count}")));
    }
    command
        .run("change_products", move |conn, scope, received| {
            let import = start(conn, scope, received)?;
            let page = PageQuery { page: 1, limit: crate::db::count(SLICE) };
            let sort = Sort { column: "row", descending: false };
            let rows = rows::list(conn, scope.store, (import.id, None), sort, &page)?.items;
            let rows = rows.into_iter().map(ImportRowResponse::from).collect();
            answer(&BulkResponse { import: ImportResponse::from(import), rows }).map_err(Into::into)
        })
        .await
}
