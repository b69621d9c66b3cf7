//! The SQL of imports and exports.

pub mod exports;
pub mod imports;
pub mod rows;
