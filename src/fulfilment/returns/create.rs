//! Creates returns of shipped units. A return that staff create is approved at once.

use std::collections::HashMap;

use crate::audit::document::DocumentChange;
use diesel::PgConnection;

use super::document::record;
use super::queries::documents::{self, Return};
use super::queries::lines::{self, NewReturnLine};
use super::status::ReturnStatus;
use super::window;
use crate::audit::words::Action;
use crate::auth::{Permission, Scope};
use crate::error::{Abort, ApiError, Code};
use crate::events::EventType;
use crate::fulfilment::order_batch::{Intent, OrderBatch};
use crate::kernel::document_number::{document_number, random_code};
use crate::kernel::id::{OrderId, OrderItemId, ReturnId, VariantId};
use crate::kernel::quantity::{count_of, units};
use crate::orders::order::{OrderItem, item_of_line};
use crate::stores::queries::get_store;

/// Units of an order that the buyer gives back.
#[derive(Clone, Debug)]
pub struct NewReturn {
    /// The items are distinct.
    pub lines: Vec<ReturnedLine>,
    pub note: Option<String>,
}

#[derive(Clone, Debug)]
pub struct ReturnedLine {
    pub item: OrderItemId,
    pub quantity: i64,
    pub reason: String,
}

/// Creates a return: approved by staff, requested by the buyer within the store's window.
pub fn create_return(
    conn: &mut PgConnection,
    scope: &Scope,
    order: OrderId,
    new: &NewReturn,
) -> Result<ReturnId, Abort> {
    let batch = OrderBatch::lock(conn, scope.store, &[(order, Intent::Credit)])?;
    let lines = check_units(conn, scope, (&batch, order), ("lines", &new.lines))?;
    let status = if scope.principal.can(Permission::OrdersUpdate) {
        ReturnStatus::Approved
    } else {
        refuse_many(conn, scope, order)?;
        refuse_late(conn, scope, (&batch, order), &lines)?;
        ReturnStatus::Requested
    };
    let note = new.note.clone();
    insert(conn, scope, (&batch, order), CheckedReturn { status, note, exchange_order: None, lines })
}

/// A return that passed all checks.
pub struct CheckedReturn {
    pub status: ReturnStatus,
    pub note: Option<String>,
    /// The order that its credits pay for.
    pub exchange_order: Option<OrderId>,
    pub lines: Vec<NewReturnLine>,
}

/// Refuses units that are not shipped, that came back, or that are in another open return. `field` is the list of the
/// request.
pub fn check_units(
    conn: &mut PgConnection,
    scope: &Scope,
    (batch, order): (&OrderBatch, OrderId),
    (field, returned): (&str, &[ReturnedLine]),
) -> Result<Vec<NewReturnLine>, Abort> {
    let open = lines::list_open_units(conn, scope.store, order)?;
    let items = batch.items(order)?;
    let mut new = Vec::with_capacity(returned.len());
    for (index, line) in returned.iter().enumerate() {
        let item = item_of_line(items, line.item, (field, index))?;
        let kept = item.shipped_quantity.saturating_sub(item.returned_quantity);
        let left = kept.saturating_sub(open.get(&item.variant_id).copied().unwrap_or_default());
        if line.quantity > left {
            return Err(exceeded(item, line.quantity, left).into());
        }
        let (quantity, reason) = (line.quantity, line.reason.clone());
        new.push(NewReturnLine { variant: item.variant_id, quantity, reason });
    }
    Ok(new)
}

/// The 409 error for more units than the buyer has and are in no open return.
fn exceeded(item: &OrderItem, requested: i64, left: i64) -> ApiError {
    let detail = format!("Of '{}', at most {} can be returned, not {requested}.", item.product_name, units(left));
    ApiError::new(Code::QuantityExceeded, detail)
}

/// The largest number of returns of an order, with cancelled ones, that its buyer can create. Staff can create more.
const MAX_BY_BUYER: i64 = 20;

/// Refuses a buyer who creates too many returns of one order. A response with all of them has to stay small.
fn refuse_many(conn: &mut PgConnection, scope: &Scope, order: OrderId) -> Result<(), Abort> {
    if documents::count(conn, scope.store, order)? < MAX_BY_BUYER {
        return Ok(());
    }
    let detail = format!("This order has {MAX_BY_BUYER} returns. Ask the store for another one.");
    Err(ApiError::new(Code::ReturnNotAllowed, detail).into())
}

/// Refuses units that were not delivered within the store's window, or that earlier returns have taken.
fn refuse_late(
    conn: &mut PgConnection,
    scope: &Scope,
    (batch, order): (&OrderBatch, OrderId),
    lines: &[NewReturnLine],
) -> Result<(), Abort> {
    let days = get_store(conn, scope.store)?.return_window_days;
    let delivered = lines::list_delivered(conn, scope.store, order)?;
    let taken = lines::list_taken(conn, scope.store, order)?;
    let returnable: HashMap<VariantId, i64> = window::returnable(&delivered, &taken, days, batch.now());
    let is_late = |line: &&NewReturnLine| line.quantity > returnable.get(&line.variant).copied().unwrap_or_default();
    let Some(late) = lines.iter().find(is_late) else { return Ok(()) };
    let name = batch.items(order)?.iter().find(|item| item.variant_id == late.variant);
    let name = name.map_or("", |item| item.product_name.as_str());
    let rule = match days {
        Some(0) => "This store takes returns by its staff only.".to_owned(),
        Some(days) => {
            format!("Units can be returned for {} after their delivery.", count_of(days, "day"))
        }
        None => "Units can be returned after their delivery.".to_owned(),
    };
    let detail = format!("{} of '{name}' can't be returned now. {rule}", units(late.quantity));
    Err(ApiError::new(Code::ReturnNotAllowed, detail).into())
}

/// Writes a new return. Nothing is refused here.
pub fn insert(
    conn: &mut PgConnection,
    scope: &Scope,
    (batch, order): (&OrderBatch, OrderId),
    checked: CheckedReturn,
) -> Result<ReturnId, Abort> {
    let (now, CheckedReturn { status, note, exchange_order, lines }) = (batch.now(), checked);
    let mut document = Return {
        id: ReturnId(0),
        return_number: document_number("RET", now, &random_code()),
        order_id: order,
        status,
        note,
        reason: None,
        exchange_order_id: exchange_order,
        version: 1,
        actor: scope.actor(),
        created_at: now,
        updated_at: now,
    };
    document.id = documents::insert(conn, scope.store, &document)?;
    lines::insert(conn, scope.store, document.id, &lines)?;
    let done = format!("{} for order {}", status.as_str(), batch.order(order)?.order_number);
    let event = match status {
        ReturnStatus::Requested => EventType::ReturnRequested,
        _ => EventType::ReturnApproved,
    };
    let change = DocumentChange { action: Action::Create, done: &done, reason: None, event: Some(event) };
    record(conn, scope, &document, (None, &change))?;
    Ok(document.id)
}
