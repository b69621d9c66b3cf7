//! The operations on the items of a supplier.

use actix_web::{HttpResponse, web};
use diesel::PgConnection;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::auth::{Ctx, Scope};
use crate::catalogue::size;
use crate::db::Failure;
use crate::error::{Abort, ApiError};
use crate::http::{Query, SortQuery};
use crate::idempotency::command::NoBody;
use crate::idempotency::{Answer, Command};
use crate::kernel::id::{ProductId, ProductRef, SupplierId, SupplierItemId, VariantId};
use crate::kernel::money::{Amount, AmountInput, Currency, Money};
use crate::kernel::page::PageQuery;
use crate::kernel::quantity::{DocumentQuantity, LeadTimeDays};
use crate::kernel::text;
use crate::purchasing::queries::items::{self as rows, ItemTerms, SupplierItem};
use crate::purchasing::suppliers::{self, ItemChange, get_supplier};
use crate::stores::queries as stores;

pub use crate::purchasing::queries::items::SORTS;

/// The order of items without `?sort=`.
pub const FIRST_BY_ID: &str = "id";

/// An item that a supplier sells: a size, or a product without sizes.
#[derive(Debug, Serialize, ToSchema)]
pub struct SupplierItemResponse {
    id: SupplierItemId,
    product_id: ProductId,
    variant_id: VariantId,
    #[schema(max_length = 151)]
    sku: String,
    #[schema(max_length = 255)]
    product_name: String,
    #[schema(max_length = 50)]
    size: Option<String>,
    /// The supplier's name of the product.
    #[schema(max_length = 100)]
    supplier_sku: Option<String>,
    unit_cost: Amount,
    /// The units in a pack. Only whole packs are proposed for an order.
    pack_quantity: i64,
    /// The fewest units that the supplier sells at once.
    min_quantity: i64,
    /// Null if the days of the supplier apply.
    lead_time_days: Option<i64>,
}

impl SupplierItemResponse {
    fn new(item: SupplierItem, currency: &Currency) -> Self {
        let SupplierItem { id, variant_id, product_id, sku, product_name, size, terms } = item;
        let ItemTerms { supplier_sku, unit_cost, pack_quantity, min_quantity, lead_time_days } = terms;
        Self {
            id,
            product_id,
            variant_id,
            sku,
            product_name,
            size,
            supplier_sku,
            unit_cost: currency.amount(unit_cost),
            pack_quantity,
            min_quantity,
            lead_time_days,
        }
    }
}

/// A new item of a supplier.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSupplierItemRequest {
    product_id: ProductRef,
    #[validate(custom(function = "size::validate"))]
    #[schema(min_length = 1, max_length = 50)]
    size: Option<String>,
    /// The supplier's name of the product.
    #[validate(custom(function = "text::check_visible"))]
    #[validate(length(max = 100, message = "must have at most 100 characters"))]
    #[schema(min_length = 1, max_length = 100, pattern = r"\S")]
    supplier_sku: Option<String>,
    unit_cost: AmountInput,
    /// The units in a pack; 1 by default.
    pack_quantity: Option<DocumentQuantity>,
    /// The fewest units that the supplier sells at once; 1 by default.
    min_quantity: Option<DocumentQuantity>,
    /// Without it, the days of the supplier apply.
    lead_time_days: Option<LeadTimeDays>,
}

/// The changes to an item. Absent fields stay as they are.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SupplierItemPatchRequest {
    #[serde(default, deserialize_with = "text::some")]
    #[validate(custom(function = "text::check_visible"))]
    #[validate(length(max = 100, message = "must have at most 100 characters"))]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100, pattern = r"\S")]
    supplier_sku: Option<Option<String>>,
    #[serde(default, deserialize_with = "text::some")]
    #[schema(nullable = false)]
    unit_cost: Option<AmountInput>,
    #[serde(default, deserialize_with = "text::some")]
    #[schema(nullable = false)]
    pack_quantity: Option<DocumentQuantity>,
    #[serde(default, deserialize_with = "text::some")]
    #[schema(nullable = false)]
    min_quantity: Option<DocumentQuantity>,
    #[serde(default, deserialize_with = "text::some")]
    #[schema(value_type = Option<LeadTimeDays>)]
    lead_time_days: Option<Option<LeadTimeDays>>,
}

impl NewSupplierItemRequest {
    fn terms(&self, currency: &Currency) -> Result<ItemTerms, ApiError> {
        let units = |quantity: Option<DocumentQuantity>| quantity.map_or(1, DocumentQuantity::get);
        Ok(ItemTerms {
            supplier_sku: self.supplier_sku.clone(),
            unit_cost: cost(self.unit_cost, currency)?,
            pack_quantity: units(self.pack_quantity),
            min_quantity: units(self.min_quantity),
            lead_time_days: self.lead_time_days.map(LeadTimeDays::get),
        })
    }
}

impl SupplierItemPatchRequest {
    fn change(&self, currency: &Currency) -> Result<ItemChange, ApiError> {
        Ok(ItemChange {
            supplier_sku: self.supplier_sku.clone(),
            unit_cost: self.unit_cost.map(|amount| cost(amount, currency)).transpose()?,
            pack_quantity: self.pack_quantity.map(DocumentQuantity::get),
            min_quantity: self.min_quantity.map(DocumentQuantity::get),
            lead_time_days: self.lead_time_days.map(|days| days.map(LeadTimeDays::get)),
        })
    }
}

fn cost(amount: AmountInput, currency: &Currency) -> Result<Money, ApiError> {
    amount.in_currency(currency).map_err(|message| ApiError::field("unit_cost", message))
}

fn currency(conn: &mut PgConnection, scope: &Scope) -> Result<Currency, Failure> {
    Ok(stores::get_store(conn, scope.store)?.currency)
}

/// `GET /suppliers/{id}/items`
pub async fn list(
    path: web::Path<String>,
    Query(page): Query<PageQuery>,
    Query(sort): Query<SortQuery>,
    ctx: Ctx,
) -> Result<HttpResponse, ApiError> {
    let sort = sort.among(&SORTS, FIRST_BY_ID)?;
    let supplier = SupplierId::from_path(&path);
    ctx.answer("list_supplier_items", move |conn, scope| {
        get_supplier(conn, scope, supplier)?;
        let currency = currency(conn, scope)?;
        let found = rows::list(conn, scope.store, supplier, sort, &page)?;
        Ok(found.map(|item| SupplierItemResponse::new(item, &currency)))
    })
    .await
}

/// `POST /suppliers/{id}/items`
pub async fn create(
    path: web::Path<String>,
    command: Command<NewSupplierItemRequest>,
) -> Result<HttpResponse, ApiError> {
    let supplier = SupplierId::from_path(&path);
    command
        .run("create_supplier_item", move |conn, scope, body| {
            let currency = currency(conn, scope)?;
            let terms = body.terms(&currency)?;
            let product = (&body.product_id, body.size.as_deref());
            let item = suppliers::add_item(conn, scope, supplier, product, &terms)?;
            Ok(Answer::created(&SupplierItemResponse::new(item, &currency))?)
        })
        .await
}

/// `PATCH /suppliers/{id}/items/{item_id}`
pub async fn update(
    path: web::Path<(String, String)>,
    command: Command<SupplierItemPatchRequest>,
) -> Result<HttpResponse, ApiError> {
    let ids = ids(&path);
    command
        .run("update_supplier_item", move |conn, scope, body| -> Result<Answer, Abort> {
            let currency = currency(conn, scope)?;
            let item = suppliers::change_item(conn, scope, ids, &body.change(&currency)?)?;
            Ok(Answer::ok(&SupplierItemResponse::new(item, &currency))?)
        })
        .await
}

/// `DELETE /suppliers/{id}/items/{item_id}`
pub async fn delete(path: web::Path<(String, String)>, command: Command<NoBody>) -> Result<HttpResponse, ApiError> {
    let ids = ids(&path);
    command
        .run("delete_supplier_item", move |conn, scope, _body| {
            suppliers::remove_item(conn, scope, ids)?;
            Ok(Answer::no_content())
        })
        .await
}

fn ids(path: &(String, String)) -> (SupplierId, SupplierItemId) {
    (SupplierId::from_path(&path.0), SupplierItemId::from_path(&path.1))
}
