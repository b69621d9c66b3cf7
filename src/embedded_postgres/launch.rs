//! One start of the server: a process of its own that outlives this one.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};
use std::{fs, io, thread};

use super::cluster::Cluster;
use super::error::EmbeddedError;
use super::pid_file::PidFile;
use super::{program, socket};

/// Recovery after a crash happens before the server is ready.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long the leftovers of a killed server may keep the data folder.
const LEFTOVER_PATIENCE: Duration = Duration::from_secs(15);

const PAUSE: Duration = Duration::from_millis(10);

/// Beside being modest: the log keeps no statements and no values, which may be personal.
const SETTINGS: [(&str, &str); 12] = [
    ("cluster_name", "stockroom"),
    ("max_connections", "100"),
    ("shared_buffers", "128MB"),
    ("jit", "off"),
    // A new shop's tables grow fast: the planner should soon know.
    ("autovacuum_naptime", "10s"),
    ("timezone", "UTC"),
    ("log_timezone", "UTC"),
    ("lc_messages", "C"),
    ("logging_collector", "off"),
    ("log_checkpoints", "off"),
    ("log_error_verbosity", "terse"),
    ("log_min_error_statement", "panic"),
];

/// Replaced by the server, as the account that runs it: the log is opened, and what this process
/// inherited and never knew of (the pipe of a `make`, say) is closed.
const BECOME_SERVER: &str = "umask 077; \
    exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; \
    exec \"$@\" </dev/null >>\"$0\" 2>&1";

/// What the leftovers of a killed server make the next one say, until they are gone.
const PASSING_OBSTACLES: [&str; 2] =
    ["pre-existing shared memory block", "lock file \"postmaster.pid\" already exists"];

/// The server's log, in its data folder.
pub(super) fn log_of(data_dir: &Path) -> PathBuf {
    data_dir.join("server.log")
}

/// Starts the server and waits until it takes connections.
pub(super) fn launch(cluster: &Cluster, socket_dir: &Path) -> Result<(), EmbeddedError> {
    let deadline = Instant::now() + LEFTOVER_PATIENCE;
    loop {
        match launch_once(cluster, socket_dir) {
            Err(EmbeddedError::DidNotStart { tail, .. }) if is_passing(&tail) && Instant::now() < deadline => {
                thread::sleep(10 * PAUSE);
            }
            outcome => return outcome,
        }
    }
}

fn launch_once(cluster: &Cluster, socket_dir: &Path) -> Result<(), EmbeddedError> {
    let log = log_of(&cluster.data_dir);
    let log_start = fs::metadata(&log).map_or(0, |metadata| metadata.len());
    let server = spawn(cluster, socket_dir, &log)?;
    let pid = server.id();
    let end = collect(server)?;
    let deadline = Instant::now() + PATIENCE;
    while !PidFile::announces_ready(&cluster.data_dir, pid) {
        match end.recv_timeout(PAUSE) {
            Err(RecvTimeoutError::Timeout) if Instant::now() < deadline => {}
            Err(_) => {
                let seconds = PATIENCE.as_secs();
                return Err(EmbeddedError::NotReady { pid, seconds, log });
            }
            Ok(status) => {
                return Err(EmbeddedError::DidNotStart {
                    status: described(status),
                    tail: tail_of(&log, log_start),
                    log,
                });
            }
        }
    }
    log::info!(pid = pid; "started the embedded PostgreSQL in {}", cluster.data_dir.display());
    Ok(())
}

/// In a process group of its own, so that a Ctrl-C in the terminal does not reach it.
fn spawn(cluster: &Cluster, socket_dir: &Path, log: &Path) -> Result<Child, EmbeddedError> {
    let postgres = cluster.binaries.server("postgres");
    let mut command = cluster.account.command("/bin/sh");
    command.args(["-c", BECOME_SERVER]).arg(log).arg(&postgres).arg("-D").arg(&cluster.data_dir);
    for setting in server_settings(&cluster.settings, socket_dir) {
        command.arg("-c").arg(setting);
    }
    command
        .process_group(0)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(EmbeddedError::io("run", &postgres))
}

/// Of two settings of the same name the later one holds: extra settings override the usual ones,
/// but cannot make the server reachable from elsewhere.
fn server_settings(extra: &[(String, String)], socket_dir: &Path) -> Vec<String> {
    let socket_dir = socket_dir.to_string_lossy().replace('"', "\"\"");
    let quoted = format!("\"{socket_dir}\"");
    let reachability = [
        ("listen_addresses", ""),
        ("port", socket::PORT),
        ("unix_socket_directories", quoted.as_str()),
        ("unix_socket_permissions", "0700"),
    ];
    let extra = extra.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    SETTINGS.into_iter().chain(extra).chain(reachability).map(|(name, value)| format!("{name}={value}")).collect()
}

/// Waits for the server's end on a thread of its own. Without that a server that died would stay
/// in the process table, and pass for a running one.
fn collect(mut server: Child) -> Result<Receiver<io::Result<ExitStatus>>, EmbeddedError> {
    let (sender, receiver) = mpsc::channel();
    thread::Builder::new()
        .name("postgres-end".to_owned())
        .spawn(move || {
            let status = server.wait();
            log::debug!("the embedded PostgreSQL ended: {status:?}");
            // Nobody listens any more once the server has started.
            sender.send(status).ok();
        })
        .map_err(EmbeddedError::io("start a thread for", Path::new("postgres")))?;
    Ok(receiver)
}

fn described(status: io::Result<ExitStatus>) -> String {
    status.map_or_else(|error| error.to_string(), |status| status.to_string())
}

fn is_passing(tail: &str) -> bool {
    PASSING_OBSTACLES.iter().any(|obstacle| tail.contains(obstacle))
}

fn tail_of(log: &Path, start: u64) -> String {
    read_from(log, start)
        .map_or_else(|error| format!("(the log could not be read: {error})"), |text| program::last_lines(&text, 10))
}

fn read_from(log: &Path, start: u64) -> io::Result<String> {
    let mut file = File::open(log)?;
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extra_settings_override_the_usual_ones_but_open_no_port() {
        let extra = [("jit", "on"), ("listen_addresses", "*")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let settings = server_settings(&extra, Path::new("/a \"b\""));
        let last = |name: &str| settings.iter().rfind(|setting| setting.starts_with(name)).unwrap();
        assert_eq!(last("jit="), "jit=on");
        assert_eq!(last("listen_addresses="), "listen_addresses=");
        assert_eq!(last("unix_socket_directories="), "unix_socket_directories=\"/a \"\"b\"\"\"");
    }

    #[test]
    fn only_the_leftovers_of_a_killed_server_pass() {
        assert!(is_passing("FATAL:  pre-existing shared memory block (key 1) is still in use"));
        assert!(is_passing("FATAL:  lock file \"postmaster.pid\" already exists"));
        assert!(!is_passing("FATAL:  could not access directory"));
    }
}
