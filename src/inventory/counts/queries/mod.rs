//! The SQL of counts.

pub mod documents;
pub mod entries;
pub mod lines;
pub mod places;
pub mod scope;
pub mod shown;
