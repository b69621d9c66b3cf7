//! `stockroom migrate`

use stockroom::settings::Settings;

use super::error::CommandError;
use super::opened::Opened;
use super::print;

pub fn run(settings: Settings) -> Result<(), CommandError> {
    let applied = Opened::with(settings, Opened::migrate)?.unwrap_or_default();
    for name in &applied {
        print(&format!("applied {name}"));
    }
    if applied.is_empty() {
        print("nothing to do: the database is up to date");
    }
    Ok(())
}
