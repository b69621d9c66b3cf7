//! Metrics for Prometheus.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::http::{Method, StatusCode};
use actix_web::web::Bytes;
use chrono::TimeDelta;
use prometheus::core::Collector;
use prometheus::{
    Encoder, Gauge, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry,
    TextEncoder,
};

use crate::db::{self, Database};
use crate::error::ApiError;

/// Marks a request that was refused before its operation was looked up.
pub struct NotRouted;

/// The metrics of a server. Names start with `stockroom_`.
#[derive(Clone)]
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    durations: HistogramVec,
    checkouts: IntCounterVec,
    units_sold: IntCounter,
    expired_holds: IntCounter,
    active_holds: IntGauge,
    overdue_holds: IntGauge,
    expiry_lag: Gauge,
    feed_lag: Histogram,
    feed_waiting: Gauge,
    webhook_lag: Histogram,
    webhook_attempts: IntCounterVec,
    open_connections: IntGauge,
    closed_connections: IntCounterVec,
    page: Arc<Mutex<Page>>,
}

/// A page costs much more than other responses without the database, so at most this number is rendered in a second.
/// Further requests of that second get the last one.
const PAGES_PER_SECOND: u32 = 20;

/// The pages of the current second.
#[derive(Default)]
struct Page {
    second_began: Option<Instant>,
    rendered: u32,
    last: Bytes,
}

const BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// For times that include a backlog.
const LONG_BUCKETS: [f64; 10] = [0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 600.0, 3_600.0, 86_400.0];

impl Metrics {
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let counter = |name, help| add(&registry, IntCounter::new(name, help)?);
        let counters = |name, help, labels: &[&str]| add(&registry, IntCounterVec::new(Opts::new(name, help), labels)?);
        let gauge = |name, help| add(&registry, IntGauge::new(name, help)?);
        let seconds = |name, help| add(&registry, Gauge::new(name, help)?);
        let durations =
            HistogramOpts::new("stockroom_http_request_duration_seconds", "Duration of requests, by route and method");
        let feed_lag = HistogramOpts::new(
            "stockroom_feed_lag_seconds",
            "Time from the end of a transaction until its events were in the feed, for the oldest of a run",
        );
        let webhook_lag = HistogramOpts::new(
            "stockroom_webhook_lag_seconds",
            "Time from an event until its first attempt to a webhook",
        );
        let webhook_attempts =
            counters("stockroom_webhook_attempts_total", "Requests to webhooks, by outcome", &["outcome"])?;
        // The series exist from the start, so the number of failures is 0 before the first one.
        for outcome in ["succeeded", "failed"] {
            webhook_attempts.with_label_values(&[outcome]);
        }
        Ok(Self {
            requests: counters(
                "stockroom_http_requests_total",
                "Requests, by route, method and class of status",
                &["route", "method", "status"],
            )?,
            durations: add(&registry, HistogramVec::new(durations.buckets(BUCKETS.to_vec()), &["route", "method"])?)?,
            checkouts: counters("stockroom_checkouts_total", "Requests to place an order, by outcome", &["outcome"])?,
            units_sold: counter("stockroom_units_sold_total", "Units sold")?,
            expired_holds: counter("stockroom_holds_expired_total", "Holds that expired at their deadline")?,
            active_holds: gauge("stockroom_holds_active", "Active holds")?,
            overdue_holds: gauge("stockroom_holds_overdue", "Active holds past their deadline")?,
            expiry_lag: seconds("stockroom_expiry_lag_seconds", "Time since the deadline of the longest overdue hold")?,
            feed_lag: add(&registry, Histogram::with_opts(feed_lag.buckets(BUCKETS.to_vec()))?)?,
            feed_waiting: seconds(
                "stockroom_feed_waiting_seconds",
                "Time for which the oldest transaction has waited whose events are not in the feed",
            )?,
            webhook_lag: add(&registry, Histogram::with_opts(webhook_lag.buckets(LONG_BUCKETS.to_vec()))?)?,
            webhook_attempts,
            open_connections: gauge("stockroom_connections_open", "Open client connections")?,
            closed_connections: counters(
                "stockroom_connections_closed_total",
                "Client connections closed by the server, by reason",
                &["reason"],
            )?,
            page: Arc::default(),
            registry,
        })
    }

    pub fn count_expired_holds(&self, count: usize) {
        self.expired_holds.inc_by(u64::try_from(count).unwrap_or(0));
    }

    /// Sets the number of holds that the expiry job found in its last run.
    pub fn set_holds(&self, active: i64, overdue: i64, lag: Duration) {
        self.active_holds.set(active);
        self.overdue_holds.set(overdue);
        self.expiry_lag.set(lag.as_secs_f64());
    }

    /// Notes the wait of the oldest row that the relay has moved to a feed.
    pub fn observe_feed_lag(&self, lag: TimeDelta) {
        // The time is negative if the clocks of the server and the database differ.
        self.feed_lag.observe(lag.as_seconds_f64().max(0.0));
    }

    /// Sets the age of the oldest row that waits for the relay.
    pub fn set_feed_waiting(&self, age: TimeDelta) {
        self.feed_waiting.set(age.as_seconds_f64().max(0.0));
    }

    /// Notes how long an event waited for its first attempt to a webhook.
    pub fn observe_webhook_lag(&self, lag: TimeDelta) {
        self.webhook_lag.observe(lag.as_seconds_f64().max(0.0));
    }

    /// Counts a request to a webhook.
    pub fn count_webhook_attempt(&self, outcome: &str) {
        self.webhook_attempts.with_label_values(&[outcome]).inc();
    }

    pub fn set_open_connections(&self, count: usize) {
        self.open_connections.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    pub fn count_closed_connections(&self, reason: &str, count: usize) {
        self.closed_connections.with_label_values(&[reason]).inc_by(u64::try_from(count).unwrap_or(0));
    }

    /// Counts a request of an operation, or one that no operation answered. Both prefixes of the API are one route, and
    /// a HEAD request is a GET request without the body of its response.
    pub fn count_request(&self, operation: Option<(&Method, &str)>, status: StatusCode, took: Duration) {
        let (method, route) = match operation {
            Some((method, route)) if *method == Method::HEAD => ("GET", canonical(route)),
            Some((method, route)) => (method.as_str(), canonical(route)),
            None => ("OTHER", Cow::Borrowed("(none)")),
        };
        let class = format!("{}xx", status.as_u16() / 100);
        self.requests.with_label_values(&[route.as_ref(), method, &class]).inc();
        self.durations.with_label_values(&[route.as_ref(), method]).observe(took.as_secs_f64());
    }

    /// Counts a request to place an order by its outcome: `placed` with the units that it sold, or the error code.
    pub fn count_placement(&self, outcome: Result<i64, &ApiError>) {
        let label = outcome.map_or_else(|refusal| refusal.code.as_str(), |_units_sold| "placed");
        self.checkouts.with_label_values(&[label]).inc();
        self.count_units_sold(outcome.unwrap_or_default());
    }

    pub fn count_units_sold(&self, units: i64) {
        self.units_sold.inc_by(u64::try_from(units).unwrap_or(0));
    }

    /// The metrics in the text format of Prometheus: as they are now, or under a flood of requests the last page.
    pub fn page(&self, database: &Database) -> Result<Bytes, prometheus::Error> {
        let mut page = self.page.lock().unwrap_or_else(PoisonError::into_inner);
        if page.take_turn(Instant::now()) {
            page.last = self.render(database)?.into();
        }
        Ok(page.last.clone())
    }

    fn render(&self, database: &Database) -> Result<Vec<u8>, prometheus::Error> {
        let mut families = self.registry.gather();
        families.extend(measure(database)?.gather());
        families.sort_by(|one, other| one.name().cmp(other.name()));
        let mut text = Vec::new();
        TextEncoder::new().encode(&families, &mut text)?;
        Ok(text)
    }
}

impl Page {
    /// True if the next page is to be rendered.
    fn take_turn(&mut self, now: Instant) -> bool {
        let is_same = |began: Instant| now.saturating_duration_since(began) < Duration::from_secs(1);
        if !self.second_began.is_some_and(is_same) {
            (self.second_began, self.rendered) = (Some(now), 0);
        }
        let is_left = self.rendered < PAGES_PER_SECOND;
        self.rendered = self.rendered.saturating_add(u32::from(is_left));
        is_left
    }
}

/// The metrics whose values are read at each scrape.
fn measure(database: &Database) -> Result<Registry, prometheus::Error> {
    let registry = Registry::new();
    let gauge = |name, help, value| add(&registry, IntGauge::new(name, help)?).map(|gauge| gauge.set(value));
    gauge("stockroom_pool_in_use", "Database connections in use", db::count(database.in_use()))?;
    gauge("stockroom_pool_connections", "Open database connections", database.connections().into())?;
    let oldest_wait = Gauge::new("stockroom_oldest_wait_seconds", "Waiting time of the oldest request in a queue")?;
    add(&registry, oldest_wait)?.set(database.oldest_wait().as_secs_f64());
    let statements = IntCounter::new("stockroom_sql_statements_total", "SQL statements sent")?;
    add(&registry, statements)?.inc_by(db::pool::statements());
    #[cfg(target_os = "linux")]
    super::process_metrics::add_to(&registry)?;
    Ok(registry)
}

/// Adds a metric to the registry.
pub(super) fn add<C: Collector + Clone + 'static>(registry: &Registry, metric: C) -> Result<C, prometheus::Error> {
    registry.register(Box::new(metric.clone()))?;
    Ok(metric)
}

fn canonical(route: &str) -> Cow<'_, str> {
    match route.strip_prefix("/api/") {
        Some(rest) if !rest.starts_with("v1/") => Cow::Owned(format!("/api/v1/{rest}")),
        _ => Cow::Borrowed(route),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_most_twenty_pages_are_rendered_in_a_second_and_the_first_ones_are_fresh() {
        let (mut page, start) = (Page::default(), Instant::now());
        let mut rendered_at = |ms| page.take_turn(start.checked_add(Duration::from_millis(ms)).unwrap());
        assert_eq!((0..500).filter(|ms| rendered_at(*ms)).collect::<Vec<_>>(), (0..20).collect::<Vec<_>>());
        assert!(!rendered_at(999));
        assert_eq!((1_000..1_900).filter(|ms| rendered_at(*ms)).count(), 20);
        // A pause begins a new second.
        assert!(rendered_at(9_000) && rendered_at(9_900) && rendered_at(10_000));
    }
}
