//! Tests the queue alone. The requests are numbers, and each answer contains the number of its request.
//!
//! The work waits for a signal of the test before it answers, so that no test depends on timing. The tests need no
//! database: permits and the queue work without a connection.

use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use tokio::sync::mpsc as channel;
use tokio::task::{JoinHandle, yield_now};

use super::*;
use crate::db::database::DatabaseOptions;
use crate::db::pool::Target;
use crate::db::tx::Plans;

mod callers;
mod crowd;
mod leaving;

const QUEUE_TIME: Duration = Duration::from_secs(10);
const QUEUE_LENGTH: usize = 100;

/// The weight of a full batch.
const BATCH_WEIGHT: usize = 100;
/// Requests from this number on are heavy.
const HEAVY: u32 = 1000;
const HEAVY_WEIGHT: usize = 40;

type Outcome = Result<String, Failure>;
type Sent = JoinHandle<Result<Option<String>, Failure>>;

/// A queue, the batches that it took, and the signal that lets a batch continue.
struct Rig {
    queue: Arc<BatchQueue<u32, String>>,
    database: Database,
    taken: channel::UnboundedReceiver<Vec<u32>>,
    go_on: mpsc::Sender<()>,
    batch: Arc<Batch>,
}

/// The work of a batch.
struct Batch {
    taken: channel::UnboundedSender<Vec<u32>>,
    go_on: Mutex<mpsc::Receiver<()>>,
}

/// The work panics at the first of these requests, and answers the second with a failure.
const PANICS: u32 = 13;
const FAILED: u32 = 14;

impl Batch {
    fn work(&self, requests: Vec<u32>) -> Vec<Outcome> {
        self.taken.send(requests.clone()).unwrap();
        self.go_on.lock().unwrap_or_else(PoisonError::into_inner).recv().unwrap();
        requests.into_iter().map(answer).collect()
    }
}

fn answer(number: u32) -> Outcome {
    match number {
        PANICS => panic!("a bug in the work"),
        FAILED => Err(Failure::LockTimeout),
        number => Ok(format!("number {number}")),
    }
}

fn database(pool_size: u32, queue_length: usize) -> Database {
    Database::new(DatabaseOptions {
        target: Target { url: "postgresql:///gone?host=/nowhere".to_owned(), prepared_statements: true },
        pool_size,
        plans: Plans::Generic,
        queue_time: QUEUE_TIME,
        queue_length,
    })
}

impl Rig {
    fn new(batches: usize, batch_size: usize) -> Self {
        Self::on(database(2, QUEUE_LENGTH), batches, batch_size)
    }

    fn on(database: Database, batches: usize, batch_size: usize) -> Self {
        let (sender, taken) = channel::unbounded_channel();
        let (go_on, signal) = mpsc::channel();
        let batch = Arc::new(Batch { taken: sender, go_on: Mutex::new(signal) });
        let limits = Limits { requests: batch_size, weight: BATCH_WEIGHT };
        Self { queue: Arc::new(BatchQueue::new(batches, limits)), database, taken, go_on, batch }
    }

    fn send(&self, number: u32) -> Sent {
        tokio::spawn(self.submit(number))
    }

    fn submit(&self, number: u32) -> impl Future<Output = Result<Option<String>, Failure>> + use<> {
        let (queue, database, batch) = (Arc::clone(&self.queue), self.database.clone(), Arc::clone(&self.batch));
        let weight = if number < HEAVY { 1 } else { HEAVY_WEIGHT };
        async move { queue.submit(&database, (number, weight), move |_, requests| batch.work(requests)).await }
    }

    /// Sends the requests one after the other, so that they wait in this order.
    async fn line_up(&self, numbers: impl IntoIterator<Item = u32>) -> Vec<Sent> {
        let mut sent = Vec::new();
        for number in numbers {
            sent.push(self.send(number));
            self.wait_for(self.waiting() + 1).await;
        }
        sent
    }

    /// Sends a request into the empty queue, and waits until its batch runs.
    async fn occupy(&mut self, number: u32) -> Sent {
        let sent = self.send(number);
        assert_eq!(self.next().await, [number]);
        sent
    }

    fn waiting(&self) -> usize {
        self.queue.waiting().len()
    }

    async fn wait_for(&self, count: usize) {
        self.wait_until(|rig| rig.waiting() == count).await;
    }

    /// Lets the other tasks run until the condition is true.
    async fn wait_until(&self, condition: impl Fn(&Self) -> bool) {
        for _ in 0..1_000_000 {
            if condition(self) {
                return;
            }
            yield_now().await;
        }
        panic!("the condition did not become true; {} requests wait", self.waiting());
    }

    /// The requests of the batch that starts next.
    async fn next(&mut self) -> Vec<u32> {
        in_time(self.taken.recv()).await.unwrap()
    }

    fn go_on(&self) {
        self.go_on.send(()).unwrap();
    }

    /// Asserts that no batch runs, no request waits, and all permits and queue slots have been returned.
    async fn assert_empty(&mut self) {
        self.wait_until(|rig| rig.database.in_use() == 0 && rig.queue.batch_permits.available_permits() > 0).await;
        assert_eq!((self.waiting(), self.database.oldest_wait()), (0, Duration::ZERO));
        let slots: Vec<_> = (0..QUEUE_LENGTH).map(|_| self.database.queue()).collect();
        assert!(slots.iter().all(Result::is_ok), "slots of the queue were not returned");
        drop(slots);
        assert!(self.taken.try_recv().is_err(), "a request was taken twice");
    }
}

/// Fails the test if the queue makes no progress.
async fn in_time<T>(awaited: impl Future<Output = T>) -> T {
    tokio::time::timeout(QUEUE_TIME * 4, awaited).await.expect("the queue makes no progress")
}

async fn answered(sent: Sent) -> String {
    in_time(sent).await.unwrap().unwrap().unwrap()
}

async fn failed(sent: Sent) -> Failure {
    in_time(sent).await.unwrap().unwrap_err()
}

#[tokio::test]
async fn a_request_in_an_empty_queue_runs_immediately_and_alone() {
    let mut rig = Rig::new(1, 64);
    for number in 0..3 {
        let sent = rig.occupy(number).await;
        assert_eq!(rig.database.oldest_wait(), Duration::ZERO);
        rig.go_on();
        assert_eq!(answered(sent).await, format!("number {number}"));
    }
    rig.assert_empty().await;
}

#[tokio::test]
async fn a_request_in_an_empty_queue_needs_no_queue_slot() {
    let mut rig = Rig::on(database(1, 0), 1, 64);
    let first = rig.occupy(0).await;
    assert!(matches!(failed(rig.send(1)).await, Failure::QueueFull));
    rig.go_on();
    assert_eq!(answered(first).await, "number 0");
}

#[tokio::test]
async fn waiting_requests_are_taken_together_oldest_first_up_to_the_batch_size() {
    let mut rig = Rig::new(1, 4);
    let first = rig.occupy(0).await;
    let waiting = rig.line_up(1..=9).await;
    for batch in [vec![1, 2, 3, 4], vec![5, 6, 7, 8], vec![9]] {
        rig.go_on();
        assert_eq!(rig.next().await, batch);
    }
    rig.go_on();
    assert_eq!(answered(first).await, "number 0");
    for (sent, number) in waiting.into_iter().zip(1..) {
        assert_eq!(answered(sent).await, format!("number {number}"));
    }
    rig.assert_empty().await;
}

#[tokio::test]
async fn as_many_batches_run_at_once_as_are_allowed() {
    let mut rig = Rig::new(2, 64);
    let (one, two) = (rig.occupy(1).await, rig.occupy(2).await);
    let waiting = rig.line_up(3..=5).await;
    rig.go_on();
    assert_eq!(rig.next().await, [3, 4, 5]);
    rig.go_on();
    rig.go_on();
    for sent in [one, two].into_iter().chain(waiting) {
        assert!(answered(sent).await.starts_with("number "));
    }
    rig.assert_empty().await;
}

#[tokio::test]
async fn a_failure_is_returned_to_its_own_request() {
    let mut rig = Rig::new(1, 64);
    let first = rig.occupy(0).await;
    let mut waiting = rig.line_up([1, FAILED, 2]).await.into_iter();
    rig.go_on();
    rig.next().await;
    rig.go_on();
    assert_eq!(answered(first).await, "number 0");
    assert_eq!(answered(waiting.next().unwrap()).await, "number 1");
    assert!(matches!(failed(waiting.next().unwrap()).await, Failure::LockTimeout));
    assert_eq!(answered(waiting.next().unwrap()).await, "number 2");
    rig.assert_empty().await;
}

#[tokio::test]
async fn work_that_panics_answers_no_request_of_its_batch_and_delays_no_other_batch() {
    let mut rig = Rig::new(1, 2);
    let first = rig.occupy(0).await;
    let mut waiting = rig.line_up([1, PANICS, 2]).await.into_iter();
    for batch in [vec![1, PANICS], vec![2]] {
        rig.go_on();
        assert_eq!(rig.next().await, batch);
    }
    rig.go_on();
    assert_eq!(answered(first).await, "number 0");
    for _ in 0..2 {
        assert_eq!(waiting.next().unwrap().await.unwrap().unwrap(), None);
    }
    assert_eq!(answered(waiting.next().unwrap()).await, "number 2");
    rig.assert_empty().await;
}

#[tokio::test]
async fn requests_beyond_the_length_of_the_queue_are_refused() {
    let mut rig = Rig::on(database(1, 3), 1, 64);
    let first = rig.occupy(0).await;
    let waiting = rig.line_up(1..=3).await;
    assert!(matches!(failed(rig.send(4)).await, Failure::QueueFull));
    rig.go_on();
    assert_eq!(rig.next().await, [1, 2, 3]);
    // Requests of a running batch do not count as waiting.
    let after = rig.line_up(5..=7).await;
    rig.go_on();
    assert_eq!(rig.next().await, [5, 6, 7]);
    rig.go_on();
    for sent in std::iter::once(first).chain(waiting).chain(after) {
        answered(sent).await;
    }
}

/// Other requests use all connections.
#[tokio::test(start_paused = true)]
async fn the_queue_waits_for_a_connection_permit() {
    let mut rig = Rig::on(database(1, QUEUE_LENGTH), 1, 64);
    let elsewhere = rig.database.permit(Instant::now()).await.unwrap();
    let waiting = rig.line_up(1..=3).await;
    drop(elsewhere);
    assert_eq!(rig.next().await, [1, 2, 3]);
    rig.go_on();
    for sent in waiting {
        answered(sent).await;
    }
    let elsewhere = rig.database.permit(Instant::now()).await.unwrap();
    let waiting = rig.line_up(4..=5).await;
    tokio::time::advance(QUEUE_TIME + Duration::from_millis(1)).await;
    for sent in waiting {
        assert!(matches!(failed(sent).await, Failure::QueueFull));
    }
    drop(elsewhere);
    rig.assert_empty().await;
}
