//! Webhooks are added, changed and deleted by staff with the permission.

use super::{deliveries, get, start, webhook};
use crate::common::receiver::Receiver;
use crate::common::{TestApp, json};

const URL: &str = "https://shop.example.com/events";

#[test]
fn the_secret_is_shown_once() {
    let app = TestApp::start();
    let admin = app.admin().with_key("one");
    let body = json!({"url": URL, "types": ["order.paid", "order.placed", "order.paid"], "description": "ERP"});
    let created = admin.post("/webhooks", &body).expect(201).json();
    let secret = created["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_") && secret.len() == 50, "{secret}");
    assert_eq!(created["types"], json!(["order.placed", "order.paid"]));
    assert_eq!(
        (&created["active"], &created["off_reason"], &created["failing_since"]),
        (&json!(true), &json!(null), &json!(null))
    );
    // The repeated request gets the stored response, as it was.
    let again = admin.post("/webhooks", &body).expect(201);
    assert_eq!((again.header("idempotent-replayed"), again.json()), ("true", created.clone()));
    let admin = app.admin();
    let path = format!("/webhooks/{}", created["id"]);
    let shown = admin.get(&path).expect(200).json();
    assert_eq!((&shown["secret"], &shown["url"], &shown["description"]), (&json!(null), &json!(URL), &json!("ERP")));
    let list = admin.get("/webhooks").expect(200).json();
    assert_eq!((&list["total"], &list["items"][0]), (&json!(1), &shown));
    let changed = admin.patch(&path, &json!({"description": null, "types": []})).expect(200).json();
    assert_eq!(
        (&changed["secret"], &changed["types"], &changed["description"]),
        (&json!(null), &json!([]), &json!(null))
    );
    let rotated = admin.post_nothing(&format!("{path}/rotate-secret")).expect(200).json();
    assert_ne!(rotated["secret"].as_str().unwrap(), secret);
    assert_eq!(admin.get(&path).expect(200).json()["secret"], json!(null));
    let audit = admin.get("/audit?entity=Webhook&sort=id").expect(200).json();
    let details: Vec<&str> =
        audit["items"].as_array().unwrap().iter().map(|entry| entry["detail"].as_str().unwrap()).collect();
    assert_eq!(details, ["Webhook 1 created", "Webhook 1 updated", "Webhook 1 got another secret"]);
    assert!(!audit.to_string().contains("whsec_"));
}

#[test]
fn a_deleted_webhook_is_gone_and_its_deliveries_are_deleted_later() {
    let app = start();
    let (admin, receiver) = (app.admin(), Receiver::accepting());
    let hook = webhook(&admin, &receiver.url, &[]);
    app.product("mug", 10.0, 5);
    app.deliver_webhooks();
    assert_eq!((receiver.new_ones().len(), deliveries(&admin, &hook).len()), (2, 2));
    let path = format!("/webhooks/{}", hook["id"]);
    admin.delete(&path).expect(204);
    for missing in [admin.get(&path), admin.delete(&path), admin.patch(&path, &json!({"active": true}))] {
        missing.refused(404, "WEBHOOK_NOT_FOUND");
    }
    for call in ["test", "rotate-secret"] {
        admin.post_nothing(&format!("{path}/{call}")).refused(404, "WEBHOOK_NOT_FOUND");
    }
    admin.get(&format!("{path}/deliveries")).refused(404, "WEBHOOK_NOT_FOUND");
    admin.post(&format!("{path}/replay"), &json!({"after": "0"})).refused(404, "WEBHOOK_NOT_FOUND");
    assert_eq!(admin.get("/webhooks").expect(200).json()["total"], 0);
    app.product("cup", 10.0, 5);
    assert_eq!((app.deliver_webhooks(), receiver.new_ones().len()), (0, 0));
    assert_eq!((app.purge_deliveries(), app.purge_deliveries()), (2, 0));
}

#[test]
fn finished_deliveries_are_kept_for_thirty_days() {
    let app = start();
    let (admin, receiver) = (app.admin(), Receiver::accepting());
    let hook = webhook(&admin, &receiver.url, &["product.created"]);
    app.product("mug", 10.0, 5);
    app.deliver_webhooks();
    app.advance(30 * 86_400 - 60);
    assert_eq!((app.purge_deliveries(), deliveries(&admin, &hook).len()), (0, 1));
    app.advance(120);
    assert_eq!((app.purge_deliveries(), deliveries(&admin, &hook).len()), (1, 0));
}

#[test]
fn invalid_requests_are_refused() {
    let app = TestApp::start();
    let admin = app.admin();
    let hook = webhook(&admin, URL, &[]);
    let path = format!("/webhooks/{}", hook["id"]);
    for (body, field) in [
        (json!({}), "url"),
        (json!({"url": ""}), "url"),
        (json!({"url": "shop.example.com"}), "url"),
        (json!({"url": "http://shop.example.com"}), "url"),
        (json!({"url": format!("https://shop.example.com/{}", "a".repeat(2048))}), "url"),
        (json!({"url": URL, "types": ["order.exploded"]}), "types[0]"),
        (json!({"url": URL, "types": ["webhook.test"]}), "types[0]"),
        (json!({"url": URL, "types": null}), "types"),
        (json!({"url": URL, "description": " "}), "description"),
        (json!({"url": URL, "secret": "whsec_AAAA"}), "secret"),
    ] {
        admin.post("/webhooks", &body).refused_field(field);
    }
    for (body, field) in [
        (json!({"url": null}), "url"),
        (json!({"url": "https://127.0.0.1"}), "url"),
        (json!({"active": null}), "active"),
    ] {
        admin.patch(&path, &body).refused_field(field);
    }
    for (body, field) in [
        (json!({}), "after"),
        (json!({"after": "1"}), "after"),
        (json!({"after": "0", "delivery_id": 1}), "after"),
        (json!({"after": "99.0"}), "after"),
        (json!({"from": "2026-01-01T00:00:00Z"}), "to"),
        (json!({"to": "2026-01-01T00:00:00Z"}), "from"),
        (json!({"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}), "to"),
        (json!({"from": "yesterday", "to": "2026-01-01T00:00:00Z"}), "from"),
    ] {
        admin.post(&format!("{path}/replay"), &body).refused_field(field);
    }
    admin.post(&format!("{path}/replay"), &json!({"delivery_id": 99})).refused(404, "NOT_FOUND");
    admin.get(&format!("{path}/deliveries?state=sent")).refused_field("state");
    admin.get(&format!("{path}/deliveries?since=1")).refused_field("since");
}

#[test]
fn a_store_has_at_most_a_hundred_webhooks() {
    let app = TestApp::start();
    let admin = app.admin();
    (0..100).for_each(|_| drop(webhook(&admin, URL, &[])));
    admin.post("/webhooks", &json!({"url": URL})).refused_field("url");
}

#[test]
fn webhooks_of_another_store_do_not_exist() {
    let app = TestApp::start();
    app.other_store("STORE-FAR");
    let (admin, far) = (app.admin(), app.admin().in_store("STORE-FAR"));
    let hook = webhook(&admin, URL, &[]);
    far.get(&format!("/webhooks/{}", hook["id"])).refused(404, "WEBHOOK_NOT_FOUND");
    assert_eq!(far.get("/webhooks").expect(200).json()["total"], 0);
    assert_eq!(get(&admin, &hook)["url"], URL);
}
