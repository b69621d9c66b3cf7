//! Requests that share a transaction: each has its own outcome, whatever happens to the others in the batch.

mod departures;
mod locks;
mod outcomes;
mod payments;
mod servers;
mod weights;
