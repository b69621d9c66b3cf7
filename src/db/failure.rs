//! The meaning of database errors, decided in one place.

use diesel::result::{DatabaseErrorKind, Error};

/// The reason why a transaction could not be carried out. None of these is a refusal.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Failure {
    /// It can't be reached, does not answer, or can't be written to: its disk is full, or it is read-only.
    #[error("the database can't be used: {0}")]
    Unavailable(String),
    #[error("the connection was lost at COMMIT")]
    OutcomeUnknown,
    #[error("too many requests wait for the database")]
    QueueFull,
    #[error("too many requests wait for the hashing of a password")]
    HashingQueueFull,
    /// The token of the request was ended before its work began.
    #[error("the token of the request was ended")]
    TokenEnded,
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
    /// True if running the transaction again is safe and may succeed.
    pub fn is_worth_retrying(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::OutcomeUnknown | Self::Retry(_))
    }

    /// True if the connection should be closed, and the next one may lead to a server that works.
    pub fn is_outage(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::OutcomeUnknown)
    }

    /// True if the same work may succeed later, when the database is available again or fewer requests wait. The log
    /// reports both once for all requests and jobs.
    pub fn is_temporary(&self) -> bool {
        self.is_outage() || matches!(self, Self::QueueFull)
    }

    /// True if the server answers, but accepts no writes: another server may be the primary.
    pub fn is_read_only(&self) -> bool {
        matches!(self, Self::Unavailable(message) if READ_ONLY.iter().any(|sign| message.contains(sign)))
    }

    /// True if this is a violation of the constraint of that name.
    pub fn violates(&self, constraint: &str) -> bool {
        matches!(self, Self::Constraint { name, .. } if name == constraint)
    }

    fn from_message(message: &str) -> Self {
        if message.contains("canceling statement due to lock timeout") {
            Self::LockTimeout
        } else if message.contains("canceling statement due to") {
            Self::StatementTimeout
        } else if message.contains("deadlock detected") || message.contains("distributed deadlock") {
            Self::Retry(message.to_owned())
        } else if CONNECTION_LOST.iter().chain(&DISK_FULL).chain(&READ_ONLY).any(|sign| message.contains(sign)) {
            Self::Unavailable(message.to_owned())
        } else {
            Self::Internal(message.to_owned())
        }
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
                name: info.constraint_name().map_or_else(|| constraint_in(message), without_shard),
                message: message.to_owned(),
            },
            DatabaseErrorKind::SerializationFailure => Self::Retry(message.to_owned()),
            DatabaseErrorKind::ClosedConnection
            | DatabaseErrorKind::UnableToSendCommand
            | DatabaseErrorKind::ReadOnlyTransaction => Self::Unavailable(message.to_owned()),
            _ => Self::from_message(message),
        }
    }
}

/// The constraint that a message names. A distributed server sends no field for it, and the constraint of a
/// shard has the shard's number at its end: `unique constraint "stores_code_key_102008"`.
fn constraint_in(message: &str) -> String {
    let Some((_, rest)) = message.split_once("constraint \"") else { return String::new() };
    without_shard(rest.split('"').next().unwrap_or_default())
}

fn without_shard(name: &str) -> String {
    match name.rsplit_once('_') {
        Some((own, shard)) if shard.len() >= 6 && shard.bytes().all(|byte| byte.is_ascii_digit()) => own.to_owned(),
        _ => name.to_owned(),
    }
}

/// Messages of a server that is stopped, stopping or starting, and of poolers. Their SQLSTATE arrives as `Unknown`, so
/// the text decides; servers run with `lc_messages=C`.
const CONNECTION_LOST: [&str; 26] = [
    "terminating connection",
    "server closed the connection",
    "connection to server",
    "could not connect",
    "could not receive data",
    "could not send data",
    "no connection to the server",
    "connection not open",
    "lost synchronization with server",
    "SSL connection has been closed",
    "SSL SYSCALL error",
    "the database system is",
    "Connection refused",
    "Connection timed out",
    "Broken pipe",
    "Connection reset",
    "too many clients already",
    "remaining connection slots are reserved",
    // A distributed server that has lost one of its workers.
    "connection marked as essential",
    "postmaster was shut down, exiting",
    "connection to the remote node",
    "could not establish connection",
    // A connection pooler.
    "pgbouncer cannot connect",
    "server conn crashed",
    "server login failed",
    "query_wait_timeout",
];

/// Messages of a server that has no room to write.
const DISK_FULL: [&str; 3] = ["No space left on device", "Disk quota exceeded", "could not extend file"];

/// Messages of a server that answers, but accepts no writes. The last one is that of the check for it.
const READ_ONLY: [&str; 4] =
    ["in a read-only transaction", "during recovery", "recovery is in progress", "it is read-only"];

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

    #[test]
    fn a_server_that_cannot_write_is_unavailable() {
        for message in [
            "could not extend file \"base/16384/16397\": No space left on device",
            "could not extend file \"base/5/1\": wrote only 4096 of 8192 bytes at block 3",
            "could not write to file \"base/pgsql_tmp/pgsql_tmp12.0\": No space left on device",
            "could not write to file \"pg_wal/xlogtemp.12\": No space left on device",
            "cannot execute INSERT in a read-only transaction",
            "cannot execute nextval() in a read-only transaction",
            "cannot assign TransactionIds during recovery",
            "cannot acquire lock mode RowExclusiveLock on database objects while recovery is in progress",
        ] {
            let failure = Failure::from_message(message);
            assert!(matches!(failure, Failure::Unavailable(_)) && failure.is_worth_retrying(), "{message}");
            assert_eq!(failure.is_read_only(), message.starts_with("cannot "), "{message}");
        }
    }

    #[test]
    fn a_distributed_server_that_lost_a_worker_is_unavailable() {
        for message in [
            "failure on connection marked as essential: worker-1:5432",
            "postmaster was shut down, exiting",
            "connection to the remote node worker-1:5432 failed with the following error: Connection refused",
            "pgbouncer cannot connect to server",
            "server conn crashed?",
            "query_wait_timeout",
        ] {
            assert!(matches!(Failure::from_message(message), Failure::Unavailable(_)), "{message}");
        }
        let deadlock = "canceling the transaction since it was involved in a distributed deadlock";
        assert!(matches!(Failure::from_message(deadlock), Failure::Retry(_)));
    }

    #[test]
    fn a_constraint_is_named_by_its_message_without_the_number_of_the_shard() {
        let violated = |name: &str| format!("duplicate key value violates unique constraint \"{name}\"");
        assert_eq!(constraint_in(&violated("stores_code_key_102008")), "stores_code_key");
        assert_eq!(constraint_in(&violated("stores_code_key")), "stores_code_key");
        assert_eq!(constraint_in(&violated("variants_size_key_2")), "variants_size_key_2");
        let check =
            "new row for relation \"stock_levels_102013\" violates check constraint \"stock_levels_sold_check\"";
        assert_eq!(constraint_in(check), "stock_levels_sold_check");
        assert_eq!(constraint_in("null value in column \"name\""), "");
        // As it arrives from a distributed server: with no field for the constraint.
        let info = Box::new(violated("stores_code_key_102008"));
        let failure = Failure::from(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, info));
        assert!(failure.violates("stores_code_key"), "{failure:?}");
    }
}
