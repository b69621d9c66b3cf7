//! The queue by itself: numbers go through it, and each is answered with its own in words.
//!
//! The work waits for a word of the test before it answers, so that nothing depends on how long anything
//! takes. No database is needed: one that was never connected to has turns and a queue all the same.

use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use tokio::sync::mpsc as channel;
use tokio::task::{JoinHandle, yield_now};

use super::*;
use crate::db::database::DatabaseOptions;
use crate::db::pool::Target;
use crate::db::tx::Plans;

mod crowd;
mod leaving;

const QUEUE_TIME: Duration = Duration::from_secs(10);
const QUEUE_LENGTH: usize = 100;

type Outcome = Result<String, Failure>;
type Sent = JoinHandle<Result<Option<String>, Failure>>;

/// A queue, what it took, and the word that lets a batch go on.
struct Rig {
    queue: Arc<BatchQueue<u32, String>>,
    database: Database,
    taken: channel::UnboundedReceiver<Vec<u32>>,
    go_on: mpsc::Sender<()>,
    batch: Arc<Batch>,
}

/// A batch at work.
struct Batch {
    tell: channel::UnboundedSender<Vec<u32>>,
    word: Mutex<mpsc::Receiver<()>>,
}

/// The work breaks off over this one, and answers this one with a failure.
const BROKEN: u32 = 13;
const FAILED: u32 = 14;

impl Batch {
    fn work(&self, requests: Vec<u32>) -> Vec<Outcome> {
        self.tell.send(requests.clone()).unwrap();
        self.word.lock().unwrap_or_else(PoisonError::into_inner).recv().unwrap();
        requests.into_iter().map(answer).collect()
    }
}

fn answer(number: u32) -> Outcome {
    match number {
        BROKEN => panic!("a mistake of ours"),
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
        let (tell, taken) = channel::unbounded_channel();
        let (go_on, word) = mpsc::channel();
        let batch = Arc::new(Batch { tell, word: Mutex::new(word) });
        Self { queue: Arc::new(BatchQueue::new(batches, batch_size)), database, taken, go_on, batch }
    }

    fn send(&self, number: u32) -> Sent {
        let (queue, database, batch) = (Arc::clone(&self.queue), self.database.clone(), Arc::clone(&self.batch));
        tokio::spawn(async move { queue.submit(&database, number, move |_, requests| batch.work(requests)).await })
    }

    /// Sends these one after the other, so that they stand in the queue in this order.
    async fn line_up(&self, numbers: impl IntoIterator<Item = u32>) -> Vec<Sent> {
        let mut sent = Vec::new();
        for number in numbers {
            sent.push(self.send(number));
            self.wait_for(self.waiting() + 1).await;
        }
        sent
    }

    /// Sends one that finds nobody, and waits until it is at work.
    async fn occupy(&mut self, number: u32) -> Sent {
        let sent = self.send(number);
        assert_eq!(self.next().await, [number]);
        sent
    }

    fn waiting(&self) -> usize {
        self.queue.waiting().len()
    }

    async fn wait_for(&self, count: usize) {
        self.see(|rig| rig.waiting() == count).await;
    }

    /// Lets the others go on until it is so.
    async fn see(&self, is_so: impl Fn(&Self) -> bool) {
        for _ in 0..1_000_000 {
            if is_so(self) {
                return;
            }
            yield_now().await;
        }
        panic!("it did not come to pass; {} wait", self.waiting());
    }

    /// The batch that begins next.
    async fn next(&mut self) -> Vec<u32> {
        in_time(self.taken.recv()).await.unwrap()
    }

    fn go_on(&self) {
        self.go_on.send(()).unwrap();
    }

    /// Nothing is at work, nobody waits, and every place and turn has been given back.
    async fn assert_empty(&mut self) {
        self.see(|rig| rig.database.in_use() == 0 && rig.queue.slots.available_permits() > 0).await;
        assert_eq!((self.waiting(), self.database.oldest_wait()), (0, Duration::ZERO));
        let places: Vec<_> = (0..QUEUE_LENGTH).map(|_| self.database.queue()).collect();
        assert!(places.iter().all(Result::is_ok), "places in the queue were not given back");
        drop(places);
        assert!(self.taken.try_recv().is_err(), "something was taken twice");
    }
}

/// A queue that has come to a standstill fails the test.
async fn in_time<T>(awaited: impl Future<Output = T>) -> T {
    tokio::time::timeout(QUEUE_TIME * 4, awaited).await.expect("the queue stands still")
}

async fn told(sent: Sent) -> String {
    in_time(sent).await.unwrap().unwrap().unwrap()
}

async fn failed(sent: Sent) -> Failure {
    in_time(sent).await.unwrap().unwrap_err()
}

#[tokio::test]
async fn who_finds_nobody_goes_at_once_and_alone() {
    let mut rig = Rig::new(1, 64);
    for number in 0..3 {
        let sent = rig.occupy(number).await;
        assert_eq!(rig.database.oldest_wait(), Duration::ZERO);
        rig.go_on();
        assert_eq!(told(sent).await, format!("number {number}"));
    }
    rig.assert_empty().await;
}

#[tokio::test]
async fn who_finds_nobody_needs_no_place_in_the_queue() {
    let mut rig = Rig::on(database(1, 0), 1, 64);
    let first = rig.occupy(0).await;
    assert!(matches!(failed(rig.send(1)).await, Failure::QueueFull));
    rig.go_on();
    assert_eq!(told(first).await, "number 0");
}

#[tokio::test]
async fn those_who_wait_are_taken_together_oldest_first_up_to_the_bound() {
    let mut rig = Rig::new(1, 4);
    let first = rig.occupy(0).await;
    let waiting = rig.line_up(1..=9).await;
    for batch in [vec![1, 2, 3, 4], vec![5, 6, 7, 8], vec![9]] {
        rig.go_on();
        assert_eq!(rig.next().await, batch);
    }
    rig.go_on();
    assert_eq!(told(first).await, "number 0");
    for (sent, number) in waiting.into_iter().zip(1..) {
        assert_eq!(told(sent).await, format!("number {number}"));
    }
    rig.assert_empty().await;
}

#[tokio::test]
async fn as_many_slices_are_at_work_as_there_may_be() {
    let mut rig = Rig::new(2, 64);
    let (one, two) = (rig.occupy(1).await, rig.occupy(2).await);
    let waiting = rig.line_up(3..=5).await;
    rig.go_on();
    assert_eq!(rig.next().await, [3, 4, 5]);
    rig.go_on();
    rig.go_on();
    for sent in [one, two].into_iter().chain(waiting) {
        assert!(told(sent).await.starts_with("number "));
    }
    rig.assert_empty().await;
}

#[tokio::test]
async fn a_failure_is_told_to_the_one_that_it_belongs_to() {
    let mut rig = Rig::new(1, 64);
    let first = rig.occupy(0).await;
    let mut waiting = rig.line_up([1, FAILED, 2]).await.into_iter();
    rig.go_on();
    rig.next().await;
    rig.go_on();
    assert_eq!(told(first).await, "number 0");
    assert_eq!(told(waiting.next().unwrap()).await, "number 1");
    assert!(matches!(failed(waiting.next().unwrap()).await, Failure::LockTimeout));
    assert_eq!(told(waiting.next().unwrap()).await, "number 2");
    rig.assert_empty().await;
}

#[tokio::test]
async fn work_that_breaks_off_has_no_answer_for_its_own_slice_and_holds_up_no_other() {
    let mut rig = Rig::new(1, 2);
    let first = rig.occupy(0).await;
    let mut waiting = rig.line_up([1, BROKEN, 2]).await.into_iter();
    for batch in [vec![1, BROKEN], vec![2]] {
        rig.go_on();
        assert_eq!(rig.next().await, batch);
    }
    rig.go_on();
    assert_eq!(told(first).await, "number 0");
    for _ in 0..2 {
        assert_eq!(waiting.next().unwrap().await.unwrap().unwrap(), None);
    }
    assert_eq!(told(waiting.next().unwrap()).await, "number 2");
    rig.assert_empty().await;
}

#[tokio::test]
async fn beyond_the_length_of_the_queue_nobody_waits() {
    let mut rig = Rig::on(database(1, 3), 1, 64);
    let first = rig.occupy(0).await;
    let waiting = rig.line_up(1..=3).await;
    assert!(matches!(failed(rig.send(4)).await, Failure::QueueFull));
    rig.go_on();
    assert_eq!(rig.next().await, [1, 2, 3]);
    // Those at work do not wait any more.
    let after = rig.line_up(5..=7).await;
    rig.go_on();
    assert_eq!(rig.next().await, [5, 6, 7]);
    rig.go_on();
    for sent in std::iter::once(first).chain(waiting).chain(after) {
        told(sent).await;
    }
}

/// Other requests have all the connections.
#[tokio::test(start_paused = true)]
async fn the_lane_waits_for_its_turn_at_the_database() {
    let mut rig = Rig::on(database(1, QUEUE_LENGTH), 1, 64);
    let elsewhere = rig.database.permit(Instant::now()).await.unwrap();
    let waiting = rig.line_up(1..=3).await;
    drop(elsewhere);
    assert_eq!(rig.next().await, [1, 2, 3]);
    rig.go_on();
    for sent in waiting {
        told(sent).await;
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
