//! Locks beside the data folder. The operating system releases the locks of a killed process.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::error::EmbeddedError;

/// The longest wait for a lock. It is longer than any start or stop takes.
const TIMEOUT: Duration = Duration::from_secs(150);

/// A lock that is held until it is dropped.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Lock {
    /// The lock `<data folder>.lock` of the one process that starts or stops the server. Waits for it.
    pub(super) fn to_start_or_stop(data_dir: &Path) -> Result<Self, EmbeddedError> {
        let (file, path) = open(data_dir, ".lock")?;
        let deadline = Instant::now() + TIMEOUT;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self(file)),
                Err(TryLockError::Error(source)) => return Err(EmbeddedError::io("lock", &path)(source)),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => sleep(Duration::from_millis(10)),
                Err(_) => return Err(EmbeddedError::NoTurn { lock: path, seconds: TIMEOUT.as_secs() }),
            }
        }
    }

    /// The lock `<data folder>.users`, which all processes that use the server share. The caller holds the other lock.
    pub(super) fn to_use(data_dir: &Path) -> Result<Self, EmbeddedError> {
        let (file, path) = open(data_dir, ".users")?;
        file.lock_shared().map_err(EmbeddedError::io("lock", &path))?;
        Ok(Self(file))
    }

    /// Ends the use and returns whether it was the last one. The caller holds the other lock.
    pub(super) fn leave(&self) -> bool {
        self.0.unlock().is_ok() && self.0.try_lock().is_ok()
    }
}

impl Drop for Lock {
    /// Closing the file does not suffice: a child process that is being started may share it for a moment.
    fn drop(&mut self) {
        self.0.unlock().ok();
    }
}

fn open(data_dir: &Path, suffix: &str) -> Result<(File, PathBuf), EmbeddedError> {
    let mut path = data_dir.as_os_str().to_owned();
    path.push(suffix);
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
    Ok((file.map_err(EmbeddedError::io("open the lock file", Path::new(&path)))?, path.into()))
}
