//! Many concurrent requests.

use std::ops::Range;

use tokio::runtime::Runtime;

use super::*;

/// Uses several threads like the server, and clients that disconnect at any time.
#[test]
fn every_request_runs_at_most_once_and_all_permits_are_returned() {
    const THREADS: u32 = 4;
    const EACH: u32 = 2_000;
    for (batches, batch_size) in [(1, 64), (1, 1), (3, 2)] {
        let limits = Limits { requests: batch_size, weight: BATCH_WEIGHT };
        let (queue, database) = (BatchQueue::<u32, u32>::new(batches, limits), database(2, 10_000));
        let (queue, served) = (Arc::new(queue), Arc::new(Mutex::new(Vec::new())));
        let visit = |thread: u32| {
            let (queue, database, served) = (Arc::clone(&queue), database.clone(), Arc::clone(&served));
            move || visit(&queue, &database, &served, thread * EACH..(thread + 1) * EACH)
        };
        let visits: Vec<_> = (0..THREADS).map(|thread| std::thread::spawn(visit(thread))).collect();
        let visits: Vec<_> = visits.into_iter().map(|visit| visit.join().unwrap()).collect();
        let answered: usize = visits.iter().map(|(answered, _)| answered).sum();
        // Dropping the runtimes waits until the last batches have ended.
        drop(visits);
        let mut served = served.lock().unwrap().clone();
        served.sort_unstable();
        assert!(served.windows(2).all(|pair| pair[0] < pair[1]), "a request was served twice");
        assert!((answered..=(THREADS * EACH) as usize).contains(&served.len()));
        assert!(answered > EACH as usize, "only {answered} requests were answered");
        assert_eq!((queue.len(), database.in_use(), database.oldest_wait()), (0, 0, Duration::ZERO));
        assert_eq!(queue.batch_permits.available_permits(), batches);
    }
}

/// Sends the requests, half of them with a short timeout. Returns the number of answered ones.
fn visit(
    queue: &Arc<BatchQueue<u32, u32>>,
    database: &Database,
    served: &Arc<Mutex<Vec<u32>>>,
    numbers: Range<u32>,
) -> (usize, Runtime) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let ask = |number: u32| {
        let (queue, database, served) = (Arc::clone(queue), database.clone(), Arc::clone(served));
        async move {
            let work = move |_: &Database, numbers: Vec<u32>| {
                served.lock().unwrap().extend(&numbers);
                numbers.into_iter().map(|number| Ok(number + 1)).collect()
            };
            let time_limit = if number.is_multiple_of(2) { QUEUE_TIME } else { Duration::from_micros(number.into()) };
            let answer = tokio::time::timeout(time_limit, queue.submit(&database, (number, 1), work)).await;
            // A slow machine refuses requests that have waited for too long.
            answer.is_ok_and(|answer| answer.is_ok_and(|answer| answer == Some(number + 1)))
        }
    };
    let answered = runtime.block_on(async {
        let asked: Vec<_> = numbers.map(|number| tokio::spawn(ask(number))).collect();
        let mut answered = 0;
        for one in asked {
            answered += usize::from(one.await.unwrap());
        }
        answered
    });
    (answered, runtime)
}
