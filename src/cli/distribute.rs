//! `stockroom distribute`

use clap::Args;
use stockroom::db::distribute::{self, Entry};
use stockroom::settings::Settings;

use super::error::CommandError;
use super::opened::Opened;
use super::print;

#[derive(Args)]
pub struct Distribute {
    /// Print the statements instead of running them
    #[arg(long)]
    dry_run: bool,
    /// Stockroom also connects to worker servers: every server of the cluster gets all tables without a store
    #[arg(long)]
    any_server: bool,
}

/// Distributes the tables of the configured database that are not distributed yet.
pub fn run(settings: Settings, arguments: &Distribute) -> Result<(), CommandError> {
    if settings.is_embedded() {
        return Err(CommandError::Other("a database of your own is needed: name it by DATABASE_URL".to_owned()));
    }
    Opened::with(settings, |opened| opened.migrate().and_then(|_applied| distribute(opened, arguments)))
}

fn distribute(opened: &Opened, arguments: &Distribute) -> Result<(), CommandError> {
    let mut conn = opened.connect()?;
    let entry = if arguments.any_server { Entry::AnyServer } else { Entry::Coordinator };
    let statements = distribute::plan(&mut conn, entry)?;
    if arguments.dry_run {
        statements.iter().for_each(|statement| print(&format!("{statement};")));
        return Ok(());
    }
    distribute::run(&mut conn, &statements)?;
    print(match statements.as_slice() {
        [] => "nothing to do: the tables are distributed",
        _ => "the tables are distributed; restart the servers, so that they detect the distribution",
    });
    print("advice: set citus.recover_2pc_interval = '5s' on the coordinator; it needs no restart:");
    print("  ALTER SYSTEM SET citus.recover_2pc_interval = '5s'; SELECT pg_reload_conf();");
    Ok(())
}
