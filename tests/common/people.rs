//! Accounts, and clients that are signed in as them.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Jsonb, Nullable, Text};
use serde_json::json;
use stockroom::auth::Role;
use stockroom::auth::password::hash_now;
use stockroom::kernel::id::{StoreId, UserId};
use stockroom::kernel::sort_key::sort_key;

use super::app::TestApp;
use super::client::Client;

/// The password of every account that has one.
pub const PASSWORD: &str = "correct horse battery";

/// Not a valid hash. Accounts with it use tokens only.
const NO_PASSWORD: &str = "!";

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = BigInt)]
    token_version: i64,
}

impl TestApp {
    /// Signed in with every permission.
    pub fn admin(&self) -> Client {
        self.signed_in("admin", Role::Admin, &[], None)
    }

    /// Signed in as the customer of that name, who is created at the first call.
    pub fn customer(&self, name: &str) -> Client {
        self.signed_in(name, Role::Customer, &[], None)
    }

    /// Signed in as staff of the default store with exactly these permissions.
    pub fn staff(&self, permissions: &[&str]) -> Client {
        self.staff_of(self.store, permissions)
    }

    pub fn staff_of(&self, store: StoreId, permissions: &[&str]) -> Client {
        // The name is short enough for the e-mail address of an account with all permissions.
        let short = |text: &str| text.chars().take(5).collect::<String>();
        let short = permissions.iter().map(|name| name.split(':').map(short).collect::<Vec<_>>().join("."));
        let name = format!("staff-{store}-{}", short.collect::<Vec<_>>().join("-"));
        self.signed_in(&name, Role::Staff, permissions, Some(store))
    }

    /// The id of an account of that name, with a password to log in with.
    pub fn account(&self, name: &str, role: Role) -> UserId {
        let store = (role == Role::Staff).then_some(self.store);
        self.find_or_create(name, role, &[], store, &hash_now(PASSWORD).unwrap())
    }

    fn signed_in(&self, name: &str, role: Role, permissions: &[&str], store: Option<StoreId>) -> Client {
        let user = self.find_or_create(name, role, permissions, store, NO_PASSWORD);
        self.guest().with_token(&self.token(user, role)).of_user(user)
    }

    /// An access token of the account, as a login would sign it now.
    pub fn token(&self, user: UserId, role: Role) -> String {
        let version: Version = diesel::sql_query("SELECT token_version FROM users WHERE id = $1")
            .bind::<BigInt, _>(user)
            .get_result(&mut self.connection())
            .unwrap();
        self.tokens.sign(user, role, version.token_version, None).unwrap()
    }

    fn find_or_create(
        &self,
        name: &str,
        role: Role,
        permissions: &[&str],
        store: Option<StoreId>,
        password_hash: &str,
    ) -> UserId {
        let upsert = diesel::sql_query(
            "INSERT INTO users (email, password_hash, full_name, role, permissions, store_id, created_at, updated_at, \
                    search_text, name_key) \
             VALUES ($1, $2, $3, $4, $5, $6, now(), now(), $1 || E'\\n' || $3, $7) \
             ON CONFLICT (email) DO UPDATE SET email = EXCLUDED.email RETURNING id",
        )
        .bind::<Text, _>(email(name))
        .bind::<Text, _>(password_hash)
        .bind::<Text, _>(name)
        .bind::<Text, _>(role.as_str())
        .bind::<Jsonb, _>(json!(permissions))
        .bind::<Nullable<BigInt>, _>(store)
        .bind::<Text, _>(sort_key(name));
        // Two threads of a race may ask for the same account, and the default isolation may be a stricter one.
        let mut conn = self.connection();
        let user = conn.build_transaction().read_committed().run(|conn| upsert.get_result::<Id>(conn)).unwrap();
        UserId(user.id)
    }
}

pub fn email(name: &str) -> String {
    format!("{name}@example.com")
}
