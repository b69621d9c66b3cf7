//! What a database error means, decided in one place.

use diesel::result::{DatabaseErrorKind, Error};

/// Why a transaction could not be carried out. None of these is a refusal.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Failure {
    #[error("the database can't be reached: {0}")]
    Unavailable(String),
    #[error("the connection was lost at COMMIT")]
    OutcomeUnknown,
    #[error("too many requests wait for the database")]
    QueueFull,
    #[error("a lock was not granted in time")]
    LockTimeout,
    #[error("a statement took too long")]
    StatementTimeout,
    #[error("the transaction must be run again: {0}")]
    Retry(String),
    #[error("constraint {name} was violated: {message}")]
    Constraint { name: String, message: String },
    #[error("{0}")]
    Internal(String),
}

impl Failure {
    /// Whether nothing was written and a new connection may well work.
    #[must_use]
    pub fn is_worth_retrying(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::OutcomeUnknown | Self::Retry(_))
    }

    /// Whether this is a violation of the constraint of that name.
    #[must_use]
    pub fn violates(&self, constraint: &str) -> bool {
        matches!(self, Self::Constraint { name, .. } if name == constraint)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let Error::DatabaseError(kind, info) = &error else {
            return match error {
                Error::BrokenTransactionManager => Self::Unavailable(error.to_string()),
                _ => Self::Internal(error.to_string()),
            };
        };
        let message = info.message();
        match kind {
            DatabaseErrorKind::UniqueViolation
            | DatabaseErrorKind::CheckViolation
            | DatabaseErrorKind::ForeignKeyViolation
            | DatabaseErrorKind::RestrictViolation
            | DatabaseErrorKind::NotNullViolation
            | DatabaseErrorKind::ExclusionViolation => Self::Constraint {
                name: info.constraint_name().unwrap_or_default().to_owned(),
                message: message.to_owned(),
            },
            DatabaseErrorKind::SerializationFailure => Self::Retry(message.to_owned()),
            DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => {
                Self::Unavailable(message.to_owned())
            }
            _ => Self::from_message(message),
        }
    }
}

/// Messages of a server that is gone, going or coming. The SQLSTATE of these arrives as `Unknown`,
/// so that the text decides; servers are run with `lc_messages=C`.
const CONNECTION_LOST: [&str; 14] = [
    "terminating connection",
    "server closed the connection",
    "connection to server",
    "could not connect",
    "could not receive data",
    "could not send data",
    "no connection to the server",
    "connection not open",
    "SSL connection has been closed",
    "SSL SYSCALL error",
    "the database system is",
    "Connection refused",
    "Broken pipe",
    "Connection reset",
];

impl Failure {
    fn from_message(message: &str) -> Self {
        if message.contains("canceling statement due to lock timeout") {
            Self::LockTimeout
        } else if message.contains("canceling statement due to") {
            Self::StatementTimeout
        } else if message.contains("deadlock detected") {
            Self::Retry(message.to_owned())
        } else if CONNECTION_LOST.iter().any(|lost| message.contains(lost)) {
            Self::Unavailable(message.to_owned())
        } else {
            Self::Internal(message.to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_words_are_understood() {
        let means = Failure::from_message;
        assert!(matches!(means("canceling statement due to lock timeout"), Failure::LockTimeout));
        assert!(matches!(means("canceling statement due to statement timeout"), Failure::StatementTimeout));
        assert!(matches!(means("deadlock detected"), Failure::Retry(_)));
        assert!(matches!(means("the database system is starting up"), Failure::Unavailable(_)));
        assert!(matches!(
            means("terminating connection because of crash of another server process"),
            Failure::Unavailable(_)
        ));
        assert!(matches!(means("division by zero"), Failure::Internal(_)));
    }
}
