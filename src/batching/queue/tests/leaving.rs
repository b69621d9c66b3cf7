//! Who goes before the answer comes, or whose time is over.

use super::*;

#[tokio::test]
async fn who_has_gone_is_left_out_and_gives_the_place_back_at_once() {
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
    assert_eq!(told(first).await, "number 0");
    for (sent, number) in waiting.into_iter().zip(1..) {
        let told = sent.await.ok().and_then(Result::unwrap);
        assert_eq!(told, (number % 2 == 0).then(|| format!("number {number}")));
    }
    rig.assert_empty().await;
}

/// Nobody may come for hours who would clear away what they left.
#[tokio::test]
async fn when_all_have_gone_nothing_of_them_is_left() {
    let mut rig = Rig::new(1, 64);
    let first = rig.occupy(0).await;
    for sent in rig.line_up(1..=50).await {
        sent.abort();
    }
    rig.wait_for(0).await;
    assert_eq!(rig.database.oldest_wait(), Duration::ZERO);
    rig.go_on();
    assert_eq!(told(first).await, "number 0");
    rig.assert_empty().await;
}

#[tokio::test]
async fn who_goes_while_being_served_is_served_once_and_holds_up_nobody() {
    let mut rig = Rig::new(1, 64);
    let first = rig.occupy(0).await;
    let mut waiting = rig.line_up(1..=2).await.into_iter();
    first.abort();
    rig.go_on();
    assert_eq!(rig.next().await, [1, 2]);
    waiting.next().unwrap().abort();
    rig.go_on();
    assert_eq!(told(waiting.next().unwrap()).await, "number 2");
    rig.assert_empty().await;
}

/// The one that would start the next batch goes in its last moment.
#[tokio::test]
async fn the_next_slice_begins_though_those_who_waited_longest_have_gone() {
    let mut rig = Rig::new(1, 64);
    let first = rig.occupy(0).await;
    let mut waiting = rig.line_up(1..=20).await;
    let last = waiting.pop().unwrap();
    rig.go_on();
    // The others are woken and go in one breath, in every order of the two.
    waiting.iter().for_each(JoinHandle::abort);
    let batch = rig.next().await;
    assert_eq!(batch.last(), Some(&20));
    rig.go_on();
    assert_eq!((told(first).await, told(last).await), ("number 0".to_owned(), "number 20".to_owned()));
    rig.assert_empty().await;
}

#[tokio::test(start_paused = true)]
async fn who_is_not_taken_in_time_is_turned_away() {
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
    // Whoever has been taken is answered, however long that takes.
    tokio::time::advance(QUEUE_TIME * 2).await;
    rig.go_on();
    assert_eq!(told(first).await, "number 0");
    for sent in late {
        assert_eq!(told(sent).await, "number 2");
    }
    rig.assert_empty().await;
}

/// The deadline and the turn come before the request looks again: it is answered once, by either.
#[tokio::test(start_paused = true)]
async fn whoever_is_taken_at_the_deadline_is_answered_once() {
    let mut rig = Rig::new(1, 2);
    let first = rig.occupy(0).await;
    let waiting = rig.line_up(1..=6).await;
    rig.go_on();
    tokio::time::advance(QUEUE_TIME + Duration::from_millis(1)).await;
    (0..3).for_each(|_| rig.go_on());
    assert_eq!(told(first).await, "number 0");
    let mut served = Vec::new();
    for (sent, number) in waiting.into_iter().zip(1..) {
        match sent.await.unwrap() {
            Ok(told) => {
                assert_eq!(told.unwrap(), format!("number {number}"));
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
