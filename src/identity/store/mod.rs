//! The SQL of stores, accounts, sessions and addresses.

pub mod address_snapshots;
pub mod stores;
