//! The reason that a command failed, as a message for its user.

use stockroom::app::StartError;
use stockroom::db::Failure;
use stockroom::db::distribute::DistributeError;
use stockroom::embedded_postgres::EmbeddedError;
use stockroom::mail::mailer::MailerError;
use stockroom::settings::SettingsError;

#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Mailer(#[from] MailerError),
    #[error(transparent)]
    Database(#[from] Failure),
    #[error(transparent)]
    Distribute(#[from] DistributeError),
    #[error(
        "server.host is {0}, but without DATABASE_URL the demo accounts have published passwords: \
         use 127.0.0.1, or a database of your own"
    )]
    NotLoopback(String),
    #[error("can't {0}: {1}")]
    Io(String, std::io::Error),
    #[error("{0}")]
    Other(String),
}

impl CommandError {
    /// For `map_err`: adds the attempted action to the system's error.
    pub fn io(action: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let action = action.into();
        move |error| Self::Io(action, error)
    }
}
