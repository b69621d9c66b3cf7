//! The keys of a slice: claimed first, settled last. A slice may hold the same key twice.

use diesel::PgConnection;

use super::place_orders::{Outcome, PlacedOrder};
use super::placement::Placement;
use super::refusal::Refusal;
use crate::db::Failure;
use crate::idempotency::Answer;
use crate::idempotency::store::{self, Claim, Claimed};
use crate::kernel::id::StoreId;

/// How each placement of a slice stands after its key was claimed.
pub struct Claims(Vec<Standing>);

enum Standing {
    /// To be decided.
    Fresh,
    /// Decided by an earlier request.
    Settled(Box<Outcome>),
    /// Has the key of an earlier placement of this slice.
    SameAs(usize),
}

/// Claims the keys, each once. None when another transaction is working on the only one: its outcome
/// is not known yet. For a larger slice that is a failure, so that the caller can run it one by one.
pub fn claim(conn: &mut PgConnection, store: StoreId, placements: &[Placement]) -> Result<Option<Claims>, Failure> {
    let mut leaders: Vec<&Claim> = Vec::with_capacity(placements.len());
    let mut standings = Vec::with_capacity(placements.len());
    for (index, placement) in placements.iter().enumerate() {
        let earlier = placements.iter().take(index).position(|other| same_key(&other.claim, &placement.claim));
        if earlier.is_none() {
            leaders.push(&placement.claim);
        }
        standings.push(earlier.map_or(Standing::Fresh, Standing::SameAs));
    }
    let claimed = match store::claim_all(conn, store, &leaders) {
        Ok(claimed) => claimed,
        Err(Failure::LockTimeout) if placements.len() == 1 => return Ok(None),
        Err(failure) => return Err(failure),
    };
    let fresh = standings.iter_mut().filter(|standing| matches!(standing, Standing::Fresh));
    for (standing, claimed) in fresh.zip(claimed) {
        match claimed {
            Claimed::New => {}
            Claimed::Done(answer) => *standing = Standing::Settled(Box::new(Ok(PlacedOrder { answer, units_sold: 0 }))),
            Claimed::Reused => *standing = Standing::Settled(Box::new(Err(Refusal::KeyReused))),
        }
    }
    Ok(Some(Claims(standings)))
}

fn same_key(a: &Claim, b: &Claim) -> bool {
    a.caller == b.caller && a.key == b.key
}

impl Claims {
    /// The placements that are to be decided.
    #[must_use]
    pub fn fresh<'a>(&self, placements: &'a [Placement]) -> Vec<&'a Placement> {
        let fresh = placements.iter().zip(&self.0).filter(|(_, standing)| matches!(standing, Standing::Fresh));
        fresh.map(|(placement, _)| placement).collect()
    }

    /// Every placement's outcome, from those of the fresh ones.
    #[must_use]
    pub fn outcomes(self, placements: &[Placement], decided: Vec<Outcome>) -> Vec<Outcome> {
        let mut decided = decided.into_iter();
        let mut outcomes: Vec<Outcome> = Vec::with_capacity(placements.len());
        for (placement, standing) in placements.iter().zip(self.0) {
            let outcome = match standing {
                Standing::Fresh => decided.next().unwrap_or(Err(Refusal::InProgress)),
                Standing::Settled(outcome) => *outcome,
                Standing::SameAs(index) => match (placements.get(index), outcomes.get(index)) {
                    (Some(leader), Some(outcome)) => follow(placement, leader, outcome),
                    _ => Err(Refusal::InProgress),
                },
            };
            outcomes.push(outcome);
        }
        outcomes
    }
}

fn follow(placement: &Placement, leader: &Placement, outcome: &Outcome) -> Outcome {
    let same = placement.claim.fingerprint == leader.claim.fingerprint;
    match outcome {
        Ok(placed) if same => {
            let answer = Answer { replayed: true, ..placed.answer.clone() };
            Ok(PlacedOrder { answer, units_sold: 0 })
        }
        Err(refusal) if same => Err(refusal.clone()),
        Ok(_) => Err(Refusal::KeyReused),
        Err(_) => Err(Refusal::InProgress),
    }
}

/// Stores the answers, and takes back the claims of what was refused.
pub fn settle(
    conn: &mut PgConnection,
    store: StoreId,
    placements: &[&Placement],
    outcomes: &[Outcome],
) -> Result<(), Failure> {
    let mut done = Vec::with_capacity(outcomes.len());
    let mut refused = Vec::new();
    for (placement, outcome) in placements.iter().zip(outcomes) {
        match outcome {
            Ok(placed) => done.push((&placement.claim, &placed.answer)),
            Err(_) => refused.push(&placement.claim),
        }
    }
    store::store_answers(conn, store, &done)?;
    if refused.is_empty() { Ok(()) } else { store::release(conn, store, &refused) }
}
