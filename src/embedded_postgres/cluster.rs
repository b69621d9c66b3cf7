//! The cluster in its data folder. It is moved there when it is complete.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::account::Account;
use super::error::EmbeddedError;
use super::programs::{self, Programs};
use super::{Options, socket};

/// The socket needs no password, because no other account can enter its folder. No server runs yet.
const CREATE: &str = "\"$0/pg_ctl\" init --silent --options '--encoding=UTF8 --locale=C --data-checksums \
    --auth-local=trust --auth-host=reject --username=stockroom' && \
    echo 'CREATE DATABASE stockroom' | \"$0/postgres\" --single -c exit_on_error=on postgres >/dev/null";

#[derive(Debug)]
pub(super) struct Cluster {
    pub(super) data_dir: PathBuf,
    pub(super) programs: Programs,
    pub(super) account: Account,
    pub(super) settings: Vec<(String, String)>,
}

/// The data folder's absolute path without links. Its parent folders are created, the folder is not.
pub(super) fn resolve_data_dir(path: &Path) -> Result<PathBuf, EmbeddedError> {
    if path.exists() {
        return fs::canonicalize(path).map_err(EmbeddedError::io("resolve", path));
    }
    let name = path.file_name().ok_or_else(|| EmbeddedError::NoSuchPlace(path.to_path_buf()))?;
    let parent = Path::new(".").join(path.parent().unwrap_or(path));
    fs::create_dir_all(&parent).map_err(EmbeddedError::io("make the folder", &parent))?;
    Ok(fs::canonicalize(&parent).map_err(EmbeddedError::io("resolve", &parent))?.join(name))
}

/// The major version that created the cluster. None if there is no cluster.
pub(super) fn find_version(data_dir: &Path) -> Result<Option<String>, EmbeddedError> {
    let path = data_dir.join("PG_VERSION");
    match (fs::read_to_string(&path), fs::metadata(data_dir)) {
        (Ok(version), _) => Ok(Some(version.trim().to_owned())),
        (Err(error), _) if error.kind() == ErrorKind::NotFound => Ok(None),
        // Only its owner may enter a cluster.
        (Err(error), Ok(folder)) if error.kind() == ErrorKind::PermissionDenied => {
            Err(EmbeddedError::OtherOwner { data_dir: data_dir.to_path_buf(), owner: folder.uid() })
        }
        (Err(error), _) => Err(EmbeddedError::io("read", &path)(error)),
    }
}

impl Cluster {
    /// The cluster in the data folder, which is created if there is none.
    pub(super) fn open_or_create(data_dir: PathBuf, options: &Options) -> Result<Self, EmbeddedError> {
        let version = find_version(&data_dir)?;
        let folder = version.as_ref().map(|_| fs::metadata(&data_dir)).transpose();
        let folder = folder.map_err(EmbeddedError::io("look at", &data_dir))?;
        let account = Account::choose(&data_dir, folder.as_ref())?;
        let programs = Programs::find(&data_dir, version.as_deref(), options.bin_dir.as_deref())?;
        let account = account.able_to_enter([data_dir.parent().unwrap_or(Path::new("/")), &programs.folder])?;
        let cluster = Self { data_dir, programs, account, settings: options.settings.clone() };
        let prefix = format!("{}.unfinished-", cluster.data_dir.file_name().unwrap_or_default().to_string_lossy());
        let created = if version.is_none() { cluster.create(&prefix) } else { Ok(()) };
        cluster.remove_unfinished(&prefix);
        created.map(|()| cluster)
    }

    /// Creates the cluster with its database in a folder beside its own, because a start may be interrupted.
    fn create(&self, prefix: &str) -> Result<(), EmbeddedError> {
        if fs::read_dir(&self.data_dir).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(EmbeddedError::NotACluster(self.data_dir.clone()));
        }
        let new = self.data_dir.with_file_name(format!("{prefix}{:016x}", rand::random::<u64>()));
        socket::create_private_folder(&new, &self.account)?;
        let mut create = self.account.command("/bin/sh");
        create.args(["-c", CREATE]).arg(&self.programs.folder).env("PGDATA", &new);
        programs::run("make the PostgreSQL cluster", &mut create)?;
        fs::rename(&new, &self.data_dir).map_err(EmbeddedError::io("move the new cluster to", &self.data_dir))?;
        log::info!("made a PostgreSQL cluster in {}", self.data_dir.display());
        Ok(())
    }

    /// The caller holds the lock, so these folders remain from a start that failed or was killed.
    fn remove_unfinished(&self, prefix: &str) {
        let siblings = self.data_dir.parent().and_then(|parent| fs::read_dir(parent).ok());
        for sibling in siblings.into_iter().flatten().flatten() {
            if sibling.file_name().to_string_lossy().starts_with(prefix) {
                let outcome = fs::remove_dir_all(sibling.path());
                log::info!("removed {}: {outcome:?}", sibling.path().display());
            }
        }
    }
}
