//! The real program in a separate process that a test can stop and kill.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use stockroom::embedded_postgres::{Embedded, Options};

use super::client::Client;

const TIMEOUT: Duration = Duration::from_secs(90);

/// A folder for a data folder, with nothing in it yet. On drop its PostgreSQL is stopped, if one
/// was left running, and the folder is removed.
pub struct Place {
    pub folder: PathBuf,
}

impl Place {
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("place-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&folder).unwrap();
        Self { folder }
    }

    pub fn data_dir(&self) -> PathBuf {
        self.folder.join("postgres")
    }

    /// The program's embedded PostgreSQL, attached to or started.
    pub fn postgres(&self) -> Embedded {
        Embedded::start(&Options { data_dir: self.data_dir(), ..Options::default() }).unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.data_dir().exists() {
            let stopped =
                Embedded::start(&Options { data_dir: self.data_dir(), ..Options::default() }).map(Embedded::stop);
            drop(stopped);
        }
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// The program with a clean environment: it has only the settings of the test, and its demo store has no history.
pub fn stockroom(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stockroom"));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("STOCKROOM") || name.starts_with("PG") || name == "DATABASE_URL" || name == "JWT_SECRET" {
            command.env_remove(&*name);
        }
    }
    command
        .args(arguments)
        .env("STOCKROOM__SERVER__PORT", "0")
        .env("STOCKROOM__DEMO__HISTORY_DAYS", "0")
        .stdin(Stdio::null());
    command
}

/// Runs the program to its end.
pub fn run(command: &mut Command) -> Output {
    command.output().unwrap()
}

/// The program while it serves. Killed on drop.
pub struct Process {
    pub address: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Serves from the embedded PostgreSQL of a place.
    pub fn serve(place: &Place) -> Self {
        let mut command = stockroom(&["serve"]);
        command.env("STOCKROOM__DATABASE__DATA_DIR", place.data_dir());
        Self::start(command, &place.folder)
    }

    /// Starts the command and waits until it listens. Its log goes to a file in the folder.
    pub fn start(mut command: Command, folder: &Path) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let log = folder.join(format!("log-{}", COUNT.fetch_add(1, Ordering::Relaxed)));
        let mut child = command.stdout(Stdio::piped()).stderr(File::create(&log).unwrap()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (sender, listening) = mpsc::channel();
        std::thread::spawn(move || {
            // The output is read to the end, because the program could not write to a closed pipe.
            for line in lines.map_while(Result::ok) {
                if let Some(address) = line.strip_prefix("listening on ") {
                    sender.send(address.to_owned()).ok();
                }
            }
        });
        match listening.recv_timeout(TIMEOUT) {
            Ok(address) => Self { address, child, log },
            Err(error) => {
                child.kill().ok();
                child.wait().ok();
                panic!("the server did not start ({error}): {}", fs::read_to_string(&log).unwrap_or_default());
            }
        }
    }

    pub fn client(&self) -> Client {
        Client::new(&self.address)
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Sends SIGKILL, so that the program cannot react.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends SIGTERM, and returns the exit status.
    pub fn terminate(mut self) -> ExitStatus {
        signal("TERM", self.pid());
        self.wait()
    }

    pub fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "the server does not end: {}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.child.kill().ok();
            self.child.wait().ok();
        }
    }
}

/// Sends a signal to a process by its id.
pub fn signal(name: &str, pid: u32) {
    let status = Command::new("kill").args([format!("-{name}"), pid.to_string()]).status().unwrap();
    assert!(status.success(), "SIG{name} could not be sent to {pid}");
}
