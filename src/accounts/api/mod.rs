//! The operations on accounts, sessions and passwords.

pub mod accounts;
pub mod origin;
pub mod password_page;
pub mod passwords;
pub mod sessions;
pub mod users;
