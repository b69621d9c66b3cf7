//! One table with the method, path, access rule and handler of every operation. The routes and the OpenAPI document
//! are created from it.

mod accounts;
mod alerts;
mod counts;
mod events;
mod imports;
mod inventory;
mod monitoring;
mod orders;
mod purchasing;
mod reports;
mod reservations;
mod returns;
mod transfers;
mod webhooks;

use std::collections::BTreeMap;

use actix_web::web::{self, ServiceConfig};
use actix_web::{Resource, Scope};
use serde_json::Value;

use crate::auth::Access;
use crate::error::Code;
use crate::http::methods;
use crate::openapi::Endpoint;
use crate::openapi::document::describe;
use crate::openapi::endpoint::get;
use crate::openapi::entry_points::{self, EntryPointsResponse};

/// Every operation of the versioned API. Literal paths come before paths with parameters.
pub fn table() -> Vec<Endpoint> {
    let sections = [
        root(),
        accounts::signing_in(),
        accounts::browser_sessions(),
        accounts::own_addresses(),
        accounts::managed_users(),
        accounts::stores(),
        alerts::alerts(),
        alerts::stock_notices(),
        inventory::reports(),
        reservations::reservations(),
        imports::bulk(),
        inventory::products(),
        inventory::barcodes(),
        inventory::stock(),
        transfers::transfers(),
        counts::counts(),
        purchasing::purchasing(),
        orders::cart_and_checkout(),
        orders::orders(),
        returns::returns(),
        imports::imports(),
        imports::exports(),
        orders::shipments(),
        reports::reports(),
        events::events(),
        webhooks::webhooks(),
    ];
    sections.into_iter().flatten().collect()
}

/// The errors of an operation that takes lines of products.
const LINE_ERRORS: [Code; 5] =
    [Code::ProductNotFound, Code::SizeNotFound, Code::SizeRequired, Code::ProductUnavailable, Code::InsufficientStock];

fn root() -> Vec<Endpoint> {
    vec![
        get("/", Access::Anonymous, entry_points::show)
            .named("listEntryPoints", "List the entry points of the API")
            .answers::<EntryPointsResponse>(200),
    ]
}

/// Mounts the table under a prefix. Each path is one resource, so that a wrong method is 405.
pub fn mount(prefix: &str) -> Scope {
    resources(table()).into_iter().fold(web::scope(prefix), Scope::service)
}

/// Mounts the operations outside of the versioned API.
pub fn mount_at_root(config: &mut ServiceConfig) {
    for resource in resources(monitoring::monitoring()) {
        config.service(resource);
    }
}

fn resources(table: Vec<Endpoint>) -> Vec<Resource> {
    let mut order = Vec::new();
    let mut by_path: BTreeMap<&'static str, Vec<Endpoint>> = BTreeMap::new();
    for endpoint in table {
        let endpoints = by_path.entry(endpoint.path).or_default();
        if endpoints.is_empty() {
            order.push(endpoint.path);
        }
        endpoints.push(endpoint);
    }
    order.into_iter().map(|path| resource(path, by_path.remove(path).unwrap_or_default())).collect()
}

fn resource(path: &str, endpoints: Vec<Endpoint>) -> Resource {
    let allowed: Vec<_> = endpoints.iter().map(|endpoint| endpoint.method.clone()).collect();
    let routes = endpoints.into_iter().map(Endpoint::into_route);
    // The path of the prefix itself has no trailing slash.
    methods::only(path.trim_end_matches('/'), routes, &allowed)
}

/// The OpenAPI document of all operations.
pub fn document() -> Value {
    describe(table().into_iter().chain(monitoring::monitoring()).collect())
}
