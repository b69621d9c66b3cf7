//! The SQL of valuation.

pub mod checkpoints;
pub mod costs;
pub mod hours;
pub mod ledger;
pub mod progress;
pub mod report;
pub mod revaluations;
pub mod rows;
