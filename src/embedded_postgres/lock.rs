//! Locks beside the data folder. The operating system releases the locks of a killed process.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::error::EmbeddedError;

/// Longer than any start or stop takes.
const PATIENCE: Duration = Duration::from_secs(150);
const PAUSE: Duration = Duration::from_millis(10);

/// A lock that is held until it is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
    path: PathBuf,
}

impl Lock {
    /// The lock `<data folder>.lock` of the one process that starts or stops the server. Waits for it.
    pub(super) fn to_start_or_stop(data_dir: &Path) -> Result<Self, EmbeddedError> {
        let lock = Self::open(data_dir, ".lock")?;
        let deadline = Instant::now() + PATIENCE;
        while !lock.try_exclusive()? {
            if Instant::now() > deadline {
                return Err(EmbeddedError::NoTurn { seconds: PATIENCE.as_secs(), lock: lock.path.clone() });
            }
            thread::sleep(PAUSE);
        }
        Ok(lock)
    }

    /// The lock `<data folder>.users`, which all processes that use the server share. The caller holds the other lock.
    pub(super) fn to_use(data_dir: &Path) -> Result<Self, EmbeddedError> {
        let lock = Self::open(data_dir, ".users")?;
        lock.file.lock_shared().map_err(EmbeddedError::io("lock", &lock.path))?;
        Ok(lock)
    }

    /// Ends the use and returns whether it was the last one. The caller holds the other lock.
    pub(super) fn leave(&self) -> Result<bool, EmbeddedError> {
        self.file.unlock().map_err(EmbeddedError::io("unlock", &self.path))?;
        self.try_exclusive()
    }

    fn open(data_dir: &Path, suffix: &str) -> Result<Self, EmbeddedError> {
        let mut path = data_dir.as_os_str().to_owned();
        path.push(suffix);
        let path = PathBuf::from(path);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(&path).map_err(EmbeddedError::io("open the lock file", &path))?;
        Ok(Self { file, path })
    }

    fn try_exclusive(&self) -> Result<bool, EmbeddedError> {
        match self.file.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(source)) => Err(EmbeddedError::io("lock", &self.path)(source)),
        }
    }
}

impl Drop for Lock {
    /// Closing the file is not enough: a child process that is just being started may share it for a moment.
    fn drop(&mut self) {
        self.file.unlock().ok();
    }
}
