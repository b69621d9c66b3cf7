//! The programs of PostgreSQL on this machine, and how programs are run.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{cmp, env, fs};

use super::error::EmbeddedError;

/// Every setting that the server is started with exists since this major version.
const OLDEST_MAJOR: u32 = 12;
/// Distributions have a folder for each version in one of these, with the programs in it or in its folder `bin`.
const DISTRIBUTIONS: &str = "/usr/lib/postgresql:/usr:/opt/homebrew/opt:/usr/local/opt:\
    /Applications/Postgres.app/Contents/Versions:/usr/libexec";

/// A folder with the programs of one major version.
#[derive(Debug)]
pub(super) struct Programs {
    pub(super) folder: PathBuf,
    major: u32,
}

impl Programs {
    /// The programs of the major version that made the cluster. Without a cluster, the first ones that are found.
    pub(super) fn find(data_dir: &Path, version: Option<&str>, bin_dir: Option<&Path>) -> Result<Self, EmbeddedError> {
        let mut found = bin_dir.map_or_else(all, |folder| Self::in_folder(folder.to_path_buf()).into_iter().collect());
        let majors: Vec<String> = found.iter().map(|programs| programs.major.to_string()).collect();
        if let Some(index) = majors.iter().position(|major| version.is_none_or(|version| major == version)) {
            return Ok(found.swap_remove(index));
        }
        Err(match (version, bin_dir.map(Path::to_path_buf)) {
            (Some(version), _) if !found.is_empty() => {
                let (data_dir, cluster) = (data_dir.to_path_buf(), version.to_owned());
                EmbeddedError::OtherVersion { data_dir, cluster, installed: majors.join(" and ") }
            }
            (_, Some(folder)) => EmbeddedError::NotABinDir { folder, minimum: OLDEST_MAJOR },
            (_, None) => EmbeddedError::NotInstalled,
        })
    }

    fn in_folder(folder: PathBuf) -> Option<Self> {
        // A folder of the PATH may have links to a few of the programs only.
        let home = fs::canonicalize(folder.join("postgres")).ok()?.parent()?.to_path_buf();
        let is_complete = |folder: &PathBuf| ["initdb", "pg_ctl"].iter().all(|name| folder.join(name).is_file());
        let folder = [home, folder].into_iter().find(is_complete)?;
        // `postgres (PostgreSQL) 17.2 (Debian 17.2-1)`
        let line = read(command(folder.join("postgres")).arg("--version"))?;
        let (_, version) = line.split_once("(PostgreSQL) ")?;
        let major = version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()?;
        (major >= OLDEST_MAJOR).then_some(Self { folder, major })
    }
}

/// First the programs of the PATH, then those of `pg_config`, then those of distributions from the highest version.
fn all() -> Vec<Programs> {
    let path = env::var_os("PATH").unwrap_or_default();
    let configured = read(command("pg_config").arg("--bindir")).map(PathBuf::from);
    let first = env::split_paths(&path).filter(|folder| folder.is_absolute()).chain(configured);
    let versions = env::split_paths(DISTRIBUTIONS).filter_map(|parent| fs::read_dir(parent).ok()).flatten().flatten();
    let folders = versions.flat_map(|version| [version.path().join("bin"), version.path()]);
    let mut distributed: Vec<Programs> = folders.filter_map(Programs::in_folder).collect();
    distributed.sort_by_key(|programs| cmp::Reverse(programs.major));
    let mut found: Vec<Programs> = first.filter_map(Programs::in_folder).chain(distributed).collect();
    let mut majors = HashSet::new();
    found.retain(|programs| majors.insert(programs.major));
    found
}

/// A program with no input, and a working folder that every account can enter. It gets no secrets and no `PG…` variable
/// that changes ports or folders. Its messages are in English whatever the user's language is.
pub(super) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    let kept = ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"].into_iter();
    let kept = kept.filter_map(|name| Some((name, env::var_os(name)?)));
    command.env_clear().envs(kept).env("LC_ALL", "C").env("TZ", "UTC").current_dir("/").stdin(Stdio::null());
    command
}

/// Runs the command to its end. `action` is a verb and its object for the message of a failure.
pub(super) fn run(action: &'static str, command: &mut Command) -> Result<(), EmbeddedError> {
    let output = command.output().map_err(EmbeddedError::io("run", Path::new(command.get_program())))?;
    if output.status.success() {
        return Ok(());
    }
    let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(EmbeddedError::Program { action, status: output.status, message })
}

/// The trimmed output of a command, if it succeeds.
pub(super) fn read(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
