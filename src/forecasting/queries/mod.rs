//! The SQL of forecasts.

pub mod demand;
pub mod figures;
pub mod kept;
pub mod runs;
