//! Chooses the places of units among the locked stock rows. Changes nothing.

use std::collections::BTreeMap;
use std::slice;

use super::HoldSet;
use crate::inventory::hold::{Hold, Holder};
use crate::inventory::places::Places;
use crate::inventory::routing::{self, Place, Position, RoutedPart, RoutingRequest, RoutingShortage};
use crate::kernel::id::{LocationId, VariantId};

/// The way of units to their buyer.
#[derive(Clone, Debug, PartialEq)]
pub enum Delivery {
    /// To an address that is not known.
    Unknown,
    To(Position),
    /// The buyer collects them at this place.
    Pickup(LocationId),
}

impl HoldSet {
    /// The active places.
    #[must_use]
    pub fn places(&self) -> &Places {
        self.stock.places()
    }

    /// Chooses the places of units, or returns every shortage. The units that the holder holds are available to it,
    /// because it releases them first.
    pub fn route(
        &self,
        demand: &BTreeMap<VariantId, i64>,
        delivery: &Delivery,
        holder: Option<Holder>,
    ) -> Result<Vec<RoutedPart>, Vec<RoutingShortage>> {
        let (candidates, destination) = self.candidates(delivery);
        let held = holder.map(|holder| self.holds_of(holder)).unwrap_or_default();
        self.route_among(demand, (candidates, destination), held)
    }

    /// Chooses other places than `source` for units that buyers can get there.
    pub fn route_without(
        &self,
        demand: &BTreeMap<VariantId, i64>,
        delivery: &Delivery,
        source: LocationId,
    ) -> Result<Vec<RoutedPart>, Vec<RoutingShortage>> {
        let (candidates, destination) = self.candidates(delivery);
        let others: Vec<Place> = candidates.iter().filter(|place| place.id != source).cloned().collect();
        self.route_among(demand, (&others, destination), &[])
    }

    /// Takes all units from one place, or returns every shortage. The caller has checked that the place is active.
    pub fn route_to(
        &self,
        demand: &BTreeMap<VariantId, i64>,
        place: LocationId,
    ) -> Result<Vec<RoutedPart>, Vec<RoutingShortage>> {
        let place = Place { id: place, priority: 0, position: Position::default() };
        self.route_among(demand, (slice::from_ref(&place), None), &[])
    }

    fn candidates<'a>(&'a self, delivery: &'a Delivery) -> (&'a [Place], Option<&'a Position>) {
        let places = self.places();
        match delivery {
            Delivery::Unknown => (places.selling(), None),
            Delivery::To(position) => (places.selling(), Some(position)),
            Delivery::Pickup(location) => (places.pickup(*location).map(slice::from_ref).unwrap_or_default(), None),
        }
    }

    fn route_among(
        &self,
        demand: &BTreeMap<VariantId, i64>,
        (places, destination): (&[Place], Option<&Position>),
        held: &[Hold],
    ) -> Result<Vec<RoutedPart>, Vec<RoutingShortage>> {
        let request = RoutingRequest { demand, places, destination, policy: self.places().policy() };
        routing::route(&request, |key| {
            let own = held.iter().filter(|hold| (hold.variant, hold.location) == key);
            let own = own.fold(0, |sum: i64, hold| sum.saturating_add(hold.quantity));
            self.stock.row(key).map_or(0, |level| level.sellable_with(own))
        })
    }
}
