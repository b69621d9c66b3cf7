//! Runs each request of a batch once, in one transaction: claims the keys, does the work, stores the responses.
//!
//! A single request is a batch of one. A batch may contain the same key twice.

use diesel::PgConnection;

use super::answer::Answer;
use super::queries::{self, Claim, ClaimStatus};
use crate::db::{End, Failure};
use crate::error::{Abort, ApiError, Code};
use crate::kernel::id::StoreId;

/// A request and its idempotency claim.
#[derive(Clone, Debug)]
pub struct Keyed<Q> {
    pub claim: Claim,
    pub request: Q,
}

/// A completed request: either it ran now, or an earlier request with its key did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done<E = ()> {
    pub answer: Answer,
    /// The effect of this request alone, for the metrics. A replayed response has the default effect.
    pub effect: E,
}

/// The response to a request, or the reason that it was not done.
pub type Outcome<E = ()> = Result<Done<E>, Abort>;

impl<E: Default> From<Answer> for Done<E> {
    fn from(answer: Answer) -> Self {
        Self { answer, effect: E::default() }
    }
}

/// Claims the keys, does the work for the requests with new keys, and stores their responses. `work` returns one
/// outcome for each of its requests, in their order. The claim of a refused request is deleted.
pub fn once<Q, E: Clone + Default>(
    conn: &mut PgConnection,
    store: StoreId,
    requests: &[&Keyed<Q>],
    work: impl FnOnce(&mut PgConnection, &[&Q]) -> Result<Vec<Outcome<E>>, Failure>,
) -> Result<End<Vec<Outcome<E>>>, Failure> {
    let claims: Vec<&Claim> = requests.iter().map(|keyed| &keyed.claim).collect();
    let statuses = claim(conn, store, &claims)?;
    let is_fresh = |status: &ClaimStatus| matches!(status, ClaimStatus::Fresh);
    let fresh: Vec<&Q> = requests
        .iter()
        .zip(&statuses)
        .filter(|(_, status)| is_fresh(status))
        .map(|(keyed, _)| &keyed.request)
        .collect();
    let outcomes = if fresh.is_empty() { Vec::new() } else { work(conn, &fresh)? };
    if let Some(failure) = outcomes.iter().find_map(find_failure) {
        return Err(failure.clone());
    }
    let is_changed = outcomes.iter().any(|outcome| matches!(outcome, Ok(_) | Err(Abort::Recorded(_))));
    if is_changed {
        let fresh = claims.iter().zip(&statuses).filter(|(_, status)| is_fresh(status)).map(|(claim, _)| *claim);
        settle(conn, store, fresh, &outcomes)?;
    }
    let outcomes = merge(&claims, statuses, outcomes);
    Ok(if is_changed { End::Commit(outcomes) } else { End::RollBack(outcomes) })
}

fn find_failure<E>(outcome: &Outcome<E>) -> Option<&Failure> {
    match outcome {
        Err(Abort::Failed(failure)) => Some(failure),
        _ => None,
    }
}

/// Claims every key once. If another transaction has claimed a key of a larger batch, the batch fails, so that the
/// caller can run each request in a transaction of its own.
fn claim(conn: &mut PgConnection, store: StoreId, claims: &[&Claim]) -> Result<Vec<ClaimStatus>, Failure> {
    let mut first: Vec<&Claim> = Vec::with_capacity(claims.len());
    let mut statuses = Vec::with_capacity(claims.len());
    for (index, claim) in claims.iter().enumerate() {
        let earlier = claims.iter().take(index).position(|other| other.has_same_key(claim));
        if earlier.is_none() {
            first.push(claim);
        }
        statuses.push(earlier.map_or(ClaimStatus::Fresh, ClaimStatus::SameAs));
    }
    let claimed = match queries::claim_all(conn, store, &first) {
        Ok(claimed) => claimed,
        Err(Failure::LockTimeout) if claims.len() == 1 => return Ok(vec![ClaimStatus::InProgress]),
        Err(failure) => return Err(failure),
    };
    let fresh = statuses.iter_mut().filter(|status| matches!(status, ClaimStatus::Fresh));
    for (status, claimed) in fresh.zip(claimed) {
        *status = claimed;
    }
    Ok(statuses)
}

/// Stores the responses, and deletes the claims of refused requests.
fn settle<'a, E>(
    conn: &mut PgConnection,
    store: StoreId,
    claims: impl Iterator<Item = &'a Claim>,
    outcomes: &[Outcome<E>],
) -> Result<(), Failure> {
    let mut done = Vec::with_capacity(outcomes.len());
    let mut refused = Vec::new();
    for (claim, outcome) in claims.zip(outcomes) {
        match outcome {
            Ok(Done { answer, .. }) => done.push((claim, answer)),
            Err(_) => refused.push(claim),
        }
    }
    if !done.is_empty() {
        queries::store_answers(conn, store, &done)?;
    }
    if refused.is_empty() { Ok(()) } else { queries::delete(conn, store, &refused) }
}

/// The outcome of every request, from the outcomes of the fresh requests.
fn merge<E: Clone + Default>(claims: &[&Claim], statuses: Vec<ClaimStatus>, fresh: Vec<Outcome<E>>) -> Vec<Outcome<E>> {
    let mut fresh = fresh.into_iter();
    let mut outcomes: Vec<Outcome<E>> = Vec::with_capacity(claims.len());
    for (claim, status) in claims.iter().zip(statuses) {
        outcomes.push(match status {
            ClaimStatus::Fresh => fresh.next().unwrap_or_else(|| Err(in_progress().into())),
            ClaimStatus::Done(answer) => Ok(answer.into()),
            ClaimStatus::Reused => Err(reused().into()),
            ClaimStatus::InProgress => Err(in_progress().into()),
            ClaimStatus::SameAs(index) => match (claims.get(index), outcomes.get(index)) {
                (Some(first), Some(outcome)) => repeat(claim, first, outcome),
                _ => Err(in_progress().into()),
            },
        });
    }
    outcomes
}

/// The outcome of a request with the same key as an earlier request of its batch.
fn repeat<E: Clone + Default>(claim: &Claim, first: &Claim, outcome: &Outcome<E>) -> Outcome<E> {
    let is_same = claim.fingerprint == first.fingerprint;
    match outcome {
        Ok(done) if is_same => Ok(Answer { replayed: true, ..done.answer.clone() }.into()),
        Err(abort) if is_same => Err(abort.clone()),
        Ok(_) => Err(reused().into()),
        Err(_) => Err(in_progress().into()),
    }
}

/// True if another transaction has claimed the request's key, so that a second attempt may find its response.
pub fn is_in_progress<E>(outcome: &Outcome<E>) -> bool {
    matches!(outcome, Err(Abort::Refused(refusal)) if refusal.code == Code::RequestInProgress)
}

fn reused() -> ApiError {
    let detail = "This Idempotency-Key was used for another request, or by a guest without X-Guest-Secret.";
    ApiError::new(Code::IdempotencyKeyReused, detail)
}

fn in_progress() -> ApiError {
    ApiError::new(Code::RequestInProgress, "A request with this Idempotency-Key is still running.").retry_after(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(key: &str, fingerprint: u8) -> Claim {
        Claim { caller: "user:1".to_owned(), key: key.to_owned(), fingerprint: vec![fingerprint] }
    }

    fn answer(text: &str) -> Answer {
        Answer { status: 200, body: text.as_bytes().to_vec(), replayed: false, order_id: None }
    }

    fn done(text: &str) -> Outcome<i64> {
        Ok(Done { answer: answer(text), effect: 5 })
    }

    fn describe(outcome: &Outcome<i64>) -> String {
        match outcome {
            Ok(Done { answer, effect }) => {
                let replayed = if answer.replayed { " again" } else { "" };
                format!("{}{replayed} {effect}", String::from_utf8_lossy(&answer.body))
            }
            Err(Abort::Refused(refusal)) => refusal.code.as_str().to_owned(),
            Err(other) => format!("{other:?}"),
        }
    }

    /// The claims, their statuses, the outcomes of the fresh ones, and the outcomes of all.
    type Row = (Vec<Claim>, Vec<ClaimStatus>, Vec<Outcome<i64>>, &'static [&'static str]);

    #[test]
    fn every_request_of_a_batch_gets_its_own_outcome() {
        let refused = || Err(Abort::from(ApiError::new(Code::CartEmpty, "The cart is empty.")));
        let stored = || Answer { replayed: true, ..answer("stored") };
        let rows: Vec<Row> = vec![
            (vec![claim("a", 1)], vec![ClaimStatus::Fresh], vec![done("one")], &["one 5"]),
            (vec![claim("a", 1)], vec![ClaimStatus::Done(stored())], vec![], &["stored again 0"]),
            (vec![claim("a", 1)], vec![ClaimStatus::Reused], vec![], &["IDEMPOTENCY_KEY_REUSED"]),
            (vec![claim("a", 1)], vec![ClaimStatus::InProgress], vec![], &["REQUEST_IN_PROGRESS"]),
            (
                vec![claim("a", 1), claim("b", 1)],
                vec![ClaimStatus::Done(stored()), ClaimStatus::Fresh],
                vec![done("two")],
                &["stored again 0", "two 5"],
            ),
            (
                vec![claim("a", 1), claim("a", 1), claim("a", 2)],
                vec![ClaimStatus::Fresh, ClaimStatus::SameAs(0), ClaimStatus::SameAs(0)],
                vec![done("one")],
                &["one 5", "one again 0", "IDEMPOTENCY_KEY_REUSED"],
            ),
            (
                vec![claim("a", 1), claim("a", 1), claim("a", 2)],
                vec![ClaimStatus::Fresh, ClaimStatus::SameAs(0), ClaimStatus::SameAs(0)],
                vec![refused()],
                &["CART_EMPTY", "CART_EMPTY", "REQUEST_IN_PROGRESS"],
            ),
        ];
        for (claims, statuses, fresh, expected) in rows {
            let claims: Vec<&Claim> = claims.iter().collect();
            let outcomes: Vec<String> = merge(&claims, statuses, fresh).iter().map(describe).collect();
            assert_eq!(outcomes, expected);
        }
    }
}
