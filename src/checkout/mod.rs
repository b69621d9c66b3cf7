//! The use cases that write rows of several features: placing, cancelling and settling orders.

pub mod api;
pub mod callback;
pub mod cancel;
pub mod decide;
pub mod expire;
pub mod lane;
pub mod load;
pub mod place_orders;
pub mod placement;
pub mod plan;
pub mod preview;
pub mod price;
pub mod refusal;
pub mod release_carts;
pub mod settle;
pub mod settle_orders;
pub mod slices;
pub mod standing;
pub mod update;
pub mod wanted;
pub mod write;
