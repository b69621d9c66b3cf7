//! The places of a store.

use actix_web::HttpResponse;
use actix_web::web::Path;
use serde::Serialize;
use utoipa::ToSchema;

pub use super::location_requests::{LocationPatchRequest, NewLocationRequest};
use crate::auth::{Ctx, Permission, Scope};
use crate::error::ApiError;
use crate::http::{Query, SortQuery};
use crate::idempotency::{Answer, Command};
use crate::kernel::id::LocationId;
use crate::kernel::page::PageQuery;
use crate::stores::change_location::{change_location, create_location, not_found};
use crate::stores::location::{LocationChange, LocationStatus};
use crate::stores::queries::locations::{self, Location, LocationSettings, Visible};

pub use crate::stores::queries::locations::SORTS;

/// The order of places without `?sort=`.
pub const FIRST_BY_PRIORITY: &str = "priority";

/// A place in responses.
#[derive(Debug, Serialize, ToSchema)]
pub struct LocationResponse {
    id: LocationId,
    #[schema(max_length = 50)]
    code: String,
    #[schema(max_length = 255)]
    name: String,
    status: LocationStatus,
    /// The place with the smaller number comes first.
    priority: i64,
    latitude: Option<f64>,
    longitude: Option<f64>,
    #[schema(max_length = 2)]
    country: Option<String>,
    #[schema(max_length = 100)]
    region: Option<String>,
    #[schema(max_length = 20)]
    postal_code: Option<String>,
    /// True if orders can take units of this place.
    sells_online: bool,
    pickup: PickupResponse,
}

/// The collection of orders by their buyers.
#[derive(Debug, Serialize, ToSchema)]
pub struct PickupResponse {
    enabled: bool,
    #[schema(max_length = 1000)]
    instructions: Option<String>,
}

impl From<Location> for LocationResponse {
    fn from(place: Location) -> Self {
        let Location { id, settings } = place;
        let LocationSettings {
            code,
            name,
            status,
            priority,
            latitude,
            longitude,
            country,
            region,
            postal_code,
            sells_online,
            pickup_enabled,
            pickup_instructions,
        } = settings;
        let pickup = PickupResponse { enabled: pickup_enabled, instructions: pickup_instructions };
        Self {
            id,
            code,
            name,
            status,
            priority,
            latitude,
            longitude,
            country,
            region,
            postal_code,
            sells_online,
            pickup,
        }
    }
}

/// Callers without `stores:manage` see where orders can be collected.
fn visible_to(scope: &Scope) -> Visible {
    if scope.principal.can(Permission::StoresManage) { Visible::All } else { Visible::PickupPoints }
}

/// `GET /locations`
pub async fn list(page: Query<PageQuery>, sort: Query<SortQuery>, ctx: Ctx) -> Result<HttpResponse, ApiError> {
    let sort = sort.0.among(&SORTS, FIRST_BY_PRIORITY)?;
    let page = page.0;
    ctx.answer("list_locations", move |conn, scope| {
        let (found, total) = locations::list_locations(conn, scope.store, visible_to(scope), sort, &page)?;
        Ok(page.list(found, total).map(LocationResponse::from))
    })
    .await
}

/// `GET /locations/{id}`
pub async fn show(path: Path<String>, ctx: Ctx) -> Result<HttpResponse, ApiError> {
    let id = LocationId::from_path(&path);
    ctx.answer("get_location", move |conn, scope| {
        let found = locations::find_location(conn, scope.store, visible_to(scope), id)?;
        Ok(LocationResponse::from(found.ok_or_else(|| not_found(id))?))
    })
    .await
}

/// `POST /locations`
pub async fn create(command: Command<NewLocationRequest>) -> Result<HttpResponse, ApiError> {
    let created = command.try_map(LocationSettings::try_from)?.run("create_location", |conn, scope, new| {
        Ok(Answer::created(&LocationResponse::from(create_location(conn, scope, new)?))?)
    });
    created.await
}

/// `PATCH /locations/{id}`
pub async fn update(path: Path<String>, command: Command<LocationPatchRequest>) -> Result<HttpResponse, ApiError> {
    let id = LocationId::from_path(&path);
    let changed =
        command.try_map(|body| Ok(LocationChange::from(body)))?.run("update_location", move |conn, scope, change| {
            Ok(Answer::ok(&LocationResponse::from(change_location(conn, scope, id, change)?))?)
        });
    changed.await
}
