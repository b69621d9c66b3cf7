//! Stock rows held in memory while they are worked on, and the movements that this makes.
//!
//! Rows are locked, changed here, and written once with all their movements: one UPDATE writes the net.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::level::{Figures, Level, Movement, MovementKind};
use super::queries::levels::{self, NewMovement};
use crate::db::Failure;
use crate::kernel::id::{LocationId, StoreId, VariantId};

/// A stock row's place in the order of locks.
pub type Place = (VariantId, LocationId);

/// What a movement is remembered with.
#[derive(Clone, Copy, Debug)]
pub struct Note<'a> {
    pub reference: &'a str,
    pub reason: Option<&'a str>,
    pub actor: &'a str,
}

pub struct Shelf {
    store: StoreId,
    rows: BTreeMap<Place, Level>,
    booked: Vec<Booked>,
}

struct Booked {
    movement: Movement,
    reference: String,
    reason: Option<String>,
    actor: String,
}

impl Shelf {
    /// Locks every stock row of the variants.
    pub fn lock(conn: &mut PgConnection, store: StoreId, variants: &[VariantId]) -> Result<Self, Failure> {
        if variants.is_empty() {
            return Ok(Self::of_rows(store, Vec::new()));
        }
        Ok(Self::of_rows(store, levels::lock_for_update(conn, store, variants)?))
    }

    /// Reads the rows for an answer that promises nothing. Such a shelf must not be written.
    pub fn read(conn: &mut PgConnection, store: StoreId, variants: &[VariantId]) -> Result<Self, Failure> {
        Ok(Self::of_rows(store, levels::list(conn, store, variants)?))
    }

    fn of_rows(store: StoreId, rows: Vec<Level>) -> Self {
        let rows = rows.into_iter().map(|level| ((level.variant, level.location), level)).collect();
        Self { store, rows, booked: Vec::new() }
    }

    /// The rows of a variant, in the order of their locations.
    pub fn rows_of(&self, variant: VariantId) -> impl Iterator<Item = &Level> {
        self.rows.range(Self::places(variant)).map(|(_, level)| level)
    }

    fn places(variant: VariantId) -> RangeInclusive<Place> {
        (variant, LocationId(i64::MIN))..=(variant, LocationId(i64::MAX))
    }

    /// Units of a variant that nobody holds.
    #[must_use]
    pub fn available(&self, variant: VariantId) -> i64 {
        self.rows_of(variant).fold(0, |sum: i64, level| sum.saturating_add(level.available()))
    }

    /// From which locations so many units can be taken, in the order of the locations.
    #[must_use]
    pub fn allocate(&self, variant: VariantId, quantity: i64) -> Option<Vec<(LocationId, i64)>> {
        let mut missing = quantity;
        let mut parts = Vec::with_capacity(1);
        for level in self.rows_of(variant) {
            let part = missing.min(level.available());
            if part > 0 {
                parts.push((level.location, part));
                missing = missing.saturating_sub(part);
            }
        }
        (missing == 0).then_some(parts)
    }

    /// Changes a row in memory and remembers the movement.
    pub fn book(
        &mut self,
        place: Place,
        kind: MovementKind,
        delta: Figures,
        note: Note<'_>,
    ) -> Result<&Movement, Failure> {
        let (variant, location) = place;
        let row = self
            .rows
            .get_mut(&place)
            .ok_or_else(|| Failure::Internal(format!("variant {variant} has no stock row at location {location}")))?;
        let movement = row
            .apply(kind, delta)
            .map_err(|error| Failure::Internal(format!("variant {variant} at location {location}: {error}")))?;
        let Note { reference, reason, actor } = note;
        self.booked.push(Booked {
            movement,
            reference: reference.to_owned(),
            reason: reason.map(ToOwned::to_owned),
            actor: actor.to_owned(),
        });
        self.booked.last().map(|booked| &booked.movement).ok_or_else(|| Failure::Internal("nothing booked".to_owned()))
    }

    /// Writes the changed rows and their movements, in one statement for any number.
    pub fn write(&self, conn: &mut PgConnection, at: DateTime<Utc>) -> Result<(), Failure> {
        if self.booked.is_empty() {
            return Ok(());
        }
        let places: BTreeSet<Place> =
            self.booked.iter().map(|booked| (booked.movement.variant, booked.movement.location)).collect();
        let changed: Vec<&Level> = places.iter().filter_map(|place| self.rows.get(place)).collect();
        let movements: Vec<NewMovement<'_>> = self.booked.iter().map(Booked::as_new).collect();
        levels::write(conn, self.store, &changed, &movements, at).map(drop)
    }
}

impl Booked {
    fn as_new(&self) -> NewMovement<'_> {
        NewMovement {
            movement: &self.movement,
            reason: self.reason.as_deref(),
            reference_id: Some(&self.reference),
            actor: &self.actor,
        }
    }
}

/// The changes that the verbs of stock make.
impl Figures {
    /// Keeps units for somebody.
    #[must_use]
    pub const fn reserve(quantity: i64) -> Self {
        Self { stock: 0, reserved: quantity, sold: 0 }
    }

    /// Lets kept units go.
    #[must_use]
    pub const fn release(quantity: i64) -> Self {
        Self { stock: 0, reserved: quantity.saturating_neg(), sold: 0 }
    }

    /// Sells kept units.
    #[must_use]
    pub const fn fulfil(quantity: i64) -> Self {
        Self { stock: quantity.saturating_neg(), reserved: quantity.saturating_neg(), sold: quantity }
    }

    /// Sells units that nobody keeps: reserved and fulfilled in one.
    #[must_use]
    pub const fn sell(quantity: i64) -> Self {
        Self { stock: quantity.saturating_neg(), reserved: 0, sold: quantity }
    }

    /// Takes sold units back.
    #[must_use]
    pub const fn restore(quantity: i64) -> Self {
        Self { stock: quantity, reserved: 0, sold: quantity.saturating_neg() }
    }
}
