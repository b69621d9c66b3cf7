//! The reasons why the embedded server cannot be used, in words for the person who starts it.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use thiserror::Error;

#[cfg(target_os = "macos")]
const INSTALL: &str = "`brew install postgresql@17`";
#[cfg(not(target_os = "macos"))]
const INSTALL: &str = "`apt-get install postgresql` (Debian, Ubuntu) or `dnf install postgresql-server` (Fedora)";

#[derive(Debug, Error)]
pub enum EmbeddedError {
    #[error(
        "PostgreSQL's server programs (initdb, postgres) are not on this machine: install them with {INSTALL}, or \
        set DATABASE_URL to a server that runs elsewhere"
    )]
    NotInstalled,
    #[error("{} has no initdb and postgres of version {minimum} or later", folder.display())]
    NotABinDir { folder: PathBuf, minimum: u32 },
    #[error("the data folder {} was made by PostgreSQL {cluster}, but only {installed} is installed: install \
        PostgreSQL {cluster}, or choose another data folder", data_dir.display())]
    OtherVersion { data_dir: PathBuf, cluster: String, installed: String },
    #[error("the data folder {} is neither empty nor a PostgreSQL cluster: choose another one", .0.display())]
    NotACluster(PathBuf),
    #[error("`{}` is no path for a data folder", .0.display())]
    NoSuchPlace(PathBuf),
    #[error("the data folder {} belongs to the account with the id {owner}: run as that account, or choose another \
        data folder", data_dir.display())]
    OtherOwner { data_dir: PathBuf, owner: u32 },
    #[error("the data folder {path} belongs to root, and PostgreSQL does not run as root: change its owner with \
        `chown -R postgres '{path}'`, or choose another data folder", path = .0.display())]
    OwnedByRoot(PathBuf),
    #[error(
        "PostgreSQL does not run as root, and this machine has neither an account `postgres` nor `nobody`: run as \
        an unprivileged account"
    )]
    NoAccount,
    #[error("PostgreSQL does not run as root, and the account `{account}` that runs it instead cannot enter {}: choose \
        a data folder that it can enter, install `setpriv` (util-linux), or run as an unprivileged account",
        folder.display())]
    OutOfReach { account: String, folder: PathBuf },
    #[error("another process has been starting or stopping the cluster for {seconds} s, see {}", lock.display())]
    NoTurn { lock: PathBuf, seconds: u64 },
    #[error("PostgreSQL (process {pid}) has not been ready for {seconds} s, see {}", log.display())]
    NotReady { pid: u32, seconds: u64, log: PathBuf },
    #[error("PostgreSQL did not start; the end of {}:\n{tail}", log.display())]
    DidNotStart { log: PathBuf, tail: String },
    #[error("could not {action} ({status}): {message}")]
    Program { action: &'static str, status: ExitStatus, message: String },
    #[error("could not {action} {}: {source}", path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },
}

impl EmbeddedError {
    /// For `map_err`: adds the action and its object to the system's reason.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_path_buf(), source }
    }
}
