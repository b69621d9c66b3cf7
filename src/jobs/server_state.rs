//! Jobs that keep the state of this server up to date.

use super::Jobs;
use crate::db::Failure;

impl Jobs {
    /// Writes a row, so that `/health/ready` need not write. The result is valid until the next check.
    pub async fn check_database(self) -> Result<usize, Failure> {
        self.database.check_writable().await.map(|()| 0)
    }

    /// Reads the token versions that other servers have raised. Returns the number of accounts that were new to this
    /// server.
    pub async fn refresh_token_versions(self) -> Result<usize, Failure> {
        self.token_versions.refresh().await
    }

    /// Removes inactive callers from the rate limiters.
    pub async fn tidy_limiters(self) -> Result<usize, Failure> {
        self.limiters.tidy();
        Ok(0)
    }
}
