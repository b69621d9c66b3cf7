//! The SQL of stores, accounts, sessions and addresses.

pub mod addresses;
pub mod password_resets;
pub mod sessions;
pub mod stores;
pub mod users;
