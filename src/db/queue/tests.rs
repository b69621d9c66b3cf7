use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::*;
use crate::kernel::current_request::Caller;

/// The work of a request from this address.
async fn from<F: Future>(address: &str, work: F) -> F::Output {
    current_request::scope("id".into(), Caller::Address(address.into()), work).await
}

/// A queue whose waiting requests are refused only for want of a slot.
fn queue(connections: u32) -> Arc<Queue> {
    Arc::new(Queue::new(connections, 8, Duration::from_millis(200)))
}

/// The permits that are free at once for this number of requests.
async fn take(queue: &Arc<Queue>, mode: Mode, requests: usize) -> Vec<ConnectionPermit> {
    let mut taken = Vec::new();
    for _ in 0..requests {
        let immediately = tokio::time::timeout(Duration::ZERO, queue.wait_for_permit(mode)).await;
        taken.extend(immediately.ok().and_then(Result::ok));
    }
    taken
}

#[tokio::test]
async fn each_kind_of_transaction_has_its_share_of_the_connections() {
    use Mode::{Batch, Internal, List, Read, Report, Write};
    // Connections, and the most that each kind uses. With one, every kind waits for every other.
    for (connections, lists, reports, lists_and_reports, reads) in [
        (1, 1, 1, 1, 1),
        (2, 1, 1, 1, 2),
        (3, 1, 1, 1, 2),
        (4, 1, 1, 2, 3),
        (5, 1, 1, 2, 4),
        (6, 1, 1, 2, 5),
        (7, 1, 1, 2, 5),
        (8, 2, 2, 4, 6),
    ] {
        let queue = queue(connections);
        let all = queue.connections;
        for (mode, most) in
            [(List, lists), (Report, reports), (Read, reads), (Write, all), (Batch, all), (Internal, all)]
        {
            assert_eq!(take(&queue, mode, 9).await.len(), most, "{mode:?} of {connections}");
        }
        let mut held = take(&queue, List, 9).await;
        held.extend(take(&queue, Report, 9).await);
        assert_eq!(held.len(), lists_and_reports, "of {connections}");
        held.extend(take(&queue, Read, 9).await);
        assert_eq!(held.len(), reads, "reads get what lists and reports leave of {connections}");
        held.extend(take(&queue, Write, 9).await);
        assert_eq!(held.len(), all, "writes get what reads leave of {connections}");
    }
}

/// The requests that wait in a queue of eight when nine callers have come, after all connections were taken.
async fn waiting(mode: Mode) -> usize {
    let queue = queue(4);
    let held = take(&queue, Mode::Write, 4).await;
    let requests: Vec<_> = (0..9)
        .map(|number| {
            let queue = Arc::clone(&queue);
            let ask = async move { queue.wait_for_permit(mode).await.is_ok() };
            tokio::spawn(async move { from(&number.to_string(), ask).await })
        })
        .collect();
    tokio::task::yield_now().await;
    let waiting = queue.waiting.requests.load(Ordering::Acquire);
    for request in requests {
        assert!(!request.await.unwrap(), "no request outlives the queue time");
    }
    assert_eq!(queue.waiting.requests.load(Ordering::Acquire), 0);
    drop(held);
    waiting
}

#[tokio::test]
async fn each_kind_of_transaction_has_its_share_of_the_queue() {
    for (mode, slots) in [(Mode::List, 2), (Mode::Report, 2), (Mode::Read, 6), (Mode::Internal, 9), (Mode::Write, 8)] {
        assert_eq!(waiting(mode).await, slots, "{mode:?}");
    }
}

#[tokio::test]
async fn a_job_and_a_write_go_on_while_reads_and_lists_wait() {
    let queue = Arc::new(Queue::new(4, 8, Duration::from_secs(20)));
    let mut reads = take(&queue, Mode::Read, 3).await;
    let waiting: Vec<_> = [Mode::Read, Mode::List, Mode::Read]
        .map(|mode| {
            let queue = Arc::clone(&queue);
            tokio::spawn(async move { queue.wait_for_permit(mode).await.is_ok() })
        })
        .into();
    tokio::task::yield_now().await;
    let job = queue.wait_for_permit(Mode::Internal).await;
    assert!(job.is_ok(), "a job gets a connection while reads wait");
    let write = queue.wait_for_permit(Mode::Write);
    drop(job);
    assert!(write.await.is_ok(), "a write gets a connection while reads wait");
    reads.clear();
    for read in waiting {
        assert!(read.await.unwrap(), "a read that waits in its share gets a connection");
    }
}

/// Sends a request that holds its connection for a second. It adds its address to the list when it gets the connection.
fn send(
    queue: &Arc<Queue>,
    address: &'static str,
    served: &Arc<Mutex<Vec<&'static str>>>,
) -> JoinHandle<Result<(), Failure>> {
    let (queue, served) = (Arc::clone(queue), Arc::clone(served));
    tokio::spawn(from(address, async move {
        let _permit = queue.wait_for_permit(Mode::Write).await?;
        served.lock().unwrap().push(address);
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(())
    }))
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_one_caller_uses_all_connections_and_delays_another_caller_by_one_round() {
    let queue = Arc::new(Queue::new(2, 64, Duration::from_secs(20)));
    let served = Arc::default();
    // Two requests run, and an eighth of the queue waits.
    let flood: Vec<_> = (0..12).map(|_| send(&queue, "flood", &served)).collect();
    tokio::task::yield_now().await;
    let other = send(&queue, "other", &served);
    other.await.unwrap().unwrap();
    assert_eq!(served.lock().unwrap()[..3], ["flood", "flood", "other"]);
    let mut refused = 0;
    for request in flood {
        refused += usize::from(matches!(request.await.unwrap(), Err(Failure::QueueFull)));
    }
    assert_eq!((refused, served.lock().unwrap().len()), (2, 11));
    assert!(queue.all.waiting_lists.is_empty(), "the waiting lists are kept");
    assert_eq!((queue.in_use(), queue.oldest_wait()), (0, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_stops_waiting_leaves_nothing_behind() {
    let queue = Arc::new(Queue::new(1, 64, Duration::from_secs(20)));
    let served = Arc::default();
    let requests: Vec<_> = (0..4).map(|_| send(&queue, "one", &served)).collect();
    tokio::task::yield_now().await;
    tokio::time::advance(Duration::from_millis(10)).await;
    assert_eq!(queue.oldest_wait(), Duration::from_millis(10), "a request in a waiting list waits");
    for request in requests {
        request.abort();
        assert!(request.await.unwrap_err().is_cancelled());
    }
    assert!(queue.all.waiting_lists.is_empty(), "the waiting lists are kept");
    assert_eq!((queue.in_use(), queue.oldest_wait()), (0, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn jobs_and_health_checks_are_refused_only_for_the_time() {
    let queue = Arc::new(Queue::new(1, 0, Duration::from_secs(20)));
    let held = queue.wait_for_permit(Mode::Write).await.unwrap();
    let refused = from("one", queue.wait_for_permit(Mode::Write)).await;
    assert!(matches!(refused, Err(Failure::QueueFull)), "a queue without length refuses requests at once");
    let began = Instant::now();
    let (job, read, check) = tokio::join!(
        queue.wait_for_permit(Mode::Write),
        queue.wait_for_permit(Mode::Internal),
        from("one", queue.wait_for_permit(Mode::Internal)),
    );
    assert!(job.is_err() && read.is_err() && check.is_err(), "there is one connection");
    assert_eq!(began.elapsed(), Duration::from_secs(20));
    let job = queue.wait_for_permit(Mode::Write);
    drop(held);
    assert!(job.await.is_ok());
    assert!(queue.health_checks.is_empty(), "the waiting lists are kept");
}

#[tokio::test(start_paused = true)]
async fn two_transactions_of_a_request_have_one_time_to_wait() {
    let queue = Queue::new(1, 8, Duration::from_secs(20));
    let began = Instant::now();
    let held = queue.wait_for_permit(Mode::Write).await.unwrap();
    let hold = async {
        tokio::time::sleep(Duration::from_secs(15)).await;
        drop(held);
    };
    let request = from("one", async {
        let first = queue.wait_for_permit(Mode::Read).await;
        assert!(first.is_ok() && began.elapsed() == Duration::from_secs(15));
        // The first connection is held on, so the second transaction waits, too.
        queue.wait_for_permit(Mode::Write).await.is_err()
    });
    let (is_refused, ()) = tokio::join!(request, hold);
    assert!(is_refused && began.elapsed() == Duration::from_secs(20), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_sends_no_more_waits_until_another_request_needs_its_slot() {
    // One request waits at most.
    let queue = Arc::new(Queue::new(1, 1, Duration::from_secs(20)));
    let held = queue.wait_for_permit(Mode::Write).await.unwrap();
    let ask = |address: &'static str, left: watch::Receiver<bool>| {
        let queue = Arc::clone(&queue);
        tokio::spawn(from(address, async move {
            current_request::set_client_left(left);
            queue.wait_for_permit(Mode::Write).await.map(drop)
        }))
    };
    let (leaves, left) = watch::channel(false);
    let (_listens, listening) = watch::channel(false);
    let leaving = ask("leaving", left);
    tokio::task::yield_now().await;
    let refused = ask("other", listening.clone()).await.unwrap();
    assert!(matches!(refused, Err(Failure::QueueFull)), "the first client may still send");
    leaves.send_replace(true);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert!(!leaving.is_finished(), "nobody needs the slot");
    let other = ask("other", listening);
    assert!(matches!(leaving.await.unwrap(), Err(Failure::QueueFull)));
    drop(held);
    other.await.unwrap().unwrap();
    assert_eq!(queue.waiting.requests.load(Ordering::Acquire), 0);
}
