//! Requests that may be sent twice and take effect once.
//!
//! Key, fingerprint, effects and stored answer commit in one transaction. A request
//! without a key gets one made for it, so that it too can be settled after a broken COMMIT.

pub mod answer;
pub mod claims;
pub mod command;
pub mod fingerprint;
pub mod queries;

pub use answer::Answer;
pub use command::Command;
