//! Returns: shipped units that their buyers give back.

pub mod disposition;
pub mod status;
pub mod window;

pub mod create;
pub mod document;
pub mod lifecycle;
pub mod receive;

pub mod queries;
