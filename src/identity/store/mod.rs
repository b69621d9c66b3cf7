//! The SQL of stores, accounts, sessions and addresses.

pub mod stores;
