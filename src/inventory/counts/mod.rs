//! Counts: somebody counts the stock of a location, and the differences are posted. Selling goes on meanwhile.

pub mod line;
pub mod selection;
pub mod status;

pub mod document;

pub mod enter;
pub mod lifecycle;
pub mod open;
pub mod post;

pub mod queries;

pub mod api;
