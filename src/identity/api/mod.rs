//! The calls of stores, accounts, sessions and addresses.

pub mod accounts;
pub mod addresses;
pub mod origin;
pub mod password_page;
pub mod passwords;
pub mod sessions;
pub mod stores;
pub mod users;
