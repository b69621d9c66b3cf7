//! Transfers: goods move from one place of a store to another, by way of the destination's transit.

use super::inbounds::document::LockedInbound;
use super::inbounds::queries::documents::Inbound;
use crate::kernel::id::LocationId;

pub mod decide;

pub mod draft;
pub mod lifecycle;
pub mod settle;

pub mod api;

/// A transfer comes from a place.
pub type Transfer = Inbound<LocationId>;
pub type LockedTransfer = LockedInbound<LocationId>;
