//! Requests that are no imports, and callers who may not send them.

use super::import;
use crate::common::{Client, TestApp, json};

const ROWS: &str = "sku,name,price\none,One,1.00\n";

#[test]
fn what_is_no_import_is_refused() {
    let app = TestApp::start();
    let admin = app.admin();
    for (query, field) in [
        ("", "kind"),
        ("kind=colours", "kind"),
        ("kind=products&on_error=ignore", "on_error"),
        ("kind=products&dry_run=yes", "dry_run"),
        ("kind=products&mode=fast", "mode"),
    ] {
        import(&admin, query, ROWS).refused_field(field);
    }
    for (rows, field) in
        [("sku,name,colour\none,One,red\n", "colour"), ("sku,sku\none,two\n", "sku"), ("name\nOne\n", "sku"), ("", "")]
    {
        import(&admin, "kind=products", rows).refused_field(field);
    }
    let latin = admin.send_bytes("POST", "/imports?kind=products", "text/csv", b"sku,name,price\none,Th\xe9,1.00\n");
    let problem = latin.refused(422, "VALIDATION_FAILED");
    assert!(problem["detail"].as_str().unwrap().contains("line 2 has the byte 0xe9"), "{problem}");
    for content_type in ["text/plain", "text/csv; charset=iso-8859-1", "application/xml", "multipart/form-data"] {
        let reply = admin.send_bytes("POST", "/imports?kind=products", content_type, ROWS.as_bytes());
        reply.refused(415, "UNSUPPORTED_MEDIA_TYPE");
    }
    for content_type in ["text/csv; charset=utf-8", "Text/CSV; header=present"] {
        admin.send_bytes("POST", "/imports?kind=products&dry_run=true", content_type, ROWS.as_bytes()).expect(201);
    }
    let json = |body: &str| admin.send_bytes("POST", "/imports?kind=products", "application/json", body.as_bytes());
    json("{}").refused_field("");
    json("[{}, 1]").refused_field("[1]");
    json("[{\"sku\":").refused(400, "MALFORMED_REQUEST");
    json(r#"[{"sku": "one", "sku": "two"}]"#).refused_field("[0]");
}

#[test]
fn too_many_rows_and_too_many_bytes_are_refused() {
    let app = TestApp::start();
    let admin = app.admin();
    let many = format!("sku\n{}", "a\n".repeat(50_001));
    import(&admin, "kind=products&on_error=skip", &many).refused_field("");
    let large = format!("sku,description\none,\"{}\"\n", "x".repeat(9 * 1024 * 1024));
    let report = import(&admin, "kind=products", &large).expect(201).json();
    assert_eq!(report["state"], "failed", "the text of the cell is too long");
    let too_large = json!([{"sku": "one", "description": "x".repeat(11 * 1024 * 1024)}]);
    admin.post("/imports?kind=products", &too_large).refused(413, "PAYLOAD_TOO_LARGE");
}

#[test]
fn a_large_body_is_for_callers_with_the_permission() {
    let app = TestApp::start();
    let large = format!("sku,description\none,\"{}\"\n", "x".repeat(3 * 1024 * 1024));
    let refused = |client: &Client, status: u16| {
        let reply = client.send_bytes("POST", "/imports?kind=products", "text/csv", large.as_bytes());
        assert!([status, 413].contains(&reply.status), "{}", reply.text());
    };
    refused(&app.guest(), 401);
    refused(&app.customer("mara"), 403);
    refused(&app.staff(&["inventory:update"]), 403);
    // Other operations take no such body, whoever sends it.
    let body = format!("{{\"sku\": \"{}\"}}", "x".repeat(3 * 1024 * 1024));
    let other = app.admin().send_bytes("POST", "/inventory/products", "application/json", body.as_bytes());
    other.refused(413, "PAYLOAD_TOO_LARGE");
}

#[test]
fn each_kind_has_its_permission() {
    let app = TestApp::start();
    for (kind, permission, rows) in [
        ("products", "products:write", "sku\n"),
        ("barcodes", "products:write", "sku,code\n"),
        ("stock", "inventory:update", "sku,movement_type,quantity\n"),
        ("suppliers", "purchasing:manage", "code\n"),
        ("purchase_order", "purchasing:manage", "sku,quantity\n"),
    ] {
        let query = format!("kind={kind}");
        for other in ["products:write", "inventory:update", "purchasing:manage", "orders:read"] {
            let reply = import(&app.staff(&[other]), &query, rows);
            if other == permission {
                let import = reply.expect(201).id();
                app.staff(&[other]).get(&format!("/imports/{import}")).expect(200);
                let without = if other == "products:write" { "purchasing:manage" } else { "products:write" };
                for path in ["", "/rows", "/refused.csv"] {
                    app.staff(&[without]).get(&format!("/imports/{import}{path}")).refused(403, "FORBIDDEN");
                }
            } else {
                reply.refused(403, "FORBIDDEN");
            }
        }
    }
}

#[test]
fn an_import_of_another_store_is_not_found() {
    let app = TestApp::start();
    let import = import(&app.admin(), "kind=products", ROWS).expect(201).id();
    let store = app.other_store("STORE-OTHER");
    let other = app.staff_of(store, &["products:write"]);
    for path in ["", "/rows", "/refused.csv"] {
        other.get(&format!("/imports/{import}{path}")).refused(404, "IMPORT_NOT_FOUND");
        app.admin().get(&format!("/imports/999999{path}")).refused(404, "IMPORT_NOT_FOUND");
        app.admin().get(&format!("/imports/nothing{path}")).refused(404, "IMPORT_NOT_FOUND");
    }
    other.in_store(&app.store.to_string()).get(&format!("/imports/{import}")).refused(404, "STORE_NOT_FOUND");
    let _ = json!(null);
}
