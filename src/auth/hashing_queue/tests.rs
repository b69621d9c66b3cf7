use std::future::Future;

use tokio::task::JoinHandle;

use super::*;
use crate::kernel::current_request;

/// A queue with this number of threads and of waiting requests.
fn queue(threads: usize, length: usize) -> Arc<HashingQueue> {
    Arc::new(HashingQueue {
        threads: Arc::new(Semaphore::new(threads)),
        known: Share::new(threads, length),
        unknown: Share::new(threads, length),
        time: Duration::from_secs(60),
    })
}

fn known(network: &str) -> HashCaller {
    HashCaller::Known(Caller::Address(network.into()))
}

fn unknown(network: &str) -> HashCaller {
    HashCaller::Unknown(Caller::Address(network.into()))
}

type Log = Arc<std::sync::Mutex<Vec<String>>>;

/// A request that hashes for a second, and writes its name to the log when it begins.
fn hash(queue: &Arc<HashingQueue>, log: &Log, name: &str, caller: HashCaller) -> JoinHandle<Result<(), Failure>> {
    let (queue, log, name) = (Arc::clone(queue), Arc::clone(log), name.to_owned());
    tokio::spawn(async move {
        let _permit = queue.permit(caller).await?;
        log.lock().unwrap().push(name);
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(())
    })
}

/// The names of the requests in the order in which they hash, and the time until the last one ends.
async fn order(threads: usize, requests: &[(&str, HashCaller)]) -> (Vec<String>, u64) {
    let (queue, log, began) = (queue(threads, 800), Log::default(), tokio::time::Instant::now());
    let mut tasks = Vec::new();
    for (name, caller) in requests {
        tasks.push(hash(&queue, &log, name, caller.clone()));
        tokio::task::yield_now().await;
    }
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert!(queue.known.waiting_lists.is_empty() && queue.unknown.waiting_lists.is_empty());
    let names = log.lock().unwrap().clone();
    (names, began.elapsed().as_secs())
}

#[tokio::test(start_paused = true)]
async fn a_network_has_one_thread_and_does_not_delay_the_others() {
    let flood = |name| (name, unknown("192.0.2.0/24"));
    let requests = [flood("f1"), flood("f2"), flood("f3"), flood("f4"), ("buyer", unknown("198.51.100.0/24"))];
    let (names, _) = order(2, &requests).await;
    assert_eq!(names, ["f1", "buyer", "f2", "f3", "f4"]);
    let (names, seconds) = order(1, &requests).await;
    assert_eq!((names.as_slice(), seconds), (["f1", "buyer", "f2", "f3", "f4"].map(String::from).as_slice(), 5));
}

#[tokio::test(start_paused = true)]
async fn a_caller_with_an_account_waits_for_one_hash_of_the_others_and_neither_share_starves() {
    let networks: Vec<String> = (0..6).map(|number| format!("198.51.{number}.0/24")).collect();
    let mut requests: Vec<_> = networks.iter().map(|network| ("unknown", unknown(network))).collect();
    requests.extend(networks.iter().map(|network| ("known", known(network))));
    let (names, seconds) = order(1, &requests).await;
    assert_eq!(names[..6], ["unknown", "known", "unknown", "known", "unknown", "known"]);
    assert_eq!(seconds, 12);
    let (names, seconds) = order(2, &requests).await;
    assert_eq!(names[..2], ["unknown", "unknown"], "both threads are used if only one share needs them");
    assert_eq!(names[2..4], ["known", "known"]);
    assert_eq!(seconds, 6);
}

#[tokio::test(start_paused = true)]
async fn the_queue_is_bounded_for_each_network_and_for_each_share() {
    let queue = queue(1, 8);
    let log = Log::default();
    let mut tasks: Vec<_> = (0..3).map(|_| hash(&queue, &log, "flood", unknown("192.0.2.0/24"))).collect();
    tasks.extend((0..9).map(|number| hash(&queue, &log, "other", unknown(&format!("198.51.{number}.0/24")))));
    tasks.push(hash(&queue, &log, "home", known("192.0.2.0/24")));
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    // One hashes and one waits in its list. Of the others, eight wait for a thread.
    let refused: Vec<usize> = (0..results.len()).filter(|index| results[*index].is_err()).collect();
    assert_eq!(refused, [2, 11]);
    assert!(matches!(results[2], Err(Failure::HashingQueueFull)));
}

/// The work of a request.
async fn within_a_request<F: Future>(work: F) -> F::Output {
    current_request::scope("one".into(), Caller::Address("192.0.2.1".into()), work).await
}

#[tokio::test(start_paused = true)]
async fn a_request_that_has_waited_for_the_database_waits_less_for_a_hash() {
    let queue = queue(0, 1);
    let began = tokio::time::Instant::now();
    let login = async {
        Wait::begin(queue.time).on(tokio::time::sleep(Duration::from_secs(59))).await.unwrap();
        queue.permit(unknown("192.0.2.0/24")).await.is_err()
    };
    assert!(within_a_request(login).await);
    assert_eq!(began.elapsed(), queue.time);
}
