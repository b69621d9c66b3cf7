//! A request that is sent twice takes effect once.
//!
//! Key, fingerprint, effects and stored response commit in one transaction. A request without a key gets a generated
//! key, so that its outcome can be found after a lost COMMIT.

pub mod answer;
pub mod command;
pub mod fingerprint;
pub mod once;
pub mod queries;

pub use answer::Answer;
pub use command::Command;
pub use once::{Done, Keyed, Outcome, once};
