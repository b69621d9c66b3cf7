//! Reservations for other services: create, confirm, release. Each reservation ends at most once.

use chrono::TimeDelta;
use diesel::PgConnection;

use super::hold::Holder;
use super::hold_set::{Delivery, HoldSet, ReserveUnits};
use super::locked_stock::MovementContext;
use super::queries::locations;
use super::queries::reservations::{self, NewReservation};
use super::reservation::{Reservation, State};
use super::routing::{self, RoutedPart};
use super::shortage;
use crate::auth::Scope;
use crate::catalogue::lines::Line;
use crate::catalogue::queries::sellables;
use crate::db::{self, Failure};
use crate::error::{Abort, ApiError, Code, StockError};
use crate::events::{self, EventType, RecordedEvent};
use crate::kernel::id::{ReservationId, VariantId};

/// Reserves all lines or none. A refusal lists every shortage.
pub fn create(
    conn: &mut PgConnection,
    scope: &Scope,
    lines: &[Line],
    reference_id: &str,
    ttl_seconds: i64,
) -> Result<ReservationId, Abort> {
    let variants: Vec<VariantId> = lines.iter().map(|line| line.variant).collect();
    let mut holds = HoldSet::lock(conn, scope.store, &[], &variants)?;
    let (now, places) = locations::read_places(conn, scope.store)?;
    holds.stock_mut().set_places(places);
    let route = route(conn, scope, &holds, lines)?;
    let expires_at = TimeDelta::try_seconds(ttl_seconds)
        .and_then(|ttl| now.checked_add_signed(ttl))
        .ok_or_else(|| ApiError::field("ttl_seconds", "is too long"))?;
    let created_by = scope.principal.account()?.id;
    let id = reservations::insert(conn, scope.store, NewReservation { reference_id, expires_at, created_by }, now)?;
    let holder = Holder::Reservation(id);
    let (reference, reason, actor) = (holder.reference(), describe(id), scope.actor());
    for Line { variant, .. } in lines {
        let units = ReserveUnits { holder, variant: *variant, expires_at: Some(expires_at) };
        let context = MovementContext { reference: &reference, reason: Some(&reason), actor: &actor };
        holds.reserve(units, &routing::parts_of(&route, *variant), context)?;
    }
    holds.write(conn, now)?;
    events::record(scope.store, &RecordedEvent::new(EventType::ReservationCreated, id.0, &actor, now))?;
    Ok(id)
}

/// The places of all lines. Refuses products that are archived, or lists every shortage.
fn route(conn: &mut PgConnection, scope: &Scope, holds: &HoldSet, lines: &[Line]) -> Result<Vec<RoutedPart>, Abort> {
    let variants: Vec<VariantId> = lines.iter().map(|line| line.variant).collect();
    let known = sellables::load(conn, scope.store, &variants)?;
    let find = |variant: VariantId| {
        let found = known.iter().find(|sellable| sellable.variant_id == variant);
        found.ok_or_else(|| Failure::Internal(format!("variant {variant} is missing")))
    };
    for line in lines {
        let sellable = find(line.variant)?;
        if !sellable.is_active {
            let detail = format!("'{}' can't be reserved any more.", sellable.product_name);
            return Err(ApiError::new(Code::ProductUnavailable, detail).into());
        }
    }
    let demand = lines.iter().map(|line| (line.variant, line.quantity)).collect();
    let short = match holds.route(&demand, &Delivery::Unknown, None) {
        Ok(route) => return Ok(route),
        Err(short) => short,
    };
    let variants: Vec<VariantId> = short.iter().map(|line| line.variant).collect();
    let in_order = lines.iter().filter_map(|line| short.iter().find(|short| short.variant == line.variant));
    let errors: Result<Vec<StockError>, Failure> = in_order
        .map(|short| Ok(shortage::stock_error(find(short.variant)?, short.available, short.requested)))
        .collect();
    Err(shortage::refuse_or_retry(conn, scope.store, shortage::insufficient_stock(errors?), &variants)?)
}

/// Sells the units of a reservation.
pub fn confirm(conn: &mut PgConnection, scope: &Scope, id: ReservationId) -> Result<(), Abort> {
    end(conn, scope, id, Ending::Confirm)
}

/// Releases the units of a reservation.
pub fn release(conn: &mut PgConnection, scope: &Scope, id: ReservationId) -> Result<(), Abort> {
    end(conn, scope, id, Ending::Release)
}

/// The two ways in which a request ends a reservation.
#[derive(Clone, Copy)]
enum Ending {
    Confirm,
    Release,
}

fn end(conn: &mut PgConnection, scope: &Scope, id: ReservationId, ending: Ending) -> Result<(), Abort> {
    let reservation = reservations::find_for_update(conn, scope.store, id)?.ok_or_else(|| not_found(id))?;
    refuse_ended(&reservation)?;
    let holder = Holder::Reservation(id);
    let mut holds = HoldSet::lock(conn, scope.store, &[holder], &[])?;
    let now = db::clock(conn)?;
    if reservation.expires_at <= now {
        // The units already count as available; the job expires the reservation.
        return Err(expired(&reservation).into());
    }
    let (reference, reason, actor) = (holder.reference(), describe(id), scope.actor());
    let context = MovementContext { reference: &reference, reason: Some(&reason), actor: &actor };
    let (to, event) = match ending {
        Ending::Confirm => {
            holds.sell(holder, context)?;
            (State::Confirmed, EventType::ReservationConfirmed)
        }
        Ending::Release => {
            holds.release(holder, context)?;
            (State::Released, EventType::ReservationReleased)
        }
    };
    holds.write(conn, now)?;
    reservations::end(conn, scope.store, &[id], to, now)?;
    Ok(events::record(scope.store, &RecordedEvent::new(event, id.0, &actor, now))?)
}

/// The reason in the ledger, such as `Reservation 7`.
fn describe(id: ReservationId) -> String {
    format!("Reservation {id}")
}

fn refuse_ended(reservation: &Reservation) -> Result<(), ApiError> {
    match reservation.state {
        State::Active => Ok(()),
        State::Expired => Err(expired(reservation)),
        State::Confirmed | State::Released => {
            let detail = format!("Reservation {} is {}.", reservation.id, reservation.state.as_str());
            Err(ApiError::new(Code::ReservationClosed, detail))
        }
    }
}

fn expired(reservation: &Reservation) -> ApiError {
    let until = reservation.expires_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    ApiError::new(Code::ReservationExpired, format!("Reservation {} expired at {until}.", reservation.id))
}

/// The 404 error for a reservation.
#[must_use]
pub fn not_found(id: ReservationId) -> ApiError {
    ApiError::not_found(Code::ReservationNotFound, format_args!("Reservation {id}"))
}
