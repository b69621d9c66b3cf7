//! The account that runs the server.
//!
//! PostgreSQL refuses to run as root. For root, an unprivileged account runs it: the owner of an existing cluster, else
//! `postgres`, else `nobody`. If this account cannot enter the data folder's parents, no permissions are changed. Instead,
//! the server's processes get the one capability that they need to enter them.

use std::ffi::OsStr;
use std::fs::Metadata;
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
    /// The account that owns the cluster, if there is one and this process can act as its owner.
    pub(super) fn choose(data_dir: &Path, cluster: Option<&Metadata>) -> Result<Self, EmbeddedError> {
        let owner = cluster.map(|folder| (folder.uid(), folder.gid()));
        let data_dir = data_dir.to_path_buf();
        let unprivileged = match (rustix::process::geteuid().as_raw(), owner) {
            (0, None) => {
                Some(["postgres", "nobody"].into_iter().find_map(Identity::find).ok_or(EmbeddedError::NoAccount)?)
            }
            (0, Some((0, _))) => return Err(EmbeddedError::OwnedByRoot(data_dir)),
            (0, Some((uid, gid))) => Some(Identity { name: uid.to_string(), uid, gid }),
            (own, Some((owner, _))) if own != owner => return Err(EmbeddedError::OtherOwner { data_dir, owner }),
            _ => None,
        };
        Ok(Self { unprivileged, capability: None })
    }

    /// The same account with the capability that it needs to enter these folders.
    pub(super) fn able_to_enter(mut self, folders: [&Path; 2]) -> Result<Self, EmbeddedError> {
        let Some(name) = self.unprivileged.as_ref().map(|identity| identity.name.clone()) else { return Ok(self) };
        let mut closed = None;
        for capability in CAPABILITIES {
            self.capability = capability;
            closed = folders.into_iter().find(|folder| !self.can_enter(folder));
            if closed.is_none() {
                break;
            }
        }
        closed.map_or(Ok(self), |folder| Err(EmbeddedError::OutOfReach { account: name, folder: folder.to_path_buf() }))
    }

    /// True if the account's processes can enter a folder. A process tries it, because more than its mode decides.
    pub(super) fn can_enter(&self, folder: &Path) -> bool {
        programs::read(self.command("/bin/sh").args(["-c", "cd -- \"$1\"", "sh"]).arg(folder)).is_some()
    }

    pub(super) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let Some(Identity { uid, gid, .. }) = self.unprivileged else { return programs::command(program) };
        let Some(capability) = self.capability else {
            let mut command = programs::command(program);
            command.uid(uid).gid(gid);
            return command;
        };
        let mut command = programs::command("setpriv");
        command.args([format!("--reuid={uid}"), format!("--regid={gid}"), "--clear-groups".to_owned()]);
        command.args([format!("--inh-caps=+{capability}"), format!("--ambient-caps=+{capability}")]).arg(program);
        command
    }

    /// Makes the account the owner of a folder that this process has just created.
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
