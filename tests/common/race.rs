//! Many at once.

use std::sync::Barrier;
use std::thread;

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
