//! Looks whether the database can be written to.

use super::Jobs;
use crate::db::Failure;

impl Jobs {
    /// Writes a little, so that `/health/ready` need not. What is found stands until the next look.
    pub async fn check_database(&self) -> Result<usize, Failure> {
        self.database.check_writable().await.map(|()| 0)
    }
}
