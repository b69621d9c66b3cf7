//! Placements that wait at the same time, placed together: a lane for each store.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::lane::Lane;
use super::place_orders::{Outcome, place_orders};
use super::placement::Placement;
use crate::db::tx::Mode;
use crate::db::{Database, Failure};
use crate::kernel::id::StoreId;
use crate::settings::Checkout;

pub struct Slices {
    settings: Checkout,
    lanes: Mutex<HashMap<StoreId, Arc<Lane<Placement, Outcome>>>>,
}

impl Slices {
    #[must_use]
    pub fn new(settings: &Checkout) -> Self {
        Self { settings: settings.clone(), lanes: Mutex::default() }
    }

    /// Places an order together with those who wait beside it. Its outcome is its own, and known after
    /// the commit.
    pub async fn place(&self, database: &Database, store: StoreId, placement: Placement) -> Result<Outcome, Failure> {
        let work = move |database: &Database, placements: Vec<Placement>| place_slice(database, store, &placements);
        self.lane(store).pass(database, placement, work).await
    }

    /// The lane of a store. Stores are never deleted.
    #[must_use]
    pub fn lane(&self, store: StoreId) -> Arc<Lane<Placement, Outcome>> {
        let Checkout { slices, slice_size } = self.settings;
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(lanes.entry(store).or_insert_with(|| Arc::new(Lane::new(slices, slice_size))))
    }
}

/// One transaction for all; where that fails, one for each, so that nobody fails for a neighbour.
fn place_slice(database: &Database, store: StoreId, placements: &[Placement]) -> Vec<Result<Outcome, Failure>> {
    if let [only] = placements {
        return vec![place_one(database, store, only)];
    }
    let together = |conn: &mut _| place_orders(conn, store, placements);
    match database.run_blocking("place_orders", Mode::Slice, together) {
        Ok(outcomes) => outcomes.into_iter().map(Ok).collect(),
        // The database itself is the trouble, for each of them.
        Err(failure) if failure.is_worth_retrying() => placements.iter().map(|_| Err(failure.clone())).collect(),
        Err(failure) => {
            log::warn!(placements = placements.len(), error:% = failure; "a slice is run one by one");
            one_by_one(database, store, placements)
        }
    }
}

fn one_by_one(database: &Database, store: StoreId, placements: &[Placement]) -> Vec<Result<Outcome, Failure>> {
    let give_up = Instant::now().checked_add(database.queue_time());
    let late = || give_up.is_none_or(|end| Instant::now() >= end);
    let place = |placement| if late() { Err(Failure::QueueFull) } else { place_one(database, store, placement) };
    placements.iter().map(place).collect()
}

fn place_one(database: &Database, store: StoreId, placement: &Placement) -> Result<Outcome, Failure> {
    let alone = |conn: &mut _| place_orders(conn, store, std::slice::from_ref(placement));
    let mut outcomes = database.run_blocking("place_orders", Mode::Write, alone)?;
    outcomes.pop().ok_or_else(|| Failure::Internal("a placement without an outcome".to_owned()))
}
