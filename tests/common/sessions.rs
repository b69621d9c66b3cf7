//! Signing in with a password, and the session that follows.

use serde_json::{Value, json};

use super::app::TestApp;
use super::client::Client;
use super::people::{PASSWORD, email};
use super::reply::Reply;

impl TestApp {
    pub fn login(&self, email: &str, password: &str) -> Reply {
        self.guest().post("/auth/login", &json!({"email": email, "password": password}))
    }

    /// A new session of the account with that name.
    pub fn session(&self, name: &str) -> Value {
        self.login(&email(name), PASSWORD).expect(200).json()
    }

    /// Exchanges the refresh token of a session.
    pub fn refresh(&self, session: &Value) -> Reply {
        self.guest().post("/auth/refresh", &json!({"refresh_token": session["refresh_token"]}))
    }

    pub fn logout(&self, session: &Value) -> Reply {
        self.guest().post("/auth/logout", &json!({"refresh_token": session["refresh_token"]}))
    }

    /// A client with the access token of a session.
    pub fn signed_in_by(&self, session: &Value) -> Client {
        self.guest().with_token(session["access_token"].as_str().unwrap())
    }
}
