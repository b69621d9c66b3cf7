//! How fast each variant sells, and how long its stock lasts.

pub mod class;

pub mod queries;

pub mod api;
