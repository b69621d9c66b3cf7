//! Runs the jobs while the server runs.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

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
        let (stop, stopped) = watch::channel(false);
        let every = |period, name, job| tokio::spawn(repeat(jobs.clone(), stopped.clone(), period, name, job));
        let tasks = vec![
            every(Duration::from_secs(3), "check_database", Job::CheckDatabase),
            every(Duration::from_secs(1), "expire_holds", Job::ExpireHolds),
            every(Duration::from_secs(1), "refresh_token_versions", Job::RefreshTokenVersions),
            every(Duration::from_secs(1), "release_carts", Job::ReleaseCarts),
            every(Duration::from_secs(60), "apply_waiting_events", Job::ApplyWaitingEvents),
            every(Duration::from_secs(1), "send_mails", Job::SendMails),
            every(Duration::from_secs(600), "purge_keys", Job::PurgeKeys),
            every(Duration::from_secs(600), "purge_sessions", Job::PurgeSessions),
            every(Duration::from_secs(60), "tidy_limiters", Job::TidyLimiters),
        ];
        Self { stop, tasks }
    }

    /// Waits until the running jobs have finished, and starts no further runs.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        for task in self.tasks {
            if let Err(error) = task.await {
                log::error!(error:% = error; "a job did not stop cleanly");
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Job {
    CheckDatabase,
    ExpireHolds,
    RefreshTokenVersions,
    ReleaseCarts,
    ApplyWaitingEvents,
    SendMails,
    PurgeKeys,
    PurgeSessions,
    TidyLimiters,
}

impl Job {
    async fn run(self, jobs: &Jobs) -> Result<usize, Failure> {
        match self {
            Self::CheckDatabase => jobs.check_database().await,
            Self::ExpireHolds => jobs.expire_holds().await,
            Self::RefreshTokenVersions => jobs.refresh_token_versions().await,
            Self::ReleaseCarts => jobs.release_carts().await,
            Self::ApplyWaitingEvents => jobs.apply_waiting_events().await,
            Self::SendMails => jobs.send_mails().await,
            Self::PurgeKeys => jobs.purge_keys().await,
            Self::PurgeSessions => jobs.purge_sessions().await,
            Self::TidyLimiters => jobs.tidy_limiters().await,
        }
    }
}

async fn repeat(jobs: Jobs, mut stopped: watch::Receiver<bool>, period: Duration, name: &'static str, job: Job) {
    loop {
        match job.run(&jobs).await {
            Ok(0) => {}
            Ok(count) => log::info!(job = name, count = count; "job done"),
            // The log reports an outage separately.
            Err(failure) if failure.is_outage() => log::debug!(job = name, error:% = failure; "job failed"),
            // The next run does the remaining work.
            Err(failure) => log::warn!(job = name, error:% = failure; "job failed"),
        }
        if timeout(period, stopped.wait_for(|stop| *stop)).await.is_ok() {
            return;
        }
    }
}
