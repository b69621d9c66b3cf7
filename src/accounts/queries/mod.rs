//! The SQL of accounts and links that reset a password.

pub mod password_resets;
pub mod users;
