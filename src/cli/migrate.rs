//! `stockroom migrate`

use stockroom::settings::Settings;

use super::error::CommandError;
use super::opened::Opened;
use super::print;

pub fn run(settings: Settings) -> Result<(), CommandError> {
    let opened = Opened::open(settings)?;
    let migrated = opened.migrate();
    opened.close()?;
    let applied = migrated?;
    for name in &applied {
        print(&format!("applied {name}"));
    }
    if applied.is_empty() {
        print("nothing to do: the database is up to date");
    }
    Ok(())
}
