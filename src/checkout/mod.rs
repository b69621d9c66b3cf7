//! Checkout: the steps that place orders, and the preview that decides without writing. `place_orders` runs the steps 1
//! to 7, and its caller commits, which is step 8.

pub mod place_orders;

pub mod decide;
pub mod load;
mod new_order;
pub mod placement;
pub mod plan;
pub mod price;
pub mod refusal;
pub mod requested_lines;
pub mod write;

pub mod preview;
mod preview_order;

pub mod api;
