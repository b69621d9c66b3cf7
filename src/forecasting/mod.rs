//! The expected demand of variants, from their past.
//!
//! Only `compute` and `queries` need a database. `choose` compares the candidates on the past of the variant, and keeps
//! the best one with its measured errors. A `Forecast` is small and can be stored. It computes the expected demand of
//! any later day.

#![allow(clippy::float_arithmetic, reason = "means and errors of demand are not integers")]

pub mod series;

pub mod outlook;

mod intermittent;
mod moving_mean;
mod smoothing;
mod smoothing_fit;

pub mod method;

mod backtest;
pub mod spread;

pub mod choose;
pub mod forecast;
pub mod profile;

pub mod figures;

pub mod calendar;
pub mod compute;
pub mod queries;

#[cfg(test)]
mod tests;
