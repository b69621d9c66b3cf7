//! Moves promised units (reserved or committed ones) from one place to another. On the shelves, no unit moves.

use super::{HoldSet, ReserveUnits};
use crate::db::Failure;
use crate::inventory::hold::{HoldEnd, Holder};
use crate::inventory::locked_stock::MovementContext;
use crate::inventory::stock_level::{MovementKind, StockDelta};
use crate::kernel::id::{LocationId, VariantId};

/// Units of a variant that are promised at `from`, and that `to` gives instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReroutedUnits {
    pub variant: VariantId,
    pub from: LocationId,
    pub to: LocationId,
    pub quantity: i64,
}

impl HoldSet {
    /// Sells units at another place, and restores as many sold units, which are not shipped, at the first one. The
    /// kinds of the movements are those of a transfer, because nothing more and nothing less is sold.
    pub fn reroute_sold(&mut self, units: ReroutedUnits, context: MovementContext<'_>) -> Result<(), Failure> {
        let ReroutedUnits { variant, from, to, quantity } = units;
        let (restored, sold) = (StockDelta::restore(quantity), StockDelta::sell(quantity));
        self.stock.record_movement((variant, from), MovementKind::TransferIn, restored, context)?;
        self.stock.record_movement((variant, to), MovementKind::TransferOut, sold, context)?;
        Ok(())
    }

    /// Moves units of a hold to another place, until the same deadline.
    pub fn reroute_held(
        &mut self,
        holder: Holder,
        units: ReroutedUnits,
        context: MovementContext<'_>,
    ) -> Result<(), Failure> {
        let ReroutedUnits { variant, from, to, quantity } = units;
        let mut holds = self.active.remove(&holder).unwrap_or_default();
        let index = holds.iter().position(|hold| (hold.variant, hold.location) == (variant, from));
        let hold = index.map(|index| holds.remove(index)).filter(|hold| hold.quantity >= quantity);
        let hold = hold.ok_or_else(|| Failure::Internal(format!("variant {variant} is not held at {from}")))?;
        let expires_at = hold.expires_at;
        holds.extend(self.reduce_hold(hold, quantity, HoldEnd::Transferred, context)?);
        self.active.insert(holder, holds);
        let is_same = |new: &&mut super::NewHold| (new.holder, new.variant, new.location) == (holder, variant, to);
        if let Some(new) = self.created.iter_mut().find(is_same) {
            new.quantity = new.quantity.saturating_add(quantity);
            let delta = StockDelta::reserve(quantity);
            return self.stock.record_movement((variant, to), MovementKind::Reserve, delta, context).map(drop);
        }
        self.reserve(ReserveUnits { holder, variant, expires_at }, &[(to, quantity)], context)
    }
}
