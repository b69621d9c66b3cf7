//! The SQL of forecasts.

pub mod demand;
pub mod figures;
pub mod forecasts;
pub mod runs;
