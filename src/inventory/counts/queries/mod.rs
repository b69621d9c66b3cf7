//! The SQL of counts.

pub mod documents;
pub mod entries;
pub mod lines;
pub mod places;
pub mod selection;
pub mod shown;
