//! `stockroom seed --demo`

use stockroom::demo;
use stockroom::settings::Settings;

use super::error::CommandError;
use super::opened::Opened;
use super::print;

/// Loads the demo store into the configured database, with a past of this number of days. A past is not added to a store that
/// exists, because nothing may be written before what the store has recorded.
pub fn run(settings: Settings, history_days: i64) -> Result<(), CommandError> {
    let loaded = Opened::with(settings, |opened| opened.migrate().and_then(|_applied| load(opened, history_days)))?;
    match (loaded, history_days) {
        (true, 0) => print("demo store loaded"),
        (true, days) => print(&format!("demo store loaded, with a history of {days} days")),
        (false, 0) => print("nothing to do: the demo store exists"),
        (false, _) => {
            let refusal = "the demo store exists already, so it gets no history: load it into a new database";
            return Err(CommandError::Other(refusal.to_owned()));
        }
    }
    Ok(())
}

/// Loads the demo store; false if it exists already.
pub fn load(opened: &Opened, history_days: i64) -> Result<bool, CommandError> {
    Ok(demo::load(&mut opened.connect()?, history_days)?)
}
