//! Typed settings in layers: `config/default.toml` (built in), a file, the environment.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use config::{Config, File, FileFormat};
use serde::Deserialize;

use crate::db::database::DatabaseOptions;
use crate::db::pool::Target;
use crate::db::tx::Plans;
use crate::kernel::signature::Scheme;

mod environment;
pub mod mail;
mod server;

pub use mail::Mail;
pub use server::{MetricsSettings, Server};

const DEFAULTS: &str = include_str!("../config/default.toml");

/// The settings of a server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub server: Server,
    pub database: DatabaseSettings,
    pub auth: Auth,
    pub checkout: Checkout,
    pub payments: Payments,
    pub reservations: Reservations,
    pub idempotency: Idempotency,
    pub limits: Limits,
    pub mail: Mail,
    pub webhooks: Webhooks,
    pub metrics: MetricsSettings,
    pub demo: Demo,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseSettings {
    pub url: Secret,
    pub data_dir: PathBuf,
    pub bin_dir: PathBuf,
    pub pool_size: u32,
    pub prepared_statements: bool,
    pub generic_plans: GenericPlans,
}

/// True if writes use one plan of a statement for all its executions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GenericPlans {
    /// On, unless the database is distributed. `serve` checks this when it starts.
    Auto,
    On,
    Off,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    pub jwt_secret: Secret,
    pub issuer: String,
    pub audience: String,
    pub access_ttl_seconds: i64,
    pub refresh_ttl_seconds: i64,
    pub revocation_seconds: u64,
    pub hash_threads: usize,
}

/// The batches of placements of one store.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkout {
    pub concurrent_batches: usize,
    pub batch_size: usize,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payments {
    pub window_seconds: i64,
    /// Providers that send callbacks, by their name in the path.
    pub providers: BTreeMap<String, Provider>,
}

/// A payment provider that signs its callbacks. It is off without a secret.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    pub scheme: Scheme,
    pub secret: Secret,
}

impl Provider {
    pub fn is_on(&self) -> bool {
        !self.secret.reveal().is_empty()
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reservations {
    pub cart_hold_seconds: i64,
    pub cart_hold_max_seconds: i64,
    pub max_ttl_seconds: i64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Idempotency {
    pub keep_hours: i64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhooks {
    /// Allows `http`, and addresses of the own network.
    pub allow_private: bool,
}

/// The demo store of the embedded server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Demo {
    /// The days of its past. 0: it has almost none.
    pub history_days: i64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub queue_ms: u64,
    pub queue_length: usize,
    pub login_per_minute: u32,
    pub register_per_minute: u32,
    pub password_mails_per_hour: u32,
    pub requests_per_minute: u32,
    pub checkout_per_minute: u32,
    pub event_streams: usize,
    pub event_streams_per_address: usize,
    pub availability_streams: usize,
    pub availability_streams_per_address: usize,
}

/// Text that is never shown.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: String) -> Self {
        Self(text)
    }

    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "(none)" } else { "(set)" })
    }
}

/// The reason that the settings are invalid, as a message for their author.
#[derive(Debug, thiserror::Error)]
#[error("settings: {0}")]
pub struct SettingsError(String);

/// The longest past of the demo store.
pub const MAX_HISTORY_DAYS: i64 = 400;

/// The minimal length of a secret that is safe for HMAC-SHA256.
pub const MIN_SECRET_BYTES: usize = 32;

impl Settings {
    /// Reads the layers and checks them.
    pub fn load(file: Option<&Path>) -> Result<Self, SettingsError> {
        let mut layers = Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml));
        if let Some(path) = file {
            layers = layers.add_source(File::from(path).format(FileFormat::Toml));
        }
        layers = layers.add_source(environment::source());
        for (variable, key) in [("DATABASE_URL", "database.url"), ("JWT_SECRET", "auth.jwt_secret")] {
            layers = layers.set_override_option(key, std::env::var(variable).ok()).map_err(describe)?;
        }
        let settings: Self = layers.build().and_then(Config::try_deserialize).map_err(describe)?;
        settings.check()?;
        Ok(settings)
    }

    fn check(&self) -> Result<(), SettingsError> {
        let rules = [
            (self.database.pool_size >= 1, "database.pool_size must be at least 1"),
            (self.auth.hash_threads >= 1, "auth.hash_threads must be at least 1"),
            (self.auth.access_ttl_seconds >= 1, "auth.access_ttl_seconds must be at least 1"),
            (self.auth.refresh_ttl_seconds >= 1, "auth.refresh_ttl_seconds must be at least 1"),
            (self.checkout.concurrent_batches >= 1, "checkout.concurrent_batches must be at least 1"),
            ((1..=1000).contains(&self.checkout.batch_size), "checkout.batch_size must be from 1 to 1000"),
            (self.payments.window_seconds >= 1, "payments.window_seconds must be at least 1"),
            (self.reservations.cart_hold_seconds >= 1, "reservations.cart_hold_seconds must be at least 1"),
            (
                self.reservations.cart_hold_max_seconds >= self.reservations.cart_hold_seconds,
                "reservations.cart_hold_max_seconds must be at least reservations.cart_hold_seconds",
            ),
            (self.reservations.max_ttl_seconds >= 1, "reservations.max_ttl_seconds must be at least 1"),
            (self.idempotency.keep_hours >= 24, "idempotency.keep_hours must be at least 24"),
            (self.limits.queue_ms >= 1, "limits.queue_ms must be at least 1"),
            ((0..=MAX_HISTORY_DAYS).contains(&self.demo.history_days), "demo.history_days must be from 0 to 400"),
        ];
        check_rules(&rules)?;
        self.server.check()?;
        self.mail.check(&self.server.public_url)
    }

    /// True if Stockroom starts its own PostgreSQL.
    pub fn is_embedded(&self) -> bool {
        self.database.url.reveal().is_empty()
    }

    /// Refuses a short signing secret, and a missing one if none can be generated.
    pub fn check_given_secret(&self) -> Result<(), SettingsError> {
        if self.is_embedded() && self.auth.jwt_secret.reveal().is_empty() { Ok(()) } else { self.check_secret() }
    }

    /// Refuses a missing or short signing secret.
    pub fn check_secret(&self) -> Result<(), SettingsError> {
        match self.auth.jwt_secret.reveal().len() {
            0 => Err(SettingsError(format!("JWT_SECRET is not set; it needs at least {MIN_SECRET_BYTES} bytes"))),
            length if length < MIN_SECRET_BYTES => {
                Err(SettingsError(format!("JWT_SECRET has {length} bytes; it needs at least {MIN_SECRET_BYTES}")))
            }
            _ => Ok(()),
        }
    }

    pub fn database_options(&self) -> DatabaseOptions {
        DatabaseOptions {
            target: self.database.target(),
            pool_size: self.database.pool_size,
            plans: match self.database.generic_plans {
                GenericPlans::Auto | GenericPlans::On => Plans::Generic,
                GenericPlans::Off => Plans::Automatic,
            },
            queue_time: Duration::from_millis(self.limits.queue_ms),
            queue_length: self.limits.queue_length,
        }
    }
}

impl DatabaseSettings {
    pub fn target(&self) -> Target {
        Target { url: self.url.reveal().to_owned(), prepared_statements: self.prepared_statements }
    }
}

/// Returns the message of the first rule that does not hold.
fn check_rules(rules: &[(bool, &str)]) -> Result<(), SettingsError> {
    match rules.iter().find(|(holds, _)| !holds) {
        Some((_, rule)) => Err(SettingsError((*rule).to_owned())),
        None => Ok(()),
    }
}

fn describe(error: config::ConfigError) -> SettingsError {
    SettingsError(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_complete_and_legal() {
        let settings: Settings = Config::builder()
            .add_source(File::from_str(DEFAULTS, FileFormat::Toml))
            .build()
            .unwrap()
            .try_deserialize()
            .unwrap();
        settings.check().unwrap();
        assert!(settings.is_embedded());
        assert_eq!(settings.payments.window_seconds, 900);
    }

    #[test]
    fn secrets_are_not_shown() {
        assert_eq!(format!("{:?}", Secret::new("hush".into())), "(set)");
    }
}
