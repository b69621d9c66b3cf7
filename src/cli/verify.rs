//! `stockroom verify`

use stockroom::db::End;
use stockroom::db::tx::{self, Mode};
use stockroom::reports::verify;
use stockroom::settings::Settings;

use super::error::CommandError;
use super::opened::Opened;
use super::print;

/// Checks the books of every store. A violation makes the command fail.
pub fn run(settings: Settings) -> Result<(), CommandError> {
    let opened = Opened::open(settings)?;
    let found = opened
        .connect()
        .and_then(|mut conn| Ok(tx::run(&mut conn, Mode::Report, |conn| verify::verify_all(conn).map(End::RollBack))?));
    opened.close()?;
    let found = found?;
    for violation in &found.violations {
        print(&format!("store {}: {}: {}", violation.store_id, violation.rule, violation.row));
    }
    if found.ok {
        print(&format!("ok: {} checks, no violations", found.checked));
        return Ok(());
    }
    Err(CommandError::Other(format!("{} violations in {} checks", found.violations.len(), found.checked)))
}
