//! Accounts: signing in and out, tokens, passwords, limits, staff.

mod browser_sessions;
mod changes;
mod late_bodies;
mod passwords;
mod registration;
mod sessions;
mod sign_in;
mod sign_in_limits;
mod tokens;
pub mod users;

use crate::common::people::email;
use crate::common::{Client, Reply, TestApp, json};

/// A client that has this address according to the reverse proxy.
fn at(app: &TestApp, address: &str) -> Client {
    app.guest().with_header("X-Forwarded-For", address)
}

/// Signs in from the address of the client.
fn login(client: &Client, name: &str, password: &str) -> Reply {
    client.post("/auth/login", &json!({"email": email(name), "password": password}))
}
