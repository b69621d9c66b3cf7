//! Authentication of callers, and their permissions.

pub mod attempts;
pub mod authorize;
pub mod context;
pub mod cookie;
pub mod cookie_sessions;
pub mod hashing_queue;
mod hs256;
pub mod password;
pub mod permission;
pub mod principal;
pub mod queries;
mod retry_slots;
pub mod stream_token;
pub mod token;
pub mod token_versions;

pub use context::{Ctx, Scope};
pub use permission::{Access, Permission, Permissions};
pub use principal::{Principal, Role};
