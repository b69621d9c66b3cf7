//! The metrics for Prometheus.

use std::collections::BTreeSet;

use super::metric;
use crate::common::{TestApp, json};

#[test]
fn metrics_count_requests_checkouts_and_units() {
    let app = TestApp::start();
    let (rice, mara) = (app.product("rice", 10.0, 7), app.customer("mara"));
    mara.buy(&rice, 5);
    mara.add_to_cart(&rice, 3);
    mara.checkout().refused(400, "INSUFFICIENT_STOCK");
    mara.delete("/cart").expect(204);
    mara.checkout().refused(400, "CART_EMPTY");
    mara.get("/inventory/products/none").expect(404);
    mara.get(&format!("/inventory/products/{}", rice.id)).expect(200);
    mara.get("/nothing/here").expect(404);
    let of = |name: &str| metric(&app, name);
    let requests = |route: &str, method: &str, status: &str| {
        let labels = format!("{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}}");
        of(&format!("stockroom_http_requests_total{labels}"))
    };
    assert_eq!(requests("/api/v1/checkout", "POST", "2xx"), Some(1.0));
    assert_eq!(requests("/api/v1/checkout", "POST", "4xx"), Some(2.0));
    assert_eq!(requests("/api/v1/inventory/products/{id}", "GET", "4xx"), Some(1.0));
    assert_eq!(requests("/api/v1/inventory/products/{id}", "GET", "2xx"), Some(1.0));
    assert_eq!(requests("(none)", "OTHER", "4xx"), Some(1.0));
    let durations = "{method=\"POST\",route=\"/api/v1/checkout\"}";
    assert_eq!(of(&format!("stockroom_http_request_duration_seconds_count{durations}")), Some(3.0));
    assert_eq!(of("stockroom_checkouts_total{outcome=\"placed\"}"), Some(1.0));
    assert_eq!(of("stockroom_checkouts_total{outcome=\"INSUFFICIENT_STOCK\"}"), Some(1.0));
    assert_eq!(of("stockroom_checkouts_total{outcome=\"CART_EMPTY\"}"), Some(1.0));
    assert_eq!(of("stockroom_units_sold_total"), Some(5.0));
    assert_eq!(of("stockroom_pool_in_use"), Some(0.0));
    assert_eq!(of("stockroom_oldest_wait_seconds"), Some(0.0));
    let text = app.root().get("/metrics").text();
    let buckets = "stockroom_http_request_duration_seconds_bucket{method=\"POST\",route=\"/api/v1/checkout\"";
    assert!(text.contains(buckets) && text.contains("le=\"+Inf\""), "{text}");
    assert!(!text.contains("/nothing/here"), "an unknown path is a label");
    let foreign: Vec<&str> =
        text.lines().filter(|line| !line.starts_with('#') && !line.starts_with("stockroom_")).collect();
    assert!(foreign.is_empty(), "{foreign:?}");
}

/// Anyone can send any method to any path, with any host. That must not add series for good.
#[test]
fn only_operations_have_series_of_their_own() {
    let app = TestApp::start();
    let document = app.root().get("/openapi.json").expect(200).json();
    let paths: Vec<String> = document["paths"].as_object().unwrap().keys().cloned().collect();
    let mut operations = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        operations.extend(methods.as_object().unwrap().keys().map(|method| (path.clone(), method.to_uppercase())));
    }
    for path in paths.iter().map(|path| path.replace(['{', '}'], "")) {
        for alias in [path.clone(), path.replace("/api/v1", "/api")] {
            for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"] {
                app.root().send(method, &alias, None);
                app.root().with_header("Host", "another.example").send(method, &alias, None);
            }
        }
    }
    let text = app.root().get("/metrics").text();
    for line in text.lines().filter(|line| line.contains("route=")) {
        let label =
            |name: &str| line.split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap().to_owned();
        let operation = (label("route"), label("method"));
        let is_page = !operation.0.starts_with("/api/") && operation.1 == "GET";
        let is_unanswered = operation == ("(none)".to_owned(), "OTHER".to_owned());
        assert!(is_page || is_unanswered || operations.contains(&operation), "{line}");
    }
    assert!(text.len() < 400_000, "{} bytes", text.len());
}

/// Totals are counters, and times are in seconds.
#[test]
fn metrics_have_the_kind_and_unit_of_their_names() {
    let app = TestApp::start();
    let text = app.root().get("/metrics").expect(200).text();
    let kinds: Vec<(&str, &str)> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' ')).collect();
    assert!(kinds.len() >= 15, "{kinds:?}");
    for (name, kind) in &kinds {
        assert_eq!(name.ends_with("_total"), *kind == "counter", "{name} is a {kind}");
        assert!(!name.contains("milliseconds") && !name.ends_with("_ms"), "{name}");
    }
    assert!(kinds.contains(&("stockroom_sql_statements_total", "counter")));
    assert!(kinds.contains(&("stockroom_expiry_lag_seconds", "gauge")));
    for figure in ["resident_memory_bytes", "open_fds", "max_fds", "threads", "start_time_seconds"] {
        assert!(metric(&app, &format!("stockroom_process_{figure}")) > Some(0.0), "{figure}");
    }
    assert!(metric(&app, "stockroom_process_cpu_seconds_total").is_some());
    assert!(metric(&app, "stockroom_connections_open") >= Some(1.0));
    let before = metric(&app, "stockroom_sql_statements_total");
    app.guest().get("/inventory/products").expect(200);
    assert!(metric(&app, "stockroom_sql_statements_total") > before);
}

#[test]
fn a_replayed_checkout_is_not_counted_as_sold_again() {
    let app = TestApp::start();
    let (rice, mara) = (app.product("rice", 10.0, 7), app.customer("mara").with_key("k-1"));
    let order = json!({"items": [{"product_id": rice.id, "quantity": 2}]});
    for _ in 0..2 {
        mara.post("/orders", &order).expect(201);
    }
    assert_eq!(metric(&app, "stockroom_units_sold_total"), Some(2.0));
}

#[test]
fn the_order_of_an_exchange_is_counted_like_a_checkout() {
    let app = TestApp::start();
    let (rice, tee) = (app.product("rice", 10.0, 7), app.product("tee", 25.0, 3));
    let order = app.customer("mara").order_now(&rice, 2).expect(201).json();
    let exchange = |key: &str, quantity: i64| {
        let cancel = json!([{"item_id": order["items"][0]["id"], "quantity": 1}]);
        let body = json!({"cancel": cancel, "items": [{"product_id": tee.id, "quantity": quantity}]});
        app.admin().with_key(key).post(&format!("/orders/{}/exchange", order["id"]), &body)
    };
    exchange("k-1", 4).refused(400, "INSUFFICIENT_STOCK");
    // The second request is answered with the stored answer.
    for _ in 0..2 {
        exchange("k-2", 3).expect(201);
    }
    assert_eq!(metric(&app, "stockroom_checkouts_total{outcome=\"INSUFFICIENT_STOCK\"}"), Some(1.0));
    assert_eq!(metric(&app, "stockroom_checkouts_total{outcome=\"placed\"}"), Some(3.0));
    assert_eq!(metric(&app, "stockroom_units_sold_total"), Some(5.0));
}
