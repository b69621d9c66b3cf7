//! The operations on suppliers.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::accounts::email::Email;
use crate::auth::Ctx;
use crate::db::tx::Mode;
use crate::error::ApiError;
use crate::http::{Query, SortQuery};
use crate::idempotency::{Answer, Command};
use crate::kernel::folded_text::phone_patterns;
use crate::kernel::id::SupplierId;
use crate::kernel::page::{NEWEST_FIRST, PageQuery};
use crate::kernel::quantity::LeadTimeDays;
use crate::kernel::{number, text};
use crate::purchasing::queries::suppliers::{self as rows, Supplier, SupplierFilter, SupplierSettings};
use crate::purchasing::suppliers::{self, SupplierChange, get_supplier};

pub use crate::purchasing::queries::suppliers::SORTS;

/// A supplier in responses.
#[derive(Debug, Serialize, ToSchema)]
pub struct SupplierResponse {
    id: SupplierId,
    #[schema(pattern = "^[A-Z0-9][A-Z0-9_-]*$", max_length = 50)]
    code: String,
    #[schema(max_length = 255)]
    name: String,
    #[schema(max_length = 254)]
    email: Option<String>,
    #[schema(max_length = 50)]
    phone: Option<String>,
    /// The days from an order to its arrival.
    lead_time_days: Option<i64>,
    #[schema(max_length = 2000)]
    notes: Option<String>,
    /// False if nothing new is ordered from the supplier.
    active: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Supplier> for SupplierResponse {
    fn from(supplier: Supplier) -> Self {
        let Supplier { id, settings, created_at, updated_at } = supplier;
        let SupplierSettings { code, name, email, phone, lead_time_days, notes, active } = settings;
        Self { id, code, name, email, phone, lead_time_days, notes, active, created_at, updated_at }
    }
}

/// A new supplier.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSupplierRequest {
    /// Letters, digits, `-` and `_`. It is stored in capital letters.
    #[validate(custom(function = "text::check_short_code"))]
    #[schema(pattern = "^[A-Za-z0-9][A-Za-z0-9_-]{0,49}$", min_length = 1, max_length = 50)]
    code: String,
    #[validate(custom(function = "text::check_visible"))]
    #[validate(length(max = 255, message = "must have at most 255 characters"))]
    #[schema(min_length = 1, max_length = 255, pattern = r"\S")]
    name: String,
    email: Option<Email>,
    #[validate(custom(function = "text::check_visible"))]
    #[validate(length(max = 50, message = "must have at most 50 characters"))]
    #[schema(min_length = 1, max_length = 50, pattern = r"\S")]
    phone: Option<String>,
    /// The days from an order to its arrival.
    lead_time_days: Option<LeadTimeDays>,
    #[validate(length(max = 2000, message = "must have at most 2000 characters"))]
    #[schema(max_length = 2000)]
    notes: Option<String>,
    #[serde(default = "yes")]
    #[schema(default = true)]
    active: bool,
}

const fn yes() -> bool {
    true
}

/// The changes to a supplier. Absent fields stay as they are.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SupplierPatchRequest {
    #[serde(default, deserialize_with = "text::some")]
    #[validate(custom(function = "text::check_short_code"))]
    #[schema(nullable = false, pattern = "^[A-Za-z0-9][A-Za-z0-9_-]{0,49}$", min_length = 1, max_length = 50)]
    code: Option<String>,
    #[serde(default, deserialize_with = "text::some")]
    #[validate(custom(function = "text::check_visible"))]
    #[validate(length(max = 255, message = "must have at most 255 characters"))]
    #[schema(nullable = false, min_length = 1, max_length = 255, pattern = r"\S")]
    name: Option<String>,
    #[serde(default, deserialize_with = "text::some")]
    #[schema(value_type = Option<Email>)]
    email: Option<Option<Email>>,
    #[serde(default, deserialize_with = "text::some")]
    #[validate(custom(function = "text::check_visible"))]
    #[validate(length(max = 50, message = "must have at most 50 characters"))]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 50, pattern = r"\S")]
    phone: Option<Option<String>>,
    #[serde(default, deserialize_with = "text::some")]
    #[schema(value_type = Option<LeadTimeDays>)]
    lead_time_days: Option<Option<LeadTimeDays>>,
    #[serde(default, deserialize_with = "text::some")]
    #[validate(length(max = 2000, message = "must have at most 2000 characters"))]
    #[schema(value_type = Option<String>, max_length = 2000)]
    notes: Option<Option<String>>,
    #[serde(default, deserialize_with = "text::some")]
    #[schema(nullable = false)]
    active: Option<bool>,
}

fn text_of(email: Email) -> String {
    email.as_str().to_owned()
}

impl From<NewSupplierRequest> for SupplierSettings {
    fn from(request: NewSupplierRequest) -> Self {
        let NewSupplierRequest { code, name, email, phone, lead_time_days, notes, active } = request;
        let code = code.to_ascii_uppercase();
        let lead_time_days = lead_time_days.map(LeadTimeDays::get);
        Self { code, name, email: email.map(text_of), phone, lead_time_days, notes, active }
    }
}

impl From<SupplierPatchRequest> for SupplierChange {
    fn from(request: SupplierPatchRequest) -> Self {
        let SupplierPatchRequest { code, name, email, phone, lead_time_days, notes, active } = request;
        let code = code.map(|code| code.to_ascii_uppercase());
        let email = email.map(|email| email.map(text_of));
        let lead_time_days = lead_time_days.map(|days| days.map(LeadTimeDays::get));
        Self { code, name, email, phone, lead_time_days, notes, active }
    }
}

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SuppliersQuery {
    /// Only active suppliers, or only the others.
    #[serde(default, deserialize_with = "number::flag_in_query")]
    pub active: Option<bool>,
    /// Words of code, name, e-mail address or phone, in any order, without regard to case and accents. A phone is found
    /// in any grouping.
    #[validate(length(max = 255, message = "must have at most 255 characters"))]
    #[param(max_length = 255)]
    pub q: Option<String>,
}

/// `GET /suppliers`
pub async fn list(
    Query(page): Query<PageQuery>,
    Query(sort): Query<SortQuery>,
    Query(query): Query<SuppliersQuery>,
    ctx: Ctx,
) -> Result<HttpResponse, ApiError> {
    let sort = sort.among(&SORTS, NEWEST_FIRST)?;
    let SuppliersQuery { active, q } = query;
    let mode = if q.is_some() { Mode::List } else { Mode::Read };
    let filter = SupplierFilter { active, patterns: q.as_deref().map(phone_patterns).unwrap_or_default() };
    ctx.answer_in("list_suppliers", mode, move |conn, scope| {
        Ok(rows::list(conn, scope.store, &filter, sort, &page)?.map(SupplierResponse::from))
    })
    .await
}

/// `GET /suppliers/{id}`
pub async fn show(path: web::Path<String>, ctx: Ctx) -> Result<HttpResponse, ApiError> {
    let id = SupplierId::from_path(&path);
    ctx.answer("get_supplier", move |conn, scope| Ok(SupplierResponse::from(get_supplier(conn, scope, id)?))).await
}

/// `POST /suppliers`
pub async fn create(command: Command<NewSupplierRequest>) -> Result<HttpResponse, ApiError> {
    let settings = command.try_map(|body| Ok(SupplierSettings::from(body)))?;
    settings
        .run("create_supplier", |conn, scope, settings| {
            Ok(Answer::created(&SupplierResponse::from(suppliers::create(conn, scope, settings)?))?)
        })
        .await
}

/// `PATCH /suppliers/{id}`
pub async fn update(path: web::Path<String>, command: Command<SupplierPatchRequest>) -> Result<HttpResponse, ApiError> {
    let id = SupplierId::from_path(&path);
    let change = command.try_map(|body| Ok(SupplierChange::from(body)))?;
    change
        .run("update_supplier", move |conn, scope, change| {
            Ok(Answer::ok(&SupplierResponse::from(suppliers::change(conn, scope, id, change)?))?)
        })
        .await
}
