//! The keys of a slice: claimed first, settled last. A slice may hold the same key twice.

use diesel::PgConnection;

use super::answer::Answer;
use super::queries::{self, Claim, Claimed};
use crate::db::Failure;
use crate::kernel::id::StoreId;

/// Why a request is refused for its key alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// The key stands for another request.
    Reused,
    /// The key is being worked on.
    InProgress,
}

/// How each request of a slice stands after its key was claimed.
pub struct Claims<'a> {
    claims: Vec<&'a Claim>,
    standings: Vec<Standing>,
}

#[derive(Clone)]
enum Standing {
    /// To be decided.
    Fresh,
    /// Done by an earlier request.
    Done(Answer),
    Reused,
    /// Has the key of an earlier request of this slice.
    SameAs(usize),
}

/// Claims the keys, each once. None when another transaction is working on the only one: its outcome
/// is not known yet. For a larger slice that is a failure, so that the caller can run it one by one.
pub fn claim<'a>(
    conn: &mut PgConnection,
    store: StoreId,
    claims: Vec<&'a Claim>,
) -> Result<Option<Claims<'a>>, Failure> {
    let mut leaders: Vec<&Claim> = Vec::with_capacity(claims.len());
    let mut standings = Vec::with_capacity(claims.len());
    for (index, claim) in claims.iter().enumerate() {
        let earlier = claims.iter().take(index).position(|other| same_key(other, claim));
        if earlier.is_none() {
            leaders.push(claim);
        }
        standings.push(earlier.map_or(Standing::Fresh, Standing::SameAs));
    }
    let claimed = match queries::claim_all(conn, store, &leaders) {
        Ok(claimed) => claimed,
        Err(Failure::LockTimeout) if claims.len() == 1 => return Ok(None),
        Err(failure) => return Err(failure),
    };
    let fresh = standings.iter_mut().filter(|standing| matches!(standing, Standing::Fresh));
    for (standing, claimed) in fresh.zip(claimed) {
        match claimed {
            Claimed::New => {}
            Claimed::Done(answer) => *standing = Standing::Done(answer),
            Claimed::Reused => *standing = Standing::Reused,
        }
    }
    Ok(Some(Claims { claims, standings }))
}

fn same_key(a: &Claim, b: &Claim) -> bool {
    a.caller == b.caller && a.key == b.key
}

impl Claims<'_> {
    /// Those of the requests that are to be decided.
    pub fn fresh<'q, Q>(&self, requests: &'q [Q]) -> Vec<&'q Q> {
        let fresh = requests.iter().zip(&self.standings).filter(|(_, standing)| matches!(standing, Standing::Fresh));
        fresh.map(|(request, _)| request).collect()
    }

    /// Stores the answers, and takes back the claims of what was refused.
    pub fn settle<R>(
        &self,
        conn: &mut PgConnection,
        store: StoreId,
        decided: &[Result<Answer, R>],
    ) -> Result<(), Failure> {
        let mut done = Vec::with_capacity(decided.len());
        let mut refused = Vec::new();
        for (claim, outcome) in self.fresh(&self.claims).into_iter().zip(decided) {
            match outcome {
                Ok(answer) => done.push((*claim, answer)),
                Err(_) => refused.push(*claim),
            }
        }
        if !done.is_empty() {
            queries::store_answers(conn, store, &done)?;
        }
        if refused.is_empty() { Ok(()) } else { queries::release(conn, store, &refused) }
    }

    /// Every request's outcome, from those of the fresh ones.
    pub fn outcomes<R: Clone + From<Conflict>>(self, decided: Vec<Result<Answer, R>>) -> Vec<Result<Answer, R>> {
        let Self { claims, standings } = self;
        let mut decided = decided.into_iter();
        let mut outcomes: Vec<Result<Answer, R>> = Vec::with_capacity(claims.len());
        for (claim, standing) in claims.iter().zip(standings) {
            let outcome = match standing {
                Standing::Fresh => decided.next().unwrap_or_else(|| Err(Conflict::InProgress.into())),
                Standing::Done(answer) => Ok(answer),
                Standing::Reused => Err(Conflict::Reused.into()),
                Standing::SameAs(index) => match (claims.get(index), outcomes.get(index)) {
                    (Some(leader), Some(outcome)) => follow(claim, leader, outcome),
                    _ => Err(Conflict::InProgress.into()),
                },
            };
            outcomes.push(outcome);
        }
        outcomes
    }
}

fn follow<R: Clone + From<Conflict>>(claim: &Claim, leader: &Claim, outcome: &Result<Answer, R>) -> Result<Answer, R> {
    let same = claim.fingerprint == leader.fingerprint;
    match outcome {
        Ok(answer) if same => Ok(Answer { replayed: true, units_sold: 0, ..answer.clone() }),
        Err(refusal) if same => Err(refusal.clone()),
        Ok(_) => Err(Conflict::Reused.into()),
        Err(_) => Err(Conflict::InProgress.into()),
    }
}
