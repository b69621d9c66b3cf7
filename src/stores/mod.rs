//! Shops: their currency, taxes, shipping and payment methods.

pub mod code;
pub mod payment_methods;
pub mod routing_policy;
pub mod settings;

pub mod api;
pub mod queries;
