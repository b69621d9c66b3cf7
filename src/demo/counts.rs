//! The count of the demo store: the shelf of the dry goods, on which two bags of salt were missing.

use diesel::PgConnection;

use crate::audit::document::Target;
use crate::auth::Scope;
use crate::error::Abort;
use crate::inventory::counts::enter::{self, EnteredUnits, EntryName};
use crate::inventory::counts::lifecycle;
use crate::inventory::counts::open::{self, NewCount};
use crate::inventory::counts::post::{self, PostRequest};
use crate::inventory::counts::selection::{CountSelection, Uncounted};
use crate::inventory::queries::locations;
use crate::kernel::document_ref::DocumentRef;
use crate::kernel::id::ProductRef;

/// The counted units by SKU.
const COUNTED: [(&str, i64); 3] = [("prod_007", 15), ("prod_008", 60), ("prod_009", 80)];

/// Counts the shelf, and posts the difference.
pub(super) fn post(conn: &mut PgConnection, scope: &Scope) -> Result<(), Abort> {
    let new = NewCount {
        location: locations::get_location(conn, scope.store, None)?,
        condition: None,
        selection: CountSelection::default(),
        products: Some(COUNTED.map(|(sku, _)| ProductRef::Sku(sku.to_owned())).into()),
        blind: true,
        uncounted: Uncounted::Leave,
    };
    let target = Target { name: DocumentRef::Id(open::open(conn, scope, &new)?), expected_version: None };
    enter::enter(conn, scope, &target, &COUNTED.map(entry))?;
    lifecycle::submit(conn, scope, &target)?;
    post::post_rest(conn, scope, &PostRequest { target, lines: None }, 0).map(drop)
}

fn entry((sku, quantity): (&str, i64)) -> EnteredUnits {
    let name = EntryName::Product(ProductRef::Sku(sku.to_owned()));
    EnteredUnits { name, size: None, quantity, counted_at: None, is_added: false }
}
