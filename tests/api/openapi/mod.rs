//! The OpenAPI document and its examples.

mod agreed;
mod content;
mod examples;
