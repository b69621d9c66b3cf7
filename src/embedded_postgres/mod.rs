//! A PostgreSQL server of the application's own, for the first run and for tests.
//!
//! The cluster lives in one data folder and is reachable only through a Unix socket in a folder that no other account
//! may enter. Several processes can share it: the first one starts the server, others attach, the last one stops it.
//! If all of them are killed, the server keeps running, and the next process attaches to it.

mod account;
mod cluster;
mod error;
mod lock;
mod programs;
mod server;
mod socket;

use std::path::{Path, PathBuf};

use cluster::Cluster;
pub use error::EmbeddedError;
use lock::Lock;
use server::PidFile;

/// The superuser of the cluster, and the only account that connects to it.
pub const USER: &str = "stockroom";

/// The database that exists in every cluster.
pub const DATABASE: &str = "stockroom";

/// The place and the settings of a cluster.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The cluster's folder: absent, empty, or made by an earlier start.
    pub data_dir: PathBuf,
    /// The folder of `initdb`, `postgres` and `pg_ctl`. Without it they are searched for.
    pub bin_dir: Option<PathBuf>,
    /// Further settings of the server by name, such as `fsync` = `off` for tests. They apply when this process starts
    /// the server, not when it attaches to a running one.
    pub settings: Vec<(String, String)>,
}

/// Whether the folder has a cluster.
pub fn has_cluster(data_dir: &Path) -> Result<bool, EmbeddedError> {
    cluster::find_version(data_dir).map(|version| version.is_some())
}

/// A running cluster that this process uses.
///
/// Dropping it ends the use without stopping the server; [`Embedded::stop`] does both.
#[derive(Debug)]
pub struct Embedded {
    cluster: Cluster,
    socket_dir: PathBuf,
    in_use: Lock,
}

impl Embedded {
    /// Creates the cluster if there is none, and starts its server or attaches to the running one.
    pub fn start(options: &Options) -> Result<Self, EmbeddedError> {
        let data_dir = cluster::resolve_data_dir(&options.data_dir)?;
        let _lock = Lock::to_start_or_stop(&data_dir)?;
        let in_use = Lock::to_use(&data_dir)?;
        let cluster = Cluster::open_or_create(data_dir, options)?;
        let socket_dir = match cluster.wait_until_settled()? {
            Some(socket_dir) => socket_dir,
            None => cluster.start()?,
        };
        Ok(Self { cluster, socket_dir, in_use })
    }

    /// The URL by which libpq connects to a database of this cluster, as the user [`USER`].
    pub fn url(&self, database: &str) -> String {
        socket::url(&self.socket_dir, database)
    }

    /// The cluster's folder, absolute.
    pub fn data_dir(&self) -> &Path {
        &self.cluster.data_dir
    }

    /// The process id of the server, or nothing while it is down.
    pub fn postmaster_pid(&self) -> Option<u32> {
        PidFile::of_running(self.data_dir()).map(|file| file.pid)
    }

    /// Starts the server again if it is down, and returns whether it was. Cheap while the server runs, so it may be
    /// called every few seconds; otherwise it blocks for as long as a start takes.
    pub fn ensure_running(&self) -> Result<bool, EmbeddedError> {
        if self.postmaster_pid().is_some() {
            return Ok(false);
        }
        let _lock = Lock::to_start_or_stop(self.data_dir())?;
        if self.cluster.wait_until_settled()?.is_some() {
            return Ok(false);
        }
        self.cluster.start_at(&self.socket_dir).map(|()| true)
    }

    /// Ends the use of the cluster, and stops the server if no other process uses it.
    pub fn stop(self) -> Result<(), EmbeddedError> {
        let _lock = Lock::to_start_or_stop(self.data_dir())?;
        if !self.in_use.leave()? {
            log::debug!("other processes use the embedded PostgreSQL: it keeps running");
            return Ok(());
        }
        self.cluster.stop()?;
        socket::remove_temporary(&self.socket_dir);
        Ok(())
    }
}
