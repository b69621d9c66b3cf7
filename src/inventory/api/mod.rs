//! The operations on products and their stock. They are in one folder, because a product's response contains its
//! stock.

pub mod answers;
pub mod requests;

pub mod products;

pub mod create_product;
pub mod update_product;

pub mod barcodes;

pub mod availability;
pub mod explain;
pub mod history;
pub mod movements;
pub mod moves;
pub mod reservations;
pub mod safety;
pub mod stock;
pub mod summary;
pub mod supply;
