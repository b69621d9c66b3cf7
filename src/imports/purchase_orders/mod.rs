//! Rows of purchase orders: each row is a line of the order with its number or its reference.

mod order;
mod row;

use std::collections::{BTreeSet, HashMap};

use diesel::PgConnection;

use order::OrderGroup;
use row::OrderRow;

use super::input_row::{Columns, InputRow};
use super::outcome::{Outcome, RowAction, WriteMode, retry_if_refused};
use super::places::PlacesByCode;
use super::variants;
use crate::audit::document::Target;
use crate::auth::Scope;
use crate::error::{Abort, FieldError};
use crate::inventory::inbounds::queries::documents;
use crate::kernel::document_ref::DocumentRef;
use crate::kernel::id::{InboundId, SupplierId, VariantId};
use crate::kernel::money::{Currency, Money};
use crate::purchasing::purchase_orders::LockedPurchaseOrder;
use crate::purchasing::queries::items;
use crate::purchasing::queries::suppliers::{self, Supplier};
use crate::stores::queries as stores;

/// What the decisions on rows need besides the orders.
struct Known {
    suppliers: HashMap<String, Supplier>,
    places: PlacesByCode,
    currency: Currency,
    costs: HashMap<(SupplierId, VariantId), Money>,
}

/// Decides on the rows, and writes their changes if the mode allows it.
pub fn apply(
    conn: &mut PgConnection,
    scope: &Scope,
    (columns, rows): (&Columns, &[InputRow]),
    mode: WriteMode,
) -> Result<Vec<Outcome>, Abort> {
    let mut outcomes: Vec<Outcome> = rows.iter().map(|_| Outcome::new(RowAction::Unchanged)).collect();
    let mut groups = order::read_groups((columns, rows), &mut outcomes);
    lock_existing(conn, scope, &mut groups)?;
    let resolved = variants::resolve(conn, scope.store, (columns, rows))?;
    let known = load_known(conn, scope, (columns, rows), (&groups, &resolved))?;
    for group in &mut groups {
        group.plan((columns, rows), &resolved, &known, &mut outcomes);
    }
    if mode.writes(&outcomes) {
        for group in groups {
            group.write(conn, scope).map_err(retry_if_refused)?;
        }
    }
    Ok(outcomes)
}

/// Locks the orders that are there already, in the order of their ids. Some rows may name an order by its number, and
/// others by its reference: they become one group.
fn lock_existing(conn: &mut PgConnection, scope: &Scope, groups: &mut Vec<OrderGroup>) -> Result<(), Abort> {
    let numbers: Vec<String> = groups.iter().filter_map(|group| group.number.clone()).collect();
    let references: Vec<String> = groups.iter().filter_map(|group| group.reference.clone()).collect();
    let named = documents::list_named::<SupplierId>(conn, scope.store, (&numbers, &references))?;
    let id_of = |group: &OrderGroup| -> Option<InboundId> {
        let is_meant = |(_, number, reference): &&(InboundId, String, Option<String>)| match &group.number {
            Some(own) => own == number,
            None => group.reference == *reference,
        };
        named.iter().rev().find(is_meant).map(|(id, ..)| *id)
    };
    let ids: Vec<Option<InboundId>> = groups.iter().map(id_of).collect();
    let mut locked = HashMap::new();
    for id in ids.iter().flatten().copied().collect::<BTreeSet<InboundId>>() {
        let target = Target { name: DocumentRef::Id(id), expected_version: None };
        locked.insert(id, LockedPurchaseOrder::lock(conn, scope, &target)?);
    }
    let (mut kept, mut places): (Vec<OrderGroup>, HashMap<InboundId, usize>) = (Vec::new(), HashMap::new());
    for (mut group, id) in std::mem::take(groups).into_iter().zip(ids) {
        match id.and_then(|id| places.get(&id)).and_then(|place| kept.get_mut(*place)) {
            Some(same) => same.add_rows(group),
            None => {
                places.extend(id.map(|id| (id, kept.len())));
                group.existing = id.and_then(|id| locked.remove(&id));
                kept.push(group);
            }
        }
    }
    *groups = kept;
    Ok(())
}

fn load_known(
    conn: &mut PgConnection,
    scope: &Scope,
    (columns, rows): (&Columns, &[InputRow]),
    (groups, resolved): (&[OrderGroup], &[Result<VariantId, FieldError>]),
) -> Result<Known, Abort> {
    let places = PlacesByCode::lock(conn, scope.store)?;
    let currency = stores::get_store_for_key_share(conn, scope.store)?.currency;
    let codes = rows.iter().filter_map(|row| columns.text(row, "supplier")).map(str::to_ascii_uppercase);
    let codes: BTreeSet<String> = codes.collect();
    let found = suppliers::list_by_code(conn, scope.store, &codes.into_iter().collect::<Vec<_>>())?;
    let existing = groups.iter().filter_map(|group| group.existing.as_ref().map(|order| order.inbound.origin));
    let ids: BTreeSet<SupplierId> = found.iter().map(|supplier| supplier.id).chain(existing).collect();
    let variants: Vec<VariantId> = resolved.iter().filter_map(|variant| variant.as_ref().ok().copied()).collect();
    let mut costs = HashMap::new();
    for supplier in ids {
        for (variant, terms) in items::list_terms(conn, scope.store, supplier, &variants)? {
            costs.insert((supplier, variant), terms.unit_cost);
        }
    }
    let suppliers = found.into_iter().map(|supplier| (supplier.settings.code.clone(), supplier)).collect();
    Ok(Known { suppliers, places, currency, costs })
}
