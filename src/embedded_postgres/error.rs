//! Why the embedded server cannot be used, in words for the person who starts it.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

#[cfg(target_os = "macos")]
const INSTALL: &str = "`brew install postgresql@17`";
#[cfg(not(target_os = "macos"))]
const INSTALL: &str = "`apt-get install postgresql` (Debian, Ubuntu) or `dnf install postgresql-server` (Fedora)";

/// Why the embedded server could not be started, used or stopped.
#[derive(Debug, Error)]
pub enum EmbeddedError {
    /// No folder with the server's programs was found.
    #[error(
        "PostgreSQL's server programs (initdb, postgres) are not on this machine: install them \
         with {INSTALL}, or set DATABASE_URL to a server that runs elsewhere"
    )]
    NotInstalled,

    /// The configured folder has no usable server programs.
    #[error("{} has no initdb and postgres of version {minimum} or later", folder.display())]
    NotABinDir {
        /// The configured folder.
        folder: PathBuf,
        /// The oldest major version that serves.
        minimum: u32,
    },

    /// The cluster was made by a major version whose programs are not there.
    #[error(
        "the data folder {} was made by PostgreSQL {cluster}, but only {} is installed: install \
         PostgreSQL {cluster}, or choose another data folder",
        data_dir.display(), installed.join(" and ")
    )]
    OtherVersion {
        /// The cluster's folder.
        data_dir: PathBuf,
        /// Its major version.
        cluster: String,
        /// The major versions that were found.
        installed: Vec<String>,
    },

    /// The data folder holds something that is not a cluster.
    #[error(
        "the data folder {} is neither empty nor a PostgreSQL cluster: choose another one",
        .0.display()
    )]
    NotACluster(PathBuf),

    /// The data folder's path names no folder that could be made.
    #[error("`{}` is no path for a data folder", .0.display())]
    NoSuchPlace(PathBuf),

    /// The cluster belongs to an account that this process cannot act as.
    #[error(
        "the data folder {} belongs to the account with the id {owner}: run as that account, or \
         choose another data folder", data_dir.display()
    )]
    OtherOwner {
        /// The cluster's folder.
        data_dir: PathBuf,
        /// The owner's numeric id.
        owner: u32,
    },

    /// The cluster belongs to root, as which no server runs.
    #[error(
        "the data folder {path} belongs to root, and PostgreSQL does not run as root: hand it \
         over with `chown -R postgres '{path}'`, or choose another data folder", path = .0.display()
    )]
    OwnedByRoot(PathBuf),

    /// Root has to hand over to an unprivileged account, and there is none.
    #[error(
        "PostgreSQL does not run as root, and this machine has neither an account `postgres` nor \
         `nobody`: run as an unprivileged account"
    )]
    NoAccount,

    /// The unprivileged account cannot get to a folder it needs.
    #[error(
        "PostgreSQL does not run as root, and the account `{account}` that runs it instead cannot \
         enter {}: choose a data folder it can reach, install `setpriv` (util-linux), or run as \
         an unprivileged account", folder.display()
    )]
    OutOfReach {
        /// The account's name.
        account: String,
        /// The folder it cannot enter.
        folder: PathBuf,
    },

    /// Another process has been starting or stopping the same cluster for too long.
    #[error("another process has been starting or stopping the cluster for {seconds} s, see {}",
        lock.display())]
    NoTurn {
        /// The lock file that is held.
        lock: PathBuf,
        /// How long it was waited for.
        seconds: u64,
    },

    /// A server runs on the cluster but does not become usable.
    #[error("PostgreSQL (process {pid}) has not been ready for {seconds} s, see {}", log.display())]
    NotReady {
        /// The server's process id.
        pid: u32,
        /// How long it was waited for.
        seconds: u64,
        /// The server's log.
        log: PathBuf,
    },

    /// The server ended instead of becoming ready.
    #[error("PostgreSQL did not start ({status}); the end of {}:\n{tail}", log.display())]
    DidNotStart {
        /// How the process ended.
        status: String,
        /// The server's log.
        log: PathBuf,
        /// The last lines this start wrote to it.
        tail: String,
    },

    /// One of PostgreSQL's programs reported a failure.
    #[error("{program} failed ({status}): {message}")]
    Program {
        /// The program's name.
        program: String,
        /// How it ended.
        status: String,
        /// What it wrote to its standard error.
        message: String,
    },

    /// A file or a program could not be used.
    #[error("could not {action} {}: {source}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// What it was tried on.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

impl EmbeddedError {
    /// For `map_err`: adds what was tried, and on what, to the system's reason.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_path_buf(), source }
    }
}
