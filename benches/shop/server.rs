//! The server under test: the program with its default settings, in its own process.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::Outcome;

/// The secret that signs the tokens of the buyers. Any text that is long enough will do.
pub const SECRET: &str = "a secret that only the benchmark knows and nobody needs";

/// Longer than the longest run.
pub const TTL_SECONDS: i64 = 86_400;

const PROGRAM: &str = env!("CARGO_BIN_EXE_stockroom");
const TIMEOUT: Duration = Duration::from_secs(20);

const PAUSE: Duration = Duration::from_millis(40);
const QUIET_LOOKS: u32 = 5;

/// A server process. It is killed on drop.
pub struct Server {
    process: Child,
    /// Kept open, because the server writes to it.
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
        Err("it ended before it printed its address".into())
    }

    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// The number of SQL statements that it has sent.
    pub fn statements(&self) -> Outcome<u64> {
        Ok(metric(&self.metrics()?, "stockroom_sql_statements_total")? as u64)
    }

    /// Waits until no request is being processed. Requests whose clients have left are still completed.
    pub fn wait_until_idle(&self) -> Outcome<()> {
        let deadline = Instant::now() + TIMEOUT;
        let mut quiet = 0;
        while quiet < QUIET_LOOKS {
            if Instant::now() > deadline {
                return Err("the server does not become idle".into());
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

    /// Requests an orderly stop of the process and waits for its end.
    pub fn stop(mut self) -> Outcome<()> {
        Command::new("kill").arg(self.pid().to_string()).status()?;
        let deadline = Instant::now() + TIMEOUT;
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
        // This has no effect after a stop.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn metric(page: &str, name: &str) -> Outcome<f64> {
    let value = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    Ok(value.ok_or_else(|| format!("the metrics have no {name}"))?.trim().parse()?)
}

/// Runs `stockroom verify`. Returns its output, or an error with the violations.
pub fn verify(database: &str, options: &[&str]) -> Outcome<String> {
    let mut command = Command::new(PROGRAM);
    command.arg("verify").args(options).env("DATABASE_URL", database).env("RUST_LOG", "warn");
    let output = command.output()?;
    let printed = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if output.status.success() { Ok(printed) } else { Err(format!("verify found violations:\n{printed}").into()) }
}
