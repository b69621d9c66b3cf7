//! Stockroom: a web API for a shop's stock and orders, which never sells more than there is in stock.
//!
//! The modules are listed in reading order. Each module imports only earlier ones.

pub mod kernel;

pub mod db;
pub mod embedded_postgres;
pub mod error;
pub mod settings;

pub mod http;

pub mod auth;
pub mod idempotency;

pub mod events;

pub mod audit;
pub mod mail;

pub mod stores;

pub mod accounts;
pub mod customers;

pub mod catalogue;
pub mod inventory;

pub mod forecasting;
pub mod purchasing;

pub mod cart;
pub mod orders;
pub mod payments;

pub mod batching;
pub mod checkout;
pub mod fulfilment;
pub mod imports;
pub mod reports;
pub mod scan;

pub mod feed;
pub mod webhooks;

pub mod alerts;

pub mod demo;
pub mod jobs;

pub mod desk;
pub mod health;
pub mod openapi;
pub mod routes;

pub mod app;
