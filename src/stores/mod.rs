//! Shops: their currency, taxes, shipping, payment methods and places.

pub mod change_location;
pub mod change_store;
pub mod code;
pub mod count_tolerance;
pub mod location;
pub mod mail_templates;
pub mod payment_methods;
pub mod routing_policy;
pub mod settings;
pub mod tax_rates;
pub mod time_zone;

pub mod api;
pub mod queries;
