//! The object that a reader asks about: `order:12`, or the number of a document.

use diesel::PgConnection;

use crate::error::{Abort, ApiError};
use crate::events::SubjectKind;
use crate::kernel::document_ref::DocumentRef;
use crate::kernel::id::{self, ShipmentId, StoreId};
use crate::orders::queries::shipments;
use crate::scan::kinds::{DocumentKind, ScanKind};
use crate::scan::queries;

/// The kind and the id of an object.
pub type Subject = (SubjectKind, i64);

/// Finds the named object. Refuses a number that no document has, because it is usually misspelt. An id is not looked up:
/// its object may come later.
pub fn resolve(conn: &mut PgConnection, store: StoreId, text: &str) -> Result<Subject, Abort> {
    if let Some((kind, id)) = text.split_once(':') {
        let kind: SubjectKind = kind.parse().map_err(|_unknown| refusal())?;
        return Ok((kind, Some(id).filter(|id| id::is_digits(id)).map(id::from_path).ok_or_else(refusal)?));
    }
    let number = match DocumentRef::<ShipmentId>::from_path(text) {
        DocumentRef::Number(number) => number,
        DocumentRef::Id(_) => return Err(refusal().into()),
    };
    let unknown = || ApiError::field("subject", "is the number of no document of the store");
    let found = queries::find_document(conn, store, &number)?.ok_or_else(unknown)?;
    match (found.scanned, found.kind) {
        (ScanKind::Shipment, _) => {
            let shipment = shipments::find(conn, store, &DocumentRef::Number(number))?;
            Ok((SubjectKind::Shipment, shipment.map_or(0, |(id, _)| id.0)))
        }
        (ScanKind::Receipt, _) => Err(refusal().into()),
        (_, DocumentKind::Order) => Ok((SubjectKind::Order, found.id)),
        (_, DocumentKind::Transfer) => Ok((SubjectKind::Transfer, found.id)),
        (_, DocumentKind::Purchase) => Ok((SubjectKind::PurchaseOrder, found.id)),
        (_, DocumentKind::Count) => Ok((SubjectKind::Count, found.id)),
        (_, DocumentKind::Return) => Ok((SubjectKind::Return, found.id)),
    }
}

fn refusal() -> ApiError {
    ApiError::field("subject", "must be a kind and an id, such as order:12, or the number of a document")
}
