//! Carts: their lines, their price, and the problems that would refuse their checkout.

pub mod api;
pub mod change_cart;
pub mod holding;
pub mod pricing;
pub mod queries;
pub mod response;
pub mod taxes;
