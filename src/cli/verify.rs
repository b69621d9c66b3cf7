//! `stockroom verify`

use stockroom::db::End;
use stockroom::db::tx::{self, Mode};
use stockroom::reports::verify::{self, Extent, RECENT_DAYS};
use stockroom::settings::Settings;

use super::error::CommandError;
use super::opened::Opened;
use super::print;

/// Checks the invariants of every store. A violation makes the command fail.
pub fn run(settings: Settings, extent: Extent) -> Result<(), CommandError> {
    Opened::require_database(&settings)?;
    let verify = |conn: &mut _| verify::verify_stores(conn, extent).map(End::RollBack);
    let found = Opened::with(settings, |opened| Ok(tx::run(&mut opened.connect()?, Mode::Report, verify)?))?;
    for violation in &found.violations {
        print(&format!("store {}: {}: {}", violation.store_id, violation.rule, violation.row));
    }
    if found.ok {
        print(&format!("ok: {} checks, no violations", found.checked));
        if extent == Extent::Recent {
            print(&format!(
                "checked: all stock, holds and open orders, and the last {RECENT_DAYS} days of the rest; --all checks everything"
            ));
        }
        return Ok(());
    }
    Err(CommandError::Other(format!("{} violations in {} checks", found.violations.len(), found.checked)))
}
