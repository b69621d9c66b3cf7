//! Stock: levels, the ledger of their movements, and what can be promised of them.

pub mod hold;
pub mod level;
pub mod reservation;
pub mod reserve;
pub mod shelf;
pub mod shortage;
pub mod stocked;

pub mod availability;
pub mod change_product;
pub mod change_stock;
pub mod create_product;

pub mod queries;

pub mod api;
