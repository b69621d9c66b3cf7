//! The SQL of accounts, sessions and links that reset a password.

pub mod password_resets;
pub mod sessions;
pub mod users;
