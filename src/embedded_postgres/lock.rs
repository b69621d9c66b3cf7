//! Who may start and stop the server, and who uses it.
//!
//! Two files beside the data folder, locked through the operating system, so that a killed process
//! gives up its locks:
//!
//! - `<data folder>.lock`: held alone by the process that is starting or stopping the server.
//! - `<data folder>.users`: shared by every process that uses the server. Who leaves, and gets it
//!   alone, was the last one.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::error::EmbeddedError;

/// The longest a start or a stop takes, and some.
const PATIENCE: Duration = Duration::from_secs(150);
const PAUSE: Duration = Duration::from_millis(10);

/// The right to start or stop the server, until dropped.
#[derive(Debug)]
pub(super) struct Turn(File);

impl Turn {
    /// Waits until no other process is starting or stopping the server.
    pub(super) fn take(data_dir: &Path) -> Result<Self, EmbeddedError> {
        let path = beside(data_dir, "lock");
        let file = open(&path)?;
        let deadline = Instant::now() + PATIENCE;
        while !lock_alone(&file, &path)? {
            if Instant::now() > deadline {
                return Err(EmbeddedError::NoTurn { lock: path, seconds: PATIENCE.as_secs() });
            }
            thread::sleep(PAUSE);
        }
        Ok(Self(file))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        give_up(&self.0);
    }
}

/// The sign that this process uses the server, until dropped.
#[derive(Debug)]
pub(super) struct InUse(File);

impl InUse {
    /// Joins the users. Only whoever has the [`Turn`] ever holds this lock alone, so it does not
    /// wait when called in one's turn.
    pub(super) fn join(data_dir: &Path) -> Result<Self, EmbeddedError> {
        let path = beside(data_dir, "users");
        let file = open(&path)?;
        file.lock_shared().map_err(EmbeddedError::io("lock", &path))?;
        Ok(Self(file))
    }

    /// Whether nobody uses the server. To be asked in one's turn.
    pub(super) fn is_free(data_dir: &Path) -> Result<bool, EmbeddedError> {
        let path = beside(data_dir, "users");
        let file = open(&path)?;
        let free = lock_alone(&file, &path)?;
        give_up(&file);
        Ok(free)
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        give_up(&self.0);
    }
}

fn lock_alone(file: &File, path: &Path) -> Result<bool, EmbeddedError> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(source)) => Err(EmbeddedError::io("lock", path)(source)),
    }
}

/// Closing the file is not enough: a child that is just being started may share it for a moment.
fn give_up(file: &File) {
    if let Err(error) = file.unlock() {
        log::debug!("a lock is given up by closing its file only: {error}");
    }
}

fn open(path: &Path) -> Result<File, EmbeddedError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(EmbeddedError::io("open the lock file", path))
}

fn beside(data_dir: &Path, suffix: &str) -> PathBuf {
    let mut name = data_dir.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_last_user_to_leave_finds_the_server_free() {
        let data_dir = std::env::temp_dir().join(format!("stockroom-lock-{}", std::process::id()));
        let turn = Turn::take(&data_dir).unwrap();
        let first = InUse::join(&data_dir).unwrap();
        let second = InUse::join(&data_dir).unwrap();
        assert!(!InUse::is_free(&data_dir).unwrap());
        drop(first);
        assert!(!InUse::is_free(&data_dir).unwrap());
        drop(second);
        assert!(InUse::is_free(&data_dir).unwrap());
        drop(turn);
        for suffix in ["lock", "users"] {
            fs::remove_file(beside(&data_dir, suffix)).unwrap();
        }
    }

    #[test]
    fn the_lock_files_stand_beside_the_data_folder() {
        assert_eq!(beside(Path::new("/a/postgres"), "lock"), Path::new("/a/postgres.lock"));
    }
}
