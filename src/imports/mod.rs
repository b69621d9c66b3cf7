//! Imports of files of rows, and exports with the same columns.

pub mod api;
pub mod barcodes;
pub mod cell;
pub mod document;
pub mod dry_run;
pub mod export;
pub mod file;
pub mod input_row;
pub mod json_object;
pub mod kind;
pub mod outcome;
pub mod places;
pub mod products;
pub mod purchase_orders;
pub mod queries;
pub mod run;
pub mod stock;
pub mod suppliers;
pub mod variants;
