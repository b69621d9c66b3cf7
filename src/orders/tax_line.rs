//! The taxes of an order, one line for each rate.

use serde::{Deserialize, Serialize};

use crate::kernel::json_column::json_column;
use crate::kernel::money::{Money, minor_units};
use crate::kernel::rate::Rate;

json_column! {
    /// The tax lines of an order.
    pub struct TaxLines(pub Vec<TaxLine>);
}

/// The tax of one rate. Amounts are in minor units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxLine {
    pub name: String,
    pub percent: Rate,
    /// The net amount that is taxed.
    #[serde(with = "minor_units")]
    pub base: Money,
    #[serde(with = "minor_units")]
    pub tax: Money,
    /// True if prices contain the tax.
    pub included: bool,
}
