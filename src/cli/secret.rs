//! The signing secret of an embedded installation. It is created once and stored with the data.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, chown};
use std::path::Path;

use stockroom::settings::{MIN_SECRET_BYTES, Secret};

use super::error::CommandError;

const NAME: &str = "jwt_secret";

/// Reads the secret from the data folder. Creates it if it is missing.
pub fn read_or_create(data_dir: &Path) -> Result<Secret, CommandError> {
    let path = data_dir.join(NAME);
    if !path.exists() {
        create(data_dir, &path)?;
    }
    let text = fs::read_to_string(&path).map_err(CommandError::io(format!("read {}", path.display())))?;
    let secret = text.trim();
    if secret.len() < MIN_SECRET_BYTES {
        return Err(CommandError::Other(format!(
            "{} is too short for a secret: remove it, and a new one is generated",
            path.display()
        )));
    }
    Ok(Secret::new(secret.to_owned()))
}

/// Writes a temporary file and links it into place. If two processes start together, one of them wins, and no process
/// reads an incomplete secret.
fn create(data_dir: &Path, path: &Path) -> Result<(), CommandError> {
    let draft = data_dir.join(format!("{NAME}.{}", std::process::id()));
    let secret = hex::encode(rand::random::<[u8; MIN_SECRET_BYTES]>());
    let written = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&draft)
        .and_then(|mut file| file.write_all(secret.as_bytes()).and_then(|()| file.sync_all()))
        .and_then(|()| hand_to_owner_of(data_dir, &draft))
        .and_then(|()| match fs::hard_link(&draft, path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        });
    let removed = fs::remove_file(&draft);
    written.and(removed).map_err(CommandError::io(format!("write {}", path.display())))
}

/// Gives the file the owner of the folder. Root starts the server as another account, and the next start may use that
/// account.
fn hand_to_owner_of(folder: &Path, file: &Path) -> std::io::Result<()> {
    let (owner, current) = (fs::metadata(folder)?, fs::metadata(file)?);
    if owner.uid() == current.uid() {
        return Ok(());
    }
    chown(file, Some(owner.uid()), Some(owner.gid()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_is_created_once_and_private() {
        let folder = std::env::temp_dir().join(format!("stockroom-secret-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let first = read_or_create(&folder).unwrap();
        assert_eq!(first.reveal().len(), 2 * MIN_SECRET_BYTES);
        assert_eq!(read_or_create(&folder).unwrap().reveal(), first.reveal());
        assert_eq!(fs::metadata(folder.join(NAME)).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(&folder).unwrap();
    }
}
