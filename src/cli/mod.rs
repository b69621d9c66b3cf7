//! `stockroom serve | migrate | seed | verify | rollups | distribute | import | export | openapi | user`: each command
//! that needs settings has a file of its own.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use stockroom::reports::verify::Extent;
use stockroom::routes;
use stockroom::settings::{MAX_HISTORY_DAYS, Settings};

use error::CommandError;

mod distribute;
mod error;
mod export;
mod guard;
mod import;
mod log;
mod migrate;
mod opened;
mod output;
mod rollups;
mod secret;
mod seed;
mod serve;
mod signals;
mod user;
mod verify;

/// A web API for a shop's stock and orders, which never sells more than there is in stock
#[derive(Parser)]
#[command(version, about, disable_help_subcommand = true)]
struct Arguments {
    /// A TOML file of settings over the defaults; the environment overrides both
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,

    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API; the default
    Serve,
    /// Apply the migrations that are missing
    Migrate,
    /// Load data into the database
    Seed {
        /// The demo store, with its products and accounts
        #[arg(long, required = true)]
        demo: bool,
        /// Also a past of this number of days: orders, deliveries, counts and returns
        #[arg(long, value_name = "DAYS", default_value_t = 0)]
        #[arg(value_parser = clap::value_parser!(i64).range(0..=MAX_HISTORY_DAYS))]
        history: i64,
    },
    /// Check every invariant in the database itself; exit code 1 when one is broken
    Verify {
        /// Also check finished orders and movements older than 30 days, which never change
        #[arg(long)]
        all: bool,
    },
    /// Manage the daily roll-ups of sales, which reports read
    Rollups {
        /// Compute them again from orders, credits, payments and the ledger
        #[arg(long, required = true)]
        rebuild: bool,
    },
    /// Distribute the tables over a cluster of servers by Citus, store by store
    Distribute(distribute::Distribute),
    /// Import a file of rows
    Import(import::ImportArguments),
    /// Write the rows of a store to a file
    Export(export::ExportArguments),
    /// Print the OpenAPI document
    Openapi,
    /// Manage accounts
    User {
        #[command(subcommand)]
        command: user::UserCommand,
    },
}

/// Runs the command. A failure prints one sentence on standard error and returns exit code 1.
pub fn run() -> ExitCode {
    let Arguments { config, command } = Arguments::parse();
    if let Err(error) = log::start() {
        eprintln!("stockroom: {error}");
        return ExitCode::FAILURE;
    }
    match dispatch(command.unwrap_or(Command::Serve), config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("stockroom: {}", on_one_line(&error.to_string()));
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: Command, config: Option<PathBuf>) -> Result<(), CommandError> {
    let settings = || Settings::load(config.as_deref());
    match command {
        Command::Serve => serve::run(settings()?),
        Command::Migrate => migrate::run(settings()?),
        Command::Seed { demo: _, history } => seed::run(settings()?, history),
        Command::Verify { all: true } => verify::run(settings()?, Extent::Whole),
        Command::Rollups { .. } => rollups::rebuild(settings()?),
        Command::Verify { all: false } => verify::run(settings()?, Extent::Recent),
        Command::Distribute(arguments) => distribute::run(settings()?, &arguments),
        Command::Import(arguments) => import::run(settings()?, &arguments),
        Command::Export(arguments) => export::run(settings()?, &arguments),
        Command::Openapi => {
            print(&format!("{:#}", routes::document()));
            Ok(())
        }
        Command::User { command } => user::run(settings()?, command),
    }
}

/// Writes a line to standard output. A closed standard output is no failure.
fn print(line: &str) {
    let mut out = std::io::stdout();
    if let Err(error) = writeln!(out, "{line}").and_then(|()| out.flush()) {
        ::log::debug!(error:% = error; "standard output is closed");
    }
}

/// Joins the lines of a message, because errors of drivers have several lines.
fn on_one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}
