//! Documents of other stores, and documents that somebody else has changed.

use std::collections::BTreeSet;

use super::{Call, Goods};
use crate::common::{Client, json};

/// Operations on one object. `{store_id}` names the store in the path, and a scanned code is not the name of an object.
fn names_an_object(path: &str) -> bool {
    let of_goods = [
        "/transfers/{",
        "/purchase-orders/{",
        "/suppliers/{",
        "/counts/{",
        "/locations/{",
        "/inventory/products/{id}",
        "/returns/{",
    ];
    let of_orders = ["/orders/{id}/shipments", "/orders/{id}/reroute", "/orders/{id}/returns", "/orders/{id}/exchange"];
    of_goods.iter().any(|start| path.starts_with(start)) || of_orders.contains(&path)
}

/// The code for an object that is not there.
fn not_found(call: &Call) -> &'static str {
    match call.path.split('/').nth(1).unwrap() {
        "transfers" => "TRANSFER_NOT_FOUND",
        "purchase-orders" => "PURCHASE_ORDER_NOT_FOUND",
        "suppliers" => "SUPPLIER_NOT_FOUND",
        "counts" => "COUNT_NOT_FOUND",
        "locations" => "LOCATION_NOT_FOUND",
        "orders" => "ORDER_NOT_FOUND",
        "returns" => "RETURN_NOT_FOUND",
        _ => "PRODUCT_NOT_FOUND",
    }
}

/// The operations are read from the document, so that a new one has to be added here.
#[test]
fn every_document_of_another_store_is_not_found() {
    let goods = Goods::open();
    let document = goods.app.root().get("/openapi.json").expect(200).json();
    let paths =
        document["paths"].as_object().unwrap().iter().map(|(path, methods)| {
            (path.strip_prefix("/api/v1").unwrap_or(path).to_owned(), methods.as_object().unwrap())
        });
    let known = paths.filter(|(path, _)| names_an_object(path)).flat_map(|(path, methods)| {
        let methods = methods.keys().filter(|method| *method != "parameters");
        methods.map(move |method| format!("{} {path}", method.to_uppercase())).collect::<Vec<_>>()
    });
    let calls = goods.calls();
    let called: BTreeSet<String> = calls.iter().map(|call| call.operation.to_owned()).collect();
    assert_eq!(called, known.collect::<BTreeSet<_>>());
    let stranger: Client = goods.admin.clone().in_store("OTHER");
    for call in &calls {
        goods.refused(|| call.send(&stranger), 404, not_found(call));
    }
    for number in [
        &goods.sent["transfer_number"],
        &goods.ordered["purchase_order_number"],
        &goods.open["count_number"],
        &goods.order["order_number"],
        &goods.arrived["receipts"][0]["receipt_number"],
    ] {
        let path = format!("/inventory/scan/{}", number.as_str().unwrap());
        goods.admin.get(&path).expect(200);
        goods.refused(|| stranger.get(&path), 404, "NOT_FOUND");
    }
}

#[test]
fn a_document_that_somebody_else_changed_is_stale() {
    let goods = Goods::open();
    let is_versioned = |call: &&Call| {
        let kind = call.path.split('/').nth(1).unwrap();
        call.method() != "GET" && ["transfers", "purchase-orders", "counts"].contains(&kind)
    };
    let calls = goods.calls();
    let versioned: Vec<&Call> = calls.iter().filter(is_versioned).collect();
    assert_eq!(versioned.len(), 21);
    for call in versioned {
        let stale = call.with("/expected_version", json!(1));
        goods.refused(|| stale.send(&goods.admin), 409, "STALE_DOCUMENT");
    }
}

/// Calls that end what other calls need are made in a store of their own.
fn store_of(operation: &str) -> usize {
    match operation {
        "POST /transfers/{id}/send"
        | "POST /purchase-orders/{id}/draft"
        | "POST /counts/{id}/post"
        | "POST /returns/{id}/cancel" => 1,
        "POST /transfers/{id}/cancel" | "POST /purchase-orders/{id}/cancel" | "DELETE /inventory/products/{id}" => 2,
        _ => 0,
    }
}

/// So the refusals in the tests above have one reason only.
#[test]
fn the_same_calls_succeed_in_the_store_of_their_documents() {
    for store in 0..3 {
        let goods = Goods::open();
        for call in goods.calls().into_iter().filter(|call| store_of(call.operation) == store) {
            let reply = call.send(&goods.admin);
            assert!((200..300).contains(&reply.status), "{} was answered: {}", call.operation, reply.text());
        }
    }
}
