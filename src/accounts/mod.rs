//! Accounts of customers and staff, their sessions and their passwords.

pub mod email;
pub mod secret_token;

pub mod credentials;
pub mod grants;
pub mod password_reset;
pub mod session;
pub mod user;

pub mod api;
pub mod queries;

mod create_user;

pub use create_user::{NewAccount, create_user};
