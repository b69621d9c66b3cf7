//! The account that runs the server.
//!
//! PostgreSQL refuses to run as root. When root starts it, an unprivileged account runs it: the owner of an existing
//! cluster, else `postgres`, else `nobody`. The data folder may lie in a folder that this account cannot enter. Its
//! permissions are not changed then: the server's processes get the one capability that lets them through.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use super::error::EmbeddedError;
use super::programs;

/// The narrower one first. Containers often have only the second one.
const CAPABILITIES: [Option<&str>; 3] = [None, Some("dac_read_search"), Some("dac_override")];

/// The account that runs PostgreSQL's programs: this process's own one, unless root needs another.
#[derive(Debug)]
pub(super) struct Account {
    unprivileged: Option<Identity>,
    capability: Option<&'static str>,
}

#[derive(Debug)]
struct Identity {
    name: String,
    uid: u32,
    gid: u32,
}

impl Account {
    pub(super) fn for_new_cluster() -> Result<Self, EmbeddedError> {
        let unprivileged = match rustix::process::geteuid().as_raw() {
            0 => Some(["postgres", "nobody"].into_iter().find_map(Identity::find).ok_or(EmbeddedError::NoAccount)?),
            _ => None,
        };
        Ok(Self { unprivileged, capability: None })
    }

    /// The account that owns an existing cluster, if this process can act as it.
    pub(super) fn owning(data_dir: &Path) -> Result<Self, EmbeddedError> {
        let folder = fs::metadata(data_dir).map_err(EmbeddedError::io("look at", data_dir))?;
        let (uid, gid) = (folder.uid(), folder.gid());
        let unprivileged = match rustix::process::geteuid().as_raw() {
            0 if uid == 0 => return Err(EmbeddedError::OwnedByRoot(data_dir.to_path_buf())),
            0 => Some(Identity { name: uid.to_string(), uid, gid }),
            own if own == uid => None,
            _ => return Err(EmbeddedError::OtherOwner { data_dir: data_dir.to_path_buf(), owner: uid }),
        };
        Ok(Self { unprivileged, capability: None })
    }

    /// The same account with the capability that it needs to enter these folders.
    pub(super) fn able_to_enter(mut self, folders: [&Path; 2]) -> Result<Self, EmbeddedError> {
        let mut closed = None;
        for capability in CAPABILITIES {
            self.capability = capability;
            closed = folders.into_iter().find(|folder| !self.can_enter(folder));
            if closed.is_none() {
                break;
            }
        }
        match (&self.unprivileged, closed) {
            (Some(Identity { name, .. }), Some(folder)) => {
                Err(EmbeddedError::OutOfReach { account: name.clone(), folder: folder.to_path_buf() })
            }
            _ => Ok(self),
        }
    }

    /// Whether the account's processes can enter a folder. A process tries it, because modes are not the whole truth.
    pub(super) fn can_enter(&self, folder: &Path) -> bool {
        programs::read(self.command("/bin/sh").args(["-c", "cd -- \"$1\"", "sh"]).arg(folder)).is_some()
    }

    /// A program that the account runs.
    pub(super) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let Some(Identity { uid, gid, .. }) = self.unprivileged else { return programs::command(program) };
        let Some(capability) = self.capability else {
            let mut command = programs::command(program);
            command.uid(uid).gid(gid);
            return command;
        };
        let mut command = programs::command("setpriv");
        command.args([format!("--reuid={uid}"), format!("--regid={gid}"), "--clear-groups".to_owned()]);
        command.args([format!("--inh-caps=+{capability}"), format!("--ambient-caps=+{capability}")]);
        command.arg("--").arg(program);
        command
    }

    /// Gives a folder that this process has just made to the account.
    pub(super) fn adopt(&self, folder: &Path) -> Result<(), EmbeddedError> {
        let Some(Identity { uid, gid, .. }) = self.unprivileged else { return Ok(()) };
        chown(folder, Some(uid), Some(gid)).map_err(EmbeddedError::io("change the owner of", folder))
    }
}

impl Identity {
    fn find(name: &str) -> Option<Self> {
        let id = |kind: &str| programs::read(programs::command("id").args([kind, name]))?.parse().ok();
        Some(Self { name: name.to_owned(), uid: id("-u")?, gid: id("-g")? })
    }
}
