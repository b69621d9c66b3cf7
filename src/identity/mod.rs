//! Stores, accounts, sessions and addresses.

pub mod email;
pub mod payment_methods;
pub mod secret_token;
pub mod store_code;

pub mod change_password;
pub mod grants;
pub mod password_reset;
pub mod session;
pub mod sign_out;
pub mod store_settings;
pub mod user;

pub mod api;
pub mod store;

mod create_user;

pub use create_user::{NewAccount, create_user};
