//! The operations on reservations: reserve, read, list, confirm, release.

use actix_web::HttpResponse;
use actix_web::web::{self, Data};
use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::auth::{Ctx, Scope};
use crate::catalogue::lines::{self, Line, RequestedVariant};
use crate::catalogue::queries::sellables;
use crate::catalogue::size;
use crate::error::{Abort, ApiError};
use crate::idempotency::command::NoBody;
use crate::idempotency::{Answer, Command};
use crate::inventory::reservation::{Reservation, ReservedItem, State};
use crate::inventory::reserve;

use crate::inventory::queries::reservations::{self, ReservationFilter};

use crate::kernel::id::{ProductRef, ReservationId, UserId};
use crate::kernel::number;
use crate::kernel::page::{NEWEST_FIRST, PageQuery};
use crate::kernel::quantity::{MAX_LINES, Quantity, check_line_count};
use crate::kernel::text;
use crate::kernel::text_enum;
use crate::settings::Settings;

use crate::http::{Query, SortQuery};

pub use crate::inventory::queries::reservations::SORTS;

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReservationRequest {
    #[validate(nested)]
    #[schema(min_items = 1, max_items = 100)]
    pub items: Vec<ReservationItemRequest>,
    /// The time for which the stock is reserved; 900 by default.
    #[serde(default, deserialize_with = "number::deserialize_integer")]
    #[validate(range(min = 1, message = "must be at least 1"))]
    #[schema(minimum = 1)]
    pub ttl_seconds: Option<i64>,
    /// The caller's reference for the reservation.
    /// At least one visible character.
    #[validate(length(max = 100, message = "must have at most 100 characters"))]
    #[validate(custom(function = "text::check_visible"))]
    #[schema(min_length = 1, max_length = 100, pattern = r"\S")]
    pub reference_id: String,
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReservationItemRequest {
    pub product_id: ProductRef,
    pub quantity: Quantity,
    #[validate(custom(function = "size::validate"))]
    #[schema(min_length = 1, max_length = 50)]
    pub size: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ReservationResponse {
    pub id: ReservationId,
    #[schema(max_length = 100)]
    pub reference_id: String,
    /// After its deadline, a reservation is shown as expired.
    pub state: State,
    pub items: Vec<ReservedItem>,
    pub expires_at: DateTime<Utc>,
    pub created_by: UserId,
    pub created_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReservationQuery {
    /// Reservations in this state.
    #[serde(default, deserialize_with = "text_enum::in_query")]
    pub state: Option<State>,
    /// Reservations with this reference of the caller.
    #[validate(length(max = 100, message = "must have at most 100 characters"))]
    #[param(max_length = 100)]
    pub reference_id: Option<String>,
}

/// The default time to live.
const DEFAULT_TTL_SECONDS: i64 = 900;

impl ReservationResponse {
    #[must_use]
    pub fn new(reservation: Reservation, items: Vec<ReservedItem>) -> Self {
        let Reservation { id, reference_id, state, expires_at, created_by, created_at, ended_at } = reservation;
        Self { id, reference_id, state, items, expires_at, created_by, created_at, ended_at }
    }
}

/// `POST /reservations`
pub async fn create(command: Command<ReservationRequest>, settings: Data<Settings>) -> Result<HttpResponse, ApiError> {
    let most = settings.reservations.max_ttl_seconds;
    check_line_count(command.body.items.len(), MAX_LINES).map_err(|message| ApiError::field("items", message))?;
    if command.body.ttl_seconds.is_some_and(|ttl| ttl > most) {
        return Err(ApiError::field("ttl_seconds", format!("must be at most {most}")));
    }
    command
        .run("create_reservation", |conn, scope, body| {
            let lines = resolve(conn, scope, &body.items)?;
            let ttl_seconds = body.ttl_seconds.unwrap_or(DEFAULT_TTL_SECONDS);
            let id = reserve::create(conn, scope, &lines, &body.reference_id, ttl_seconds)?;
            Ok(Answer::created(&respond(conn, scope, id)?)?)
        })
        .await
}

/// Finds the variants, and adds up equal lines.
fn resolve(conn: &mut PgConnection, scope: &Scope, items: &[ReservationItemRequest]) -> Result<Vec<Line>, Abort> {
    let names: Vec<_> = items.iter().map(|item| (&item.product_id, item.size.as_deref())).collect();
    let resolved = sellables::resolve(conn, scope.store, &names)?;
    let requested: Vec<RequestedVariant<'_>> = items
        .iter()
        .map(|item| RequestedVariant {
            product: &item.product_id,
            size: item.size.as_deref(),
            quantity: item.quantity.get(),
        })
        .collect();
    Ok(lines::add_up(&requested, &resolved)?)
}

fn respond(conn: &mut PgConnection, scope: &Scope, id: ReservationId) -> Result<ReservationResponse, Abort> {
    let reservation = reservations::find(conn, scope.store, id)?.ok_or_else(|| reserve::not_found(id))?;
    let items = reservations::list_items(conn, scope.store, &[id])?.remove(&id).unwrap_or_default();
    Ok(ReservationResponse::new(reservation, items))
}

/// `GET /reservations`
pub async fn list(
    Query(page): Query<PageQuery>,
    Query(sort): Query<SortQuery>,
    Query(query): Query<ReservationQuery>,
    ctx: Ctx,
) -> Result<HttpResponse, ApiError> {
    let sort = sort.among(&SORTS, NEWEST_FIRST)?;
    let ReservationQuery { state, reference_id } = query;
    let filter = ReservationFilter { state, reference_id };
    ctx.answer("list_reservations", move |conn, scope| {
        let found = reservations::list(conn, scope.store, &filter, sort, &page)?;
        let ids: Vec<ReservationId> = found.items.iter().map(|reservation| reservation.id).collect();
        let mut items = reservations::list_items(conn, scope.store, &ids)?;
        Ok(found.map(|reservation| {
            let items = items.remove(&reservation.id).unwrap_or_default();
            ReservationResponse::new(reservation, items)
        }))
    })
    .await
}

/// `GET /reservations/{id}`
pub async fn show(path: web::Path<String>, ctx: Ctx) -> Result<HttpResponse, ApiError> {
    let id = ReservationId::from_path(&path);
    ctx.answer("get_reservation", move |conn, scope| respond(conn, scope, id)).await
}

/// `POST /reservations/{id}/confirm`
pub async fn confirm(path: web::Path<String>, command: Command<NoBody>) -> Result<HttpResponse, ApiError> {
    let id = ReservationId::from_path(&path);
    command
        .run("confirm_reservation", move |conn, scope, _body| {
            reserve::confirm(conn, scope, id)?;
            Ok(Answer::ok(&respond(conn, scope, id)?)?)
        })
        .await
}

/// `POST /reservations/{id}/release`
pub async fn release(path: web::Path<String>, command: Command<NoBody>) -> Result<HttpResponse, ApiError> {
    let id = ReservationId::from_path(&path);
    command
        .run("release_reservation", move |conn, scope, _body| {
            reserve::release(conn, scope, id)?;
            Ok(Answer::ok(&respond(conn, scope, id)?)?)
        })
        .await
}
