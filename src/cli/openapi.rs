//! `stockroom openapi`

use stockroom::routes;

use super::error::CommandError;
use super::print;

pub fn run() -> Result<(), CommandError> {
    let document = format!("{:#}", routes::document());
    print(&document);
    Ok(())
}
