//! Databases of the cluster.

use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use super::binaries::Binaries;
use super::error::EmbeddedError;
use super::program;

/// One round trip when the database is there. `\gexec` runs each row as a statement.
const CREATE_UNLESS_EXISTS: &str = "\
SELECT format(
    'CREATE DATABASE %I TEMPLATE template0 ENCODING ''UTF8'' LC_COLLATE ''C'' LC_CTYPE ''C''',
    :'name'
) WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name')\\gexec
";

/// Creates the database unless it exists, through a connection to another one.
pub(super) fn ensure(binaries: &Binaries, url: &str, name: &str) -> Result<(), EmbeddedError> {
    let psql = binaries.client("psql");
    let mut command = program::command(&psql);
    command
        .args(["--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1"])
        .arg(format!("--set=name={name}"))
        .arg(url)
        .env("PGCONNECT_TIMEOUT", "10")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let failed = |action| EmbeddedError::io(action, Path::new(&psql));
    let mut child = command.spawn().map_err(failed("run"))?;
    // The pipe holds the script whole, and closes as soon as it is written.
    if let Some(mut input) = child.stdin.take() {
        // A psql that could not connect has not read its input: its own message says more.
        if let Err(error) = input.write_all(CREATE_UNLESS_EXISTS.as_bytes()) {
            log::debug!("psql did not take its input: {error}");
        }
    }
    let output = child.wait_with_output().map_err(failed("wait for"))?;
    program::check(&command, output).map(drop)
}
