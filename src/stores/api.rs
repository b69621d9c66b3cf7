//! Stores and their settings.

use actix_web::HttpResponse;
use actix_web::http::header::ContentType;
use actix_web::web::Path;
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::Ctx;

use crate::audit;
use crate::audit::queries::NewAuditEntry;
use crate::audit::words::{Action, Entity};
use crate::db;
use crate::error::ApiError;
use crate::idempotency::{Answer, Command};
use crate::kernel::id::StoreId;
use crate::kernel::language::Language;
use crate::kernel::money::Amount;
use crate::kernel::page::{NEWEST_FIRST, PageQuery};
use crate::kernel::rate::Rate;
use crate::stores::change_store::{change_store, save_changes};
use crate::stores::count_tolerance::CountTolerance;
use crate::stores::payment_methods::PaymentMethods;
use crate::stores::queries::{self as stores, Store, time_zones};
use crate::stores::settings::{NewStore, StoreChange};
use crate::stores::tax_rates::ShippingTax;

use crate::http::{Query, SortQuery, json};

pub use crate::stores::queries::SORTS;

mod location_requests;
pub mod locations;
pub mod mail_templates;
pub mod routing;
mod store_requests;
pub mod tax_rates;

pub use store_requests::{NewStoreRequest, StorePatchRequest};

/// A store in responses.
#[derive(Debug, Serialize, ToSchema)]
pub struct StoreResponse {
    id: StoreId,
    #[schema(pattern = "^[A-Z0-9][A-Z0-9_-]*$", max_length = 50)]
    code: String,
    #[schema(max_length = 255)]
    name: String,
    #[schema(pattern = "^[A-Z]{3}$")]
    currency: String,
    tax_rate: Rate,
    shipping_flat_rate: Amount,
    guest_orders: bool,
    hold_cart_items: bool,
    payment_methods: PaymentMethods,
    count_tolerance: CountToleranceResponse,
    /// The surplus that staff may receive without `inventory:approve`, in percent of a line of a purchase order.
    #[schema(minimum = 0, maximum = 100)]
    over_receipt_percent: i64,
    /// True if prices and the delivery contain their taxes. They are added otherwise.
    prices_include_tax: bool,
    shipping_tax: ShippingTax,
    /// The number of days after a delivery in which customers may ask to return its units. 0: never. Null: without an end.
    #[schema(minimum = 0)]
    return_window_days: Option<i64>,
    /// A name of the IANA time zone database. Days and hours are those of this zone.
    #[schema(max_length = 64)]
    time_zone: String,
    /// The language of the mails of the store.
    language: Language,
    /// True if buyers get mails about their orders, as soon as the server sends mail.
    order_mails: bool,
    /// The share of lead times, in percent, whose demand the reorder point covers.
    #[schema(minimum = 50, maximum = 99)]
    service_level: i64,
}

impl From<Store> for StoreResponse {
    fn from(store: Store) -> Self {
        let count_tolerance = CountToleranceResponse::new(&store);
        let Store {
            id,
            code,
            name,
            currency,
            tax_rate,
            shipping_flat_rate,
            guest_orders,
            hold_cart_items,
            payment_methods,
            over_receipt_percent,
            prices_include_tax,
            shipping_tax,
            return_window_days,
            time_zone,
            language,
            order_mails,
            service_level,
            routing: _,
            count_tolerance_units: _,
            count_tolerance_value: _,
            created_at: _,
            updated_at: _,
        } = store;
        Self {
            id,
            code,
            name,
            currency: currency.code().to_owned(),
            tax_rate,
            shipping_flat_rate: currency.amount(shipping_flat_rate),
            guest_orders,
            hold_cart_items,
            payment_methods,
            count_tolerance,
            over_receipt_percent,
            prices_include_tax,
            shipping_tax,
            return_window_days,
            time_zone,
            language,
            order_mails,
            service_level,
        }
    }
}

/// The largest difference that a counted line may have to be posted without approval. Both limits must hold.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountToleranceResponse {
    units: i64,
    value: Amount,
}

impl CountToleranceResponse {
    fn new(store: &Store) -> Self {
        let CountTolerance { units, value } = store.count_tolerance();
        Self { units, value: store.currency.amount(value) }
    }
}

/// `GET /stores`
pub async fn list(page: Query<PageQuery>, sort: Query<SortQuery>, ctx: Ctx) -> Result<HttpResponse, ApiError> {
    let sort = sort.0.among(&SORTS, NEWEST_FIRST)?;
    let page = page.0;
    let listed = ctx.database.read("list_stores", move |conn| {
        let (found, total) = stores::list_stores(conn, sort, &page)?;
        json::to_bytes(&page.list(found, total).map(StoreResponse::from))
    });
    Ok(HttpResponse::Ok().content_type(ContentType::json()).body(listed.await?))
}

/// `GET /stores/{id}`
pub async fn show(path: Path<String>, ctx: Ctx) -> Result<HttpResponse, ApiError> {
    ctx.in_store(&path)
        .answer("get_store", |conn, scope| Ok(StoreResponse::from(stores::get_store(conn, scope.store)?)))
        .await
}

/// `POST /stores`
pub async fn create(command: Command<NewStoreRequest>) -> Result<HttpResponse, ApiError> {
    let created = command.try_map(NewStore::try_from)?.run_platform("create_store", |conn, scope, new| {
        time_zones::refuse_unknown(conn, &new.time_zone)?;
        let at = db::clock(conn)?;
        let store = stores::insert_store(conn, new, at)?;
        let detail = format!("Store {} created", store.code);
        let entry = NewAuditEntry { entity: Entity::Store, entity_id: store.id.0, action: Action::Create, detail };
        audit::queries::append(conn, &scope.in_store(store.id), &entry, at)?;
        Ok(Answer::created(&StoreResponse::from(store))?)
    });
    created.await
}

/// `PATCH /stores/{id}`
pub async fn update(path: Path<String>, command: Command<StorePatchRequest>) -> Result<HttpResponse, ApiError> {
    let command = command.in_store(&path).try_map(StoreChange::try_from)?;
    let (ctx, releases) = (command.ctx.clone(), command.body.hold_cart_items == Some(false));
    let answer = command
        .run("update_store", |conn, scope, change| {
            Ok(Answer::ok(&StoreResponse::from(change_store(conn, scope, change)?))?)
        })
        .await?;
    if releases && let Err(failed) = ctx.release_carts().await {
        log::warn!(error:% = failed.code.as_str(); "the holds of carts could not be released; the job will retry");
    }
    Ok(answer)
}
