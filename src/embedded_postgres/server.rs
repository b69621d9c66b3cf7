//! The server of a cluster: found by its `postmaster.pid`, started and stopped by `pg_ctl`.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::cluster::Cluster;
use super::error::EmbeddedError;
use super::{DATABASE, programs, socket};

/// Recovery after a crash happens before the server is ready.
const PATIENCE: Duration = Duration::from_secs(60);
const TIMEOUT: &str = "--timeout=60";
/// How long the last processes of a killed server may keep the data folder.
const LEFTOVER_PATIENCE: Duration = Duration::from_secs(15);
const PAUSE: Duration = Duration::from_millis(50);

const LOG: &str = "server.log";
const PID_FILE: &str = "postmaster.pid";

/// Modest settings. The tables of a new shop grow fast, and the planner should soon know. The log has no statements and
/// no values, which may be personal.
const SETTINGS: &str = "cluster_name=stockroom max_connections=100 shared_buffers=128MB jit=off \
    autovacuum_naptime=10s timezone=UTC log_timezone=UTC lc_messages=C logging_collector=off log_checkpoints=off \
    log_error_verbosity=terse log_min_error_statement=panic";

/// Closes files that this process has inherited, such as the pipe of a `make`, before it becomes `pg_ctl`.
const START: &str = "exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; exec \"$0\" start --silent --wait \"$@\"";

/// Errors in the log of a server that starts while the last processes of a killed one still end.
const PASSING_OBSTACLES: [&str; 2] =
    ["pre-existing shared memory block", "lock file \"postmaster.pid\" already exists"];

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

    /// The file of a server that runs.
    pub(super) fn of_running(data_dir: &Path) -> Option<Self> {
        Self::read(&data_dir.join(PID_FILE)).filter(|file| is_server(file.pid, data_dir))
    }
}

/// A process id is soon used again, after a restart of a container above all, so the process has to look like the
/// server of this data folder.
fn is_server(pid: u32, data_dir: &Path) -> bool {
    if !Path::new("/proc/self").exists() {
        let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
        return pid.is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok());
    }
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let is_alive = stat.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with(['Z', 'X']));
    // A server works in its data folder. If that may not be seen, the process id has to be enough.
    is_alive && fs::read_link(format!("/proc/{pid}/cwd")).map_or(true, |folder| folder == data_dir)
}

fn is_listed(pid: u32) -> bool {
    Path::new("/proc").join(pid.to_string()).exists()
}

impl Cluster {
    /// Waits while a server starts, recovers or stops. Returns its socket folder, or nothing if no server runs.
    pub(super) fn wait_until_settled(&self) -> Result<Option<PathBuf>, EmbeddedError> {
        let deadline = Instant::now() + PATIENCE;
        while let Some(PidFile { pid, socket_dir }) = PidFile::of_running(&self.data_dir) {
            if let Some(folder) = socket_dir
                && self.accepts_connections(&folder)?
            {
                return Ok(Some(folder));
            }
            if Instant::now() > deadline {
                return Err(self.not_ready(pid));
            }
            thread::sleep(PAUSE);
        }
        Ok(None)
    }

    fn accepts_connections(&self, socket_dir: &Path) -> Result<bool, EmbeddedError> {
        let program = self.programs.client("pg_isready");
        let mut command = programs::command(&program);
        command.arg("--quiet").arg("--dbname").arg(socket::url(socket_dir, DATABASE));
        Ok(command.status().map_err(EmbeddedError::io("run", &program))?.success())
    }

    /// Starts the server and returns its socket folder. A temporary one of a killed server is used again.
    pub(super) fn start(&self) -> Result<PathBuf, EmbeddedError> {
        let left = PidFile::read(&self.data_dir.join(PID_FILE)).and_then(|file| file.socket_dir);
        let folder = match left.filter(|folder| socket::is_temporary(folder)) {
            Some(folder) => folder,
            None => socket::choose_folder(&self.data_dir, &self.account)?,
        };
        self.start_at(&folder).map(|()| folder)
    }

    /// Starts the server with its socket in this folder.
    pub(super) fn start_at(&self, socket_dir: &Path) -> Result<(), EmbeddedError> {
        if !socket_dir.exists() {
            socket::create_private_folder(socket_dir, &self.account)?;
        }
        self.remove_misleading(&self.data_dir.join(PID_FILE));
        self.remove_misleading(&socket_dir.join(socket::LOCK_FILE));
        let deadline = Instant::now() + LEFTOVER_PATIENCE;
        loop {
            let outcome = self.start_once(socket_dir);
            let Err(EmbeddedError::DidNotStart { tail, .. }) = &outcome else { return outcome };
            let is_passing = PASSING_OBSTACLES.iter().any(|obstacle| tail.contains(obstacle));
            if !is_passing || Instant::now() > deadline {
                return outcome;
            }
            thread::sleep(PAUSE);
        }
    }

    /// Removes the lock file of a killed server if its process id belongs to another process now, or to a dead one
    /// that is still listed: PostgreSQL would refuse to start. It guards the data a second time, by shared memory.
    fn remove_misleading(&self, path: &Path) {
        if PidFile::read(path).is_some_and(|file| is_listed(file.pid) && !is_server(file.pid, &self.data_dir)) {
            let outcome = fs::remove_file(path);
            log::info!("removed {}, left by a server that is gone: {outcome:?}", path.display());
        }
    }

    fn start_once(&self, socket_dir: &Path) -> Result<(), EmbeddedError> {
        let log = self.data_dir.join(LOG);
        let log_start = fs::metadata(&log).map_or(0, |log| usize::try_from(log.len()).unwrap_or(0));
        let mut start = self.account.command("/bin/sh");
        start.args(["-c", START]).arg(self.programs.folder.join("pg_ctl")).args(["--log", LOG, TIMEOUT]);
        start.arg("--options").arg(self.server_options(socket_dir));
        // The folder is no argument, because `pg_ctl` puts its arguments into a command of the shell without quoting.
        start.env("PGDATA", &self.data_dir).current_dir(&self.data_dir);
        let outcome = programs::run("start PostgreSQL", &mut start);
        let Err(EmbeddedError::Program { message, .. }) = outcome else { return outcome };
        if let Some(server) = PidFile::of_running(&self.data_dir) {
            return Err(self.not_ready(server.pid));
        }
        let text = fs::read(&log).unwrap_or_default();
        let text = [text.get(log_start..).unwrap_or_default(), message.as_bytes()].concat();
        Err(EmbeddedError::DidNotStart { log, tail: programs::last_lines(&text) })
    }

    /// Of two settings of the same name the later one holds: the settings of the caller override the usual ones, but
    /// cannot make the server reachable from elsewhere.
    fn server_options(&self, socket_dir: &Path) -> String {
        let socket_dir = socket_dir.to_string_lossy().replace('"', "\"\"");
        let usual = SETTINGS.split_whitespace().map(str::to_owned);
        let own = self.settings.iter().map(|(name, value)| format!("{name}={value}"));
        let reachability = [
            "listen_addresses=".to_owned(),
            "port=5432".to_owned(),
            format!("unix_socket_directories=\"{socket_dir}\""),
            "unix_socket_permissions=0700".to_owned(),
        ];
        let settings = usual.chain(own).chain(reachability);
        settings.map(|setting| format!(" -c '{}'", setting.replace('\'', r"'\''"))).collect()
    }

    /// Stops the server, if it runs, and waits for its end. Running transactions are rolled back.
    pub(super) fn stop(&self) -> Result<(), EmbeddedError> {
        if PidFile::of_running(&self.data_dir).is_none() {
            return Ok(());
        }
        let mut stop = self.account.command(self.programs.folder.join("pg_ctl"));
        stop.args(["stop", "--silent", "--wait", "--mode=fast", TIMEOUT]).env("PGDATA", &self.data_dir);
        programs::run("stop PostgreSQL", &mut stop)
    }

    fn not_ready(&self, pid: u32) -> EmbeddedError {
        EmbeddedError::NotReady { pid, seconds: PATIENCE.as_secs(), log: self.data_dir.join(LOG) }
    }
}
