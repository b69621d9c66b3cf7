//! The lines that an order did not get in full, because it allowed that.

use serde::{Deserialize, Serialize};

use crate::inventory::queries::listing::Alternative;
use crate::kernel::id::ProductId;
use crate::kernel::json_column::json_column;

json_column! {
    /// The lines with too few units.
    pub struct Unfulfilled(pub Vec<UnfulfilledLine>);
}

/// A requested line with too few units. The fulfilled units are those of the order item, if there is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnfulfilledLine {
    pub product_id: ProductId,
    pub size: Option<String>,
    pub requested_quantity: i64,
    pub fulfilled_quantity: i64,
    /// Products of the same category that were in stock after the order.
    pub alternatives: Vec<Alternative>,
}

impl UnfulfilledLine {
    #[must_use]
    pub const fn shortage(&self) -> i64 {
        self.requested_quantity.saturating_sub(self.fulfilled_quantity)
    }
}
