//! A document with its lines: locked, changed in memory, written as a set.

use std::collections::BTreeSet;

use crate::audit::document::{Document, DocumentChange, Target};
use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde_json::{Value, json};

use super::line::InboundLine;
use super::origin::Origin;
use super::queries::documents::{self, Inbound};
use super::queries::lines;
use super::queries::places::{self, Destination};
use super::status::InboundStatus;
use crate::audit::queries as audit;
use crate::audit::words::{Action, Entity};
use crate::auth::Scope;
use crate::db::{self, Failure};
use crate::error::{Abort, ApiError};
use crate::inventory::locked_stock::StockKey;
use crate::inventory::queries::levels;
use crate::kernel::id::{InboundId, InboundLineId, LocationId, StoreId, VariantId};
use crate::stores::queries::scarcity_changes;

impl<O: Origin> Document for Inbound<O> {
    fn title(&self) -> String {
        format!("{} {}", O::NAMES.title, self.inbound_number)
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn audited_entity(&self) -> (Entity, i64) {
        (O::NAMES.entity, self.id.0)
    }

    fn event_data(&self) -> Value {
        let Self { inbound_number, origin, to_location_id, status, version, reference, tracking, .. } = self;
        json!({"number": inbound_number, "status": status.as_str(), "version": version,
               "from_location_id": origin.place(), "supplier_id": origin.supplier(), "to_location_id": to_location_id,
               "reference": reference, "tracking": tracking})
    }
}

/// A locked document. The lock protects its lines and its receipts, too.
pub struct LockedInbound<O> {
    pub inbound: Inbound<O>,
    pub lines: Vec<InboundLine>,
    before: InboundStatus,
}

impl<O: Origin> LockedInbound<O> {
    /// Locks a document and reads its lines. Refuses an outdated version.
    pub fn lock(conn: &mut PgConnection, scope: &Scope, target: &Target<InboundId>) -> Result<Self, Abort> {
        let inbound: Inbound<O> =
            documents::find_for_update(conn, scope.store, &target.name)?.ok_or_else(O::not_found)?;
        target.require_version(&inbound)?;
        let lines = lines::list(conn, scope.store, inbound.id)?;
        Ok(Self { before: inbound.status, inbound, lines })
    }

    /// Locks documents in the order of their ids, and reads their lines.
    pub fn lock_all(conn: &mut PgConnection, store: StoreId, ids: &BTreeSet<InboundId>) -> Result<Vec<Self>, Abort> {
        let ids: Vec<InboundId> = ids.iter().copied().collect();
        let inbounds = documents::list_by_id_for_update(conn, store, &ids)?;
        let mut lines = lines::list_all(conn, store, &ids)?;
        let locked = |inbound: Inbound<O>| Self {
            before: inbound.status,
            lines: lines.remove(&inbound.id).unwrap_or_default(),
            inbound,
        };
        Ok(inbounds.into_iter().map(locked).collect())
    }

    /// Refuses unless the status is among the allowed ones. `done` is the participle of the change, such as `sent`.
    pub fn require(&self, allowed: &[InboundStatus], done: &str) -> Result<(), ApiError> {
        self.inbound.status.require::<O>(allowed, done)
    }

    /// Locks the places of the document. Refuses if one that must be open is closed.
    pub fn lock_places(
        &self,
        conn: &mut PgConnection,
        scope: &Scope,
        open: &[LocationId],
    ) -> Result<Destination, Abort> {
        let Inbound { origin, to_location_id, .. } = self.inbound;
        places::lock_places(conn, scope.store, (origin.place(), to_location_id), open)
    }

    /// The stock rows of all lines at these locations.
    #[must_use]
    pub fn stock_keys(&self, locations: &[LocationId]) -> BTreeSet<StockKey> {
        let variants = self.lines.iter().map(|line| line.variant_id);
        variants.flat_map(|variant| locations.iter().map(move |location| (variant, *location))).collect()
    }

    /// Creates the stock rows of all lines at a location where none exist. Answers show incoming units with these rows.
    pub fn add_stock_rows(
        &self,
        conn: &mut PgConnection,
        scope: &Scope,
        location: LocationId,
        at: DateTime<Utc>,
    ) -> Result<(), Abort> {
        Ok(levels::insert_missing(conn, scope.store, &self.stock_keys(&[location]), at)?)
    }

    pub fn line(&self, id: InboundLineId) -> Result<&InboundLine, Failure> {
        let line = self.lines.iter().find(|line| line.id == id);
        line.ok_or_else(|| Failure::Internal(format!("{} {} has no line {id}", O::NAMES.noun, self.inbound.id)))
    }

    /// Gives the document the status that follows from its lines.
    pub fn set_status_of_lines(&mut self) {
        self.inbound.status = InboundStatus::from_lines::<O>(self.lines.iter().map(|line| line.counts));
    }

    /// Writes the document, its lines, a row of its history if the status changed, and an audit entry.
    pub fn write(
        &mut self,
        conn: &mut PgConnection,
        scope: &Scope,
        change: &DocumentChange<'_>,
        at: DateTime<Utc>,
    ) -> Result<(), Abort> {
        let Self { inbound, lines, before } = self;
        inbound.version = inbound.version.saturating_add(1);
        inbound.updated_at = at;
        documents::update(conn, scope.store, inbound)?;
        lines::update(conn, scope.store, lines)?;
        let variants: Vec<VariantId> = lines.iter().map(|line| line.variant_id).collect();
        scarcity_changes::note_variants(conn, scope.store, &variants)?;
        record(conn, scope, (inbound, lines), (Some(*before), change))
    }

    /// Writes a changed plan. If there are planned lines, they replace those of the document.
    pub fn write_change(
        mut self,
        conn: &mut PgConnection,
        scope: &Scope,
        planned: Option<&[lines::NewLine]>,
    ) -> Result<InboundId, Abort> {
        let id = self.inbound.id;
        if let Some(planned) = planned {
            lines::delete(conn, scope.store, &[id])?;
            lines::insert(conn, scope.store, &planned.iter().map(|line| (id, line)).collect::<Vec<_>>())?;
            self.lines.clear();
        }
        let at = db::clock(conn)?;
        self.write(conn, scope, &CHANGED, at)?;
        Ok(id)
    }

    /// Writes the changed plans of drafts, which stay drafts. The planned lines replace those of each document.
    pub fn write_changes(
        conn: &mut PgConnection,
        scope: &Scope,
        changed: Vec<(Inbound<O>, Vec<lines::NewLine>)>,
    ) -> Result<(), Abort> {
        if changed.is_empty() {
            return Ok(());
        }
        let at = db::clock(conn)?;
        let (mut inbounds, planned): (Vec<Inbound<O>>, Vec<Vec<lines::NewLine>>) = changed.into_iter().unzip();
        for inbound in &mut inbounds {
            inbound.version = inbound.version.saturating_add(1);
            inbound.updated_at = at;
        }
        documents::update_all(conn, scope.store, &inbounds)?;
        lines::delete(conn, scope.store, &inbounds.iter().map(|inbound| inbound.id).collect::<Vec<_>>())?;
        lines::insert(conn, scope.store, &lines_of(&inbounds, &planned))?;
        let entries: Vec<_> = inbounds.iter().map(|inbound| CHANGED.audit_entry(inbound)).collect();
        Ok(audit::append_all(conn, scope, &entries, at)?)
    }
}

/// A change of the plan has no event.
const CHANGED: DocumentChange<'static> =
    DocumentChange { action: Action::Update, done: "changed", reason: None, event: None };

/// The lines of documents, each with the id of its document.
pub fn lines_of<'a, O>(
    inbounds: &[Inbound<O>],
    planned: &'a [Vec<lines::NewLine>],
) -> Vec<(InboundId, &'a lines::NewLine)> {
    let documents = inbounds.iter().zip(planned);
    documents.flat_map(|(inbound, lines)| lines.iter().map(|line| (inbound.id, line))).collect()
}

/// Appends the status of a document to its history if it changed, and an audit entry.
fn record<O: Origin>(
    conn: &mut PgConnection,
    scope: &Scope,
    (inbound, lines): (&Inbound<O>, &[InboundLine]),
    (before, change): (Option<InboundStatus>, &DocumentChange<'_>),
) -> Result<(), Abort> {
    let at = inbound.updated_at;
    if before != Some(inbound.status) {
        let step = change.history_step(scope, before, inbound.status, at);
        documents::append_history(conn, scope.store, &[(inbound.id, step)])?;
    }
    let lines: Vec<Value> = lines.iter().map(line_data).collect();
    change.append_audit(conn, scope, (inbound, &lines), at)
}

/// A line for the data of an event.
fn line_data(line: &InboundLine) -> Value {
    let InboundLine { id, variant_id, product_id, sku, product_name, size, counts, .. } = line;
    json!({"id": id, "variant_id": variant_id, "product_id": product_id, "sku": sku, "product_name": product_name,
           "size": size, "quantity": counts.planned, "sent_quantity": counts.sent,
           "accepted_quantity": counts.accepted, "rejected_quantity": counts.rejected, "over_quantity": counts.surplus,
           "lost_quantity": counts.lost, "returned_quantity": counts.returned,
           "cancelled_quantity": counts.cancelled, "outstanding_quantity": counts.outstanding})
}
