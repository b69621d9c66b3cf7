//! Rows of purchase orders: each row is a line of the order with its number or its reference.

mod groups;
mod order;
mod row;

use std::collections::{BTreeSet, HashMap};

use diesel::PgConnection;

use order::{OrderGroup, OrderWrite};
use row::OrderRow;

use super::document::Import;
use super::input_row::{Columns, InputRow};
use super::outcome::{Outcome, RowAction, WriteMode, retry_if_refused};
use super::places::PlacesByCode;
use super::queries::rows as stored_rows;
use super::variants;
use crate::auth::Scope;
use crate::error::{Abort, FieldError};
use crate::inventory::inbounds::draft;
use crate::kernel::id::{StoreId, SupplierId, VariantId};
use crate::kernel::money::{Currency, Money};
use crate::purchasing::purchase_orders::LockedPurchaseOrder;
use crate::purchasing::queries::items;
use crate::purchasing::queries::suppliers::{self, Supplier};
use crate::stores::queries as stores;

/// The data for the decisions, without the orders.
struct Known {
    suppliers: HashMap<String, Supplier>,
    places: PlacesByCode,
    currency: Currency,
    costs: HashMap<(SupplierId, VariantId), Money>,
    /// The rows of earlier slices, by the lines that they are about.
    earlier: HashMap<String, i64>,
}

/// Decides on the rows, and writes their changes if the mode allows it.
pub fn apply(
    conn: &mut PgConnection,
    scope: &Scope,
    (import, rows): (&Import, &[InputRow]),
    mode: WriteMode,
) -> Result<Vec<Outcome>, Abort> {
    let columns = &import.columns;
    let mut outcomes: Vec<Outcome> = rows.iter().map(|_| Outcome::new(RowAction::Unchanged)).collect();
    let mut groups = groups::read_groups((columns, rows), &mut outcomes);
    let suppliers = lock_suppliers(conn, scope.store, (columns, rows))?;
    groups::lock_existing(conn, scope.store, &mut groups)?;
    let resolved = variants::resolve(conn, scope.store, (columns, rows))?;
    let mut known = load_known(conn, scope, suppliers, (&groups, &resolved))?;
    let targets: Vec<String> = groups.iter().flat_map(|group| group.targets(&resolved)).collect();
    // A dry run writes the rows of earlier slices again, and those are not earlier than themselves.
    let first = rows.first().map_or(import.next_row, |row| row.number);
    known.earlier = stored_rows::list_about(conn, scope.store, (import.id, first), &targets)?;
    for group in &mut groups {
        group.plan((columns, rows), &resolved, &known, &mut outcomes);
    }
    if mode.writes(&outcomes) {
        write(conn, scope, &mut groups).map_err(retry_if_refused)?;
    }
    groups.iter().for_each(|group| group.note_targets(&mut outcomes));
    Ok(outcomes)
}

/// Creates new orders as drafts, and writes the changes of others.
fn write(conn: &mut PgConnection, scope: &Scope, groups: &mut [OrderGroup]) -> Result<(), Abort> {
    let (mut new, mut drafts, mut changed) = (Vec::new(), Vec::new(), Vec::new());
    for group in groups {
        match group.take_write() {
            None => {}
            Some(OrderWrite::Change(order, lines)) => changed.push((*order, lines)),
            Some(OrderWrite::Create(header, lines)) => {
                drafts.push((header, lines));
                new.push(group);
            }
        }
    }
    for (group, id) in new.into_iter().zip(draft::create_all(conn, scope, drafts)?) {
        group.id = Some(id);
    }
    LockedPurchaseOrder::write_changes(conn, scope, changed)
}

/// Locks the suppliers that rows name. A new order names its supplier. So if the same rows are imported at the same
/// time, the second import finds the orders of the first one, and does not create them again. No transaction that has
/// locked an order waits for these locks.
fn lock_suppliers(
    conn: &mut PgConnection,
    store: StoreId,
    (columns, rows): (&Columns, &[InputRow]),
) -> Result<Vec<Supplier>, Abort> {
    let codes = rows.iter().filter_map(|row| columns.text(row, "supplier")).map(str::to_ascii_uppercase);
    let codes: BTreeSet<String> = codes.collect();
    Ok(suppliers::list_by_code_for_no_key_update(conn, store, &codes.into_iter().collect::<Vec<_>>())?)
}

fn load_known(
    conn: &mut PgConnection,
    scope: &Scope,
    found: Vec<Supplier>,
    (groups, resolved): (&[OrderGroup], &[Result<VariantId, FieldError>]),
) -> Result<Known, Abort> {
    let places = PlacesByCode::lock(conn, scope.store)?;
    let currency = stores::get_store_for_key_share(conn, scope.store)?.currency;
    let existing = groups.iter().filter_map(|group| group.existing.as_ref().map(|order| order.inbound.origin));
    let ids: BTreeSet<SupplierId> = found.iter().map(|supplier| supplier.id).chain(existing).collect();
    let variants: Vec<VariantId> = resolved.iter().filter_map(|variant| variant.as_ref().ok().copied()).collect();
    let costs = items::list_costs(conn, scope.store, &ids.into_iter().collect::<Vec<_>>(), &variants)?;
    let suppliers = found.into_iter().map(|supplier| (supplier.settings.code.clone(), supplier)).collect();
    Ok(Known { suppliers, places, currency, costs, earlier: HashMap::new() })
}
