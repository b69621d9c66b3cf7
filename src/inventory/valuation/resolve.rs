//! Finds what the events of a part cost, and gives each its time among the events of its variant.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use diesel::PgConnection;

use super::queries::costs::{self, ReceiptCost, SaleOfReturn};
use super::row::{Checkpoint, NewValuedEvent};
use super::stock_event::{StockEvent, StockEventKind};
use super::value::{CostSource, ValuedEvent};
use crate::db::Failure;
use crate::kernel::id::{MovementId, StoreId, VariantId};

/// The time of the last entry of each variant, and the times of the sales in this part.
#[derive(Default)]
struct Times {
    last: BTreeMap<VariantId, DateTime<Utc>>,
    sales: BTreeMap<(VariantId, MovementId), DateTime<Utc>>,
}

impl Times {
    /// The time of the event, or a microsecond after the last entry. So entries never go back in time.
    fn next(&mut self, event: &StockEvent) -> DateTime<Utc> {
        let earliest =
            self.last.get(&event.variant).and_then(|last| last.checked_add_signed(Duration::microseconds(1)));
        let at = earliest.map_or(event.at, |earliest| earliest.max(event.at));
        self.last.insert(event.variant, at);
        if event.kind == StockEventKind::Order {
            self.sales.insert((event.variant, event.movement), at);
        }
        at
    }
}

/// The results of the lookups, by the position of the event.
struct Found {
    receipts: BTreeMap<usize, ReceiptCost>,
    cost_prices: BTreeMap<usize, Option<i64>>,
    sales: BTreeMap<usize, SaleOfReturn>,
}

/// Turns events into entries. Adds their units to the places of the checkpoints.
pub fn resolve(
    conn: &mut PgConnection,
    store: StoreId,
    events: Vec<StockEvent>,
    checkpoints: &mut BTreeMap<VariantId, Checkpoint>,
) -> Result<Vec<NewValuedEvent>, Failure> {
    let found = look_up(conn, store, &events)?;
    let last = checkpoints.values().filter_map(|one| Some((one.variant, one.posted_at?))).collect();
    let mut times = Times { last, ..Times::default() };
    let mut entries = Vec::with_capacity(events.len());
    for (n, event) in events.into_iter().enumerate() {
        let at = times.next(&event);
        let source = source_of(&event, n, &found, &times);
        let StockEvent { variant, movement, quantity, places: changes, .. } = event;
        let checkpoint = checkpoints
            .get_mut(&variant)
            .ok_or_else(|| Failure::Internal(format!("variant {variant} has no checkpoint of its value")))?;
        checkpoint.places.add(&changes);
        checkpoint.posted_at = Some(at);
        let (entry, places) = (ValuedEvent { at, quantity, source }, checkpoint.places.clone());
        entries.push(NewValuedEvent { variant, movement, entry, places });
    }
    Ok(entries)
}

fn look_up(conn: &mut PgConnection, store: StoreId, events: &[StockEvent]) -> Result<Found, Failure> {
    let among = |is_wanted: &dyn Fn(&StockEvent) -> bool| {
        let wanted = events.iter().enumerate().filter(|(_, event)| is_wanted(event));
        wanted.unzip::<usize, &StockEvent, Vec<_>, Vec<_>>()
    };
    let brings_back =
        |event: &StockEvent| matches!(event.kind, StockEventKind::Order | StockEventKind::Return) && event.quantity > 0;
    let (returned, returns) = among(&brings_back);
    let sales = at_positions(&returned, costs::find_sales(conn, store, &returns)?);
    let (documented, documents) = among(&|event| event.kind == StockEventKind::Other && event.reference.is_some());
    let receipts = at_positions(&documented, costs::find_receipts(conn, store, &documents)?);
    let (incoming, arrivals) = among(&|event| event.kind != StockEventKind::Order && event.quantity > 0);
    let cost_prices = at_positions(&incoming, costs::find_cost_prices(conn, store, &arrivals)?);
    Ok(Found { receipts, cost_prices, sales })
}

/// Replaces positions among some events by positions among all events.
fn at_positions<T>(positions: &[usize], found: BTreeMap<usize, T>) -> BTreeMap<usize, T> {
    found.into_iter().filter_map(|(n, one)| Some((*positions.get(n)?, one))).collect()
}

fn source_of(event: &StockEvent, n: usize, found: &Found, times: &Times) -> CostSource {
    if event.quantity == 0 {
        return CostSource::Move;
    }
    if event.kind == StockEventKind::Order && event.quantity < 0 {
        return CostSource::Sale;
    }
    if let Some(sale) = found.sales.get(&n) {
        let in_part = times.sales.get(&(event.variant, sale.movement_id)).copied();
        if let Some(sale_at) = sale.posted_at.or(in_part) {
            let cost = sale.posted_at.is_some().then(|| sale.cost());
            return CostSource::Return { sale_at, before: sale.returned_before, sale: cost };
        }
    }
    match found.receipts.get(&n).copied() {
        Some(ReceiptCost { receipt_id: receipt, is_reversal: false, unit_cost, .. }) if event.quantity > 0 => {
            CostSource::Purchase { receipt, unit_cost }
        }
        Some(ReceiptCost { receipt_id: receipt, is_reversal: true, unit_cost, .. }) if event.quantity < 0 => {
            CostSource::Reversal { receipt, unit_cost }
        }
        _ => CostSource::Other { unit_cost: found.cost_prices.get(&n).copied().flatten() },
    }
}
