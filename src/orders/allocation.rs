//! The locations of the units of an order item.

use serde::{Deserialize, Serialize};

use crate::kernel::id::LocationId;
use crate::kernel::json_column::json_column;

json_column! {
    /// The allocations of an item.
    pub struct Allocations(pub Vec<Allocation>);
}

impl Allocations {
    /// Moves units that are not shipped to another place. The caller has checked that these units are left.
    pub fn reallocate(&mut self, (from, to): (LocationId, LocationId), quantity: i64) {
        let parts = &mut self.0;
        for part in parts.iter_mut().filter(|part| part.location_id == from) {
            part.quantity = part.quantity.saturating_sub(quantity);
        }
        match parts.iter_mut().find(|part| part.location_id == to) {
            Some(part) => part.quantity = part.quantity.saturating_add(quantity),
            None => parts.push(Allocation::new(to, quantity)),
        }
        parts.retain(|part| part.quantity > 0);
    }
}

/// Units of an item from one location.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allocation {
    pub location_id: LocationId,
    pub quantity: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub shipped_quantity: i64,
}

impl Allocation {
    #[must_use]
    pub const fn new(location_id: LocationId, quantity: i64) -> Self {
        Self { location_id, quantity, shipped_quantity: 0 }
    }

    #[must_use]
    pub const fn unshipped(&self) -> i64 {
        self.quantity.saturating_sub(self.shipped_quantity)
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(quantity: &i64) -> bool {
    *quantity == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_that_are_not_shipped_move_to_another_place() {
        let part = |location, quantity, shipped_quantity| Allocation {
            shipped_quantity,
            ..Allocation::new(LocationId(location), quantity)
        };
        // The places and the units before, the move, and the places and the units after it.
        for (before, (from, to, quantity), after) in [
            (vec![part(1, 5, 0)], (1, 2, 3), vec![part(1, 2, 0), part(2, 3, 0)]),
            (vec![part(1, 5, 2), part(2, 1, 1)], (1, 2, 3), vec![part(1, 2, 2), part(2, 4, 1)]),
            (vec![part(1, 5, 0), part(2, 1, 0)], (1, 2, 5), vec![part(2, 6, 0)]),
        ] {
            let mut allocations = Allocations(before);
            allocations.reallocate((LocationId(from), LocationId(to)), quantity);
            assert_eq!(allocations.0, after);
        }
    }
}
