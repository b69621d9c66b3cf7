//! Receives units of a return, in parts. Each receipt moves the units and credits them.

use diesel::PgConnection;

use super::disposition::Disposition;
use super::document::{LockedReturn, not_found};
use super::queries::documents::{self, Return};
use super::queries::lines::{self, ReturnLine};
use super::queries::receipts::{self, NewReturnReceipt, ReturnReceiptLine};
use super::status::ReturnStatus;
use crate::audit::document::{DocumentChange, Target};
use crate::audit::words::Action;
use crate::auth::Scope;
use crate::db::Failure;
use crate::error::{Abort, ApiError, Code};
use crate::events::EventType;
use crate::fulfilment::credits::credit::CreditKind;
use crate::fulfilment::credits::shares::Shares;
use crate::fulfilment::order_batch::{By, CreditTerms, CreditedUnits, Intent, OrderBatch, ReturnPlaces, ReturnedUnits};
use crate::inventory::locked_stock::MovementContext;
use crate::inventory::queries::locations;
use crate::kernel::document_number::{document_number, random_code};
use crate::kernel::id::{LocationId, OrderId, ReturnId, ReturnLineId};
use crate::kernel::money::{AmountInput, Money};
use crate::kernel::quantity::units;

/// Units of a return that arrive together at a place.
#[derive(Clone, Debug)]
pub struct Arrival {
    pub location: LocationId,
    /// The lines are distinct, and each has units.
    pub lines: Vec<ArrivedLine>,
}

#[derive(Clone, Copy, Debug)]
pub struct ArrivedLine {
    pub line: ReturnLineId,
    pub units: Disposition,
    pub fee: Option<AmountInput>,
}

/// Receives units: restocked ones at the place, others in its quarantine. Scrapped ones come in and go out, and missing
/// ones move nothing. The credit of the receipt pays for the order of an exchange first.
///
/// Locks are taken in the global order: orders, return, place, stock rows.
pub fn receive(
    conn: &mut PgConnection,
    scope: &Scope,
    target: &Target<ReturnId>,
    arrival: &Arrival,
) -> Result<ReturnId, Abort> {
    let found = documents::find(conn, scope.store, &target.name)?.ok_or_else(not_found)?;
    let mut batch = OrderBatch::lock(conn, scope.store, &orders_of(&found))?;
    let mut locked = LockedReturn::lock(conn, scope, target)?;
    locked.document.status.require(&[ReturnStatus::Approved, ReturnStatus::PartiallyReceived], "received")?;
    let mut all = lines::list(conn, scope.store, found.order_id, &[found.id])?;
    let received = settle_lines(&mut all, &arrival.lines)?;
    let received = add_fees(&batch, found.order_id, &arrival.lines, received)?;
    let place = locations::lock_open_location(conn, scope.store, Some(arrival.location))?;
    let places = ReturnPlaces { place, quarantine: locations::get_quarantine(conn, scope.store, place)? };
    let units: Vec<ReturnedUnits<'_>> = received.iter().map(|received| received.returned(places)).collect();
    batch.lock_returned(conn, &units)?;
    let number = document_number("RCP", batch.now(), &random_code());
    let actor = scope.actor();
    take_back(&mut batch, &units, MovementContext { reference: &number, reason: None, actor: &actor })?;
    let credit_number = credit(&mut batch, &found, &received, &actor)?;
    batch.write(conn)?;
    let changed: Vec<&ReturnLine> = received.iter().map(|received| &received.line).collect();
    lines::update(conn, scope.store, &changed)?;
    let lines = received.iter().map(ReceivedLine::stored).collect();
    let new = NewReturnReceipt {
        receipt_number: number.clone(),
        return_id: found.id,
        order: found.order_id,
        location: place,
        credit_number,
        actor: actor.clone(),
        lines,
    };
    receipts::insert(conn, scope.store, &new, batch.now())?;
    let status = ReturnStatus::from_lines(all.iter().map(|line| (line.quantity, line.received().settled())));
    let done = format!("received by {number}");
    let change =
        DocumentChange { action: Action::Update, done: &done, reason: None, event: Some(EventType::ReturnReceived) };
    locked.write(conn, scope, (status, &change), batch.now())?;
    Ok(found.id)
}

/// The order of the return, and the one that its credits pay for.
fn orders_of(document: &Return) -> Vec<(OrderId, Intent)> {
    let of_exchange = document.exchange_order_id.map(|order| (order, Intent::Update));
    std::iter::once((document.order_id, Intent::Credit)).chain(of_exchange).collect()
}

/// A line after the receipt, and the units of the receipt.
struct ReceivedLine {
    line: ReturnLine,
    units: Disposition,
    fee: Money,
}

impl ReceivedLine {
    fn returned(&self, places: ReturnPlaces) -> ReturnedUnits<'_> {
        let Disposition { restock, quarantine, scrap, missing: _ } = self.units;
        let variant = self.line.variant_id;
        ReturnedUnits { variant, places, restock, quarantine, scrap, reason: &self.line.reason }
    }

    fn stored(&self) -> ReturnReceiptLine {
        ReturnReceiptLine { line: self.line.id, units: self.units, fee: self.fee }
    }
}

/// Adds the units to the lines. Refuses more units than are outstanding.
fn settle_lines(all: &mut [ReturnLine], arrived: &[ArrivedLine]) -> Result<Vec<ReceivedLine>, ApiError> {
    let mut received = Vec::with_capacity(arrived.len());
    for (index, arrived) in arrived.iter().enumerate() {
        let line = all.iter_mut().find(|line| line.id == arrived.line);
        let line =
            line.ok_or_else(|| ApiError::field(format!("lines[{index}].line_id"), "is not a line of the return"))?;
        let (requested, outstanding) = (arrived.units.settled(), line.outstanding());
        if requested > outstanding {
            let name = &line.product_name;
            let detail = format!("Of '{name}', at most {} can be received, not {requested}.", units(outstanding));
            return Err(ApiError::new(Code::QuantityExceeded, detail));
        }
        line.add(arrived.units);
        received.push(ReceivedLine { line: line.clone(), units: arrived.units, fee: Money(0) });
    }
    Ok(received)
}

/// Adds the fees. Refuses a fee above the credit of its line.
fn add_fees(
    batch: &OrderBatch,
    order: OrderId,
    arrived: &[ArrivedLine],
    mut received: Vec<ReceivedLine>,
) -> Result<Vec<ReceivedLine>, Abort> {
    let currency = &batch.order(order)?.currency;
    for (index, (received, arrived)) in received.iter_mut().zip(arrived).enumerate() {
        let Some(fee) = arrived.fee else { continue };
        let field = format!("lines[{index}].fee");
        let fee = fee.in_currency(currency).map_err(|message| ApiError::field(field.clone(), message))?;
        let most = match received.units.arrived() {
            0 => Money(0),
            units => batch.shares_of(order, received.line.variant_id, units)?.total(),
        };
        if fee > most {
            let most = currency.amount(most);
            return Err(ApiError::field(field, format!("must be at most the credit of the line, {most}")).into());
        }
        received.fee = fee;
    }
    Ok(received)
}

fn take_back(batch: &mut OrderBatch, units: &[ReturnedUnits<'_>], context: MovementContext<'_>) -> Result<(), Abort> {
    for (index, units) in units.iter().enumerate() {
        if !batch.has_room_for(units) {
            let message = "must not bring the stock above its maximum";
            return Err(ApiError::field(format!("lines[{index}].restock"), message).into());
        }
    }
    for units in units {
        batch.take_back(units, context)?;
    }
    Ok(())
}

/// Credits the units that arrived. Returns the number of the credit, if there is one.
fn credit(
    batch: &mut OrderBatch,
    document: &Return,
    received: &[ReceivedLine],
    actor: &str,
) -> Result<Option<String>, Failure> {
    let credited = |received: &ReceivedLine| CreditedUnits {
        variant: received.line.variant_id,
        quantity: received.units.arrived(),
        fee: received.fee,
    };
    let units: Vec<CreditedUnits> = received.iter().map(credited).filter(|units| units.quantity > 0).collect();
    if units.is_empty() {
        return Ok(None);
    }
    let (order, reason) = (document.order_id, format!("Return {}", document.return_number));
    let by = By { actor, reason: Some(&reason) };
    let terms = CreditTerms { kind: CreditKind::Return, by, return_id: Some(document.id) };
    let number = batch.credit_units(order, &units, Shares::default(), terms)?.credit_number.clone();
    if let Some(exchange) = document.exchange_order_id {
        batch.pay_with_credit(order, &number, exchange, actor)?;
    }
    batch.settle(order, None, actor)?;
    Ok(Some(number))
}
