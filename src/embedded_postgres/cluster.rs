//! The cluster in its data folder: made once and whole, then started and stopped.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::account::Account;
use super::binaries::Binaries;
use super::error::EmbeddedError;
use super::launch;
use super::pid_file::{self, PidFile, Presence};
use super::{Options, USER, program, socket};

/// How long a server that another process started may take to become ready or to end.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(10);

/// A cluster, and what is needed to run it.
#[derive(Debug)]
pub(super) struct Cluster {
    pub(super) data_dir: PathBuf,
    pub(super) binaries: Binaries,
    pub(super) account: Account,
    pub(super) settings: Vec<(String, String)>,
}

/// The data folder's absolute path without links. Its parent folders are made, the folder is not.
pub(super) fn resolve_data_dir(path: &Path) -> Result<PathBuf, EmbeddedError> {
    if path.exists() {
        return fs::canonicalize(path).map_err(EmbeddedError::io("resolve", path));
    }
    let (Some(name), Some(parent)) = (path.file_name(), path.parent()) else {
        return Err(EmbeddedError::NoSuchPlace(path.to_path_buf()));
    };
    let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
    fs::create_dir_all(parent).map_err(EmbeddedError::io("make the folder", parent))?;
    let parent = fs::canonicalize(parent).map_err(EmbeddedError::io("resolve", parent))?;
    Ok(parent.join(name))
}

impl Cluster {
    /// The cluster in the data folder, which is made if there is none.
    pub(super) fn open_or_create(data_dir: PathBuf, options: &Options) -> Result<Self, EmbeddedError> {
        let bin_dir = options.bin_dir.as_deref();
        let version = version_of(&data_dir)?;
        let (account, binaries) = match &version {
            Some(version) => (Account::owning(&data_dir)?, Binaries::matching(&data_dir, version, bin_dir)?),
            None => (Account::for_new_cluster()?, Binaries::for_new_cluster(bin_dir)?),
        };
        let parent = data_dir.parent().unwrap_or(Path::new("/"));
        let cluster = Self {
            account: account.reaching(&[parent, &binaries.folder])?,
            binaries,
            settings: options.settings.clone(),
            data_dir,
        };
        let made = if version.is_none() { cluster.create() } else { Ok(()) };
        cluster.remove_unfinished();
        made.map(|()| cluster)
    }

    /// Makes the cluster in a folder beside its own and moves it into place, so that a start that
    /// was broken off leaves nothing half made.
    fn create(&self) -> Result<(), EmbeddedError> {
        refuse_foreign_content(&self.data_dir)?;
        let new = unfinished_prefix(&self.data_dir) + &socket::random_suffix();
        let new = self.data_dir.with_file_name(new);
        socket::make_folder(&new, &self.account)?;
        program::run(
            self.account
                .command(self.binaries.server("initdb"))
                .args(["--encoding=UTF8", "--locale=C", "--data-checksums"])
                .args(["--auth-local=trust", "--auth-host=reject", "--username", USER])
                .arg("--pgdata")
                .arg(&new),
        )?;
        fs::rename(&new, &self.data_dir)
            .map_err(EmbeddedError::io("put the new cluster into place at", &self.data_dir))?;
        log::info!("made a PostgreSQL cluster in {}", self.data_dir.display());
        Ok(())
    }

    /// Only a start in its turn gets here, so what is there was left by a failed or killed one.
    fn remove_unfinished(&self) {
        let prefix = unfinished_prefix(&self.data_dir);
        let siblings = self.data_dir.parent().and_then(|parent| fs::read_dir(parent).ok());
        for sibling in siblings.into_iter().flatten().flatten() {
            if sibling.file_name().to_string_lossy().starts_with(&prefix) {
                let outcome = fs::remove_dir_all(sibling.path());
                log::info!("removed {}: {outcome:?}", sibling.path().display());
            }
        }
    }

    /// Makes sure that the server runs, and returns its socket folder.
    pub(super) fn attach_or_launch(&self) -> Result<PathBuf, EmbeddedError> {
        if let Some(folder) = self.wait_until_settled()? {
            log::debug!("attached to the running PostgreSQL in {}", folder.display());
            return Ok(folder);
        }
        if let Some(folder) = PidFile::read(&self.data_dir).and_then(|file| file.socket_dir) {
            socket::remove_temporary(&self.data_dir, &folder);
        }
        let folder = socket::choose_folder(&self.data_dir, &self.account)?;
        pid_file::remove_misleading(&self.data_dir, &folder);
        launch::launch(self, &folder)?;
        Ok(folder)
    }

    /// Starts the server in the same socket folder as before, if it is gone: true if it was.
    pub(super) fn restart_at(&self, socket_dir: &Path) -> Result<bool, EmbeddedError> {
        if self.wait_until_settled()?.is_some() {
            return Ok(false);
        }
        if !socket_dir.exists() {
            socket::make_folder(socket_dir, &self.account)?;
        }
        pid_file::remove_misleading(&self.data_dir, socket_dir);
        launch::launch(self, socket_dir)?;
        Ok(true)
    }

    /// Stops the server and waits for its end. Running transactions are rolled back.
    pub(super) fn stop(&self) -> Result<(), EmbeddedError> {
        let seconds = PATIENCE.as_secs().to_string();
        program::run(
            self.account
                .command(self.binaries.server("pg_ctl"))
                .args(["stop", "--silent", "--mode=fast", "--wait", "--timeout", &seconds])
                .arg("--pgdata")
                .arg(&self.data_dir),
        )?;
        log::debug!("stopped the embedded PostgreSQL");
        Ok(())
    }

    /// Waits while a server starts or stops: its socket folder, or nothing if it is gone.
    fn wait_until_settled(&self) -> Result<Option<PathBuf>, EmbeddedError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match pid_file::presence(&self.data_dir) {
                Presence::Ready(folder) => return Ok(Some(folder)),
                Presence::Gone => return Ok(None),
                Presence::Changing(pid) if Instant::now() > deadline => {
                    return Err(EmbeddedError::NotReady {
                        pid,
                        seconds: PATIENCE.as_secs(),
                        log: launch::log_of(&self.data_dir),
                    });
                }
                Presence::Changing(_) => thread::sleep(PAUSE),
            }
        }
    }
}

/// The major version that made the cluster, or nothing if there is none yet.
pub(super) fn version_of(data_dir: &Path) -> Result<Option<String>, EmbeddedError> {
    let path = data_dir.join("PG_VERSION");
    match fs::read_to_string(&path) {
        Ok(version) => Ok(Some(version.trim().to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(data_dir, &path, error)),
    }
}

/// A cluster keeps everybody but its owner out.
fn unreadable(data_dir: &Path, path: &Path, error: io::Error) -> EmbeddedError {
    match fs::metadata(data_dir) {
        Ok(metadata) if error.kind() == io::ErrorKind::PermissionDenied => {
            EmbeddedError::OtherOwner { data_dir: data_dir.to_path_buf(), owner: metadata.uid() }
        }
        _ => EmbeddedError::io("read", path)(error),
    }
}

fn refuse_foreign_content(data_dir: &Path) -> Result<(), EmbeddedError> {
    let mut entries = match fs::read_dir(data_dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(EmbeddedError::io("read", data_dir)(error)),
    };
    if entries.next().is_some() {
        return Err(EmbeddedError::NotACluster(data_dir.to_path_buf()));
    }
    Ok(())
}

fn unfinished_prefix(data_dir: &Path) -> String {
    let name = data_dir.file_name().unwrap_or_default().to_string_lossy();
    format!("{name}.unfinished-")
}
