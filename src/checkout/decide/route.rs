//! Chooses the places of an order, and the units that a partial order leaves out.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Decider;
use crate::checkout::placement::Placement;
use crate::checkout::price::PricedLine;
use crate::checkout::refusal::Refusal;
use crate::inventory::hold::Holder;
use crate::inventory::hold_set::Delivery;
use crate::inventory::routing::{RoutedPart, RoutingShortage};
use crate::inventory::shortage;
use crate::kernel::id::VariantId;
use crate::orders::order::delivery_to;
use crate::orders::unfulfilled::UnfulfilledLine;
use crate::stores::tax_rates::Destination;

impl<'a> Decider<'a> {
    /// Refuses a place of the store at which buyers cannot collect orders now.
    pub(super) fn check_pickup(&self, placement: &Placement) -> Result<(), Refusal> {
        match placement.pickup {
            Some(id) if self.context.pickup_places.contains(&id) && self.holds.places().pickup(id).is_none() => {
                Err(Refusal::NoPickup)
            }
            _ => Ok(()),
        }
    }

    /// The way of the units to their buyer. An address has no influence on an order that the buyer collects.
    pub(super) fn delivery(&self, placement: &Placement, address: Option<&Value>) -> Result<Delivery, Refusal> {
        match placement.pickup {
            Some(id) if self.context.pickup_places.contains(&id) => Ok(Delivery::Pickup(id)),
            Some(id) => Err(Refusal::LocationNotFound(id)),
            None => Ok(delivery_to(address)),
        }
    }

    /// The address that decides the taxes. An order that the buyer collects is taxed at its place.
    pub(super) fn destination<'d>(&'d self, delivery: &'d Delivery) -> Destination<'d> {
        let position = match delivery {
            Delivery::Unknown => None,
            Delivery::To(position) => Some(position),
            Delivery::Pickup(id) => self.holds.places().pickup(*id).map(|place| &place.position),
        };
        let (country, region) =
            (position.and_then(|at| at.country.as_deref()), position.and_then(|at| at.region.as_deref()));
        Destination { country, region }
    }

    /// Chooses the places of all units, or refuses with every shortage.
    pub(super) fn route(
        &self,
        placement: &Placement,
        lines: &[PricedLine<'_>],
        delivery: &Delivery,
    ) -> Result<Vec<RoutedPart>, Refusal> {
        self.find_route(placement, lines, delivery).map_err(|short| insufficient_stock(lines, &short))
    }

    /// Reduces short lines to the units that the places together have. In a store that never splits orders, these are the
    /// units of the place that has the most of them. Refuses if nothing is left, or if overdue holds keep units.
    pub(super) fn leave_out_short(
        &self,
        placement: &Placement,
        lines: Vec<PricedLine<'a>>,
        delivery: &Delivery,
    ) -> Result<(Vec<PricedLine<'a>>, Vec<UnfulfilledLine>), Refusal> {
        let Err(short) = self.find_route(placement, &lines, delivery) else { return Ok((lines, Vec::new())) };
        let left =
            |line: &PricedLine<'_>| short_line(&short, line.variant).map_or(line.quantity, |short| short.available);
        let is_overdue = short.iter().any(|short| self.context.overdue.contains(&short.variant));
        if is_overdue || lines.iter().all(|line| left(line) == 0) {
            return Err(insufficient_stock(&lines, &short));
        }
        let is_short = |line: &&PricedLine<'_>| left(line) < line.quantity;
        let unfulfilled = lines.iter().filter(is_short).map(|line| unfulfilled_line(line, left(line))).collect();
        let reduced = lines.into_iter().map(|line| {
            let quantity = left(&line);
            line.with_quantity(quantity)
        });
        Ok((reduced.filter(|line| line.quantity > 0).collect(), unfulfilled))
    }

    /// Chooses the places of all units, or returns every shortage. The units that the placement's own cart holds are
    /// available to it.
    fn find_route(
        &self,
        placement: &Placement,
        lines: &[PricedLine<'_>],
        delivery: &Delivery,
    ) -> Result<Vec<RoutedPart>, Vec<RoutingShortage>> {
        let holder = self.find_cart(placement).map(|cart| Holder::Cart(cart.id));
        let demand: BTreeMap<VariantId, i64> = lines.iter().map(|line| (line.variant, line.quantity)).collect();
        self.holds.route(&demand, delivery, holder)
    }
}

fn short_line(short: &[RoutingShortage], variant: VariantId) -> Option<&RoutingShortage> {
    short.iter().find(|short| short.variant == variant)
}

fn insufficient_stock(lines: &[PricedLine<'_>], short: &[RoutingShortage]) -> Refusal {
    let short = lines.iter().filter_map(|line| Some((line, short_line(short, line.variant)?)));
    let (variants, short) = short
        .map(|(line, short)| (line.variant, shortage::stock_error(line.sellable, short.available, short.requested)))
        .unzip();
    Refusal::InsufficientStock { short, variants }
}

/// The alternatives are added after the order has taken its units.
fn unfulfilled_line(line: &PricedLine<'_>, fulfilled_quantity: i64) -> UnfulfilledLine {
    UnfulfilledLine {
        product_id: line.sellable.product_id,
        size: line.sellable.size.clone(),
        requested_quantity: line.quantity,
        fulfilled_quantity,
        alternatives: Vec::new(),
    }
}
