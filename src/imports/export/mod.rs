//! Exports: files with the rows of a store, which are read slice by slice.

pub mod cells;
pub mod file;
pub mod kind;
pub mod xlsx;
mod zip;
