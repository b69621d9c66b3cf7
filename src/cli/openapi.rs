//! `stockroom openapi`

use stockroom::routes;

use super::error::CommandError;
use super::print;

pub fn run() -> Result<(), CommandError> {
    let document = routes::document().to_pretty_json().map_err(|error| CommandError::Other(error.to_string()))?;
    print(&document);
    Ok(())
}
