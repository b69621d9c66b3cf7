//! Checks if the database accepts writes.

use super::Jobs;
use crate::db::Failure;

impl Jobs {
    /// Writes a row, so that `/health/ready` need not write. The result is valid until the next check.
    pub async fn check_database(&self) -> Result<usize, Failure> {
        self.database.check_writable().await.map(|()| 0)
    }
}
