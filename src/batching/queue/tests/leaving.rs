//! Requests that are dropped before their answer, and requests that time out.

use tokio::sync::watch;

use super::*;

#[tokio::test]
async fn a_dropped_request_is_skipped_and_returns_its_slot_immediately() {
    let mut rig = Rig::new(1, 2);
    let first = rig.occupy(0).await;
    let waiting = rig.line_up(1..=4).await;
    for gone in [&waiting[0], &waiting[2]] {
        gone.abort();
    }
    rig.wait_for(2).await;
    rig.go_on();
    assert_eq!(rig.next().await, [2, 4]);
    rig.go_on();
    assert_eq!(answered(first).await, "number 0");
    for (sent, number) in waiting.into_iter().zip(1..) {
        let answer = sent.await.ok().and_then(Result::unwrap);
        assert_eq!(answer, (number % 2 == 0).then(|| format!("number {number}")));
    }
    rig.assert_empty().await;
}

/// No later request is needed to clean the queue.
#[tokio::test]
async fn a_queue_whose_requests_were_all_dropped_is_empty() {
    let mut rig = Rig::new(1, 64);
    let first = rig.occupy(0).await;
    for sent in rig.line_up(1..=50).await {
        sent.abort();
    }
    rig.wait_for(0).await;
    assert_eq!(rig.database.oldest_wait(), Duration::ZERO);
    rig.go_on();
    assert_eq!(answered(first).await, "number 0");
    rig.assert_empty().await;
}

#[tokio::test]
async fn a_request_dropped_while_its_batch_runs_is_served_once_and_delays_no_other() {
    let mut rig = Rig::new(1, 64);
    let first = rig.occupy(0).await;
    let mut waiting = rig.line_up(1..=2).await.into_iter();
    first.abort();
    rig.go_on();
    assert_eq!(rig.next().await, [1, 2]);
    waiting.next().unwrap().abort();
    rig.go_on();
    assert_eq!(answered(waiting.next().unwrap()).await, "number 2");
    rig.assert_empty().await;
}

/// The request that would start the next batch is dropped just before it starts.
#[tokio::test]
async fn the_next_batch_starts_although_the_oldest_requests_were_dropped() {
    let mut rig = Rig::new(1, 64);
    let first = rig.occupy(0).await;
    let mut waiting = rig.line_up(1..=20).await;
    let last = waiting.pop().unwrap();
    rig.go_on();
    // The other requests are notified and dropped at the same time, in every order of the two.
    waiting.iter().for_each(JoinHandle::abort);
    let batch = rig.next().await;
    assert_eq!(batch.last(), Some(&20));
    rig.go_on();
    assert_eq!((answered(first).await, answered(last).await), ("number 0".to_owned(), "number 20".to_owned()));
    rig.assert_empty().await;
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_not_taken_in_time_is_refused() {
    let mut rig = Rig::new(1, 64);
    let first = rig.occupy(0).await;
    let early = rig.line_up([1]).await;
    tokio::time::advance(QUEUE_TIME / 2).await;
    let late = rig.line_up([2]).await;
    tokio::time::advance(QUEUE_TIME / 2 + Duration::from_millis(1)).await;
    for sent in early {
        assert!(matches!(failed(sent).await, Failure::QueueFull));
    }
    rig.go_on();
    assert_eq!(rig.next().await, [2]);
    // A request that was taken is answered, no matter how long the batch runs.
    tokio::time::advance(QUEUE_TIME * 2).await;
    rig.go_on();
    assert_eq!(answered(first).await, "number 0");
    for sent in late {
        assert_eq!(answered(sent).await, "number 2");
    }
    rig.assert_empty().await;
}

/// The deadline and the permit of a batch arrive before the request is polled again. The request is answered once, by
/// either.
#[tokio::test(start_paused = true)]
async fn a_request_taken_at_its_deadline_is_answered_once() {
    let mut rig = Rig::new(1, 2);
    let first = rig.occupy(0).await;
    let waiting = rig.line_up(1..=6).await;
    rig.go_on();
    tokio::time::advance(QUEUE_TIME + Duration::from_millis(1)).await;
    (0..3).for_each(|_| rig.go_on());
    assert_eq!(answered(first).await, "number 0");
    let mut served = Vec::new();
    for (sent, number) in waiting.into_iter().zip(1..) {
        match sent.await.unwrap() {
            Ok(answer) => {
                assert_eq!(answer.unwrap(), format!("number {number}"));
                served.push(number);
            }
            Err(failure) => assert!(matches!(failure, Failure::QueueFull)),
        }
    }
    let mut taken = Vec::new();
    while let Ok(batch) = rig.taken.try_recv() {
        taken.extend(batch);
    }
    assert_eq!(taken, served);
    rig.assert_empty().await;
}

#[tokio::test]
async fn a_request_whose_client_sends_no_more_is_refused_only_if_another_one_needs_its_slot() {
    let mut rig = Rig::on(database(2, 1), 1, 64);
    let first = rig.occupy(0).await;
    let (leaves, left) = watch::channel(false);
    let submit = rig.submit(1);
    let leaving = tokio::spawn(current_request::scope("one".into(), Caller::Address("192.0.2.1".into()), async move {
        current_request::set_client_left(left);
        submit.await
    }));
    rig.wait_for(1).await;
    assert!(matches!(failed(rig.send(2)).await, Failure::QueueFull), "the first client may still send");
    leaves.send_replace(true);
    for _ in 0..10 {
        yield_now().await;
    }
    assert!(!leaving.is_finished(), "nobody needs the slot");
    let other = rig.send(3);
    assert!(matches!(failed(leaving).await, Failure::QueueFull));
    rig.go_on();
    assert_eq!(rig.next().await, [3]);
    rig.go_on();
    assert_eq!((answered(first).await, answered(other).await), ("number 0".to_owned(), "number 3".to_owned()));
    rig.wait_until(|rig| rig.database.in_use() == 0).await;
    assert_eq!((rig.waiting(), rig.database.oldest_wait()), (0, Duration::ZERO));
    assert!(rig.database.queue().is_ok(), "the slot was not returned");
}
