//! Reroutes: another place gives units of an order that are not shipped.

use std::collections::BTreeMap;

use diesel::PgConnection;

use super::order_batch::{By, Intent, OrderBatch};
use super::ship::exceeded;
use crate::auth::Scope;
use crate::db::Failure;
use crate::error::{Abort, ApiError, Code, StockError};
use crate::inventory::hold_set::{Delivery, ReroutedUnits};
use crate::inventory::queries::locations as stock_locations;
use crate::inventory::routing::{RoutedPart, RoutingShortage};
use crate::inventory::shortage::{self, StockItem};
use crate::kernel::id::{LocationId, OrderId, OrderItemId, VariantId};
use crate::orders::order::{Order, OrderItem, delivery_to, item_of_line};
use crate::orders::status::OrderStatus;
use crate::stores::change_location;
use crate::stores::location::LocationStatus;
use crate::stores::queries::locations;

/// Units of an item that another place gives.
#[derive(Clone, Copy, Debug)]
pub struct RerouteLine {
    pub item: OrderItemId,
    pub quantity: i64,
    pub from: LocationId,
    /// The rules of the store choose the places if None.
    pub to: Option<LocationId>,
}

/// The units to route together, by their place and their new place. A new place that is named comes first.
type Demands = BTreeMap<(bool, LocationId, Option<LocationId>), BTreeMap<VariantId, i64>>;

/// Reroutes units of an order under payment, or of a sold order. The places are read after the locks of the order and
/// of the stock rows, as in a checkout. So no unit is routed to a place that was paused before.
pub fn reroute(conn: &mut PgConnection, scope: &Scope, id: OrderId, lines: &[RerouteLine]) -> Result<Order, Abort> {
    let mut batch = OrderBatch::lock(conn, scope.store, &[(id, Intent::Reroute)])?;
    if batch.expire_if_overdue(id)? {
        batch.write(conn)?;
        return Err(Abort::Recorded(not_open(batch.order(id)?)));
    }
    if !batch.order(id)?.status.can_become(OrderStatus::Cancelled) {
        return Err(not_open(batch.order(id)?).into());
    }
    let from: Vec<LocationId> = lines.iter().map(|line| line.from).collect();
    change_location::refuse_unknown(conn, scope.store, &from)?;
    let demands = add_up(batch.items(id)?, lines)?;
    refuse_other_than_pickup(conn, scope, batch.order(id)?, lines)?;
    let (_, active) = stock_locations::read_places(conn, scope.store)?;
    batch.holds_mut().stock_mut().set_places(active);
    refuse_inactive(conn, scope, lines)?;
    let actor = scope.actor();
    let by = By { actor: &actor, reason: Some("Rerouted") };
    let short = reroute_all(&mut batch, id, &demands, by)?;
    if !short.is_empty() {
        let variants: Vec<VariantId> = short.iter().map(|short| short.variant).collect();
        let refusal = shortage::insufficient_stock(stock_errors(batch.items(id)?, &short));
        return Err(shortage::refuse_or_retry(conn, scope.store, refusal, &variants)?);
    }
    batch.write(conn)?;
    Ok(batch.order(id)?.clone())
}

fn not_open(order: &Order) -> ApiError {
    let detail = format!("An order that is '{}' can't be rerouted.", order.status.as_str());
    ApiError::new(Code::InvalidTransition, detail)
}

/// Adds up the lines. Refuses more units than are allocated to a place and not shipped.
fn add_up(items: &[OrderItem], lines: &[RerouteLine]) -> Result<Demands, ApiError> {
    let mut demands = Demands::new();
    let mut taken: BTreeMap<(OrderItemId, LocationId), i64> = BTreeMap::new();
    for (index, line) in lines.iter().enumerate() {
        let item = item_of_line(items, line.item, ("lines", index))?;
        let taken = taken.entry((line.item, line.from)).or_default();
        *taken = taken.saturating_add(line.quantity);
        let left = item.unshipped(Some(line.from));
        if *taken > left {
            return Err(exceeded(item, Some(line.from), (*taken, left)));
        }
        let demand = demands.entry((line.to.is_none(), line.from, line.to)).or_default();
        let sum = demand.entry(item.variant_id).or_default();
        *sum = sum.saturating_add(line.quantity);
    }
    Ok(demands)
}

/// Refuses places at which the buyer does not collect the order. Units of another place may go to the pickup location.
fn refuse_other_than_pickup(
    conn: &mut PgConnection,
    scope: &Scope,
    order: &Order,
    lines: &[RerouteLine],
) -> Result<(), Abort> {
    let Some(pickup) = order.pickup_location_id else { return Ok(()) };
    let leaves = |line: &RerouteLine| line.to.map_or(line.from == pickup, |to| to != pickup);
    if !lines.iter().any(leaves) {
        return Ok(());
    }
    let found = locations::list_statuses(conn, scope.store, &[pickup])?;
    let code = found.first().map_or_else(|| pickup.to_string(), |place| place.code.clone());
    let detail = format!("The order is collected at location '{code}', so no other location can give its units.");
    Err(ApiError::new(Code::InvalidTransition, detail).into())
}

/// Refuses new places that do not exist, or that take no new orders.
fn refuse_inactive(conn: &mut PgConnection, scope: &Scope, lines: &[RerouteLine]) -> Result<(), Abort> {
    let named: Vec<LocationId> = lines.iter().filter_map(|line| line.to).collect();
    let found = if named.is_empty() { Vec::new() } else { locations::list_statuses(conn, scope.store, &named)? };
    for id in named {
        let place = found.iter().find(|place| place.id == id).ok_or_else(|| change_location::not_found(id))?;
        let code = &place.code;
        match place.status {
            LocationStatus::Active => {}
            LocationStatus::Closed => return Err(stock_locations::closed(code).into()),
            LocationStatus::Paused => {
                let detail = format!("Location '{code}' is paused. No order is routed to it.");
                return Err(ApiError::new(Code::LocationClosed, detail).into());
            }
        }
    }
    Ok(())
}

/// Reroutes in memory. Returns every shortage.
fn reroute_all(
    batch: &mut OrderBatch,
    id: OrderId,
    demands: &Demands,
    by: By<'_>,
) -> Result<Vec<RoutingShortage>, Failure> {
    let delivery = delivery_of(batch.order(id)?);
    let mut short = Vec::new();
    for (&(_, from, to), demand) in demands {
        let holds = batch.holds_mut();
        let route = match to {
            Some(to) => holds.route_to(demand, to),
            None => holds.route_without(demand, &delivery, from),
        };
        match route {
            Ok(parts) => take(batch, id, from, parts, by)?,
            Err(shortages) => short.extend(shortages),
        }
    }
    Ok(short)
}

fn delivery_of(order: &Order) -> Delivery {
    match order.pickup_location_id {
        Some(location) => Delivery::Pickup(location),
        None => delivery_to(order.shipping_address.as_ref()),
    }
}

fn take(
    batch: &mut OrderBatch,
    id: OrderId,
    from: LocationId,
    parts: Vec<RoutedPart>,
    by: By<'_>,
) -> Result<(), Failure> {
    for RoutedPart { location: to, lines, .. } in parts {
        for (variant, quantity) in lines {
            batch.reroute(id, ReroutedUnits { variant, from, to, quantity }, by)?;
        }
    }
    Ok(())
}

fn stock_errors(items: &[OrderItem], short: &[RoutingShortage]) -> Vec<StockError> {
    let error = |short: &RoutingShortage| {
        let item = items.iter().find(|item| item.variant_id == short.variant)?;
        let OrderItem { product_id, sku, product_name, size, .. } = item;
        let named = StockItem { product_id: *product_id, sku, product_name, size: size.as_deref() };
        Some(shortage::stock_error(named, short.available, short.requested))
    };
    short.iter().filter_map(error).collect()
}
