//! Creates transfers, and changes them while they are drafts. No unit moves.

use chrono::NaiveDate;
use diesel::PgConnection;

use super::document::{Act, LockedTransfer, Target, append_audit};
use super::queries::documents::{self, HistoryStep, Transfer};
use super::queries::{lines, places};
use super::status::TransferStatus;
use crate::audit::words::Action;
use crate::auth::Scope;
use crate::catalogue::lines::{RequestedVariant, find_variants};
use crate::db;
use crate::error::{Abort, ApiError};
use crate::kernel::document_number::{document_number, random_code};
use crate::kernel::id::{InboundId, LocationId, ProductRef, StoreId, VariantId};
use crate::kernel::quantity::MAX_STOCK;

/// A product, perhaps a size of it, and its planned units.
#[derive(Clone, Debug)]
pub struct PlanLine {
    pub product: ProductRef,
    pub size: Option<String>,
    pub quantity: i64,
}

/// A transfer to create.
#[derive(Clone, Debug)]
pub struct NewTransfer {
    pub from: LocationId,
    pub to: LocationId,
    pub lines: Vec<PlanLine>,
    pub reference: Option<String>,
    pub expected_on: Option<NaiveDate>,
    pub notes: Option<String>,
}

/// The changes of a draft.
#[derive(Clone, Debug, Default)]
pub struct PlanChange {
    pub from: Option<LocationId>,
    pub to: Option<LocationId>,
    /// They replace all lines.
    pub lines: Option<Vec<PlanLine>>,
    pub reference: Option<Option<String>>,
    pub expected_on: Option<Option<NaiveDate>>,
    pub notes: Option<Option<String>>,
}

/// Creates a draft.
pub fn create(conn: &mut PgConnection, scope: &Scope, new: &NewTransfer) -> Result<InboundId, Abort> {
    refuse_same_place(new.from, new.to)?;
    let planned = resolve(conn, scope.store, &new.lines)?;
    places::lock_route(conn, scope.store, (new.from, new.to), &[new.from, new.to])?;
    let now = db::clock(conn)?;
    let NewTransfer { from, to, lines: _, reference, expected_on, notes } = new.clone();
    let mut transfer = Transfer {
        id: InboundId(0),
        inbound_number: document_number("TRF", now, &random_code()),
        status: TransferStatus::Draft,
        from_location_id: from,
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
    transfer.id = documents::insert(conn, scope.store, &transfer)?;
    lines::insert(conn, scope.store, transfer.id, &planned)?;
    let (to_status, actor) = (transfer.status, scope.actor());
    let step = HistoryStep { from_status: None, to_status, reason: None, actor, created_at: now };
    documents::append_history(conn, scope.store, transfer.id, &step)?;
    append_audit(conn, scope, &transfer, &Act { action: Action::Create, done: "created", reason: None }, now)?;
    Ok(transfer.id)
}

/// Changes a draft.
pub fn change(
    conn: &mut PgConnection,
    scope: &Scope,
    target: &Target,
    change: &PlanChange,
) -> Result<InboundId, Abort> {
    let mut document = LockedTransfer::lock(conn, scope, target)?;
    document.transfer.status.require(&[TransferStatus::Draft], "changed")?;
    let PlanChange { from, to, lines: planned, reference, expected_on, notes } = change.clone();
    let transfer = &mut document.transfer;
    transfer.from_location_id = from.unwrap_or(transfer.from_location_id);
    transfer.to_location_id = to.unwrap_or(transfer.to_location_id);
    transfer.reference = reference.unwrap_or(transfer.reference.take());
    transfer.expected_on = expected_on.unwrap_or(transfer.expected_on);
    transfer.notes = notes.unwrap_or(transfer.notes.take());
    let id = transfer.id;
    refuse_same_place(transfer.from_location_id, transfer.to_location_id)?;
    let planned = planned.map(|planned| resolve(conn, scope.store, &planned)).transpose()?;
    document.lock_places(conn, scope, &document.ends())?;
    if let Some(planned) = planned {
        lines::delete(conn, scope.store, id)?;
        lines::insert(conn, scope.store, id, &planned)?;
        document.lines.clear();
    }
    let now = db::clock(conn)?;
    document.write(conn, scope, &Act { action: Action::Update, done: "changed", reason: None }, now)?;
    Ok(id)
}

fn refuse_same_place(from: LocationId, to: LocationId) -> Result<(), ApiError> {
    if from != to {
        return Ok(());
    }
    Err(ApiError::field("to_location_id", "must not be the source of the transfer"))
}

/// Finds the variants, and adds up equal lines.
fn resolve(conn: &mut PgConnection, store: StoreId, lines: &[PlanLine]) -> Result<Vec<(VariantId, i64)>, Abort> {
    let requested = lines.iter().map(|line| RequestedVariant {
        product: &line.product,
        size: line.size.as_deref(),
        quantity: line.quantity,
    });
    let variants = find_variants(conn, store, &requested.collect::<Vec<_>>())?;
    let mut planned: Vec<(VariantId, i64)> = Vec::with_capacity(lines.len());
    for (index, (line, variant)) in lines.iter().zip(variants).enumerate() {
        let Some((_, sum)) = planned.iter_mut().find(|(known, _)| *known == variant) else {
            planned.push((variant, line.quantity));
            continue;
        };
        *sum = sum.saturating_add(line.quantity);
        if *sum > MAX_STOCK {
            let message = format!("makes {sum} with earlier lines; the most is {MAX_STOCK}");
            return Err(ApiError::field(format!("lines[{index}].quantity"), message).into());
        }
    }
    Ok(planned)
}
