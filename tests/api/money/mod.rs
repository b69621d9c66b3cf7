//! Money and quantities.

mod amounts;
mod currencies;
mod sums;

use crate::common::Reply;

/// The text of a number in an answer. A parsed number would lose its spelling.
fn text_of(reply: &Reply, field: &str) -> String {
    let text = reply.text();
    let (_, rest) = text.split_once(&format!("\"{field}\":")).unwrap_or_else(|| panic!("no {field} in {text}"));
    rest.split([',', '}']).next().unwrap().to_owned()
}
