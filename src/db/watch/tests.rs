//! The watchdog without a database: work ages by the clock of its state.

use std::sync::mpsc;

use super::*;
use crate::db::queue::Queue;

const QUEUE_TIME: Duration = Duration::from_secs(10);

/// A permit of a request that has waited so long.
async fn permit_after(waited: Duration) -> ConnectionPermit {
    let queue = Queue::new(1, 0, QUEUE_TIME);
    let now = Instant::now();
    let until = now.checked_add(QUEUE_TIME.checked_sub(waited).unwrap()).unwrap();
    queue.permit(until.into()).await.unwrap()
}

fn watchdog() -> Watchdog {
    Watchdog { works: Mutex::default() }
}

/// The work has sent nothing for so long.
fn age(work: &Work, silence: Duration) {
    let mut state = work.state();
    state.silence.progress = Instant::now().checked_sub(silence).unwrap();
}

#[tokio::test]
async fn the_other_connections_are_given_up_before_a_request_is_answered() {
    let (watchdog, (sender, events)) = (watchdog(), mpsc::channel());
    let mut works = Vec::new();
    for _ in 0..2 {
        let sender = sender.clone();
        let answer = move |_failure| sender.send("answered").unwrap();
        let work = watchdog.watch(permit_after(Duration::ZERO).await, answer);
        age(&work, Duration::from_secs(7));
        works.push(work);
    }
    let check = || watchdog.check(&|_| sender.send("given up").unwrap());
    check();
    assert_eq!(events.try_iter().collect::<Vec<_>>(), ["given up", "answered", "answered"]);
    check();
    assert_eq!(events.try_iter().count(), 0);
}

#[tokio::test]
async fn a_request_that_has_waited_does_not_wait_as_long_again_for_a_second_silent_connection() {
    for (waited_ms, mode, hurries, limit_ms) in [
        (0, Mode::Write, false, 6_500),
        (9_000, Mode::Batch, false, 6_500),
        (0, Mode::Write, true, 6_500),
        (6_600, Mode::Batch, true, 3_400),
        (9_000, Mode::Read, true, 2_500),
        (9_000, Mode::Report, true, 2_500),
    ] {
        let watchdog = watchdog();
        let answered = Arc::new(Mutex::new(false));
        let note = Arc::clone(&answered);
        let answer = move |_failure| *note.lock().unwrap() = true;
        let work = watchdog.watch(permit_after(Duration::from_millis(waited_ms)).await, answer);
        work.run(|| {
            begin(mode);
            if hurries {
                hurry();
            }
            for (silence_ms, expected) in [(limit_ms - 300, false), (limit_ms + 300, true)] {
                age(&work, Duration::from_millis(silence_ms));
                watchdog.check(&|_| {});
                assert_eq!(*answered.lock().unwrap(), expected, "{waited_ms} {mode:?} {silence_ms}");
            }
        });
    }
}

/// The silence of a report whose backend is known.
fn report(silent_ms: u64, unseen_ms: u64) -> Silence {
    let mut silence = Silence::new(Mode::Report);
    silence.note_backend(Backend::for_test());
    let ago = |ms| Instant::now().checked_sub(Duration::from_millis(ms)).unwrap();
    (silence.progress, silence.seen) = (ago(silent_ms), ago(unseen_ms));
    silence
}

#[test]
fn a_report_is_awaited_while_the_database_works_on_it() {
    for (silent_ms, unseen_ms, is_over) in [
        (7_700, 60_000, false),
        (8_300, 60_000, true),
        (8_300, 7_700, false),
        (60_000, 7_700, false),
        (60_000, 8_300, true),
        (123_000, 0, true),
    ] {
        let mut silence = report(silent_ms, unseen_ms);
        assert_eq!(silence.is_over(), is_over, "{silent_ms} {unseen_ms}");
        assert_eq!(silence.late_backend().is_some(), silent_ms > 3_000);
        silence.hurry(Instant::now());
        assert_eq!(silence.is_over(), is_over, "in an outage");
        silence.note_seen();
        assert_eq!(silence.is_over(), silent_ms > 122_000);
    }
    assert!(report(2_700, 0).late_backend().is_none());
}
