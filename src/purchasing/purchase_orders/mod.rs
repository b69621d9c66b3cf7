//! Purchase orders: goods arrive at a place from a supplier.

use crate::inventory::inbounds::document::LockedInbound;
use crate::inventory::inbounds::queries::documents::Inbound;
use crate::kernel::id::SupplierId;

pub mod costs;
pub mod draft;
pub mod lifecycle;
pub mod lines;
pub mod receive;

/// A purchase order comes from a supplier.
pub type PurchaseOrder = Inbound<SupplierId>;
pub type LockedPurchaseOrder = LockedInbound<SupplierId>;
