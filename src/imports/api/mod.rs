//! The operations on imports.

pub mod bulk;
pub mod exports;
pub mod imports;
pub mod receive;
pub mod refused_rows;
pub mod response;
