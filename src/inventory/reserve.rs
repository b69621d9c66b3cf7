//! Reserving for other services: create, confirm, release. Each reservation ends at most once.

use chrono::TimeDelta;
use diesel::PgConnection;

use super::hold::{Ending, Hold, Holder, NewHold};
use super::level::{Figures, MovementKind};
use super::queries::holds;
use super::queries::reservations::{self, NewReservation};
use super::reservation::{Reservation, State};
use super::shelf::{Note, Shelf};
use super::shortage;
use crate::auth::Scope;
use crate::catalogue::lines::Line;
use crate::catalogue::queries::sellables;
use crate::db::{self, Failure};
use crate::error::{ApiError, Code, Halt};
use crate::kernel::id::{HoldId, ReservationId, VariantId};

/// Keeps all lines or none; every shortage is listed.
pub fn create(
    conn: &mut PgConnection,
    scope: &Scope,
    lines: &[Line],
    reference_id: &str,
    ttl_seconds: i64,
) -> Result<ReservationId, Halt> {
    let variants: Vec<VariantId> = lines.iter().map(|line| line.variant).collect();
    let mut shelf = Shelf::lock(conn, scope.store, &variants)?;
    refuse_archived_or_short(conn, scope, &shelf, lines)?;
    let now = db::clock(conn)?;
    let expires_at = TimeDelta::try_seconds(ttl_seconds)
        .and_then(|ttl| now.checked_add_signed(ttl))
        .ok_or_else(|| ApiError::field("ttl_seconds", "is too long"))?;
    let created_by = scope.principal.account()?.id;
    let id = reservations::insert(conn, scope.store, NewReservation { reference_id, expires_at, created_by }, now)?;
    let holder = Holder::Reservation(id);
    let (note_reference, reason) = (holder.reference(), describe(id));
    let actor = scope.actor();
    let mut kept = Vec::with_capacity(lines.len());
    for Line { variant, quantity, .. } in lines {
        let (variant, quantity) = (*variant, *quantity);
        let parts = shelf
            .allocate(variant, quantity)
            .ok_or_else(|| Failure::Internal("a checked line was short".to_owned()))?;
        for (location, quantity) in parts {
            let note = Note { reference: &note_reference, reason: Some(&reason), actor: &actor };
            shelf.book((variant, location), MovementKind::Reserve, Figures::reserve(quantity), note)?;
            kept.push(NewHold { holder, variant, location, quantity, expires_at });
        }
    }
    shelf.write(conn, now)?;
    holds::insert(conn, scope.store, &kept, now)?;
    Ok(id)
}

fn refuse_archived_or_short(conn: &mut PgConnection, scope: &Scope, shelf: &Shelf, lines: &[Line]) -> Result<(), Halt> {
    let variants: Vec<VariantId> = lines.iter().map(|line| line.variant).collect();
    let known = sellables::load(conn, scope.store, &variants)?;
    let mut short = Vec::new();
    let mut short_variants = Vec::new();
    for line in lines {
        let sellable = known
            .iter()
            .find(|sellable| sellable.variant_id == line.variant)
            .ok_or_else(|| Failure::Internal(format!("variant {} is gone", line.variant)))?;
        if !sellable.is_active {
            let detail = format!("'{}' can't be reserved any more.", sellable.product_name);
            return Err(ApiError::new(Code::ProductUnavailable, detail).into());
        }
        let available = shelf.available(line.variant);
        if line.quantity > available {
            short_variants.push(line.variant);
            short.push(shortage::line(sellable, available, line.quantity));
        }
    }
    if short.is_empty() {
        return Ok(());
    }
    Err(shortage::halt(conn, scope.store, shortage::refuse(short), &short_variants)?)
}

/// Sells what a reservation keeps.
pub fn confirm(conn: &mut PgConnection, scope: &Scope, id: ReservationId) -> Result<(), Halt> {
    end(conn, scope, id, State::Confirmed)
}

/// Lets go what a reservation keeps.
pub fn release(conn: &mut PgConnection, scope: &Scope, id: ReservationId) -> Result<(), Halt> {
    end(conn, scope, id, State::Released)
}

fn end(conn: &mut PgConnection, scope: &Scope, id: ReservationId, to: State) -> Result<(), Halt> {
    let reservation = reservations::find_for_update(conn, scope.store, id)?.ok_or_else(|| not_found(id))?;
    refuse_ended(&reservation)?;
    let kept = holds::list_active(conn, scope.store, &[Holder::Reservation(id)])?;
    let variants: Vec<VariantId> = kept.iter().map(|hold| hold.variant).collect();
    let mut shelf = Shelf::lock(conn, scope.store, &variants)?;
    let now = db::clock(conn)?;
    if reservation.expires_at <= now {
        // The units count as free already; the job ends the row.
        return Err(expired(&reservation).into());
    }
    let (kind, ending) = match to {
        State::Confirmed => (MovementKind::Fulfil, Ending::Sold),
        State::Active | State::Released | State::Expired => (MovementKind::Release, Ending::Released),
    };
    let (reference, reason, actor) = (Holder::Reservation(id).reference(), describe(id), scope.actor());
    for Hold { variant, location, quantity, .. } in &kept {
        let delta = match kind {
            MovementKind::Fulfil => Figures::fulfil(*quantity),
            _ => Figures::release(*quantity),
        };
        let note = Note { reference: &reference, reason: Some(&reason), actor: &actor };
        shelf.book((*variant, *location), kind, delta, note)?;
    }
    shelf.write(conn, now)?;
    let ids: Vec<HoldId> = kept.iter().map(|hold| hold.id).collect();
    holds::end(conn, scope.store, &ids, ending, now)?;
    Ok(reservations::end(conn, scope.store, &[id], to, now)?)
}

/// The reason in the ledger, which shows the reservation's own reference beside it.
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

/// 404 of a reservation.
#[must_use]
pub fn not_found(id: ReservationId) -> ApiError {
    ApiError::not_found(Code::ReservationNotFound, format_args!("Reservation {id}"))
}
