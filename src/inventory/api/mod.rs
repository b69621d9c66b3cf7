//! The calls on products and their stock. A product's answer shows its stock, so that they are all here.

pub mod answers;
pub mod requests;

pub mod products;

pub mod create_product;
pub mod update_product;

pub mod availability;
pub mod movements;
pub mod reservations;
pub mod stock;
pub mod summary;
