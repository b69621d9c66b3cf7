//! Learns which accounts have ended their tokens on other servers.

use super::Jobs;
use crate::db::Failure;

impl Jobs {
    /// Reads the versions of tokens that were raised lately. Returns how many accounts were new to this server.
    pub async fn refresh_token_versions(&self) -> Result<usize, Failure> {
        self.token_versions.refresh().await
    }
}
