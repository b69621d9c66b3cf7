//! How the other programs are run: with a clean environment, and their complaints kept.

use std::env;
use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::error::EmbeddedError;

/// What programs need from the environment. Everything else stays here: the secrets, and the
/// `PG…` variables that would change ports and folders.
const KEPT_VARIABLES: [&str; 3] = ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"];

/// A program with a clean environment, no input, and a working folder that every account can
/// enter. Messages are in English whatever the user's language is.
pub(super) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .envs(KEPT_VARIABLES.iter().filter_map(|name| Some((name, env::var_os(name)?))))
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
        .current_dir("/")
        .stdin(Stdio::null());
    command
}

/// Runs the command to its end and returns its output, or what it complained about.
pub(super) fn run(command: &mut Command) -> Result<Output, EmbeddedError> {
    let output = command.output().map_err(EmbeddedError::io("run", Path::new(command.get_program())))?;
    check(command, output)
}

/// The output of a command that succeeded, or its failure.
pub(super) fn check(command: &Command, output: Output) -> Result<Output, EmbeddedError> {
    if output.status.success() {
        return Ok(output);
    }
    Err(EmbeddedError::Program {
        program: name_of(command),
        status: output.status.to_string(),
        message: last_lines(&String::from_utf8_lossy(&output.stderr), 5),
    })
}

/// The last lines of a text, without the blank ones.
pub(super) fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let skipped = lines.len().saturating_sub(count);
    lines.into_iter().skip(skipped).collect::<Vec<_>>().join("\n")
}

fn name_of(command: &Command) -> String {
    // Behind a wrapper such as setpriv the program follows the `--`.
    let wrapped = command.get_args().skip_while(|argument| *argument != "--").nth(1);
    let program = Path::new(wrapped.unwrap_or(command.get_program()));
    program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_keep_their_order_and_lose_the_blank_ones() {
        assert_eq!(last_lines("a\n\nb\nc\n\n", 2), "b\nc");
        assert_eq!(last_lines("a", 2), "a");
        assert_eq!(last_lines("", 2), "");
    }

    #[test]
    fn a_wrapped_program_is_named_by_itself() {
        let mut wrapped = command("setpriv");
        wrapped.args(["--reuid=1", "--", "/usr/bin/initdb", "-D"]);
        assert_eq!(name_of(&wrapped), "initdb");
        assert_eq!(name_of(&command("/usr/bin/psql")), "psql");
    }

    #[test]
    fn a_failing_program_is_reported_with_its_complaint() {
        let mut failing = command("sh");
        failing.args(["-c", "echo it is broken >&2; exit 3"]);
        let error = run(&mut failing).unwrap_err();
        assert_eq!(error.to_string(), "sh failed (exit status: 3): it is broken");
    }

    #[test]
    fn secrets_stay_out_of_the_environment() {
        let kept = command("env");
        assert!(kept.get_envs().all(|(name, _)| name != "JWT_SECRET" && name != "PGPORT"));
    }
}
