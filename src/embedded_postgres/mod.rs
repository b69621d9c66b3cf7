//! A PostgreSQL server of the application's own, for the first run and for tests.
//!
//! The cluster lives in one data folder and is reachable only through a Unix socket in a folder
//! that nobody else may enter. Several processes can share it: the first one starts the server,
//! the others attach, and the last one to leave stops it. A server that lost its processes (they
//! were killed) keeps running until the next one attaches and leaves.
//!
//! Two lock files stand beside the data folder, see `lock.rs`.

mod account;
mod binaries;
mod cluster;
mod database;
mod error;
mod launch;
mod lock;
mod pid_file;
mod program;
mod socket;

use std::path::{Path, PathBuf};

use cluster::Cluster;
pub use error::EmbeddedError;
use lock::{InUse, Turn};
use pid_file::{PidFile, Presence};

/// The superuser of the cluster, and the only account that connects to it.
pub const USER: &str = "stockroom";

/// The database that exists in every started cluster.
pub const DATABASE: &str = "stockroom";

/// Where the cluster is and how it runs.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The cluster's folder: absent, empty, or made by an earlier start. Nothing else may be put
    /// into it before the first start.
    pub data_dir: PathBuf,
    /// The folder of `initdb`, `postgres` and `pg_ctl`; searched for when absent.
    pub bin_dir: Option<PathBuf>,
    /// Further server settings by name, such as `fsync` = `off` for tests. They apply when this
    /// process starts the server, not when it attaches to a running one.
    pub settings: Vec<(String, String)>,
}

/// Whether a start has made a cluster in the folder.
pub fn has_cluster(data_dir: &Path) -> Result<bool, EmbeddedError> {
    cluster::version_of(data_dir).map(|version| version.is_some())
}

/// A running cluster that this process uses.
///
/// Dropping it gives up the use without stopping the server; [`Embedded::stop`] does both.
#[derive(Debug)]
pub struct Embedded {
    cluster: Cluster,
    socket_dir: PathBuf,
    in_use: InUse,
}

impl Embedded {
    /// Makes the cluster if there is none, starts it or attaches to a running one, and sees to it
    /// that the database [`DATABASE`] exists.
    pub fn start(options: &Options) -> Result<Self, EmbeddedError> {
        let data_dir = cluster::resolve_data_dir(&options.data_dir)?;
        let turn = Turn::take(&data_dir)?;
        let in_use = InUse::join(&data_dir)?;
        let cluster = Cluster::open_or_create(data_dir, options)?;
        let socket_dir = cluster.attach_or_launch()?;
        let embedded = Self { cluster, socket_dir, in_use };
        if let Err(error) = embedded.ensure_database(DATABASE) {
            embedded.leave(&turn)?;
            return Err(error);
        }
        Ok(embedded)
    }

    /// The URL libpq takes for a database of this cluster, as the user [`USER`].
    pub fn url(&self, database: &str) -> String {
        socket::url(&self.socket_dir, database)
    }

    /// The cluster's folder, absolute.
    pub fn data_dir(&self) -> &Path {
        &self.cluster.data_dir
    }

    /// The process id of the server, or nothing while it is down.
    pub fn postmaster_pid(&self) -> Option<u32> {
        PidFile::read(self.data_dir()).filter(|file| file.is_running(self.data_dir())).map(|file| file.pid)
    }

    /// Creates an empty UTF-8 database in locale C, unless it exists.
    pub fn ensure_database(&self, name: &str) -> Result<(), EmbeddedError> {
        database::ensure(&self.cluster.binaries, &self.url("postgres"), name)
    }

    /// Starts the server again if it is gone: true when it was restarted. Cheap while it runs, so
    /// it may be called every few seconds; blocks for as long as a start takes otherwise.
    pub fn ensure_running(&self) -> Result<bool, EmbeddedError> {
        if socket::answers(&self.socket_dir) {
            return Ok(false);
        }
        let _turn = Turn::take(self.data_dir())?;
        self.cluster.restart_at(&self.socket_dir)
    }

    /// Gives up the use of the cluster, and stops the server if no other process uses it.
    pub fn stop(self) -> Result<(), EmbeddedError> {
        let turn = Turn::take(self.data_dir())?;
        self.leave(&turn)
    }

    fn leave(self, _turn: &Turn) -> Result<(), EmbeddedError> {
        let Self { cluster, socket_dir, in_use } = self;
        drop(in_use);
        if !InUse::is_free(&cluster.data_dir)? {
            log::debug!("other processes use the embedded PostgreSQL: it keeps running");
            return Ok(());
        }
        if !matches!(pid_file::presence(&cluster.data_dir), Presence::Gone) {
            cluster.stop()?;
        }
        socket::remove_temporary(&cluster.data_dir, &socket_dir);
        Ok(())
    }
}
