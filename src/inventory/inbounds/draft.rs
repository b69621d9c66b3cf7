//! Creates documents as drafts. Transfers and purchase orders have the same header.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::PgConnection;

use super::document::lines_of;
use super::origin::Origin;
use super::queries::documents::{self, Inbound};
use super::queries::lines::{self, NewLine};
use super::queries::places;
use super::status::InboundStatus;
use crate::audit::document::DocumentChange;
use crate::audit::queries as audit;
use crate::audit::words::Action;
use crate::auth::Scope;
use crate::db::{self, Failure};
use crate::error::Abort;
use crate::kernel::document_number::{document_number, random_code};
use crate::kernel::id::{InboundId, LocationId};

/// A document without its lines.
#[derive(Clone, Debug)]
pub struct Header<O> {
    pub origin: O,
    /// The place where the goods arrive.
    pub to: LocationId,
    pub reference: Option<String>,
    pub expected_on: Option<NaiveDate>,
    pub notes: Option<String>,
}

impl<O> Header<O> {
    #[must_use]
    pub const fn new(origin: O, to: LocationId) -> Self {
        Self { origin, to, reference: None, expected_on: None, notes: None }
    }
}

impl<O: Origin> Header<O> {
    /// A draft without an id.
    fn into_draft(self, scope: &Scope, now: DateTime<Utc>) -> Inbound<O> {
        let Self { origin, to, reference, expected_on, notes } = self;
        Inbound {
            id: InboundId(0),
            inbound_number: document_number(O::NAMES.number_prefix, now, &random_code()),
            status: InboundStatus::Draft,
            origin,
            to_location_id: to,
            reference,
            expected_on,
            notes,
            tracking: None,
            version: 1,
            actor: scope.actor(),
            created_at: now,
            updated_at: now,
        }
    }
}

/// The changes of a header. None leaves a value unchanged.
#[derive(Clone, Debug)]
pub struct HeaderChange<O> {
    pub origin: Option<O>,
    pub to: Option<LocationId>,
    pub reference: Option<Option<String>>,
    pub expected_on: Option<Option<NaiveDate>>,
    pub notes: Option<Option<String>>,
}

impl<O> HeaderChange<O> {
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        let Self { origin, to, reference, expected_on, notes } = self;
        matches!((origin, to, reference, expected_on, notes), (None, None, None, None, None))
    }

    /// Changes a document in memory.
    pub fn apply(self, inbound: &mut Inbound<O>) {
        let Self { origin, to, reference, expected_on, notes } = self;
        replace(&mut inbound.origin, origin);
        replace(&mut inbound.to_location_id, to);
        replace(&mut inbound.reference, reference);
        replace(&mut inbound.expected_on, expected_on);
        replace(&mut inbound.notes, notes);
    }
}

fn replace<T>(value: &mut T, new: Option<T>) {
    if let Some(new) = new {
        *value = new;
    }
}

/// Creates a draft with its lines. Its places must be open.
pub fn create<O: Origin>(
    conn: &mut PgConnection,
    scope: &Scope,
    header: Header<O>,
    lines: Vec<NewLine>,
) -> Result<InboundId, Abort> {
    let Header { origin, to, .. } = header;
    let must_be_open: Vec<LocationId> = origin.place().into_iter().chain([to]).collect();
    places::lock_places(conn, scope.store, (origin.place(), to), &must_be_open)?;
    let created = create_all(conn, scope, vec![(header, lines)])?;
    Ok(created.first().copied().ok_or_else(|| Failure::Internal("a document got no id".to_owned()))?)
}

/// Creates drafts with their lines. Their places have been locked, and are open. Returns their ids, in their order.
pub fn create_all<O: Origin>(
    conn: &mut PgConnection,
    scope: &Scope,
    drafts: Vec<(Header<O>, Vec<NewLine>)>,
) -> Result<Vec<InboundId>, Abort> {
    if drafts.is_empty() {
        return Ok(Vec::new());
    }
    let now = db::clock(conn)?;
    let (headers, planned): (Vec<Header<O>>, Vec<Vec<NewLine>>) = drafts.into_iter().unzip();
    let mut inbounds: Vec<Inbound<O>> = headers.into_iter().map(|header| header.into_draft(scope, now)).collect();
    documents::insert_all(conn, scope.store, &mut inbounds)?;
    lines::insert(conn, scope.store, &lines_of(&inbounds, &planned))?;
    let change = DocumentChange { action: Action::Create, done: "created", reason: None, event: None };
    let step = |inbound: &Inbound<O>| (inbound.id, change.history_step(scope, None, inbound.status, now));
    documents::append_history(conn, scope.store, &inbounds.iter().map(step).collect::<Vec<_>>())?;
    let entries: Vec<_> = inbounds.iter().map(|inbound| change.audit_entry(inbound)).collect();
    audit::append_all(conn, scope, &entries, now)?;
    Ok(inbounds.iter().map(|inbound| inbound.id).collect())
}
