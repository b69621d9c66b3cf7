//! Creates purchase orders, and changes them. No unit moves.

use diesel::PgConnection;

use super::LockedPurchaseOrder;
use super::lines::{self, PurchaseLine};
use crate::audit::document::Target;
use crate::auth::Scope;
use crate::error::{Abort, ApiError, Code};
use crate::inventory::inbounds::draft::{self, Header, HeaderChange};
use crate::inventory::inbounds::status::InboundStatus;
use crate::kernel::id::{InboundId, LocationId, SupplierId};
use crate::purchasing::queries::suppliers::Supplier;
use crate::purchasing::suppliers::get_supplier;

/// An order to create.
#[derive(Clone, Debug)]
pub struct NewPurchaseOrder {
    pub header: Header<SupplierId>,
    pub lines: Vec<PurchaseLine>,
}

/// The changes of an order. Only the reference, the day and the notes can change after the draft. Without lines, a new
/// day also replaces the days of all lines.
#[derive(Clone, Debug)]
pub struct PurchaseOrderChange {
    pub header: HeaderChange<SupplierId>,
    /// They replace all lines.
    pub lines: Option<Vec<PurchaseLine>>,
}

/// Creates a draft.
pub fn create(conn: &mut PgConnection, scope: &Scope, new: &NewPurchaseOrder) -> Result<InboundId, Abort> {
    let NewPurchaseOrder { header, lines } = new;
    require_active(&get_supplier(conn, scope, header.origin)?)?;
    let lines = lines::resolve(conn, scope.store, header.origin, lines)?;
    draft::create(conn, scope, header.clone(), lines)
}

/// Refuses a supplier from which nothing new is ordered.
pub fn require_active(supplier: &Supplier) -> Result<(), ApiError> {
    if supplier.settings.active {
        return Ok(());
    }
    let detail = format!("Supplier {} is not active.", supplier.settings.code);
    Err(ApiError::new(Code::InvalidTransition, detail))
}

/// Changes an order. A request without changes writes nothing.
pub fn change(
    conn: &mut PgConnection,
    scope: &Scope,
    target: &Target<InboundId>,
    change: &PurchaseOrderChange,
) -> Result<InboundId, Abort> {
    let mut document = LockedPurchaseOrder::lock(conn, scope, target)?;
    document.require(allowed(change), "changed in this way")?;
    let PurchaseOrderChange { header, lines: planned } = change;
    if planned.is_none() && header.is_empty() {
        return Ok(document.inbound.id);
    }
    header.clone().apply(&mut document.inbound);
    let origin = document.inbound.origin;
    if header.origin.is_some() {
        require_active(&get_supplier(conn, scope, origin)?)?;
    }
    let planned = planned.as_ref().map(|planned| lines::resolve(conn, scope.store, origin, planned)).transpose()?;
    let must_be_open: Vec<LocationId> = header.to.into_iter().collect();
    document.lock_places(conn, scope, &must_be_open)?;
    if header.expected_on.is_some() {
        document.lines.iter_mut().for_each(|line| line.expected_on = None);
    }
    document.write_change(conn, scope, planned.as_deref())
}

/// The statuses in which the change is possible.
fn allowed(change: &PurchaseOrderChange) -> &'static [InboundStatus] {
    let PurchaseOrderChange { header, lines } = change;
    if header.origin.is_some() || header.to.is_some() || lines.is_some() {
        return &[InboundStatus::Draft];
    }
    &[InboundStatus::Draft, InboundStatus::Ordered, InboundStatus::PartiallyReceived]
}
