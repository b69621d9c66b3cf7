//! A PostgreSQL server of the application's own, for the first run and for tests.
//!
//! It listens only on a Unix socket, in a folder that no other account may enter. Processes share it: the first one starts
//! the server, others attach, the last one stops it. If all of them are killed, the next process attaches to it.

mod account;
mod cluster;
mod error;
mod lock;
mod programs;
mod server;
mod socket;

use std::fs;
use std::path::{Path, PathBuf};

use cluster::Cluster;
pub use error::EmbeddedError;
use lock::Lock;
use server::PidFile;

/// The database that exists in every cluster.
pub const DATABASE: &str = "stockroom";

/// The folder and the settings of a cluster.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The cluster's folder: absent, empty, or made by an earlier start.
    pub data_dir: PathBuf,
    /// The folder of `initdb`, `postgres` and `pg_ctl`. Without it they are searched for.
    pub bin_dir: Option<PathBuf>,
    /// Further settings of the server by name, such as `fsync` = `off` for tests, if this process starts it.
    pub settings: Vec<(String, String)>,
}

pub fn has_cluster(data_dir: &Path) -> Result<bool, EmbeddedError> {
    cluster::find_version(data_dir).map(|version| version.is_some())
}

/// A running cluster that this process uses. Dropping it ends the use without stopping the server.
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
        let socket_dir = cluster.attach_or_start(None)?;
        Ok(Self { cluster, socket_dir, in_use })
    }

    /// The URL by which libpq connects to a database of this cluster as its superuser.
    pub fn url(&self, database: &str) -> String {
        socket::url(&self.socket_dir, database)
    }

    /// The cluster's folder, absolute.
    pub fn data_dir(&self) -> &Path {
        &self.cluster.data_dir
    }

    /// The process id of the server. None while it does not run.
    pub fn postmaster_pid(&self) -> Option<u32> {
        PidFile::of_running(self.data_dir()).map(|file| file.pid)
    }

    /// Starts the server if it does not run, and returns true if it did not. Cheap while the server runs.
    pub fn ensure_running(&self) -> Result<bool, EmbeddedError> {
        if self.postmaster_pid().is_some() {
            return Ok(false);
        }
        let _lock = Lock::to_start_or_stop(self.data_dir())?;
        self.cluster.attach_or_start(Some(&self.socket_dir)).map(|_| true)
    }

    /// Ends the use of the cluster, and stops the server if no other process uses it.
    pub fn stop(self) -> Result<(), EmbeddedError> {
        let _lock = Lock::to_start_or_stop(self.data_dir())?;
        if self.in_use.leave() && self.postmaster_pid().is_some() {
            self.cluster.stop_server()?;
            if socket::is_temporary(&self.socket_dir) {
                fs::remove_dir(&self.socket_dir).ok();
            }
        }
        Ok(())
    }
}
