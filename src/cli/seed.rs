//! `stockroom seed --demo`

use stockroom::demo;
use stockroom::settings::Settings;

use super::error::CommandError;
use super::opened::Opened;
use super::print;

/// Loads the demo store into the configured database.
pub fn run(settings: Settings) -> Result<(), CommandError> {
    let loaded = Opened::with(settings, |opened| opened.migrate().and_then(|_applied| load(opened)))?;
    print(if loaded { "demo store loaded" } else { "nothing to do: the demo store exists" });
    Ok(())
}

/// Loads the demo store; false if it exists already.
pub fn load(opened: &Opened) -> Result<bool, CommandError> {
    Ok(demo::load(&mut opened.connect()?)?)
}
