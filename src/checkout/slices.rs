//! Placements that wait at the same time, placed together: a lane for each store.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::lane::{Closed, Lane};
use super::place_orders::{Outcome, place_orders};
use super::placement::Placement;
use super::refusal::Refusal;
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
    ///
    /// Where the slice failed, or somebody else holds what it needs, the placement is run once more by
    /// itself: beside the lane, so that it fails for nobody and holds up nobody.
    pub async fn place(&self, database: &Database, store: StoreId, placement: &Placement) -> Result<Outcome, Failure> {
        let together = move |database: &Database, placements: Vec<Placement>| place_slice(database, store, &placements);
        match self.lane(store).pass(database, placement.clone(), together).await? {
            // Another request has its key: in the slice, or elsewhere and perhaps done in a moment.
            None | Some(Err(Refusal::InProgress)) => {}
            Some(outcome) => return Ok(outcome),
        }
        let alone = [placement.clone()];
        let mut outcomes =
            database.run("place_orders", Mode::Write, move |conn| place_orders(conn, store, &alone)).await?;
        outcomes.pop().ok_or_else(|| Failure::Internal("a placement without an outcome".to_owned()))
    }

    /// Keeps slices of the store from beginning, once none is at work. For tests, which want to know who
    /// is in a slice.
    #[doc(hidden)]
    #[must_use]
    pub fn close(&self, store: StoreId) -> Option<Closed> {
        self.lane(store).close(self.settings.slices)
    }

    /// How many wait in the lane of the store. For tests.
    #[doc(hidden)]
    #[must_use]
    pub fn waiting(&self, store: StoreId) -> usize {
        self.lane(store).len()
    }

    /// The lane of a store. Stores are never deleted.
    fn lane(&self, store: StoreId) -> Arc<Lane<Placement, Outcome>> {
        let Checkout { slices, slice_size } = self.settings;
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(lanes.entry(store).or_insert_with(|| Arc::new(Lane::new(slices, slice_size))))
    }
}

/// One transaction for all. No answers if each of them should be run by itself.
fn place_slice(database: &Database, store: StoreId, placements: &[Placement]) -> Vec<Result<Outcome, Failure>> {
    match database.run_blocking("place_orders", Mode::Slice, |conn| place_orders(conn, store, placements)) {
        Ok(outcomes) => outcomes.into_iter().map(Ok).collect(),
        Err(failure) if is_final(&failure, placements) => placements.iter().map(|_| Err(failure.clone())).collect(),
        Err(failure) => {
            log::warn!(placements = placements.len(), error:% = failure; "a slice is run one by one");
            Vec::new()
        }
    }
}

/// Whether the failure would be the same without neighbours and with more patience for a lock.
fn is_final(failure: &Failure, placements: &[Placement]) -> bool {
    failure.is_worth_retrying() || placements.len() == 1 && !matches!(failure, Failure::LockTimeout)
}
