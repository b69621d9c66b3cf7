//! The sales of each variant, and the time for which its stock lasts.

pub mod class;

pub mod queries;

pub mod api;
