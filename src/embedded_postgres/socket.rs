//! The folder of the Unix socket, and the URL that leads to it.

use std::collections::hash_map::RandomState;
use std::env;
use std::fs::{self, DirBuilder};
use std::hash::{BuildHasher, Hasher};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use super::USER;
use super::account::Account;
use super::error::EmbeddedError;

/// Only part of the socket's name: the server has no TCP port.
pub(super) const PORT: &str = "5432";

const SOCKET_NAME: &str = ".s.PGSQL.5432";
const TEMPORARY_PREFIX: &str = "stockroom-";

/// The systems allow 104 to 108 bytes for a socket's path.
const LONGEST_PATH: usize = 100;

/// The data folder itself, or a new private folder if the socket's path would get too long there.
pub(super) fn choose_folder(data_dir: &Path, account: &Account) -> Result<PathBuf, EmbeddedError> {
    if is_fit(data_dir) {
        return Ok(data_dir.to_path_buf());
    }
    let name = format!("{TEMPORARY_PREFIX}{}", random_suffix());
    let folder = [env::temp_dir(), PathBuf::from("/tmp")]
        .into_iter()
        .filter(|parent| account.can_enter(parent))
        .map(|parent| parent.join(&name))
        .find(|folder| is_fit(folder))
        .ok_or_else(|| EmbeddedError::NoSuchPlace(data_dir.to_path_buf()))?;
    make_folder(&folder, account)?;
    Ok(folder)
}

/// Makes a folder that only the account may enter. An existing one is refused: it is not ours.
pub(super) fn make_folder(folder: &Path, account: &Account) -> Result<(), EmbeddedError> {
    DirBuilder::new().mode(0o700).create(folder).map_err(EmbeddedError::io("make the folder", folder))?;
    account.adopt(folder)
}

/// Removes the socket folder, if it is a temporary one of ours and nothing else is in it.
pub(super) fn remove_temporary(data_dir: &Path, folder: &Path) {
    let ours = folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with(TEMPORARY_PREFIX));
    if folder == data_dir || !ours || !folder.exists() {
        return;
    }
    for path in [folder.join(SOCKET_NAME), lock_file(folder)] {
        if path.exists() {
            let outcome = fs::remove_file(&path);
            log::debug!("removed what a killed server left at {}: {outcome:?}", path.display());
        }
    }
    if let Err(error) = fs::remove_dir(folder) {
        log::warn!("could not remove {}: {error}", folder.display());
    }
}

/// The file by which a server claims its socket; its first line is the process id.
pub(super) fn lock_file(folder: &Path) -> PathBuf {
    folder.join(format!("{SOCKET_NAME}.lock"))
}

/// Sixteen hexadecimal digits for the name of a new folder.
pub(super) fn random_suffix() -> String {
    format!("{:016x}", RandomState::new().build_hasher().finish())
}

/// Whether a server listens in this socket folder.
pub(super) fn answers(folder: &Path) -> bool {
    UnixStream::connect(folder.join(SOCKET_NAME)).is_ok()
}

/// The URL libpq takes for a database behind this socket folder.
pub(super) fn url(folder: &Path, database: &str) -> String {
    format!(
        "postgres:///{}?host={}&port={PORT}&user={USER}",
        percent_encoded(database),
        percent_encoded(&folder.to_string_lossy()),
    )
}

/// Whether the folder's socket can be named: briefly enough, and without the comma that separates
/// hosts in libpq.
fn is_fit(folder: &Path) -> bool {
    let length = folder.as_os_str().len() + "/".len() + SOCKET_NAME.len();
    length <= LONGEST_PATH
        && folder
            .to_str()
            .is_some_and(|path| path.starts_with('/') && !path.contains(|c: char| c == ',' || c.is_control()))
}

fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_escapes_what_is_special_in_urls() {
        assert_eq!(
            url(Path::new("/srv/my data/50%"), "a&b"),
            "postgres:///a%26b?host=%2Fsrv%2Fmy%20data%2F50%25&port=5432&user=stockroom"
        );
    }

    #[test]
    fn long_paths_and_commas_do_not_fit() {
        assert!(is_fit(Path::new("/srv/stockroom/data/postgres")));
        assert!(is_fit(Path::new(&format!("/{}", "a".repeat(85)))));
        assert!(!is_fit(Path::new(&format!("/{}", "a".repeat(86)))));
        assert!(!is_fit(Path::new("/srv/a,b")));
        assert!(!is_fit(Path::new("relative")));
    }

    #[test]
    fn nobody_answers_where_no_server_is() {
        assert!(!answers(Path::new("/no/such/folder")));
    }

    #[test]
    fn only_temporary_folders_of_ours_are_removed() {
        let parent = env::temp_dir().join(format!("sockets-{}", std::process::id()));
        let (ours, foreign) = (parent.join("stockroom-1"), parent.join("foreign"));
        for folder in [&ours, &foreign] {
            fs::create_dir_all(folder).unwrap();
            remove_temporary(Path::new("/data"), folder);
        }
        assert!(!ours.exists());
        assert!(foreign.exists());
        fs::remove_dir_all(&parent).unwrap();
    }
}
