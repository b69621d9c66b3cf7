//! Stock notices: the request, its confirmation, and one mail. Nothing is kept afterwards.

use super::{Mail, Office, SHOP, count, level, record};
use crate::common::shop::Product;
use crate::common::{Reply, TestApp, json, race, smtp};
use diesel::connection::SimpleConnection;
use stockroom::events::EventType::{StockBack, StockLow};

fn ask(office: &Office, product: &Product, email: &str) -> Reply {
    office.app.guest().post(&format!("/inventory/products/{}/notify", product.id), &json!({"email": email}))
}

/// The path of the link in a mail.
fn link(mail: &Mail) -> String {
    let url = smtp::link(&mail.text, &format!("{SHOP}/stock-notice?token="));
    url.strip_prefix(SHOP).unwrap().to_owned()
}

fn confirm(app: &TestApp, link: &str) -> Reply {
    let token = link.split_once('=').unwrap().1;
    let body = format!("token={token}");
    app.root().send_bytes("POST", "/stock-notice", "application/x-www-form-urlencoded", body.as_bytes())
}

#[test]
fn a_confirmed_notice_is_one_mail_and_forgotten() {
    let office = Office::open("notice");
    let app = &office.app;
    let rice = app.product("rice", 10.0, 0);
    assert!(ask(&office, &rice, "Ann@Example.com").expect(202).bytes.is_empty());
    let mails = office.deliver();
    assert_eq!((mails.len(), mails[0].to.as_str()), (1, "ann@example.com"));
    let link = link(&mails[0]);
    // Programs open links, so opening it changes nothing.
    let page = app.root().get(&link).expect(200);
    assert!(page.text().contains("<form method=\"post\"") && page.text().contains("Rice"), "{}", page.text());
    assert_eq!(count(app, "stock_notices WHERE confirmed_at IS NOT NULL"), 0);
    record(app, StockBack, &rice, &level(4));
    assert!(office.deliver().is_empty());
    assert!(confirm(app, &link).expect(200).text().contains("Thank you"));
    // A second confirmation does not take the lock of the follower.
    let mut conn = app.connection();
    conn.batch_execute("BEGIN; SELECT FROM feed_followers FOR UPDATE").unwrap();
    assert!(confirm(app, &link).expect(200).text().contains("Thank you"));
    conn.batch_execute("ROLLBACK").unwrap();
    assert!(app.root().get(&link).expect(200).text().contains("Thank you"));
    assert!(office.deliver().is_empty());
    record(app, StockBack, &rice, &level(4));
    let mails = office.deliver();
    assert_eq!((mails.len(), mails[0].subject.as_str()), (1, "Rice is back in stock"));
    assert_eq!((count(app, "stock_notices"), count(app, "mail_outbox")), (0, 0));
    record(app, StockBack, &rice, &level(4));
    assert!(office.deliver().is_empty());
    assert!(app.root().get(&link).expect(404).text().contains("not valid"));
    assert!(confirm(app, &link).expect(404).text().contains("not valid"));
}

#[test]
fn the_page_has_no_script_and_a_strict_policy() {
    let office = Office::open("page");
    let rice = office.app.product("rice", 10.0, 0);
    office.app.set_store(&json!({"language": "de"}));
    ask(&office, &rice, "ann@example.com").expect(202);
    let mail = office.deliver().remove(0);
    let page = office.app.root().get(&link(&mail)).expect(200);
    assert!(!page.text().contains("<script") && page.text().contains("lang=\"de\""), "{}", page.text());
    let policy = page.header("content-security-policy");
    for rule in ["default-src 'none'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"] {
        assert!(policy.contains(rule), "{policy}");
    }
    assert_eq!((page.header("cache-control"), page.header("referrer-policy")), ("no-store", "no-referrer"));
    assert_eq!(
        office.app.root().get("/stock-notice.css").expect(200).header("content-type"),
        "text/css; charset=utf-8"
    );
    for wrong in ["", "?token=", "?token=1.abc", "?token=abc", "?token=9999999.abc", "?token=1.%22%3E%3Cscript%3E"] {
        let page = office.app.root().get(&format!("/stock-notice{wrong}")).expect(404);
        assert!(page.text().contains("not valid") && !page.text().contains("<script"), "{}", page.text());
    }
    let post = |kind: &str, body: &str| office.app.root().send_bytes("POST", "/stock-notice", kind, body.as_bytes());
    let form = "application/x-www-form-urlencoded";
    for (kind, body, status, code) in [
        ("application/json", "{}".to_owned(), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (form, format!("token={}", "a".repeat(501)), 422, "VALIDATION_FAILED"),
        (form, format!("token={}", "a".repeat(70_000)), 413, "PAYLOAD_TOO_LARGE"),
    ] {
        post(kind, &body).refused(status, code);
    }
    let page = post(&format!("{form}; charset=utf-8"), "token=1.abc&token=2.abc").expect(404);
    assert!(page.text().contains("not valid"), "{}", page.text());
    assert_eq!(office.app.root().delete("/stock-notice").expect(405).header("allow"), "GET, HEAD, POST");
}

#[test]
fn asking_again_shows_nothing_and_doubles_nothing() {
    let office = Office::open("again");
    let app = &office.app;
    let rice = app.product("rice", 10.0, 0);
    let all = race(8, |_| ask(&office, &rice, "ann@example.com").expect(202).bytes);
    assert!(all.iter().all(Vec::is_empty));
    let link = link(&office.deliver().remove(0));
    ask(&office, &rice, "ANN@example.com").expect(202);
    assert!(office.deliver().is_empty());
    confirm(app, &link).expect(200);
    app.advance(7_200);
    ask(&office, &rice, "ann@example.com").expect(202);
    assert!(office.deliver().is_empty());
    assert_eq!(count(app, "stock_notices"), 1);
    // A stock notice that is not confirmed gets another link after an hour.
    let salt = app.product("salt", 1.0, 0);
    ask(&office, &salt, "ann@example.com").expect(202);
    assert_eq!(office.deliver().len(), 1);
    app.advance(3_601);
    ask(&office, &salt, "ann@example.com").expect(202);
    assert_eq!(office.deliver().len(), 1);
}

#[test]
fn a_notice_that_is_not_confirmed_is_forgotten_after_two_days() {
    let office = Office::open("unconfirmed");
    let app = &office.app;
    let (rice, salt) = (app.product("rice", 10.0, 0), app.product("salt", 1.0, 0));
    ask(&office, &rice, "ann@example.com").expect(202);
    ask(&office, &salt, "ben@example.com").expect(202);
    let mails = office.deliver();
    let ben = mails.iter().find(|mail| mail.to == "ben@example.com").unwrap();
    confirm(app, &link(ben)).expect(200);
    app.advance(47 * 3_600);
    assert_eq!((app.purge_stock_notices(), count(app, "stock_notices")), (0, 2));
    app.advance(2 * 3_600);
    assert_eq!((app.purge_stock_notices(), count(app, "stock_notices")), (1, 1));
    app.advance(366 * 86_400);
    assert_eq!((app.purge_stock_notices(), count(app, "stock_notices")), (1, 0));
}

#[test]
fn a_product_that_came_back_before_the_confirmation_is_mailed_at_once() {
    let office = Office::open("meanwhile");
    let app = &office.app;
    let tee = app.sized_product("tee", 30.0, &[("S", 0), ("M", 5)]);
    let path = format!("/inventory/products/{}/notify", tee.id);
    let ask = |body| app.guest().post(&path, &body);
    ask(json!({"email": "ann@example.com"})).refused(422, "SIZE_REQUIRED");
    ask(json!({"email": "ann@example.com", "size": "XL"})).refused(404, "SIZE_NOT_FOUND");
    ask(json!({"email": "ann@example.com", "size": "s"})).expect(202);
    let link = link(&office.deliver().remove(0));
    let delivery = json!({"quantity": 3, "movement_type": "in", "reason": "delivery", "size": "S"});
    office.admin.put(&format!("/inventory/products/{}/stock", tee.id), &delivery).expect(200);
    confirm(app, &link).expect(200);
    assert_eq!(office.subjects(), ["Tee is back in stock"]);
    assert_eq!(count(app, "stock_notices"), 0);
}

#[test]
fn notices_are_bounded_and_need_mail_and_a_valid_address() {
    let office = Office::open("bounds");
    let app = &office.app;
    let products: Vec<Product> = (0..21).map(|n| app.product(&format!("p{n}"), 1.0, 0)).collect();
    for product in &products {
        ask(&office, product, "ann@example.com").expect(202);
    }
    assert_eq!(count(app, "stock_notices"), 20);
    for wrong in ["ann", "ann@example.com\nBcc: eve@example.com", "ａnn@example.com", "=?utf-8?q?ann?=@example.com"] {
        ask(&office, &products[0], wrong).refused_field("email");
    }
    let unknown = Product { id: 999_999, ..app.product("gone", 1.0, 0) };
    ask(&office, &unknown, "ann@example.com").refused(404, "PRODUCT_NOT_FOUND");
    let off = TestApp::start();
    let rice = off.product("rice", 10.0, 0);
    let body = json!({"email": "ann@example.com"});
    off.guest().post(&format!("/inventory/products/{}/notify", rice.id), &body).refused(409, "MAIL_NOT_CONFIGURED");
    let limited = TestApp::with(|settings| {
        settings.mail.dir = office.mails.clone();
        settings.limits.register_per_minute = 2;
    });
    let rice = limited.product("rice", 10.0, 0);
    let path = format!("/inventory/products/{}/notify", rice.id);
    let statuses: Vec<u16> =
        (0..3).map(|n| limited.guest().post(&path, &json!({"email": format!("a{n}@example.com")})).status).collect();
    assert_eq!(statuses, [202, 202, 429]);
}

/// Inserts stock notices as requests would, so that a test does not have to send thousands of requests.
fn insert_notices(app: &TestApp, product: &Product, (first, last): (i64, i64), fields: &str) {
    let insert = format!(
        "INSERT INTO stock_notices (store_id, variant_id, email, asked_at, expires_at, confirmed_at, asked_from) \
         SELECT v.store_id, v.id, 'a' || n || '@example.com', now(), now() + interval '2 days', {fields} \
         FROM variants v, generate_series({first}, {last}) n WHERE v.product_id = {}",
        product.id
    );
    app.connection().batch_execute(&insert).unwrap();
}

#[test]
fn notices_that_nobody_confirms_use_up_no_limit_of_others() {
    let office = Office::open("limits");
    let app = &office.app;
    let (rice, salt) = (app.product("rice", 10.0, 0), app.product("salt", 1.0, 0));
    insert_notices(app, &rice, (1, 10_000), "NULL, NULL");
    ask(&office, &rice, "ann@example.com").expect(202);
    insert_notices(app, &salt, (1, 9_999), "now(), NULL");
    ask(&office, &salt, "ann@example.com").expect(202);
    insert_notices(app, &salt, (10_000, 10_000), "now(), NULL");
    ask(&office, &salt, "ben@example.com").refused(503, "BUSY");
}

#[test]
fn unconfirmed_notices_of_an_address_are_replaced_by_newer_ones() {
    let office = Office::open("replaced");
    let app = &office.app;
    for number in 0..20 {
        ask(&office, &app.product(&format!("p{number}"), 1.0, 0), "ann@example.com").expect(202);
    }
    assert_eq!(office.deliver().len(), 20);
    let wanted = app.product("wanted", 1.0, 0);
    ask(&office, &wanted, "ann@example.com").expect(202);
    let mails = office.deliver();
    assert_eq!((mails.len(), count(app, "stock_notices")), (1, 20));
    assert!(confirm(app, &link(&mails[0])).expect(200).text().contains("Thank you"));
    let of_wanted =
        format!("stock_notices n JOIN variants v ON v.id = n.variant_id WHERE v.product_id = {}", wanted.id);
    assert_eq!(count(app, &format!("{of_wanted} AND n.confirmed_at IS NOT NULL")), 1);
}

#[test]
fn a_network_has_few_notices_that_are_not_confirmed() {
    let office = Office::open("network");
    let app = &office.app;
    let (rice, salt) = (app.product("rice", 10.0, 0), app.product("salt", 1.0, 0));
    ask(&office, &rice, "ann@example.com").expect(202);
    insert_notices(
        app,
        &salt,
        (1, 198),
        "NULL, (SELECT asked_from FROM stock_notices WHERE asked_from IS NOT NULL LIMIT 1)",
    );
    ask(&office, &rice, "ben@example.com").expect(202);
    let refusal = ask(&office, &rice, "cem@example.com");
    assert_eq!((refusal.status, refusal.code().as_deref()), (429, Some("RATE_LIMITED")));
    let mails = office.deliver();
    confirm(app, &link(&mails[0])).expect(200);
    assert_eq!(count(app, "stock_notices WHERE confirmed_at IS NOT NULL AND asked_from IS NULL"), 1);
    ask(&office, &rice, "cem@example.com").expect(202);
    app.advance(49 * 3_600);
    ask(&office, &rice, "dia@example.com").expect(202);
}

#[test]
fn many_confirmations_do_not_stop_other_mails() {
    let office = Office::open("confirmations");
    let app = &office.app;
    office.rule("low_stock", &json!({}));
    let rice = app.product("rice", 10.0, 0);
    let fill = format!(
        "INSERT INTO mail_outbox (store_id, kind, recipient, about, next_attempt_at, give_up_at, created_at) \
         SELECT {}, 'stock_notice_confirmation', 'a' || n || '@example.com', '', now() + interval '1 day', \
                now() + interval '2 days', now() FROM generate_series(1, 10000) n",
        app.store
    );
    app.connection().batch_execute(&fill).unwrap();
    ask(&office, &rice, "ann@example.com").refused(503, "BUSY");
    record(app, StockLow, &rice, &level(3));
    assert_eq!(office.deliver().len(), 1);
}
