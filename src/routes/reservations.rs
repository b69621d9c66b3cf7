//! Reservations for other services.

use super::LINE_ERRORS;
use crate::auth::{Access, Permission};
use crate::error::Code;
use crate::inventory::api::reservations;
use crate::kernel::page::NEWEST_FIRST;
use crate::openapi::Endpoint;
use crate::openapi::endpoint::{get, post};
use crate::reports::api as reports;

pub(super) fn reservations() -> Vec<Endpoint> {
    let update = Access::Permission(Permission::InventoryUpdate);
    let closed = [Code::ReservationNotFound, Code::ReservationClosed, Code::ReservationExpired];
    vec![
        get(
            "/inventory/reservations/metrics",
            Access::Permission(Permission::ReportsRead),
            reports::reservation_metrics,
        )
        .named("getReservationMetrics", "Read the rates of reserved, sold and expired stock, and the accuracy of stock")
        .query::<reports::PeriodQuery>()
        .answers::<reports::ReservationMetricsResponse>(200),
        post("/reservations", update, reservations::create)
            .named("createReservation", "Reserve stock for another service: all lines or none")
            .takes::<reservations::ReservationRequest>()
            .answers::<reservations::ReservationResponse>(201)
            .errors(&LINE_ERRORS),
        get("/reservations", update, reservations::list)
            .named("listReservations", "Reservations, newest first")
            .sorted_by(&reservations::SORTS, NEWEST_FIRST)
            .query::<reservations::ReservationQuery>()
            .lists::<reservations::ReservationResponse>(),
        get("/reservations/{id}", update, reservations::show)
            .named("getReservation", "Read a reservation with its items")
            .answers::<reservations::ReservationResponse>(200)
            .errors(&[Code::ReservationNotFound]),
        post("/reservations/{id}/confirm", update, reservations::confirm)
            .named("confirmReservation", "Sell the units of a reservation")
            .answers::<reservations::ReservationResponse>(200)
            .errors(&closed),
        post("/reservations/{id}/release", update, reservations::release)
            .named("releaseReservation", "Release the units of a reservation")
            .answers::<reservations::ReservationResponse>(200)
            .errors(&closed),
    ]
}
