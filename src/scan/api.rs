//! The operation on scanned codes.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use diesel::PgConnection;
use serde::Serialize;
use utoipa::ToSchema;

use super::kinds::{DocumentKind, OpenKind, ScanKind};
use super::queries::{self, NumberedDocument, OpenDocument};
use crate::auth::{Ctx, Permission, Principal, Scope};
use crate::catalogue::barcode;
use crate::catalogue::codes::CodeKind;
use crate::catalogue::queries::scanned::{self, Scanned};
use crate::error::{Abort, ApiError, Code, FieldError};
use crate::inventory::api::answers::{ProductResponse, ProductResponses};
use crate::inventory::api::stock::LocationStockResponse;
use crate::inventory::queries::summary;
use crate::kernel::id::{LocationId, ProductRef, VariantId};
use crate::kernel::text;

/// The maximal number of open documents in a response.
const MAX_OPEN: i64 = 100;

impl DocumentKind {
    /// A document of this kind is found with one of these permissions.
    const fn permissions(self) -> &'static [Permission] {
        match self {
            Self::Order | Self::Return => &[Permission::OrdersRead],
            Self::Transfer => &[Permission::InventoryUpdate],
            Self::Purchase => &[Permission::PurchasingManage, Permission::InventoryUpdate],
            Self::Count => &[Permission::InventoryCount],
        }
    }
}

/// A scanned code: a product with the units of one scan, or a document.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScanResponse {
    kind: ScanKind,
    /// The units that one scan counts, such as 12 for a case; null for a document.
    units: Option<i64>,
    product: Option<ProductResponse>,
    /// The scanned variant; null for a product with all its sizes, and for a document.
    variant_id: Option<VariantId>,
    #[schema(max_length = 50)]
    size: Option<String>,
    /// The stock by location; null without the permission `inventory:read`.
    levels: Option<Vec<LocationStockResponse>>,
    /// The open documents of the product, at most 100; null without the permission `inventory:read`.
    open: Option<Vec<OpenDocumentResponse>>,
    /// The scanned document, or the one that the scanned receipt or shipment belongs to.
    document: Option<DocumentResponse>,
}

/// An order, a return, a transfer or another document.
#[derive(Debug, Serialize, ToSchema)]
pub struct DocumentResponse {
    kind: DocumentKind,
    id: i64,
    #[schema(max_length = 50)]
    number: String,
    #[schema(max_length = 50)]
    status: String,
}

/// An open document of a product: one that expects units, or a count with an open line.
#[derive(Debug, Serialize, ToSchema)]
pub struct OpenDocumentResponse {
    kind: OpenKind,
    id: i64,
    #[schema(max_length = 50)]
    number: String,
    #[schema(max_length = 50)]
    status: String,
    /// The place of the units.
    location_id: LocationId,
    /// The units that are still expected; null for a count.
    quantity: Option<i64>,
    expected_on: Option<NaiveDate>,
}

/// `GET /inventory/scan/{code}`
pub async fn show(path: web::Path<String>, ctx: Ctx) -> Result<HttpResponse, ApiError> {
    let code = path.trim().to_owned();
    ctx.answer("scan", move |conn, scope| match scan_product(conn, scope, &code)? {
        Some(product) => Ok(product),
        None => Ok(scan_document(conn, scope, &code)?.ok_or_else(|| not_found(&code))?),
    })
    .await
}

fn scan_product(conn: &mut PgConnection, scope: &Scope, code: &str) -> Result<Option<ScanResponse>, Abort> {
    let Some(scanned) = scanned::resolve(conn, scope.store, &[code])?.pop().flatten() else { return Ok(None) };
    let Scanned { kind, product_id, variant_id, units } = scanned;
    let product = ProductResponses::load(conn, scope)?.get(conn, &ProductRef::Id(product_id))?;
    let variant = product.variants.iter().find(|variant| Some(variant.id) == variant_id);
    let (levels, open) = match scope.principal.can(Permission::InventoryRead) {
        true => {
            let levels = summary::list_by_location(conn, scope.store, product_id, variant_id)?;
            let variants: Vec<VariantId> = product.variants.iter().map(|variant| variant.id).collect();
            let of_scan = variant_id.map_or(variants, |variant| vec![variant]);
            let open = queries::list_open(conn, scope.store, &of_scan, MAX_OPEN)?;
            (Some(levels), Some(open))
        }
        false => (None, None),
    };
    Ok(Some(ScanResponse {
        kind: match kind {
            CodeKind::Barcode => ScanKind::Barcode,
            CodeKind::Sku => ScanKind::Sku,
        },
        units: Some(units),
        variant_id,
        size: variant.and_then(|variant| variant.size.clone()),
        levels: levels.map(|levels| levels.into_iter().map(LocationStockResponse::from).collect()),
        open: open.map(|open| open.into_iter().map(OpenDocumentResponse::from).collect()),
        product: Some(product),
        document: None,
    }))
}

/// Documents are found by staff with the permission for them, and not by others.
fn scan_document(conn: &mut PgConnection, scope: &Scope, code: &str) -> Result<Option<ScanResponse>, Abort> {
    if scope.principal == Principal::Guest || text::has_control(code) {
        return Ok(None);
    }
    let found = queries::find_document(conn, scope.store, code)?;
    let may_see = |kind: DocumentKind| kind.permissions().iter().any(|one| scope.principal.can(*one));
    let visible = found.filter(|document| may_see(document.kind));
    Ok(visible.map(|NumberedDocument { scanned, kind, id, number, status }| ScanResponse {
        kind: scanned,
        units: None,
        product: None,
        variant_id: None,
        size: None,
        levels: None,
        open: None,
        document: Some(DocumentResponse { kind, id, number, status }),
    }))
}

/// The scanner may have misread a GTIN. Otherwise nobody has the code.
fn not_found(code: &str) -> ApiError {
    match barcode::check(code) {
        Err(message) => {
            let refusal = ApiError::validation(vec![FieldError::new("code", message)]);
            ApiError { code: Code::InvalidBarcode, ..refusal }
        }
        Ok(()) => ApiError::not_found(Code::NotFound, format_args!("A product or document with the code '{code}'")),
    }
}

impl From<OpenDocument> for OpenDocumentResponse {
    fn from(row: OpenDocument) -> Self {
        let OpenDocument { kind, id, number, status, location_id, quantity, expected_on } = row;
        Self { kind, id, number, status, location_id, quantity, expected_on }
    }
}
