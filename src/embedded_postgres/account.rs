//! The account that runs the server.
//!
//! PostgreSQL refuses to run as root. When root starts it, an unprivileged account does the work:
//! the owner of an existing cluster, else `postgres`, else `nobody`. The data folder may lie in a
//! folder that this account cannot enter (root's own, for one). Nothing is opened for it then; its
//! processes get the one capability that leads through folders instead.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use super::error::EmbeddedError;
use super::program;

/// From the narrower to the wider: containers often have only the second one to give.
const CAPABILITIES: [&str; 2] = ["dac_read_search", "dac_override"];

/// Who runs PostgreSQL's programs.
#[derive(Debug, Clone)]
pub(super) struct Account {
    identity: Option<Identity>,
    capability: Option<&'static str>,
}

/// The account root hands over to.
#[derive(Debug, Clone)]
struct Identity {
    name: String,
    uid: u32,
    gid: u32,
}

impl Account {
    /// The account for a new cluster: this process's own, or an unprivileged one for root.
    pub(super) fn for_new_cluster() -> Result<Self, EmbeddedError> {
        if own_uid()? != 0 {
            return Ok(Self::own());
        }
        ["postgres", "nobody"].into_iter().find_map(Identity::by_name).map(Self::of).ok_or(EmbeddedError::NoAccount)
    }

    /// The account that owns an existing cluster, if this process can act as it.
    pub(super) fn owning(data_dir: &Path) -> Result<Self, EmbeddedError> {
        let metadata = fs::metadata(data_dir).map_err(EmbeddedError::io("look at", data_dir))?;
        let own = own_uid()?;
        if metadata.uid() == own && own != 0 {
            return Ok(Self::own());
        }
        if own == 0 && metadata.uid() == 0 {
            return Err(EmbeddedError::OwnedByRoot(data_dir.to_path_buf()));
        }
        if own != 0 {
            return Err(EmbeddedError::OtherOwner { data_dir: data_dir.to_path_buf(), owner: metadata.uid() });
        }
        Ok(Self::of(Identity { name: metadata.uid().to_string(), uid: metadata.uid(), gid: metadata.gid() }))
    }

    fn own() -> Self {
        Self { identity: None, capability: None }
    }

    fn of(identity: Identity) -> Self {
        Self { identity: Some(identity), capability: None }
    }

    /// The same account with what it needs to get to these folders.
    pub(super) fn reaching(mut self, folders: &[&Path]) -> Result<Self, EmbeddedError> {
        let Some(identity) = &self.identity else {
            return Ok(self);
        };
        let name = identity.name.clone();
        let mut ways = std::iter::once(None).chain(CAPABILITIES.into_iter().map(Some));
        let open = ways.find(|way| {
            self.capability = *way;
            folders.iter().all(|folder| self.can_enter(folder))
        });
        if open.is_some() {
            return Ok(self);
        }
        self.capability = None;
        let closed = folders.iter().find(|folder| !self.can_enter(folder));
        Err(EmbeddedError::OutOfReach {
            account: name,
            folder: closed.copied().unwrap_or(Path::new("/")).to_path_buf(),
        })
    }

    /// Whether the account's processes can enter a folder: tried, not computed from the modes.
    pub(super) fn can_enter(&self, folder: &Path) -> bool {
        self.command("/bin/sh")
            .args(["-c", "cd -- \"$1\"", "sh"])
            .arg(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }

    /// A program run by this account.
    pub(super) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        match (&self.identity, self.capability) {
            (None, _) => program::command(program),
            (Some(identity), None) => {
                let mut command = program::command(program);
                command.uid(identity.uid).gid(identity.gid);
                command
            }
            (Some(identity), Some(capability)) => {
                let mut command = program::command("setpriv");
                command
                    .arg(format!("--reuid={}", identity.uid))
                    .arg(format!("--regid={}", identity.gid))
                    .arg("--clear-groups")
                    .arg(format!("--inh-caps=+{capability}"))
                    .arg(format!("--ambient-caps=+{capability}"))
                    .arg("--")
                    .arg(program);
                command
            }
        }
    }

    /// Hands a folder that this process has just made to the account.
    pub(super) fn adopt(&self, folder: &Path) -> Result<(), EmbeddedError> {
        let Some(identity) = &self.identity else {
            return Ok(());
        };
        std::os::unix::fs::chown(folder, Some(identity.uid), Some(identity.gid))
            .map_err(EmbeddedError::io("hand over", folder))
    }
}

impl Identity {
    fn by_name(name: &str) -> Option<Self> {
        Some(Self { name: name.to_owned(), uid: id(&["-u", name]).ok()?, gid: id(&["-g", name]).ok()? })
    }
}

fn own_uid() -> Result<u32, EmbeddedError> {
    id(&["-u"])
}

fn id(arguments: &[&str]) -> Result<u32, EmbeddedError> {
    let output = program::run(program::command("id").args(arguments))?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().map_err(|source| EmbeddedError::Program {
        program: "id".to_owned(),
        status: output.status.to_string(),
        message: format!("`{}` is no account id: {source}", text.trim()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn someone(capability: Option<&'static str>) -> Account {
        let mut account = Account::of(Identity { name: "someone".to_owned(), uid: 7, gid: 8 });
        account.capability = capability;
        account
    }

    #[test]
    fn the_own_account_runs_programs_directly() {
        let command = Account::own().command("/bin/true");
        assert_eq!(command.get_program(), "/bin/true");
        assert_eq!(command.get_args().count(), 0);
    }

    #[test]
    fn a_capability_is_passed_on_through_setpriv() {
        let command = someone(Some("dac_override")).command("/bin/true");
        let arguments: Vec<_> = command.get_args().collect();
        assert_eq!(command.get_program(), "setpriv");
        assert_eq!(
            arguments,
            [
                "--reuid=7",
                "--regid=8",
                "--clear-groups",
                "--inh-caps=+dac_override",
                "--ambient-caps=+dac_override",
                "--",
                "/bin/true"
            ]
        );
    }

    #[test]
    fn an_unknown_account_is_not_found() {
        assert!(Identity::by_name("no-such-account-here").is_none());
    }

    #[test]
    fn every_folder_that_is_there_can_be_entered_by_the_own_account() {
        assert!(Account::own().can_enter(Path::new("/")));
        assert!(!Account::own().can_enter(Path::new("/no/such/folder")));
    }
}
