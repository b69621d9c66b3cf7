//! Orders the goods of a draft, and ends the rest of an order.

use chrono::{Days, NaiveDate};
use diesel::PgConnection;

use super::LockedPurchaseOrder;
use super::draft::require_active;
use crate::audit::document::{DocumentChange, Target};
use crate::audit::words::Action;
use crate::auth::Scope;
use crate::db;
use crate::error::Abort;
use crate::events::EventType;
use crate::inventory::inbounds::status::{CANCELLED, InboundStatus};
use crate::kernel::id::{InboundId, VariantId};
use crate::purchasing::queries::items;
use crate::purchasing::suppliers::get_supplier;
use crate::stores::queries::{self as stores, time_zones};

/// Orders the goods. Lines without a day get one from the lead time, if it is known.
pub fn order(conn: &mut PgConnection, scope: &Scope, target: &Target<InboundId>) -> Result<InboundId, Abort> {
    let mut document = LockedPurchaseOrder::lock(conn, scope, target)?;
    document.require(&[InboundStatus::Draft], "ordered")?;
    let supplier = get_supplier(conn, scope, document.inbound.origin)?;
    require_active(&supplier)?;
    let destination = document.lock_places(conn, scope, &[document.inbound.to_location_id])?;
    let now = db::clock(conn)?;
    document.add_stock_rows(conn, scope, destination.place, now)?;
    if document.inbound.expected_on.is_none() {
        let variants: Vec<VariantId> = document.lines.iter().map(|line| line.variant_id).collect();
        let terms = items::list_terms(conn, scope.store, supplier.id, &variants)?;
        let time_zone = stores::get_store(conn, scope.store)?.time_zone;
        let (today, _) = time_zones::today(conn, &time_zone)?;
        for line in &mut document.lines {
            let own = terms.get(&line.variant_id).and_then(|terms| terms.lead_time_days);
            let lead_time = own.or(supplier.settings.lead_time_days);
            line.expected_on = line.expected_on.or_else(|| arrival_day(today, lead_time?));
        }
    }
    document.set_status_of_lines();
    document.write(
        conn,
        scope,
        &DocumentChange {
            action: Action::UpdateStatus,
            done: "ordered",
            reason: None,
            event: Some(EventType::PurchaseOrderOrdered),
        },
        now,
    )?;
    Ok(document.inbound.id)
}

/// The day on which goods arrive that are ordered today.
pub fn arrival_day(today: NaiveDate, lead_time_days: i64) -> Option<NaiveDate> {
    today.checked_add_days(Days::new(u64::try_from(lead_time_days).ok()?))
}

/// Makes an order a draft again, before anything arrived.
pub fn withdraw(conn: &mut PgConnection, scope: &Scope, target: &Target<InboundId>) -> Result<InboundId, Abort> {
    let mut document = LockedPurchaseOrder::lock(conn, scope, target)?;
    document.require(&[InboundStatus::Ordered], "a draft again")?;
    let now = db::clock(conn)?;
    document.inbound.status = InboundStatus::Draft;
    let change = DocumentChange { action: Action::UpdateStatus, done: "is a draft again", reason: None, event: None };
    document.write(conn, scope, &change, now)?;
    Ok(document.inbound.id)
}

/// Cancels an order of which nothing arrived.
pub fn cancel(
    conn: &mut PgConnection,
    scope: &Scope,
    target: &Target<InboundId>,
    reason: Option<&str>,
) -> Result<InboundId, Abort> {
    let document = LockedPurchaseOrder::lock(conn, scope, target)?;
    document.require(&[InboundStatus::Draft, InboundStatus::Ordered], CANCELLED)?;
    end_rest(
        conn,
        scope,
        document,
        &DocumentChange {
            action: Action::Cancel,
            done: CANCELLED,
            reason,
            event: Some(EventType::PurchaseOrderCancelled),
        },
    )
}

/// Closes an order: its outstanding units will not arrive.
pub fn close(
    conn: &mut PgConnection,
    scope: &Scope,
    target: &Target<InboundId>,
    reason: &str,
) -> Result<InboundId, Abort> {
    let document = LockedPurchaseOrder::lock(conn, scope, target)?;
    document.require(&[InboundStatus::Ordered, InboundStatus::PartiallyReceived], "closed")?;
    let change = DocumentChange {
        action: Action::UpdateStatus,
        done: "closed",
        reason: Some(reason),
        event: Some(EventType::PurchaseOrderClosed),
    };
    end_rest(conn, scope, document, &change)
}

fn end_rest(
    conn: &mut PgConnection,
    scope: &Scope,
    mut document: LockedPurchaseOrder,
    change: &DocumentChange<'_>,
) -> Result<InboundId, Abort> {
    let now = db::clock(conn)?;
    document.lines.iter_mut().for_each(|line| line.counts = line.counts.cancel_rest());
    document.set_status_of_lines();
    document.write(conn, scope, change, now)?;
    Ok(document.inbound.id)
}
