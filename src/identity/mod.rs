//! Stores, accounts, sessions and addresses.

pub mod payment_methods;
pub mod store;
