//! Requests that are sent at the same moment.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Barrier;
use std::thread;

use super::reply::Reply;

/// The kinds of batch queue: the number of concurrent transactions of a store, and the number of requests in one of
/// them. The first kind has no batches, the last one is the default. A race that goes through a queue runs with each.
pub const QUEUE_KINDS: [(usize, usize); 3] = [(8, 1), (1, 2), (1, 64)];

/// Repetitions of a race. `make soak` has many more.
const REPETITIONS: usize = 40;

/// With this number of repetitions, each side wins at least once.
const MANY: usize = 200;

/// Repetitions of a race in this run: the number in `STOCKROOM_TEST_REPETITIONS`, if it is set.
pub fn repetitions() -> usize {
    match std::env::var("STOCKROOM_TEST_REPETITIONS") {
        Ok(number) => number.parse().expect("STOCKROOM_TEST_REPETITIONS is no number"),
        Err(_unset) => REPETITIONS,
    }
}

/// Repetitions with one of the [`QUEUE_KINDS`], so that all of them together are as many.
pub fn repetitions_per_queue_kind() -> usize {
    repetitions().div_ceil(QUEUE_KINDS.len())
}

/// Runs the same work on `count` threads that all begin at one moment. Each thread gets its index, and the results
/// are in the order of these.
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

/// Runs two functions that begin at one moment.
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

/// Runs a race this number of times, each with objects of its own. It fails at the end with the number of failures, which
/// shows whether the race is lost rarely or always.
pub fn repeat(times: usize, repetition: impl Fn(u32)) {
    let failures: Vec<String> = (0..u32::try_from(times).unwrap())
        .filter_map(|number| {
            let panic = catch_unwind(AssertUnwindSafe(|| repetition(number))).err()?;
            Some(format!("repetition {number}: {}", message_of(&*panic)))
        })
        .collect();
    let shown: Vec<&str> = failures.iter().take(3).map(String::as_str).collect();
    assert!(failures.is_empty(), "{} of {times} went wrong:\n{}", failures.len(), shown.join("\n"));
}

fn message_of(panic: &(dyn Any + Send)) -> &str {
    match panic.downcast_ref::<String>() {
        Some(message) => message,
        None => panic.downcast_ref::<&str>().copied().unwrap_or("a panic without a message"),
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

/// Counts the outcomes of a race. They are printed at the end.
#[derive(Default)]
pub struct Tally(BTreeMap<&'static str, usize>);

impl Tally {
    pub fn count(&mut self, outcome: &'static str) {
        *self.0.entry(outcome).or_default() += 1;
    }

    /// Fails unless each side has won at least once. After few repetitions that may be chance, so it is not required.
    pub fn assert_both(&self, race: &str) {
        println!("{race}: {:?}", self.0);
        assert!(self.0.len() >= 2 || repetitions() < MANY, "{race} always had the same outcome: {:?}", self.0);
    }
}

/// The microseconds until a deadline, adjusted after each repetition so that both sides win.
pub struct Margin(pub i64);

impl Margin {
    pub fn early_won(&mut self) {
        self.0 = (self.0 - 1_500).max(0);
    }

    pub fn late_won(&mut self) {
        self.0 += 1_500;
    }
}
