//! Sends events to webhooks.
//!
//! Each webhook with due deliveries has a task of its own, which sends a few deliveries at a time. So a slow receiver
//! delays only its own deliveries. A webhook whose attempts fail gets one request at a time, and such webhooks have only
//! a half of the tasks.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use futures_util::future::join_all;
use tokio::sync::{Semaphore, watch};
use tokio::task::{Id, JoinSet};

use super::Jobs;
use super::discover::Round;
use crate::db::{End, Failure};
use crate::kernel::moment::after;
use crate::webhooks::delivery::Attempt;
use crate::webhooks::http_client::{Answered, Outgoing, Reply};
use crate::webhooks::queries::deliveries::Claimed;
use crate::webhooks::queries::webhooks::{self, WebhookKey};
use crate::webhooks::queue::queue_next;
use crate::webhooks::secret::signatures;
use crate::webhooks::send::{self, Body, Claim, Sent};

/// The webhooks that a server sends to at the same time, and those of them whose attempts fail. Their connections have a
/// part of the file descriptors that `http/connection/bounds.rs` reserves.
const MOST_TASKS: usize = 24;
const MOST_FAILING_TASKS: usize = 12;
/// The requests to one webhook at the same time, and to one whose attempts fail.
const REQUESTS: i64 = 4;
const REQUESTS_WHILE_FAILING: i64 = 1;
/// A task ends after this time, so that other webhooks get its place.
const TURN: Duration = Duration::from_secs(10);
/// The transactions of all tasks at the same time, so that they leave the database to requests.
const TRANSACTIONS: usize = 2;
/// The parts of the feed that are read for one webhook before the next one has its turn.
const MOST_STEPS: usize = 20;
/// The time between two runs, if nothing wakes the job: deliveries become due, and other servers move rows to the feed.
const PERIOD: Duration = Duration::from_millis(500);
/// The time that requests have to end when the server stops. The others are sent again after their lease.
const LAST_TIME: Duration = Duration::from_secs(5);

/// The tasks that send at the moment.
struct Sending {
    sender: Sender,
    tasks: JoinSet<Result<usize, Failure>>,
    busy: HashMap<Id, (WebhookKey, bool)>,
}

impl Sending {
    fn new(jobs: &Jobs) -> Self {
        let sender = Sender { jobs: jobs.clone(), transactions: Arc::new(Semaphore::new(TRANSACTIONS)) };
        Self { sender, tasks: JoinSet::new(), busy: HashMap::new() }
    }

    fn has_place(&self, key: WebhookKey, is_failing: bool) -> bool {
        let failing = self.busy.values().filter(|(_, is_failing)| *is_failing).count();
        self.busy.len() < MOST_TASKS
            && (!is_failing || failing < MOST_FAILING_TASKS)
            && !self.busy.values().any(|(busy, _)| *busy == key)
    }

    fn start(&mut self, key: WebhookKey, is_failing: bool) {
        let requests = if is_failing { REQUESTS_WHILE_FAILING } else { REQUESTS };
        let task = self.tasks.spawn(self.sender.clone().send_due(key, requests));
        self.busy.insert(task.id(), (key, is_failing));
    }

    /// Waits for the end of a task. None if there is none.
    async fn next(&mut self) -> Option<Result<usize, Failure>> {
        match self.tasks.join_next_with_id().await? {
            Ok((id, done)) => {
                self.busy.remove(&id);
                Some(done)
            }
            Err(error) => {
                self.busy.remove(&error.id());
                Some(Err(Failure::Internal(error.to_string())))
            }
        }
    }
}

impl Jobs {
    /// Makes and sends deliveries until none is due. Returns the number of requests.
    pub async fn deliver_webhooks(self) -> Result<usize, Failure> {
        let (mut sending, mut round) = (Sending::new(&self), Round::default());
        loop {
            let mut queued = 0;
            round.add(self.queue_deliveries().await.map(|count| {
                queued = count;
                0
            }));
            round.add(self.start_due(&mut sending).await.map(|()| 0));
            match sending.next().await {
                Some(done) => round.add(done),
                None if queued == 0 => return round.result(),
                None => {}
            }
        }
    }

    /// Makes and sends deliveries until the server stops. Failures are noted, and do not stop the rest.
    pub async fn keep_delivering(self, mut stopped: watch::Receiver<bool>, note: fn(&'static str, &Failure)) {
        let note = |failure: &Failure| note("deliver_webhooks", failure);
        let mut sending = Sending::new(&self);
        loop {
            let queued = self.queue_deliveries().await.inspect_err(note).unwrap_or(0);
            self.start_due(&mut sending).await.inspect_err(note).ok();
            let pause = if queued > 0 { Duration::ZERO } else { PERIOD };
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

    /// Turns events of the feed into deliveries. Returns their number.
    async fn queue_deliveries(&self) -> Result<usize, Failure> {
        let mut round = Round::default();
        let behind = self.discover("discover_webhooks_behind", &mut round, |conn, store| {
            Ok(webhooks::discover_behind(conn, store)?)
        });
        for key in behind.await {
            for _ in 0..MOST_STEPS {
                let queue = move |conn: &mut _| Ok(End::Commit(queue_next(conn, key)?));
                let queued = self.database.without_patience().write("queue_deliveries", queue).await;
                let is_behind = queued.as_ref().is_ok_and(|queued| queued.is_behind);
                round.add(queued.map(|queued| queued.deliveries));
                if !is_behind {
                    break;
                }
            }
        }
        round.result()
    }

    /// Starts a task for each webhook with due deliveries that has none.
    async fn start_due(&self, sending: &mut Sending) -> Result<(), Failure> {
        let mut round = Round::default();
        let due =
            self.discover("discover_due_webhooks", &mut round, |conn, store| Ok(webhooks::discover_due(conn, store)?));
        for (key, is_failing) in due.await {
            if sending.has_place(key, is_failing) {
                sending.start(key, is_failing);
            }
        }
        round.result().map(drop)
    }
}

/// Sends the deliveries of webhooks. Cheap to clone.
#[derive(Clone)]
struct Sender {
    jobs: Jobs,
    transactions: Arc<Semaphore>,
}

impl Sender {
    /// Sends due deliveries of a webhook, some at a time, until there are none or its turn ends. Returns their number.
    async fn send_due(self, key: WebhookKey, requests: i64) -> Result<usize, Failure> {
        let (started, mut count) = (Instant::now(), 0_usize);
        let database = self.jobs.database.without_patience();
        while started.elapsed() < TURN {
            let claim = move |conn: &mut _| Ok(End::Commit(send::claim(conn, key, requests)?));
            let claim = self.in_turn(database.write("claim_deliveries", claim)).await?;
            if claim.deliveries.is_empty() {
                break;
            }
            count = count.saturating_add(self.send_claim(key, claim).await?);
        }
        Ok(count)
    }

    /// Waits for the turn of a transaction.
    async fn in_turn<T>(&self, transaction: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let turn = self.transactions.acquire().await.map_err(|closed| Failure::Internal(closed.to_string()))?;
        let done = transaction.await;
        drop(turn);
        done
    }

    async fn send_claim(&self, key: WebhookKey, claim: Claim) -> Result<usize, Failure> {
        let began = Instant::now();
        let deliveries = claim.deliveries.clone();
        let load = move |conn: &mut _| send::load_bodies(conn, key.store, &deliveries);
        let mut bodies = self.in_turn(self.jobs.database.read_internally("load_deliveries", load)).await?;
        let with_body = claim.deliveries.iter().filter_map(|delivery| Some((delivery, bodies.remove(&delivery.id)?)));
        let requests: Vec<_> = with_body.map(|(delivery, body)| self.send_one(&claim, delivery, body, began)).collect();
        let sent = join_all(requests).await.into_iter().collect::<Result<Vec<_>, _>>()?;
        let (count, lease) = (sent.len(), claim.lease);
        let record = move |conn: &mut _| Ok(End::Commit(send::record(conn, key, lease, &sent)?));
        if let Some(reason) = self.in_turn(self.jobs.database.write("record_deliveries", record)).await? {
            log::warn!(store = key.store.0, webhook = key.id.0, reason = reason.as_str(); "a webhook was turned off");
        }
        Ok(count)
    }

    /// Sends one delivery. `began` is the moment at which the deliveries were claimed.
    async fn send_one(
        &self,
        claim: &Claim,
        delivery: &Claimed,
        Body { bytes, happened_at }: Body,
        began: Instant,
    ) -> Result<Sent, Failure> {
        let Claimed { id, event_id, attempt_count, .. } = delivery;
        let at = after(claim.at, TimeDelta::from_std(began.elapsed()).unwrap_or_default());
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
