//! Creates the OpenAPI document from the route table.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::endpoint::Endpoint;
use super::examples::Examples;
use super::operation;
use super::responses::Refusals;
use super::schemas;
use crate::auth::cookie;

/// The names of the security schemes.
pub(super) const BEARER: &str = "bearer";
pub(super) const COOKIE: &str = "cookieAuth";

/// The tags. An operation's tag is the first word of its path, except for monitoring. They are in reading order.
const TAGS: [(&str, &str); 27] = [
    ("start", "Entry points for clients."),
    ("auth", "Accounts of customers, and sessions."),
    ("inventory", "Products, their stock, and the ledger of stock movements."),
    ("availability", "Available units of products, as they change."),
    ("transfers", "Goods on their way from one place of a store to another."),
    ("counts", "Looks at the shelves of a place, and the differences that are posted."),
    ("suppliers", "The companies from which a store orders goods, and what they sell."),
    ("purchase-orders", "Goods that are ordered from suppliers, and their receipts."),
    ("imports", "Files of rows that staff send, and the results of each row."),
    ("exports", "Files with the rows of a store."),
    ("cart", "The cart of the signed-in customer."),
    ("addresses", "The addresses of the signed-in customer."),
    ("checkout", "Buys the cart in one transaction."),
    ("orders", "Orders and their payments."),
    ("returns", "Shipped units that come back, and their receipts."),
    ("shipments", "Parcels of orders, until they are delivered or lost."),
    ("payments", "Callbacks of payment providers."),
    ("reservations", "Reservations of stock for other services."),
    ("stores", "Stores and their settings."),
    ("locations", "The places of a store where stock is kept."),
    ("users", "Management of the accounts of staff and customers."),
    ("reports", "Sales, demand and stock over time."),
    ("events", "The feed of all that happens in a store."),
    ("webhooks", "Addresses of other systems that receive the events of a store."),
    ("alerts", "The facts that staff get mails about."),
    ("audit", "All writes, with their actor and time."),
    ("monitoring", "Health checks and metrics. Their paths are outside of the versioned API."),
];

/// Describes every endpoint of the table.
pub fn describe(table: Vec<Endpoint>) -> Value {
    let mut components = schemas::collect(&table);
    let scalars = schemas::remove_scalars(&mut components);
    let examples = Examples::load();
    let mut refusals = Refusals::new(&examples);
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for endpoint in table {
        let (path, method) = (endpoint.path, endpoint.method.as_str().to_lowercase());
        let operation = operation::describe(endpoint, &examples, &mut refusals);
        paths.entry(path).or_default().insert(method, operation);
    }
    let mut paths = json!(paths);
    let (mut responses, problems) = refusals.into_components();
    for value in [&mut paths, &mut responses].into_iter().chain(components.values_mut()) {
        schemas::inline(value, &scalars);
    }
    schemas::complete_answers(&mut components, [&paths, &responses]);
    json!({
        "openapi": "3.1.0",
        "info": info(),
        "servers": [{"url": "/api/v1", "description": "This server"}],
        "tags": TAGS.map(|(name, description)| json!({"name": name, "description": description})),
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": responses,
            "examples": problems,
            "securitySchemes": {
                (BEARER): {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "The `access_token` of `POST /auth/login`",
                },
                (COOKIE): {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": cookie::SECURE_NAME,
                    "description": "The cookie of `POST /auth/session`. Over http, its name is `stockroom_session`. \
                        Requests that change data need the header `X-Requested-With`, and come from a page of this server.",
                },
            },
        },
    })
}

fn info() -> Value {
    json!({
        "title": "Stockroom",
        "version": env!("CARGO_PKG_VERSION"),
        "summary": env!("CARGO_PKG_DESCRIPTION"),
        "description": "Sign in with `POST /auth/login` and send the access token as `Authorization: Bearer …`. \
            Pages of this server sign in with `POST /auth/session`, which sets a cookie. \
            `X-Store-Id` (id or code) selects the store; without it the first store is used. \
            Operations that change data accept an `Idempotency-Key`: a repeated request with the same key gets the stored response. \
            Every error is `application/problem+json` with a `code` to act on. \
            A body has at most 64 KiB, or 256 KiB for documents with many lines, and at most 5,000 values. \
            Unknown query parameters, unknown fields and control characters in text are refused with `VALIDATION_FAILED`.",
        "contact": {"name": "The maintainers of Stockroom"},
        "license": {"name": "MIT OR Apache-2.0", "identifier": env!("CARGO_PKG_LICENSE")},
    })
}
