//! The server of a cluster: found by its `postmaster.pid`, started and stopped by `pg_ctl`.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{fs, thread};

use super::cluster::Cluster;
use super::error::EmbeddedError;
use super::{DATABASE, programs, socket};

/// The time until a server that already runs must be ready. It may have to recover from a crash first.
const READY_TIMEOUT: Duration = Duration::from_secs(60);
const TIMEOUT_OPTION: &str = "--timeout=60";
/// The time for which the last processes of a killed server may keep the data folder.
const LEFTOVER_TIMEOUT: Duration = Duration::from_secs(15);
const PAUSE: Duration = Duration::from_millis(50);
const LOG: &str = "server.log";
const PID_FILE: &str = "postmaster.pid";

/// Autovacuum is frequent, because a new shop's tables grow fast. The log has no values, which may be personal.
const SETTINGS: &str = "-c cluster_name=stockroom -c max_connections=100 -c shared_buffers=128MB -c jit=off \
    -c autovacuum_naptime=10s -c timezone=UTC -c log_timezone=UTC -c lc_messages=C -c logging_collector=off \
    -c log_checkpoints=off -c log_error_verbosity=terse -c log_min_error_statement=panic";
/// No TCP. The port is only part of the socket's name.
const REACHABILITY: &str = "-c listen_addresses= -c port=5432 -c unix_socket_permissions=0700";
/// Closes files that this process has inherited, such as the pipe of a `make`, before it becomes `pg_ctl`.
const START: &str = "exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; exec \"$0\" start --silent --wait \"$@\"";
/// Errors in the log of a server that starts while the last processes of a killed one still end.
const PASSING: [&str; 2] = ["pre-existing shared memory block", "\"postmaster.pid\" already exists"];

/// The first lines of `postmaster.pid`. A server that starts writes them one by one.
pub(super) struct PidFile {
    pub(super) pid: u32,
    socket_dir: Option<PathBuf>,
}

impl PidFile {
    fn read(path: &Path) -> Option<Self> {
        let text = fs::read_to_string(path).ok()?;
        let mut lines = text.lines();
        let pid = lines.next()?.trim().parse().ok()?;
        Some(Self { pid, socket_dir: lines.nth(3).filter(|line| !line.is_empty()).map(PathBuf::from) })
    }

    pub(super) fn of_running(data_dir: &Path) -> Option<Self> {
        Self::read(&data_dir.join(PID_FILE)).filter(|file| is_server(file.pid, data_dir))
    }
}

/// The system soon uses a process id again, above all in a container, so the process has to look like the server.
fn is_server(pid: u32, data_dir: &Path) -> bool {
    if !Path::new("/proc/self").exists() {
        return programs::read(programs::command("kill").args(["-0", &pid.to_string()])).is_some();
    }
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let is_alive = stat.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with(['Z', 'X']));
    // A server works in its data folder. If this process may not read that, the process id has to suffice.
    is_alive && fs::read_link(format!("/proc/{pid}/cwd")).map_or(true, |folder| folder == data_dir)
}

/// Removes the lock file of a killed server if its process id belongs to another process now, or to a dead one that is
/// still listed: PostgreSQL would refuse to start. It guards the data a second time, by shared memory.
fn remove_misleading(path: &Path, data_dir: &Path) {
    let is_listed = |pid: u32| Path::new("/proc").join(pid.to_string()).exists();
    if PidFile::read(path).is_some_and(|file| is_listed(file.pid) && !is_server(file.pid, data_dir)) {
        let outcome = fs::remove_file(path);
        log::info!("removed {}, left by a server that is gone: {outcome:?}", path.display());
    }
}

impl Cluster {
    /// Starts the server if it does not run, waits until it is ready, and returns its socket folder. A server that is
    /// started gets the given folder. Without one, it gets the temporary folder of a killed server, or a new one.
    pub(super) fn attach_or_start(&self, socket_dir: Option<&Path>) -> Result<PathBuf, EmbeddedError> {
        // Some distributions have the client programs in another folder, which is on the PATH.
        let program = self.programs.folder.join("pg_isready");
        let program = if program.is_file() { program } else { PathBuf::from("pg_isready") };
        let deadline = Instant::now() + READY_TIMEOUT;
        // A server may still start, recover or stop.
        while let Some(PidFile { pid, socket_dir }) = PidFile::of_running(&self.data_dir) {
            if let Some(folder) = socket_dir {
                let mut probe = programs::command(&program);
                probe.arg("--quiet").arg("--dbname").arg(socket::url(&folder, DATABASE));
                if probe.status().map_err(EmbeddedError::io("run", &program))?.success() {
                    return Ok(folder);
                }
            }
            if Instant::now() > deadline {
                let log = self.data_dir.join(LOG);
                return Err(EmbeddedError::NotReady { pid, seconds: READY_TIMEOUT.as_secs(), log });
            }
            thread::sleep(PAUSE);
        }
        let left = PidFile::read(&self.data_dir.join(PID_FILE)).and_then(|file| file.socket_dir);
        let folder = match (socket_dir, left) {
            (Some(folder), _) => folder.to_path_buf(),
            (None, Some(folder)) if socket::is_temporary(&folder) => folder,
            _ => socket::choose_folder(&self.data_dir, &self.account)?,
        };
        self.start(&folder).map(|()| folder)
    }

    fn start(&self, socket_dir: &Path) -> Result<(), EmbeddedError> {
        if !socket_dir.exists() {
            socket::create_private_folder(socket_dir, &self.account)?;
        }
        remove_misleading(&self.data_dir.join(PID_FILE), &self.data_dir);
        remove_misleading(&socket_dir.join(socket::LOCK_FILE), &self.data_dir);
        let is_passing = |tail: &str| PASSING.iter().any(|obstacle| tail.contains(obstacle));
        let deadline = Instant::now() + LEFTOVER_TIMEOUT;
        loop {
            match self.start_once(socket_dir) {
                Err(EmbeddedError::DidNotStart { tail, .. }) if is_passing(&tail) && Instant::now() < deadline => {
                    thread::sleep(PAUSE);
                }
                outcome => return outcome,
            }
        }
    }

    fn start_once(&self, socket_dir: &Path) -> Result<(), EmbeddedError> {
        let log = self.data_dir.join(LOG);
        let log_start = fs::metadata(&log).map_or(0, |log| usize::try_from(log.len()).unwrap_or(0));
        let mut start = self.account.command("/bin/sh");
        start.args(["-c", START]).arg(self.programs.folder.join("pg_ctl")).args(["--log", LOG, TIMEOUT_OPTION]);
        start.arg("--options").arg(self.server_options(socket_dir));
        // The folder is no argument, because `pg_ctl` puts its arguments into a command of the shell without quoting.
        start.env("PGDATA", &self.data_dir).current_dir(&self.data_dir);
        let outcome = programs::run("start PostgreSQL", &mut start);
        let Err(EmbeddedError::Program { message, .. }) = outcome else { return outcome };
        let text = fs::read(&log).unwrap_or_default();
        let text = String::from_utf8_lossy(text.get(log_start..).unwrap_or_default());
        let lines: Vec<&str> = text.lines().chain(message.lines()).collect();
        let tail = lines.get(lines.len().saturating_sub(10)..).unwrap_or_default().join("\n");
        Err(EmbeddedError::DidNotStart { log, tail })
    }

    /// The private socket comes last, because PostgreSQL takes the last one of several settings of the same name.
    fn server_options(&self, socket_dir: &Path) -> String {
        let socket_dir = socket_dir.to_string_lossy().replace('"', "\"\"");
        let quoted = |setting: String| format!(" -c '{}'", setting.replace('\'', r"'\''"));
        let own: String = self.settings.iter().map(|(name, value)| quoted(format!("{name}={value}"))).collect();
        let socket = quoted(format!("unix_socket_directories=\"{socket_dir}\""));
        format!("{SETTINGS}{own} {REACHABILITY}{socket}")
    }

    /// Stops the server and waits for its end. Running transactions are rolled back.
    pub(super) fn stop_server(&self) -> Result<(), EmbeddedError> {
        let mut stop = self.account.command(self.programs.folder.join("pg_ctl"));
        stop.args(["stop", "--silent", "--wait", "--mode=fast", TIMEOUT_OPTION]).env("PGDATA", &self.data_dir);
        programs::run("stop PostgreSQL", &mut stop)
    }
}
