//! Transfers: goods move from one place of a store to another, by way of the destination's transit.

pub mod line;
pub mod status;
pub mod transfer_ref;

pub mod decide;
pub mod document;

pub mod dispatch;
pub mod plan;
pub mod receive;
pub mod settle;

pub mod queries;

pub mod api;
