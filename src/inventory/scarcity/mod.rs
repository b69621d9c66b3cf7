//! The variants that are low on stock or need units from a supplier. A job stores their figures in `scarce_variants`,
//! because computing them for all variants of a large store takes seconds.
//!
//! Lists are right at once, whenever the job last ran. They read the stored figures of variants that did not change
//! since then, and compute those of the others.

pub mod find_scarce;
pub mod queries;
pub mod verify;
