//! Creates purchase orders, and changes them. No unit moves.

use chrono::NaiveDate;
use diesel::PgConnection;

use super::lines::{self, PurchaseLine};
use super::{LockedPurchaseOrder, PurchaseOrder};
use crate::auth::Scope;
use crate::db;
use crate::error::{Abort, ApiError, Code};
use crate::inventory::inbounds::document::{Target, insert};
use crate::inventory::inbounds::origin::Origin;
use crate::inventory::inbounds::queries::lines::NewLine;
use crate::inventory::inbounds::queries::places;
use crate::inventory::inbounds::status::InboundStatus;
use crate::kernel::document_number::{document_number, random_code};
use crate::kernel::id::{InboundId, LocationId, SupplierId};
use crate::purchasing::queries::suppliers::Supplier;
use crate::purchasing::suppliers::get_supplier;

/// An order to create.
#[derive(Clone, Debug)]
pub struct NewPurchaseOrder {
    pub header: Header,
    pub lines: Vec<PurchaseLine>,
}

/// An order without its lines.
#[derive(Clone, Debug)]
pub struct Header {
    pub supplier: SupplierId,
    /// The place where the goods arrive.
    pub to: LocationId,
    pub reference: Option<String>,
    pub expected_on: Option<NaiveDate>,
    pub notes: Option<String>,
}

/// The changes of an order. Only the last three are possible after the draft.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PurchaseOrderChange {
    pub supplier: Option<SupplierId>,
    pub to: Option<LocationId>,
    /// They replace all lines.
    pub lines: Option<Vec<PurchaseLine>>,
    pub reference: Option<Option<String>>,
    /// Without lines, it also replaces the days of all lines.
    pub expected_on: Option<Option<NaiveDate>>,
    pub notes: Option<Option<String>>,
}

/// Creates a draft.
pub fn create(conn: &mut PgConnection, scope: &Scope, new: &NewPurchaseOrder) -> Result<InboundId, Abort> {
    let NewPurchaseOrder { header, lines } = new;
    require_active(&get_supplier(conn, scope, header.supplier)?)?;
    let lines = lines::resolve(conn, scope.store, header.supplier, lines)?;
    create_resolved(conn, scope, header.clone(), &lines)
}

/// Creates a draft of lines whose variants and costs are known.
pub fn create_resolved(
    conn: &mut PgConnection,
    scope: &Scope,
    header: Header,
    lines: &[NewLine],
) -> Result<InboundId, Abort> {
    let Header { supplier, to, reference, expected_on, notes } = header;
    places::lock_places(conn, scope.store, (None, to), &[to])?;
    let now = db::clock(conn)?;
    let mut order = PurchaseOrder {
        id: InboundId(0),
        inbound_number: document_number(SupplierId::NAMES.number_prefix, now, &random_code()),
        status: InboundStatus::Draft,
        origin: supplier,
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
    insert(conn, scope, &mut order, lines)?;
    Ok(order.id)
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
    target: &Target,
    change: &PurchaseOrderChange,
) -> Result<InboundId, Abort> {
    let mut document = LockedPurchaseOrder::lock(conn, scope, target)?;
    document.require(allowed(change), "changed in this way")?;
    if *change == PurchaseOrderChange::default() {
        return Ok(document.inbound.id);
    }
    let PurchaseOrderChange { supplier, to, lines: planned, reference, expected_on, notes } = change.clone();
    let order = &mut document.inbound;
    order.origin = supplier.unwrap_or(order.origin);
    order.to_location_id = to.unwrap_or(order.to_location_id);
    order.reference = reference.unwrap_or(order.reference.take());
    order.expected_on = expected_on.unwrap_or(order.expected_on);
    order.notes = notes.unwrap_or(order.notes.take());
    let origin = order.origin;
    if supplier.is_some() {
        require_active(&get_supplier(conn, scope, origin)?)?;
    }
    let planned = planned.map(|planned| lines::resolve(conn, scope.store, origin, &planned)).transpose()?;
    let must_be_open: Vec<LocationId> = to.into_iter().collect();
    document.lock_places(conn, scope, &must_be_open)?;
    if expected_on.is_some() {
        document.lines.iter_mut().for_each(|line| line.expected_on = None);
    }
    document.write_change(conn, scope, planned.as_deref())
}

/// The statuses in which the change is possible.
fn allowed(change: &PurchaseOrderChange) -> &'static [InboundStatus] {
    let PurchaseOrderChange { supplier, to, lines, reference: _, expected_on: _, notes: _ } = change;
    if supplier.is_some() || to.is_some() || lines.is_some() {
        return &[InboundStatus::Draft];
    }
    &[InboundStatus::Draft, InboundStatus::Ordered, InboundStatus::PartiallyReceived]
}
