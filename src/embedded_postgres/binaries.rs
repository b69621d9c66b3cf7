//! Where PostgreSQL's programs are on this machine.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use super::error::EmbeddedError;
use super::program;

/// Every setting the server is started with exists from this major version on.
const OLDEST_MAJOR: u32 = 12;

/// Parent folder, prefix of the versioned folder in it, and the programs' folder below that.
const DISTRIBUTION_FOLDERS: [(&str, &str, &str); 6] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/opt/homebrew/opt", "postgresql@", "bin"),
    ("/usr/local/opt", "postgresql@", "bin"),
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
    ("/usr/libexec", "postgresql", ""),
];

/// A folder with `initdb`, `postgres` and `pg_ctl` of one major version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binaries {
    pub(super) folder: PathBuf,
    major: u32,
}

impl Binaries {
    /// The programs for a new cluster: those of the given folder, else the first ones found.
    pub(super) fn for_new_cluster(bin_dir: Option<&Path>) -> Result<Self, EmbeddedError> {
        candidates(bin_dir).next().ok_or_else(|| none_found(bin_dir))
    }

    /// The programs of the major version that made a cluster, as its `PG_VERSION` tells it.
    pub(super) fn matching(data_dir: &Path, version: &str, bin_dir: Option<&Path>) -> Result<Self, EmbeddedError> {
        let mut others = Vec::new();
        for binaries in candidates(bin_dir) {
            let major = binaries.major.to_string();
            if major == version {
                return Ok(binaries);
            }
            if !others.contains(&major) {
                others.push(major);
            }
        }
        if others.is_empty() {
            return Err(none_found(bin_dir));
        }
        Err(EmbeddedError::OtherVersion {
            data_dir: data_dir.to_path_buf(),
            cluster: version.to_owned(),
            installed: others,
        })
    }

    /// The path of a server program.
    pub(super) fn server(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The path of a client program. Some distributions keep these elsewhere, on the PATH.
    pub(super) fn client(&self, name: &str) -> PathBuf {
        let beside = self.folder.join(name);
        if beside.is_file() { beside } else { PathBuf::from(name) }
    }

    /// The programs in a folder, if it has the needed ones and they are recent enough.
    fn in_folder(folder: &Path) -> Option<Self> {
        let postgres = folder.join("postgres");
        if !postgres.is_file() || !folder.join("initdb").is_file() {
            return None;
        }
        // A folder on the PATH may hold links to a few of the programs only.
        let home = fs::canonicalize(&postgres).ok()?;
        let home = home
            .parent()
            .filter(|home| home.join("initdb").is_file() && home.join("pg_ctl").is_file())
            .unwrap_or(folder);
        let output = program::run(program::command(&postgres).arg("--version")).ok()?;
        let major = major_of(&String::from_utf8_lossy(&output.stdout))?;
        (major >= OLDEST_MAJOR).then(|| Self { folder: home.to_path_buf(), major })
    }
}

/// In order of preference, and looked at one by one: asking a program its version takes time.
fn candidates(bin_dir: Option<&Path>) -> impl Iterator<Item = Binaries> {
    let searches: Vec<Search> = match bin_dir {
        Some(folder) => {
            let folder = folder.to_path_buf();
            vec![Box::new(move || vec![folder])]
        }
        None => vec![Box::new(path_folders), Box::new(pg_config_folder), Box::new(distribution_folders)],
    };
    searches.into_iter().flat_map(|search| search()).filter_map(|folder| Binaries::in_folder(&folder))
}

type Search = Box<dyn FnOnce() -> Vec<PathBuf>>;

fn path_folders() -> Vec<PathBuf> {
    env::var_os("PATH")
        .map(|path| env::split_paths(&path).filter(|folder| folder.is_absolute()).collect())
        .unwrap_or_default()
}

fn pg_config_folder() -> Vec<PathBuf> {
    program::run(program::command("pg_config").arg("--bindir"))
        .map(|output| vec![PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())])
        .unwrap_or_default()
}

fn distribution_folders() -> Vec<PathBuf> {
    DISTRIBUTION_FOLDERS
        .into_iter()
        .flat_map(|(parent, prefix, below)| versioned_folders(Path::new(parent), prefix, below))
        .collect()
}

/// The programs' folders of one distribution, the highest version first.
fn versioned_folders(parent: &Path, prefix: &str, below: &str) -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir(parent)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            let version = name.to_str()?.strip_prefix(prefix)?;
            let major = version.split('.').next()?.parse().ok()?;
            Some((major, entry.path().join(below)))
        })
        .collect();
    found.sort_unstable_by(|one, other| other.cmp(one));
    found.into_iter().map(|(_, folder)| folder).collect()
}

/// The major version in a line such as `postgres (PostgreSQL) 17.2 (Debian 17.2-1)`.
fn major_of(line: &str) -> Option<u32> {
    let (_, version) = line.split_once("(PostgreSQL) ")?;
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

fn none_found(bin_dir: Option<&Path>) -> EmbeddedError {
    bin_dir.map_or(EmbeddedError::NotInstalled, |folder| EmbeddedError::NotABinDir {
        folder: folder.to_path_buf(),
        minimum: OLDEST_MAJOR,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_releases_and_previews() {
        assert_eq!(major_of("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"), Some(15));
        assert_eq!(major_of("postgres (PostgreSQL) 19beta1"), Some(19));
        assert_eq!(major_of("postgres (EnterpriseDB) 15.1"), None);
    }

    #[test]
    fn the_highest_installed_version_comes_first() {
        let parent = env::temp_dir().join(format!("stockroom-versions-{}", std::process::id()));
        for name in ["pgsql-9.6", "pgsql-17", "pgsql-16", "pgsql-common", "other-18"] {
            fs::create_dir_all(parent.join(name)).unwrap();
        }
        let found = versioned_folders(&parent, "pgsql-", "bin");
        fs::remove_dir_all(&parent).unwrap();
        let expected = ["pgsql-17/bin", "pgsql-16/bin", "pgsql-9.6/bin"];
        assert_eq!(found, expected.map(|name| parent.join(name)));
    }

    #[test]
    fn a_configured_folder_without_the_programs_is_named_in_the_error() {
        let error = Binaries::for_new_cluster(Some(Path::new("/no/such/bin"))).unwrap_err();
        assert_eq!(error.to_string(), "/no/such/bin has no initdb and postgres of version 12 or later");
    }
}
