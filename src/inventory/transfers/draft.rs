//! Creates transfers, and changes them while they are drafts. No unit moves.

use chrono::NaiveDate;
use diesel::PgConnection;

use super::LockedTransfer;
use super::lifecycle::ends;
use crate::auth::Scope;
use crate::db;
use crate::error::{Abort, ApiError};
use crate::inventory::inbounds::document::{Target, insert};
use crate::inventory::inbounds::draft_line::{self, DraftLine};
use crate::inventory::inbounds::line::LineCounts;
use crate::inventory::inbounds::origin::Origin;
use crate::inventory::inbounds::queries::documents::Inbound;
use crate::inventory::inbounds::queries::lines::NewLine;
use crate::inventory::inbounds::queries::places;
use crate::inventory::inbounds::status::InboundStatus;
use crate::kernel::document_number::{document_number, random_code};
use crate::kernel::id::{InboundId, LocationId, StoreId};

/// A transfer to create.
#[derive(Clone, Debug)]
pub struct NewTransfer {
    pub from: LocationId,
    pub to: LocationId,
    pub lines: Vec<DraftLine>,
    pub reference: Option<String>,
    pub expected_on: Option<NaiveDate>,
    pub notes: Option<String>,
}

/// The changes of a draft.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DraftChange {
    pub from: Option<LocationId>,
    pub to: Option<LocationId>,
    /// They replace all lines.
    pub lines: Option<Vec<DraftLine>>,
    pub reference: Option<Option<String>>,
    pub expected_on: Option<Option<NaiveDate>>,
    pub notes: Option<Option<String>>,
}

/// Creates a draft.
pub fn create(conn: &mut PgConnection, scope: &Scope, new: &NewTransfer) -> Result<InboundId, Abort> {
    refuse_same_place(new.from, new.to)?;
    let planned = resolve(conn, scope.store, &new.lines)?;
    places::lock_places(conn, scope.store, (Some(new.from), new.to), &[new.from, new.to])?;
    let now = db::clock(conn)?;
    let NewTransfer { from, to, lines: _, reference, expected_on, notes } = new.clone();
    let mut transfer = Inbound {
        id: InboundId(0),
        inbound_number: document_number(LocationId::NAMES.number_prefix, now, &random_code()),
        status: InboundStatus::Draft,
        origin: from,
        to_location_id: to,
        reference,
        expected_on,
        notes,
        tracking: None,
        version: 1,
        actor: scope.actor(),
        created_at: now,
        updated_at: now,
    };
    insert(conn, scope, &mut transfer, &planned)?;
    Ok(transfer.id)
}

/// Changes a draft. A request without changes writes nothing.
pub fn change(
    conn: &mut PgConnection,
    scope: &Scope,
    target: &Target,
    change: &DraftChange,
) -> Result<InboundId, Abort> {
    let mut document = LockedTransfer::lock(conn, scope, target)?;
    document.require(&[InboundStatus::Draft], "changed")?;
    if *change == DraftChange::default() {
        return Ok(document.inbound.id);
    }
    let DraftChange { from, to, lines: planned, reference, expected_on, notes } = change.clone();
    let transfer = &mut document.inbound;
    transfer.origin = from.unwrap_or(transfer.origin);
    transfer.to_location_id = to.unwrap_or(transfer.to_location_id);
    transfer.reference = reference.unwrap_or(transfer.reference.take());
    transfer.expected_on = expected_on.unwrap_or(transfer.expected_on);
    transfer.notes = notes.unwrap_or(transfer.notes.take());
    refuse_same_place(transfer.origin, transfer.to_location_id)?;
    let planned = planned.map(|planned| resolve(conn, scope.store, &planned)).transpose()?;
    document.lock_places(conn, scope, &ends(&document))?;
    document.write_change(conn, scope, planned.as_deref())
}

fn refuse_same_place(from: LocationId, to: LocationId) -> Result<(), ApiError> {
    if from != to {
        return Ok(());
    }
    Err(ApiError::field("to_location_id", "must not be the source of the transfer"))
}

fn resolve(conn: &mut PgConnection, store: StoreId, lines: &[DraftLine]) -> Result<Vec<NewLine>, Abort> {
    let planned = draft_line::resolve(conn, store, lines)?.into_iter();
    let line = |(variant, quantity)| NewLine {
        variant,
        counts: LineCounts::planned(quantity),
        unit_cost: None,
        expected_on: None,
    };
    Ok(planned.map(line).collect())
}
