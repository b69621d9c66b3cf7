//! What `postmaster.pid` tells about a server, and whether it is true.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::program;
use super::socket;

const NAME: &str = "postmaster.pid";

/// The lines of `postmaster.pid` that matter here. A starting server writes them one by one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PidFile {
    pub(super) pid: u32,
    pub(super) socket_dir: Option<PathBuf>,
    ready: bool,
}

/// What is known of the server of a cluster.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Presence {
    /// It takes connections in this socket folder.
    Ready(PathBuf),
    /// The process is there, but starts, stops or recovers.
    Changing(u32),
    /// There is none.
    Gone,
}

/// Finds out whether the cluster's server runs, by asking its socket and its process.
pub(super) fn presence(data_dir: &Path) -> Presence {
    let Some(file) = PidFile::read(data_dir) else {
        return Presence::Gone;
    };
    match &file.socket_dir {
        Some(folder) if file.ready && socket::answers(folder) => Presence::Ready(folder.clone()),
        _ if file.is_running(data_dir) => Presence::Changing(file.pid),
        _ => Presence::Gone,
    }
}

impl PidFile {
    /// Reads the file, if there is one that names a server.
    pub(super) fn read(data_dir: &Path) -> Option<Self> {
        parse(&fs::read_to_string(data_dir.join(NAME)).ok()?)
    }

    /// Whether the server with this process id has announced that it takes connections.
    pub(super) fn announces_ready(data_dir: &Path, pid: u32) -> bool {
        Self::read(data_dir).is_some_and(|file| file.ready && file.pid == pid)
    }

    /// Whether the process is there and is the server of this data folder.
    pub(super) fn is_running(&self, data_dir: &Path) -> bool {
        is_server(self.pid, data_dir)
    }
}

/// Removes the lock files of a server that is gone, if its process id belongs to something else
/// now, or to a dead process that nobody has collected: PostgreSQL would take either for a running
/// server and refuse to start. It guards the data a second time, through shared memory.
pub(super) fn remove_misleading(data_dir: &Path, socket_dir: &Path) {
    for path in [data_dir.join(NAME), socket::lock_file(socket_dir)] {
        let named = fs::read_to_string(&path).ok().and_then(|text| first_line(&text));
        let Some(pid) = named else { continue };
        let taken = Path::new("/proc").join(pid.to_string()).exists();
        if taken && !is_server(pid, data_dir) {
            let outcome = fs::remove_file(&path);
            log::info!("removed {}, left by a server that is gone: {outcome:?}", path.display());
        }
    }
}

/// A process id is soon used again, after a restart of the machine or of a container above all,
/// so the process has to look like a server as well.
fn is_server(pid: u32, data_dir: &Path) -> bool {
    if !Path::new("/proc/self").exists() {
        return answers_signals(pid);
    }
    let process = Path::new("/proc").join(pid.to_string());
    let Ok(stat) = fs::read_to_string(process.join("stat")) else {
        return false;
    };
    // A server works in its data folder. Where that may not be seen, the id has to do.
    !is_defunct(&stat) && fs::read_link(process.join("cwd")).map_or(true, |folder| folder == data_dir)
}

fn first_line(text: &str) -> Option<u32> {
    text.lines().next()?.trim().parse().ok()
}

fn parse(text: &str) -> Option<PidFile> {
    let pid = first_line(text)?;
    let mut lines = text.lines().skip(1);
    let socket_dir = lines.nth(3).filter(|line| !line.is_empty()).map(PathBuf::from);
    let ready = lines.nth(2).is_some_and(|status| status.trim() == "ready");
    Some(PidFile { pid, socket_dir, ready })
}

/// Whether `/proc/<pid>/stat` is that of a process that has ended.
fn is_defunct(stat: &str) -> bool {
    stat.rsplit_once(") ").is_some_and(|(_, state)| state.starts_with(['Z', 'X']))
}

fn answers_signals(pid: u32) -> bool {
    program::command("kill")
        .args(["-0", &pid.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPLETE: &str = "4711\n/data\n1700000000\n5432\n/socket dir\n\n  123456   7\nready   \n";

    #[test]
    fn a_complete_file_tells_process_socket_and_readiness() {
        let file = parse(COMPLETE).unwrap();
        assert_eq!(file.pid, 4711);
        assert_eq!(file.socket_dir, Some(PathBuf::from("/socket dir")));
        assert!(file.ready);
    }

    #[test]
    fn a_starting_server_is_not_ready() {
        let starting = COMPLETE.replace("ready", "starting");
        assert!(!parse(&starting).unwrap().ready);
        let file = parse("4711\n/data\n1700000000\n5432\n").unwrap();
        assert_eq!(file.socket_dir, None);
        assert!(!file.ready);
    }

    #[test]
    fn a_file_without_a_server_is_no_file() {
        assert_eq!(parse(""), None);
        assert_eq!(parse("-4711\n/data\n"), None);
    }

    #[test]
    fn a_zombie_is_defunct_whatever_its_name() {
        assert!(is_defunct("12 (post) R) Z 1 12"));
        assert!(!is_defunct("12 (postgres) S 1 12"));
    }

    #[test]
    fn this_process_is_not_the_server_of_some_folder() {
        let file = PidFile { pid: std::process::id(), socket_dir: None, ready: true };
        assert!(!file.is_running(Path::new("/no/such/cluster")));
    }
}
