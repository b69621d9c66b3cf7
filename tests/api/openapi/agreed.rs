//! The OpenAPI document, the pages that show it, and the entry points.

use std::path::Path;

use crate::common::process;
use crate::common::{TestApp, Value, json};

#[test]
fn the_document_is_as_it_was_agreed() {
    let app = TestApp::start();
    let mut document = app.root().get("/openapi.json").expect(200).json();
    let printed = process::run(&mut process::stockroom(&["openapi"]));
    assert_eq!(printed.status.code(), Some(0));
    assert_eq!(serde_json::from_slice::<Value>(&printed.stdout).unwrap(), document);
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    document["info"]["version"] = json!("(of the crate)");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/api/openapi/agreed.json");
    let text = format!("{document:#}\n");
    if std::env::var_os("WRITE_OPENAPI").is_some() {
        std::fs::write(&file, &text).unwrap();
    }
    let agreed = std::fs::read_to_string(file).unwrap();
    let differs = agreed.lines().zip(text.lines()).position(|(agreed, line)| agreed != line);
    assert!(
        agreed == text,
        "the document differs from tests/api/openapi/agreed.json, first in line {:?} (from 0); \
         `WRITE_OPENAPI=1 cargo test --test api openapi` writes it, and git shows the difference",
        differs.unwrap_or(agreed.lines().count().min(text.lines().count()))
    );
}

#[test]
fn every_operation_documents_its_success_its_errors_and_its_parameters() {
    let app = TestApp::start();
    let document = app.root().get("/openapi.json").json();
    let mut operations = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            operations += 1;
            let name = format!("{method} {path}");
            let answers: Vec<&str> = operation["responses"].as_object().unwrap().keys().map(String::as_str).collect();
            // A second invoice is the first one, and a long import goes on after its response.
            let has_two = matches!(operation["operationId"].as_str(), Some("issueInvoice" | "createImport"));
            let successes = if has_two { 2 } else { 1 };
            let found = answers.iter().filter(|status| status.starts_with('2')).count();
            assert_eq!(found, successes, "{name}: {answers:?}");
            for status in ["500", "503"] {
                assert!(answers.contains(&status), "{name} does not document {status}");
            }
            let named: Vec<&str> =
                operation["parameters"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
            for parameter in path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
                assert!(named.contains(&parameter), "{name} does not document {parameter}");
            }
            assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{name} has no summary");
        }
    }
    assert!(operations > 50, "only {operations} operations");
}

#[test]
fn swagger_ui_is_served_without_a_network() {
    let app = TestApp::start();
    let root = app.root();
    // The page has relative links to its assets, so that its path must be the same for everybody.
    for path in ["/docs", "/docs/"] {
        assert_eq!(root.get(path).header("location"), "/docs/index.html", "{path}");
    }
    let page = root.get("/docs/index.html").expect(200);
    assert!(page.header("content-type").starts_with("text/html"));
    let html = page.text();
    let links = |name: &str| -> Vec<String> {
        html.split(&format!("{name}=\"")).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
    };
    let assets: Vec<String> = links("src").into_iter().chain(links("href")).collect();
    assert!(assets.len() >= 3, "{html}");
    for asset in &assets {
        assert!(!asset.contains("//"), "{asset} is fetched from somewhere else");
        let reply = root.get(&format!("/docs/{}", asset.trim_start_matches("./"))).expect(200);
        assert!(!reply.bytes.is_empty(), "{asset} is empty");
    }
    let initializer = root.get("/docs/swagger-initializer.js").expect(200);
    assert!(initializer.header("content-type").starts_with("text/javascript"));
    let text = initializer.text();
    for used in ["/openapi.json", "/auth/login", "/auth/refresh", "sessionStorage"] {
        assert!(text.contains(used), "the page does not use {used}");
    }
    let inline = html.split("<script").skip(1).any(|rest| !rest.split('<').next().unwrap().trim().ends_with('>'));
    assert!(!inline, "a policy that allows no inline scripts would break the page: {html}");
}

#[test]
fn the_root_leads_a_browser_to_the_page_and_a_program_to_the_entry_points() {
    let app = TestApp::start();
    let browser = app.root().with_header("Accept", "text/html,application/xhtml+xml,*/*;q=0.8");
    let reply = browser.get("/").expect(302);
    assert_eq!(reply.header("location"), "/docs/");
    assert!(reply.header("vary").starts_with("Accept, "), "{}", reply.header("vary"));
    let entry_points = app.guest().get("").expect(200).json();
    for (prefix, path) in [("", "/"), ("/api", ""), ("/api", "/"), ("/api/v1", "/")] {
        assert_eq!(app.guest().under(prefix).get(path).expect(200).json(), entry_points, "{prefix}{path}");
    }
    app.guest().post("", &json!({})).refused(405, "METHOD_NOT_ALLOWED");
}

#[test]
fn the_entry_points_are_the_operations_whose_path_needs_no_id() {
    let app = TestApp::start();
    let entry_points = app.guest().get("").expect(200).json();
    assert_eq!(entry_points["name"], "Stockroom");
    assert_eq!(entry_points["version"], env!("CARGO_PKG_VERSION"));
    for page in ["documentation", "openapi"] {
        let path = entry_points[page].as_str().unwrap();
        assert!([200, 301, 302, 307].contains(&app.root().get(path).status), "{path}");
    }
    let listed: Vec<String> = entry_points["operations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("{} {}", one["method"].as_str().unwrap(), one["path"].as_str().unwrap()))
        .collect();
    let document = app.root().get("/openapi.json").json();
    let mut expected = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap().iter().filter(|(path, _)| !path.contains('{')) {
        let path = format!("/api/v1{}", path.trim_end_matches('/'));
        let of_the_api = methods.as_object().unwrap().iter().filter(|(_, operation)| operation["servers"].is_null());
        expected.extend(of_the_api.map(|(method, _)| format!("{} {path}", method.to_uppercase())));
    }
    let sorted = |mut all: Vec<String>| {
        all.sort();
        all
    };
    assert_eq!(sorted(listed), sorted(expected));
}
