//! The SQL of scarce variants.

pub mod figures;
pub mod progress;
pub mod scarce_variants;
