//! Stock: its levels, the ledger, holds, availability and routing; changes of its status, and periods without it;
//! transfers, counts and the value of the stock.

pub mod hold;
pub mod hold_set;
pub mod locked_product;
pub mod locked_stock;
pub mod observation;
pub mod one_place;
pub mod places;
pub mod product_with_stock;
pub mod reservation;
pub mod reserve;
pub mod routing;
pub mod shortage;
pub mod stock_level;
pub mod threshold;

pub mod alternatives;
pub mod availability;
pub mod available_on;
pub mod change_barcodes;
pub mod change_product;
pub mod change_stock;
pub mod create_product;
pub mod move_stock;
pub mod set_safety;

pub mod counts;
pub mod inbounds;
pub mod scarcity;
pub mod states;
pub mod stock_outs;
pub mod transfers;
pub mod valuation;

pub mod queries;

pub mod api;
