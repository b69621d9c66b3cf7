//! Many at once.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Barrier;
use std::thread;

use super::reply::Reply;

/// Transactions that place at a time for a store, and placements in one of them: as if there were no lane,
/// and as it is used. Races of what goes through a lane are run with each.
pub const LANES: [(usize, usize); 3] = [(8, 1), (1, 2), (1, 64)];

/// How often a race is run, so that one that is hardly ever lost is noticed.
const REPETITIONS: usize = 200;

/// How often a race is run here: fewer times with `STOCKROOM_TEST_REPETITIONS`.
pub fn repetitions() -> usize {
    match std::env::var("STOCKROOM_TEST_REPETITIONS") {
        Ok(number) => number.parse().expect("STOCKROOM_TEST_REPETITIONS is no number"),
        Err(_unset) => REPETITIONS,
    }
}

/// As often in all, where a race is run with each of [`LANES`].
pub fn repetitions_in_a_lane() -> usize {
    repetitions().div_ceil(LANES.len())
}

/// Runs the same work on `count` threads that all begin at one moment. The results are in the
/// order of the index that each was given.
pub fn race<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let (barrier, work) = (&Barrier::new(count), &work);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..count)
            .map(|index| {
                scope.spawn(move || {
                    barrier.wait();
                    work(index)
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}

/// Two different works that begin at one moment.
pub fn duel<A: Send, B: Send>(first: impl FnOnce() -> A + Send, second: impl FnOnce() -> B + Send) -> (A, B) {
    let barrier = &Barrier::new(2);
    thread::scope(|scope| {
        let other = scope.spawn(move || {
            barrier.wait();
            second()
        });
        barrier.wait();
        let first = first();
        (first, other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}

/// Runs a race so many times, each on what it makes for itself. It fails at the end, and tells how
/// often it went wrong: that is what tells a race that is hardly ever lost from one that always is.
pub fn repeat(times: usize, repetition: impl Fn(u32)) {
    let failures: Vec<String> = (0..u32::try_from(times).unwrap())
        .filter_map(|number| {
            let panic = catch_unwind(AssertUnwindSafe(|| repetition(number))).err()?;
            Some(format!("repetition {number}: {}", words_of(&*panic)))
        })
        .collect();
    let shown: Vec<&str> = failures.iter().take(3).map(String::as_str).collect();
    assert!(failures.is_empty(), "{} of {times} went wrong:\n{}", failures.len(), shown.join("\n"));
}

fn words_of(panic: &(dyn Any + Send)) -> &str {
    match panic.downcast_ref::<String>() {
        Some(words) => words,
        None => panic.downcast_ref::<&str>().copied().unwrap_or("a panic without words"),
    }
}

/// Fails unless the reply is this success, or a refusal of one of these codes.
#[track_caller]
pub fn one_of(reply: &Reply, success: u16, codes: &[&str]) -> bool {
    if reply.status == success {
        return true;
    }
    let code = reply.code().unwrap_or_default();
    assert!(codes.contains(&code.as_str()), "{} was answered {}: {}", reply.asked, reply.status, reply.text());
    false
}

/// How often each outcome came, printed at the end.
#[derive(Default)]
pub struct Tally(BTreeMap<&'static str, usize>);

impl Tally {
    pub fn count(&mut self, outcome: &'static str) {
        *self.0.entry(outcome).or_default() += 1;
    }

    /// Both sides must have won: else it was no race. After few repetitions that may be chance.
    pub fn assert_both(&self, race: &str) {
        println!("{race}: {:?}", self.0);
        assert!(self.0.len() >= 2 || repetitions() < REPETITIONS, "{race} always ended alike: {:?}", self.0);
    }
}

/// A deadline in so many microseconds, around which both sides win: moved towards the one that loses.
pub struct Margin(pub i64);

impl Margin {
    pub fn early_won(&mut self) {
        self.0 = (self.0 - 1_500).max(0);
    }

    pub fn late_won(&mut self) {
        self.0 += 1_500;
    }
}
