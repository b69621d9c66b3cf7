//! What Prometheus scrapes.

use std::time::Duration;

use prometheus::{
    Encoder, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry, TextEncoder,
};

use crate::db::{self, Database};

/// The metrics of a server. Names start with `stockroom_`.
#[derive(Clone)]
pub struct Metrics {
    registry: Registry,
    requests: HistogramVec,
    checkouts: IntCounterVec,
    units_sold: IntCounter,
    expired_holds: IntCounter,
    active_holds: IntGauge,
    overdue_holds: IntGauge,
    expiry_lag_ms: IntGauge,
    pool_in_use: IntGauge,
    oldest_wait_ms: IntGauge,
    statements: IntGauge,
}

const BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

impl Metrics {
    pub fn new() -> Result<Self, prometheus::Error> {
        let metrics = Self {
            registry: Registry::new(),
            requests: HistogramVec::new(
                HistogramOpts::new("stockroom_http_request_duration_seconds", "Requests by route, method and status")
                    .buckets(BUCKETS.to_vec()),
                &["route", "method", "status"],
            )?,
            checkouts: IntCounterVec::new(
                Opts::new("stockroom_checkouts_total", "Checkouts and orders without a cart, by outcome"),
                &["outcome"],
            )?,
            units_sold: IntCounter::new("stockroom_units_sold_total", "Units sold at checkout")?,
            expired_holds: IntCounter::new("stockroom_holds_expired_total", "Holds ended at their deadline")?,
            active_holds: IntGauge::new("stockroom_holds_active", "Holds that have not ended")?,
            overdue_holds: IntGauge::new("stockroom_holds_overdue", "Holds past their deadline, not yet ended")?,
            expiry_lag_ms: IntGauge::new("stockroom_expiry_lag_milliseconds", "Age of the longest overdue hold")?,
            pool_in_use: IntGauge::new("stockroom_pool_in_use", "Database connections at work")?,
            oldest_wait_ms: IntGauge::new("stockroom_oldest_wait_milliseconds", "Wait of the oldest waiting request")?,
            statements: IntGauge::new("stockroom_sql_statements_total", "SQL statements sent")?,
        };
        metrics.register()?;
        Ok(metrics)
    }

    fn register(&self) -> Result<(), prometheus::Error> {
        let counters = [&self.units_sold, &self.expired_holds];
        let gauges = [
            &self.active_holds,
            &self.overdue_holds,
            &self.expiry_lag_ms,
            &self.pool_in_use,
            &self.oldest_wait_ms,
            &self.statements,
        ];
        self.registry.register(Box::new(self.requests.clone()))?;
        self.registry.register(Box::new(self.checkouts.clone()))?;
        counters.into_iter().try_for_each(|counter| self.registry.register(Box::new(counter.clone())))?;
        gauges.into_iter().try_for_each(|gauge| self.registry.register(Box::new(gauge.clone())))
    }

    pub fn count_expired_holds(&self, count: usize) {
        self.expired_holds.inc_by(u64::try_from(count).unwrap_or(0));
    }

    /// What the expiry job saw when it last looked.
    pub fn set_holds(&self, active: i64, overdue: i64, lag_milliseconds: i64) {
        self.active_holds.set(active);
        self.overdue_holds.set(overdue);
        self.expiry_lag_ms.set(lag_milliseconds);
    }

    pub fn count_request(&self, route: &str, method: &str, status: &str, took: Duration) {
        self.requests.with_label_values(&[route, method, status]).observe(took.as_secs_f64());
    }

    /// Counts a placement: `placed`, or the code that it was refused with.
    pub fn count_checkout(&self, outcome: &str) {
        self.checkouts.with_label_values(&[outcome]).inc();
    }

    pub fn count_units_sold(&self, units: i64) {
        self.units_sold.inc_by(u64::try_from(units).unwrap_or(0));
    }

    /// The text of a scrape.
    pub fn render(&self, database: &Database) -> Result<Vec<u8>, prometheus::Error> {
        self.pool_in_use.set(i64::try_from(database.in_use()).unwrap_or(i64::MAX));
        self.oldest_wait_ms.set(i64::try_from(database.oldest_wait().as_millis()).unwrap_or(i64::MAX));
        self.statements.set(i64::try_from(db::pool::statements()).unwrap_or(i64::MAX));
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}
