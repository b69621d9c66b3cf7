//! Reads the token versions that other servers have raised.

use super::Jobs;
use crate::db::Failure;

impl Jobs {
    /// Reads the recently raised token versions. Returns the number of accounts that were new to this server.
    pub async fn refresh_token_versions(&self) -> Result<usize, Failure> {
        self.token_versions.refresh().await
    }
}
