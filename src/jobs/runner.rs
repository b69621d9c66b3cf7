//! Runs the jobs while the server runs.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};

use super::Jobs;
use crate::db::Failure;

/// The running jobs. Each has a task of its own, so that a waiting job does not delay the others.
pub struct Runner {
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Runner {
    /// Starts every job on the current runtime. Each runs immediately, and then after each period.
    #[must_use]
    pub fn start(jobs: &Jobs) -> Self {
        let mut runner = Self { stop: watch::Sender::new(false), tasks: Vec::new() };
        runner.every(3, "check_database", jobs, Jobs::check_database);
        runner.every(1, "expire_holds", jobs, Jobs::expire_holds);
        runner.every(1, "refresh_token_versions", jobs, Jobs::refresh_token_versions);
        runner.every(1, "release_carts", jobs, Jobs::release_carts);
        runner.every(60, "apply_waiting_events", jobs, Jobs::apply_waiting_events);
        runner.every(1, "send_mails", jobs, Jobs::send_mails);
        // A value may be 60 s old. A longer period costs less: a variant with many sales has one checkpoint for all.
        runner.every(30, "value_stock", jobs, Jobs::value_stock);
        // Reports add the sales that are not in the roll-ups yet. Sales wait until they are valued.
        runner.every(5, "fold_sales", jobs, Jobs::fold_sales);
        runner.every(60, "fold_holds", jobs, Jobs::fold_holds);
        // Searches read the orders whose texts are not written yet, so these should be few.
        runner.every(1, "write_search_texts", jobs, Jobs::write_search_texts);
        runner.every(1, "follow_feed", jobs, Jobs::follow_feed);
        runner.every(30, "send_alerts", jobs, Jobs::send_alerts);
        runner.every(600, "verify_stores", jobs, Jobs::verify_stores);
        runner.every(600, "purge_alerts", jobs, Jobs::purge_alerts);
        runner.every(600, "purge_stock_notices", jobs, Jobs::purge_stock_notices);
        runner.every(1, "run_imports", jobs, Jobs::run_imports);
        runner.every(600, "purge_imports", jobs, Jobs::purge_imports);
        runner.every(600, "purge_mail_counts", jobs, Jobs::purge_mail_counts);
        runner.every(10, "find_scarce_variants", jobs, Jobs::find_scarce_variants);
        runner.every(60, "forecast_demand", jobs, Jobs::forecast_demand);
        runner.every(600, "purge_keys", jobs, Jobs::purge_keys);
        runner.every(600, "purge_sessions", jobs, Jobs::purge_sessions);
        runner.every(600, "purge_deliveries", jobs, Jobs::purge_deliveries);
        runner.relay(jobs);
        runner.every(5, "measure_feed", jobs, Jobs::measure_feed);
        runner.tasks.push(tokio::spawn(jobs.clone().keep_delivering(runner.stop.subscribe(), note_failure)));
        runner.every(60, "tidy_limiters", jobs, Jobs::tidy_limiters);
        runner
    }

    fn every<F>(&mut self, seconds: u64, name: &'static str, jobs: &Jobs, job: fn(Jobs) -> F)
    where
        F: Future<Output = Result<usize, Failure>> + Send + 'static,
    {
        let jobs = jobs.clone();
        let run = move || job(jobs.clone());
        self.tasks.push(tokio::spawn(repeat(Duration::from_secs(seconds), name, run, self.stop.subscribe())));
    }

    /// Starts the relay, which runs after each write.
    fn relay(&mut self, jobs: &Jobs) {
        let (jobs, mut stopped) = (jobs.clone(), self.stop.subscribe());
        self.tasks.push(tokio::spawn(async move {
            loop {
                if let Err(failure) = jobs.clone().relay_feed().await {
                    note_failure("relay_feed", &failure);
                }
                tokio::select! {
                    () = jobs.wait_for_rows() => {}
                    _ = stopped.wait_for(|stop| *stop) => return,
                }
            }
        }));
    }

    /// Starts no further runs, and waits until the running jobs have finished, up to this time. The others are abandoned:
    /// transactions that do not commit leave nothing, and the next server does their work.
    pub async fn stop(self, limit: Duration) {
        self.stop.send_replace(true);
        let until = Instant::now() + limit;
        for mut task in self.tasks {
            match timeout_at(until, &mut task).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => log::error!(error:% = error; "a job did not stop cleanly"),
                Err(_elapsed) => {
                    log::warn!("a job was abandoned, because the server stops");
                    task.abort();
                }
            }
        }
    }
}

async fn repeat<F>(period: Duration, name: &'static str, run: impl Fn() -> F, mut stopped: watch::Receiver<bool>)
where
    F: Future<Output = Result<usize, Failure>>,
{
    loop {
        match run().await {
            Ok(0) => {}
            Ok(count) => log::info!(job = name, count = count; "job done"),
            Err(failure) => note_failure(name, &failure),
        }
        if timeout(period, stopped.wait_for(|stop| *stop)).await.is_ok() {
            return;
        }
    }
}

/// The next run does the remaining work.
fn note_failure(name: &'static str, failure: &Failure) {
    let level = if failure.is_temporary() { log::Level::Debug } else { log::Level::Warn };
    log::log!(level, job = name, error:% = failure; "job failed");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_job_that_does_not_end_is_abandoned() {
        let stop = watch::Sender::new(false);
        let mut stopped = stop.subscribe();
        let quick = tokio::spawn(async move { drop(stopped.wait_for(|stop| *stop).await) });
        let runner = Runner { stop, tasks: vec![tokio::spawn(std::future::pending()), quick] };
        let began = Instant::now();
        runner.stop(Duration::from_secs(3)).await;
        assert_eq!(began.elapsed(), Duration::from_secs(3));
    }
}
