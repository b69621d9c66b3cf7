//! The SQL of scarce variants.

pub mod figures;
pub mod kept;
pub mod progress;
