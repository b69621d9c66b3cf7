//! The folder of the Unix socket, and the URL that leads to it.

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::{env, fs};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::account::Account;
use super::error::EmbeddedError;

/// The file by which a server claims its socket. Its first line is the process id.
pub(super) const LOCK_FILE: &str = ".s.PGSQL.5432.lock";
const TEMPORARY_PREFIX: &str = "stockroom-";
/// The systems allow 104 to 108 bytes for a socket's path.
const LONGEST_FOLDER: usize = 86;
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The data folder itself, or the name of a new folder if the socket's path would be too long there.
pub(super) fn choose_folder(data_dir: &Path, account: &Account) -> Result<PathBuf, EmbeddedError> {
    if is_suitable(data_dir) {
        return Ok(data_dir.to_path_buf());
    }
    let name = format!("{TEMPORARY_PREFIX}{:016x}", rand::random::<u64>());
    let mut parents = [env::temp_dir(), PathBuf::from("/tmp")].into_iter();
    let parent = parents.find(|parent| account.can_enter(parent) && is_suitable(&parent.join(&name)));
    Ok(parent.ok_or_else(|| EmbeddedError::NoSuchPlace(data_dir.to_path_buf()))?.join(name))
}

/// Creates a folder that only the account may enter. An existing one is refused, because another program made it.
pub(super) fn create_private_folder(folder: &Path, account: &Account) -> Result<(), EmbeddedError> {
    fs::DirBuilder::new().mode(0o700).create(folder).map_err(EmbeddedError::io("make the folder", folder))?;
    account.adopt(folder)
}

/// True if [`choose_folder`] invented the folder's name.
pub(super) fn is_temporary(folder: &Path) -> bool {
    folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with(TEMPORARY_PREFIX))
}

/// The URL by which libpq connects to a database through this socket folder.
pub(super) fn url(folder: &Path, database: &str) -> String {
    let (database, folder) = (utf8_percent_encode(database, ESCAPED), folder.to_string_lossy());
    format!("postgres:///{database}?host={}&port=5432&user=stockroom", utf8_percent_encode(&folder, ESCAPED))
}

/// True if libpq can name a socket in the folder: its path is short enough and has no comma, which separates hosts.
fn is_suitable(folder: &Path) -> bool {
    let is_plain = |path: &str| path.starts_with('/') && !path.contains(|c: char| c == ',' || c.is_control());
    folder.as_os_str().len() <= LONGEST_FOLDER && folder.to_str().is_some_and(is_plain)
}
