//! Stockroom: a shop's stock and orders, and never a sale of what is not there.
//!
//! The modules in reading order. Imports run one way, from the later to the earlier.

pub mod kernel;

pub mod db;
pub mod error;
pub mod postgres;
pub mod settings;
pub mod web;

pub mod access;
pub mod idempotency;

pub mod audit;
pub mod mail;

pub mod identity;

pub mod catalogue;
pub mod inventory;

pub mod cart;
pub mod orders;
pub mod payments;

pub mod checkout;
pub mod reports;

pub mod demo;
pub mod jobs;

pub mod health;
pub mod openapi;
pub mod routes;
pub mod server;
