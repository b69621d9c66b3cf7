//! Concurrent requests have the outcome that the same requests would have one after the other.
//!
//! Every race begins at a barrier and is repeated many times on the real server. When a shop is dropped, its
//! ledger is audited, and PostgreSQL must not have found a deadlock. A race for a locked row proves its contention:
//! it fails if the requests do not wait for the row at the same time (`common/locks.rs`).

mod buying;
mod cancelling;
mod changing;
mod counts;
mod credits;
mod holds;
mod importing;
mod invoices;
mod keys;
mod payment_windows;
mod places;
mod purchases;
mod rerouting;
mod returns;
mod shipping;
mod shop;
mod transfers;
mod values;
