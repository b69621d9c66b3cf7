//! Credits: parts of an order that its buyer does not have to pay, because they are cancelled, returned or forgiven.

pub mod shares;

pub mod credit;
pub mod rest;

pub mod forgive;
pub mod queries;
