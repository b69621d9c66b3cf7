//! Changes of existing orders: payments, refunds, shipments, reroutes, cancellations, expiry, status updates.

pub mod credits;
pub mod order_batch;
pub mod papers;
pub mod returns;

pub mod callback;
pub mod cancel;
pub mod cancel_lines;
pub mod change_orders;
pub mod deliver;
pub mod exchange;
pub mod expire;
pub mod family;
pub mod pay;
pub mod pickup;
pub mod queries;
pub mod refund;
pub mod release_carts;
pub mod reported_refund;
pub mod reroute;
pub mod ship;
pub mod staff_refund;
pub mod update;

pub mod api;
