//! Stockroom as it is shipped: the program itself with its default settings, in a process of its own.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::Outcome;

/// Any text that is long enough; the tokens of the buyers are signed with it.
pub const SECRET: &str = "a secret that only the benchmark knows and nobody needs";

/// Longer than the longest run.
pub const TTL_SECONDS: i64 = 86_400;

const PROGRAM: &str = env!("CARGO_BIN_EXE_stockroom");
const PATIENCE: Duration = Duration::from_secs(20);

const PAUSE: Duration = Duration::from_millis(40);
const QUIET_LOOKS: u32 = 5;

/// A serving process. It is ended on drop.
pub struct Server {
    process: Child,
    /// Kept open: the server writes to it.
    _output: BufReader<ChildStdout>,
    pub address: String,
}

impl Server {
    pub fn start(database: &str, log: &Path) -> Outcome<Self> {
        let mut process = Command::new(PROGRAM)
            .arg("serve")
            .env("DATABASE_URL", database)
            .env("JWT_SECRET", SECRET)
            .env("STOCKROOM__AUTH__ACCESS_TTL_SECONDS", TTL_SECONDS.to_string())
            .env("STOCKROOM__SERVER__PORT", "0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(log)?)
            .spawn()?;
        let output = BufReader::new(process.stdout.take().ok_or("the server has no output")?);
        let mut server = Self { process, _output: output, address: String::new() };
        server.address = server
            .read_address()
            .map_err(|error| format!("the server did not start ({error}): see {}", log.display()))?;
        Ok(server)
    }

    fn read_address(&mut self) -> Outcome<String> {
        let mut line = String::new();
        while self._output.read_line(&mut line)? > 0 {
            if let Some(address) = line.trim().strip_prefix("listening on ") {
                return Ok(address.to_owned());
            }
            line.clear();
        }
        Err("it ended without saying where it listens".into())
    }

    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// SQL statements that it has sent so far.
    pub fn statements(&self) -> Outcome<u64> {
        Ok(metric(&self.metrics()?, "stockroom_sql_statements_total")? as u64)
    }

    /// Waits until nothing is under way. Requests whose clients have left are still done.
    pub fn wait_until_idle(&self) -> Outcome<()> {
        let deadline = Instant::now() + PATIENCE;
        let mut quiet = 0;
        while quiet < QUIET_LOOKS {
            if Instant::now() > deadline {
                return Err("the server does not come to rest".into());
            }
            thread::sleep(PAUSE);
            let page = self.metrics()?;
            let busy = metric(&page, "stockroom_pool_in_use")? + metric(&page, "stockroom_oldest_wait_seconds")?;
            quiet = if busy > 0.0 { 0 } else { quiet + 1 };
        }
        Ok(())
    }

    fn metrics(&self) -> Outcome<String> {
        Ok(ureq::get(format!("{}/metrics", self.address)).call()?.body_mut().read_to_string()?)
    }

    /// Asks the process to stop in good order, and waits for it.
    pub fn stop(mut self) -> Outcome<()> {
        Command::new("kill").arg(self.pid().to_string()).status()?;
        let deadline = Instant::now() + PATIENCE;
        while self.process.try_wait()?.is_none() {
            if Instant::now() > deadline {
                return Err("the server does not stop".into());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Without effect after a stop.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn metric(page: &str, name: &str) -> Outcome<f64> {
    let value = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    Ok(value.ok_or_else(|| format!("the metrics have no {name}"))?.trim().parse()?)
}

/// What the program itself says of the books: its last line, or an error when they are not clean.
pub fn verify(database: &str, options: &[&str]) -> Outcome<String> {
    let mut command = Command::new(PROGRAM);
    command.arg("verify").args(options).env("DATABASE_URL", database).env("RUST_LOG", "warn");
    let output = command.output()?;
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if output.status.success() { Ok(said) } else { Err(format!("the books are not clean:\n{said}").into()) }
}
