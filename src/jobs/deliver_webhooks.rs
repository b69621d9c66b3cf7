//! Sends events to webhooks.
//!
//! Each webhook with due deliveries has a task of its own, which sends a few deliveries at a time. So a slow receiver
//! delays only its own deliveries. A webhook whose attempts fail gets one request at a time. `webhook_slots.rs` chooses
//! the webhooks that have a task.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use futures_util::future::join_all;
use tokio::sync::{Semaphore, watch};
use tokio::task::{Id, JoinSet};

use super::Jobs;
use super::discover::Run;
use super::webhook_slots::{Candidate, WebhookSlots};
use crate::db::{End, Failure};
use crate::kernel::id::WebhookDeliveryId;
use crate::kernel::moment::after;
use crate::webhooks::delivery::Attempt;
use crate::webhooks::http_client::{Answered, Outgoing, Reply};
use crate::webhooks::queries::deliveries::Claimed;
use crate::webhooks::queries::webhooks::{self, WebhookKey};
use crate::webhooks::queue::queue_next;
use crate::webhooks::secret::signatures;
use crate::webhooks::send::{self, Body, Claim, Sent};

/// The largest number of requests to one webhook at the same time, and to one whose attempts fail.
const REQUESTS: i64 = 4;
const REQUESTS_WHILE_FAILING: i64 = 1;
/// A task ends after this time, so that other webhooks get its slot.
const TASK_TIME: Duration = Duration::from_secs(10);
/// The largest number of transactions of all tasks at the same time, so that requests keep most of the connections.
const TRANSACTIONS: usize = 2;
/// The longest time of reading the feed for webhooks, so that due deliveries do not wait for it.
const READING_TIME: Duration = Duration::from_millis(500);
/// A receiver that takes longer for a response is slow.
const SLOW: Duration = Duration::from_secs(1);
/// The time between two runs, if nothing wakes the job: deliveries become due, and other servers move rows to the feed.
const PERIOD: Duration = Duration::from_millis(500);
/// The time that requests have to end when the server stops. The others are sent again after their lease.
const LAST_TIME: Duration = Duration::from_secs(5);

/// The tasks that send at the moment, and the last webhook whose events became deliveries.
struct Sending {
    sender: Sender,
    tasks: JoinSet<Result<TaskResult, Failure>>,
    busy: HashMap<Id, Candidate>,
    slots: WebhookSlots,
    last_queued: Option<WebhookKey>,
}

/// The result of the task of a webhook.
#[derive(Clone, Copy, Debug, Default)]
struct TaskResult {
    requests: usize,
    is_slow: bool,
}

impl Sending {
    fn new(jobs: &Jobs) -> Self {
        let sender = Sender { jobs: jobs.clone(), transactions: Arc::new(Semaphore::new(TRANSACTIONS)) };
        Self { sender, tasks: JoinSet::new(), busy: HashMap::new(), slots: WebhookSlots::new(), last_queued: None }
    }

    /// Starts tasks while a slot is free for one of these webhooks.
    fn start(&mut self, due: &[Candidate]) {
        loop {
            let busy: Vec<Candidate> = self.busy.values().copied().collect();
            let Some(chosen) = self.slots.choose(due, &busy) else { return };
            let requests = if chosen.is_failing { REQUESTS_WHILE_FAILING } else { REQUESTS };
            let task = self.tasks.spawn(self.sender.clone().send_due(chosen.key, requests));
            self.busy.insert(task.id(), chosen);
            self.slots.begin(chosen.key);
        }
    }

    /// Waits for the end of a task, and returns the number of its requests. None if there is no task.
    async fn next(&mut self) -> Option<Result<usize, Failure>> {
        let (id, done) = match self.tasks.join_next_with_id().await? {
            Ok((id, done)) => (id, done),
            Err(error) => (error.id(), Err(Failure::Internal(error.to_string()))),
        };
        if let (Some(of), Ok(result)) = (self.busy.remove(&id), &done) {
            self.slots.end(of.key, result.is_slow);
        }
        Some(done.map(|result| result.requests))
    }
}

impl Jobs {
    /// Creates and sends deliveries until none is due. Returns the number of requests.
    pub async fn deliver_webhooks(self) -> Result<usize, Failure> {
        let (mut sending, mut run) = (Sending::new(&self), Run::default());
        loop {
            let queued = self.queue_deliveries(&mut sending.last_queued).await;
            let has_queued = matches!(queued, Ok(true));
            run.add(queued.map(|_| 0));
            run.add(self.start_due(&mut sending).await.map(|()| 0));
            match sending.next().await {
                Some(done) => run.add(done),
                None if !has_queued => return run.result(),
                None => {}
            }
        }
    }

    /// Creates and sends deliveries until the server stops. Failures are noted, and do not stop the rest.
    pub async fn keep_delivering(self, mut stopped: watch::Receiver<bool>, note: fn(&'static str, &Failure)) {
        let note = |failure: &Failure| note("deliver_webhooks", failure);
        let mut sending = Sending::new(&self);
        loop {
            let has_queued = self.queue_deliveries(&mut sending.last_queued).await.inspect_err(note).unwrap_or(false);
            self.start_due(&mut sending).await.inspect_err(note).ok();
            let pause = if has_queued { Duration::ZERO } else { PERIOD };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.feed_moved.notified() => {}
                Some(done) = sending.next() => {
                    done.inspect_err(note).ok();
                }
                _ = stopped.wait_for(|stop| *stop) => break,
            }
        }
        let rest = async { while sending.next().await.is_some() {} };
        tokio::time::timeout(LAST_TIME, rest).await.ok();
    }

    /// Turns events of the feed into deliveries, one part for each webhook. It begins after the webhook that was last.
    /// Returns true if it has created some, or if its time ended before it came to all webhooks.
    async fn queue_deliveries(&self, last: &mut Option<WebhookKey>) -> Result<bool, Failure> {
        let (started, mut run) = (Instant::now(), Run::default());
        let behind = self
            .discover("discover_webhooks_behind", &mut run, |conn, store| Ok(webhooks::discover_behind(conn, store)?));
        let mut behind = VecDeque::from(behind.await);
        behind.rotate_left(behind.iter().take_while(|key| last.is_some_and(|last| **key <= last)).count());
        while let Some(key) = behind.pop_front() {
            let queue = move |conn: &mut _| Ok(End::Commit(queue_next(conn, key)?));
            let queued = self.database.with_one_retry().write("queue_deliveries", queue).await;
            if queued.as_ref().is_ok_and(|queued| queued.is_behind) {
                behind.push_back(key);
            }
            run.add(queued.map(|queued| queued.deliveries));
            *last = Some(key);
            if started.elapsed() >= READING_TIME {
                break;
            }
        }
        run.result().map(|made| made > 0 || !behind.is_empty())
    }

    /// Starts tasks for webhooks with due deliveries.
    async fn start_due(&self, sending: &mut Sending) -> Result<(), Failure> {
        let mut run = Run::default();
        let due =
            self.discover("discover_due_webhooks", &mut run, |conn, store| Ok(webhooks::discover_due(conn, store)?));
        let due: Vec<Candidate> =
            due.await.into_iter().map(|(key, is_failing)| Candidate { key, is_failing }).collect();
        sending.start(&due);
        run.result().map(drop)
    }
}

/// Sends the deliveries of webhooks. Cheap to clone.
#[derive(Clone)]
struct Sender {
    jobs: Jobs,
    transactions: Arc<Semaphore>,
}

impl Sender {
    /// Sends due deliveries of a webhook, some at a time, until there are none or its time ends.
    async fn send_due(self, key: WebhookKey, requests: i64) -> Result<TaskResult, Failure> {
        let (started, mut result) = (Instant::now(), TaskResult::default());
        let database = self.jobs.database.with_one_retry();
        while started.elapsed() < TASK_TIME {
            let claim = move |conn: &mut _| Ok(End::Commit(send::claim(conn, key, requests)?));
            let claim = self.with_permit(database.write("claim_deliveries", claim)).await?;
            if claim.deliveries.is_empty() {
                break;
            }
            let (requests, longest) = self.send_claim(key, claim).await?;
            result.requests = result.requests.saturating_add(requests);
            result.is_slow |= longest >= SLOW;
        }
        Ok(result)
    }

    /// Runs a transaction as soon as fewer than the largest number of them run.
    async fn with_permit<T>(&self, transaction: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let permit = self.transactions.acquire().await.map_err(|closed| Failure::Internal(closed.to_string()))?;
        let done = transaction.await;
        drop(permit);
        done
    }

    /// Returns the number of requests, and the time of the longest one.
    async fn send_claim(&self, key: WebhookKey, claim: Claim) -> Result<(usize, Duration), Failure> {
        let began = Instant::now();
        let mut bodies = self.load_bodies(key, &claim.deliveries).await?;
        let with_body = claim.deliveries.iter().map(|delivery| (delivery, bodies.remove(&delivery.id)));
        let requests: Vec<_> = with_body.map(|(delivery, body)| self.send_one(&claim, delivery, body, began)).collect();
        let sent = join_all(requests).await.into_iter().collect::<Result<Vec<_>, _>>()?;
        let longest = sent.iter().map(|sent| sent.attempt.duration_ms).max().unwrap_or(0);
        let (count, lease) = (sent.len(), claim.lease);
        let record = move |conn: &mut _| Ok(End::Commit(send::record(conn, key, lease, &sent)?));
        if let Some(reason) = self.with_permit(self.jobs.database.write("record_deliveries", record)).await? {
            log::warn!(store = key.store.0, webhook = key.id.0, reason = reason.as_str(); "a webhook was turned off");
        }
        Ok((count, Duration::from_millis(u64::try_from(longest).unwrap_or(0))))
    }

    /// The bodies of deliveries. If the data of one of them is wrong, the others are loaded without it.
    async fn load_bodies(
        &self,
        key: WebhookKey,
        deliveries: &[Claimed],
    ) -> Result<HashMap<WebhookDeliveryId, Body>, Failure> {
        match self.load(key, deliveries.to_vec()).await {
            Err(Failure::Internal(_)) if deliveries.len() > 1 => {}
            Err(failure) => return without_internal(failure),
            found => return found,
        }
        let mut bodies = HashMap::new();
        for delivery in deliveries {
            bodies.extend(self.load(key, vec![delivery.clone()]).await.or_else(without_internal)?);
        }
        Ok(bodies)
    }

    async fn load(
        &self,
        key: WebhookKey,
        deliveries: Vec<Claimed>,
    ) -> Result<HashMap<WebhookDeliveryId, Body>, Failure> {
        let load = move |conn: &mut _| send::load_bodies(conn, key.store, &deliveries);
        self.with_permit(self.jobs.database.read_internally("load_deliveries", load)).await
    }

    /// Sends one delivery, if it has a body. `began` is the moment at which the deliveries were claimed.
    async fn send_one(
        &self,
        claim: &Claim,
        delivery: &Claimed,
        body: Option<Body>,
        began: Instant,
    ) -> Result<Sent, Failure> {
        let Claimed { id, event_id, attempt_count, .. } = delivery;
        let at = after(claim.at, TimeDelta::from_std(began.elapsed()).unwrap_or_default());
        let Some(Body { bytes, happened_at }) = body else {
            log::error!(delivery = id.0, event = event_id.as_str(); "the body of a delivery can't be made");
            let attempt = Attempt::without_body(at);
            return Ok(Sent { id: *id, attempt, failed_before: *attempt_count, retry_after_seconds: None });
        };
        let (url, timestamp) = (claim.url.as_str(), at.timestamp());
        let signatures = signatures(&claim.secrets, event_id, timestamp, &bytes)?;
        let outgoing = Outgoing { url, id: event_id, timestamp, signatures: &signatures, body: bytes };
        let Reply { response, duration } = self.jobs.http_client.post(outgoing).await;
        let duration_ms = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        let (attempt, retry_after_seconds) = match response {
            Ok(Answered { status, text, retry_after_seconds }) => {
                let attempt = Attempt { at, status: Some(status), duration_ms, answer: Some(text), error: None };
                (attempt, retry_after_seconds)
            }
            Err(error) => (Attempt { at, status: None, duration_ms, answer: None, error: Some(error) }, None),
        };
        let metrics = &self.jobs.metrics;
        metrics.count_webhook_attempt(if attempt.is_success() { "succeeded" } else { "failed" });
        if let Some(happened_at) = happened_at.filter(|_| *attempt_count == 0) {
            metrics.observe_webhook_lag(at.signed_duration_since(happened_at));
        }
        Ok(Sent { id: *id, attempt, failed_before: *attempt_count, retry_after_seconds })
    }
}

/// No bodies, if the data of an event is wrong. Failures of the database stay failures.
fn without_internal(failure: Failure) -> Result<HashMap<WebhookDeliveryId, Body>, Failure> {
    match failure {
        Failure::Internal(error) => {
            log::error!(error:% = error; "the event of a delivery can't be read");
            Ok(HashMap::new())
        }
        failure => Err(failure),
    }
}
