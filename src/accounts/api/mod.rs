//! The operations on accounts, sessions and passwords.

pub mod accounts;
pub mod browser_sessions;
pub mod client_address;
pub mod password_page;
pub mod passwords;
pub mod sessions;
pub mod users;
