//! Locked stock rows, changed in memory and written once.
//!
//! One statement updates every changed row to its final quantities, and inserts all movements.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::places::Places;
use super::queries::levels::{self, NewMovement};
use super::stock_level::{Movement, MovementKind, StockDelta, StockLevel};
use crate::db::{self, Failure};
use crate::error::ApiError;
use crate::kernel::id::{LocationId, StoreId, VariantId};

/// The key of a stock row. Rows are locked in this order.
pub type StockKey = (VariantId, LocationId);

/// The reference, the reason and the actor that the ledger keeps with a movement.
#[derive(Clone, Copy, Debug)]
pub struct MovementContext<'a> {
    pub reference: &'a str,
    pub reason: Option<&'a str>,
    pub actor: &'a str,
}

pub struct LockedStock {
    store: StoreId,
    rows: BTreeMap<StockKey, StockLevel>,
    places: Places,
    pending: Vec<PendingMovement>,
}

/// A movement that is not written yet.
struct PendingMovement {
    movement: Movement,
    reference: String,
    reason: Option<String>,
    actor: String,
    effective_at: Option<DateTime<Utc>>,
}

impl LockedStock {
    /// Locks every stock row of the variants.
    pub fn lock(conn: &mut PgConnection, store: StoreId, variants: &[VariantId]) -> Result<Self, Failure> {
        if variants.is_empty() {
            return Ok(Self::new(store, Vec::new()));
        }
        Ok(Self::new(store, levels::lock_for_update(conn, store, variants)?))
    }

    /// Locks these stock rows, at places, quarantines or transits. Rows that do not exist are created before any lock
    /// is taken, so that the order of the locks holds for them, too.
    pub fn lock_keys(conn: &mut PgConnection, store: StoreId, keys: &BTreeSet<StockKey>) -> Result<Self, Failure> {
        let at = db::clock(conn)?;
        levels::insert_missing(conn, store, keys, at)?;
        Ok(Self::new(store, levels::lock_keys_for_update(conn, store, keys)?))
    }

    /// Reads the rows without locks, for a response that may become outdated. The result must not be written.
    pub fn read(conn: &mut PgConnection, store: StoreId, variants: &[VariantId]) -> Result<Self, Failure> {
        Ok(Self::new(store, levels::list(conn, store, variants)?))
    }

    #[must_use]
    pub fn new(store: StoreId, rows: Vec<StockLevel>) -> Self {
        let rows = rows.into_iter().map(|level| ((level.variant, level.location), level)).collect();
        Self { store, rows, places: Places::default(), pending: Vec::new() }
    }

    #[must_use]
    pub fn store(&self) -> StoreId {
        self.store
    }

    #[must_use]
    pub fn row(&self, key: StockKey) -> Option<&StockLevel> {
        self.rows.get(&key)
    }

    /// The rows of a variant, in the order of their locations.
    pub fn rows_of(&self, variant: VariantId) -> impl Iterator<Item = &StockLevel> {
        self.rows.range(Self::keys_of(variant)).map(|(_, level)| level)
    }

    fn keys_of(variant: VariantId) -> RangeInclusive<StockKey> {
        (variant, LocationId(i64::MIN))..=(variant, LocationId(i64::MAX))
    }

    /// Sets the places that new orders can take units from. They are read after the rows are locked, so that the place
    /// of a unit is active when the unit is taken. Without them, no unit is available.
    pub fn set_places(&mut self, places: Places) {
        self.places = places;
    }

    #[must_use]
    pub const fn places(&self) -> &Places {
        &self.places
    }

    /// Changes a row in memory and keeps the movement until `write`.
    pub fn record_movement(
        &mut self,
        key: StockKey,
        kind: MovementKind,
        delta: StockDelta,
        context: MovementContext<'_>,
    ) -> Result<Movement, Failure> {
        self.record(key, (kind, delta), context, None)
    }

    /// Changes the stock of a row in memory by the difference of a count, which is effective since the time of its
    /// observation.
    pub fn record_count(
        &mut self,
        key: StockKey,
        variance: i64,
        context: MovementContext<'_>,
        effective_at: DateTime<Utc>,
    ) -> Result<Movement, Failure> {
        self.record(key, (MovementKind::Adjust, StockDelta::stock(variance)), context, Some(effective_at))
    }

    /// Changes a row in memory by a decision, which may refuse. The movement is effective since the time of an
    /// observation, if there is one.
    pub fn record_decision(
        &mut self,
        key: StockKey,
        context: MovementContext<'_>,
        effective_at: Option<DateTime<Utc>>,
        decide: impl FnOnce(&mut StockLevel) -> Result<Movement, ApiError>,
    ) -> Result<(), ApiError> {
        let movement = decide(self.rows.get_mut(&key).ok_or_else(ApiError::internal)?)?;
        self.append(movement, context, effective_at);
        Ok(())
    }

    fn record(
        &mut self,
        key: StockKey,
        (kind, delta): (MovementKind, StockDelta),
        context: MovementContext<'_>,
        effective_at: Option<DateTime<Utc>>,
    ) -> Result<Movement, Failure> {
        let (variant, location) = key;
        let row = self
            .rows
            .get_mut(&key)
            .ok_or_else(|| Failure::Internal(format!("variant {variant} has no stock row at location {location}")))?;
        let movement = row
            .apply(kind, delta)
            .map_err(|error| Failure::Internal(format!("variant {variant} at location {location}: {error}")))?;
        self.append(movement.clone(), context, effective_at);
        Ok(movement)
    }

    fn append(&mut self, movement: Movement, context: MovementContext<'_>, effective_at: Option<DateTime<Utc>>) {
        let MovementContext { reference, reason, actor } = context;
        let (reference, reason, actor) = (reference.to_owned(), reason.map(ToOwned::to_owned), actor.to_owned());
        self.pending.push(PendingMovement { movement, reference, reason, actor, effective_at });
    }

    /// Moves units of a variant from one row to another. The caller has checked that both rows can hold the change.
    pub fn transfer(
        &mut self,
        (from, to): (StockKey, StockKey),
        quantity: i64,
        context: MovementContext<'_>,
    ) -> Result<(), Failure> {
        let out = StockDelta::stock(quantity.saturating_neg());
        self.record_movement(from, MovementKind::TransferOut, out, context)?;
        self.record_movement(to, MovementKind::TransferIn, StockDelta::stock(quantity), context)?;
        Ok(())
    }

    /// Writes the changed rows and their movements in one statement.
    pub fn write(&self, conn: &mut PgConnection, at: DateTime<Utc>) -> Result<(), Failure> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let keys: BTreeSet<StockKey> =
            self.pending.iter().map(|pending| (pending.movement.variant, pending.movement.location)).collect();
        let changed: Vec<&StockLevel> = keys.iter().filter_map(|key| self.rows.get(key)).collect();
        let movements: Vec<NewMovement<'_>> = self.pending.iter().map(PendingMovement::as_new).collect();
        levels::write(conn, self.store, &changed, &movements, at).map(drop)
    }
}

impl PendingMovement {
    fn as_new(&self) -> NewMovement<'_> {
        NewMovement {
            movement: &self.movement,
            reason: self.reason.as_deref(),
            reference_id: Some(&self.reference),
            actor: &self.actor,
            effective_at: self.effective_at,
        }
    }
}
