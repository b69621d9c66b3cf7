//! Webhooks: the events of the feed, sent to other systems by the rules of Standard Webhooks 1.0.
//!
//! A webhook has its own cursor in the feed. A job turns the events after this cursor into deliveries, a limited number at
//! a time, so a backlog stays in the feed. A delivery names its event. The body is created when the delivery is sent.
//!
//! A delivery that is sent has a lease. If the server dies before it has stored the result, the lease ends, and a
//! server sends the delivery again: at least once, with the same id.

pub mod address;
pub mod api;
pub mod delivery;
pub mod health;
pub mod http_client;
pub mod off_mail;
pub mod own_event;
pub mod queries;
pub mod queue;
pub mod replay;
pub mod secret;
pub mod send;
pub mod target;
pub mod webhook;

pub use http_client::HttpClient;
