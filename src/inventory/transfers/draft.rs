//! Creates transfers, and changes them while they are drafts. No unit moves.

use diesel::PgConnection;

use super::LockedTransfer;
use super::lifecycle::ends;
use crate::audit::document::Target;
use crate::auth::Scope;
use crate::error::{Abort, ApiError};
use crate::inventory::inbounds::draft::{self, Header, HeaderChange};
use crate::inventory::inbounds::draft_line::{self, DraftLine};
use crate::inventory::inbounds::line::LineCounts;
use crate::inventory::inbounds::queries::lines::NewLine;
use crate::inventory::inbounds::status::InboundStatus;
use crate::kernel::id::{InboundId, LocationId, StoreId};

/// A transfer to create.
#[derive(Clone, Debug)]
pub struct NewTransfer {
    pub header: Header<LocationId>,
    pub lines: Vec<DraftLine>,
}

/// The changes of a draft.
#[derive(Clone, Debug)]
pub struct TransferChange {
    pub header: HeaderChange<LocationId>,
    /// They replace all lines.
    pub lines: Option<Vec<DraftLine>>,
}

/// Creates a draft.
pub fn create(conn: &mut PgConnection, scope: &Scope, new: &NewTransfer) -> Result<InboundId, Abort> {
    let NewTransfer { header, lines } = new;
    refuse_same_place(header.origin, header.to)?;
    let planned = resolve(conn, scope.store, lines)?;
    draft::create(conn, scope, header.clone(), planned)
}

/// Changes a draft. A request without changes writes nothing.
pub fn change(
    conn: &mut PgConnection,
    scope: &Scope,
    target: &Target<InboundId>,
    change: &TransferChange,
) -> Result<InboundId, Abort> {
    let mut document = LockedTransfer::lock(conn, scope, target)?;
    document.require(&[InboundStatus::Draft], "changed")?;
    let TransferChange { header, lines: planned } = change;
    if planned.is_none() && header.is_empty() {
        return Ok(document.inbound.id);
    }
    let transfer = &mut document.inbound;
    header.clone().apply(transfer);
    refuse_same_place(transfer.origin, transfer.to_location_id)?;
    let planned = planned.as_ref().map(|planned| resolve(conn, scope.store, planned)).transpose()?;
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
