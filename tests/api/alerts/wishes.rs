//! Stock notices: a wish, its confirmation, one mail, and nothing that is kept.

use super::{Mail, Office, SHOP, count, level, record};
use crate::common::shop::Product;
use crate::common::{Reply, TestApp, json, race, smtp};
use diesel::connection::SimpleConnection;
use stockroom::events::EventType::StockBack;

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
fn a_confirmed_wish_is_one_mail_and_forgotten() {
    let office = Office::open("wish");
    let app = &office.app;
    let rice = app.product("rice", 10.0, 0);
    assert!(ask(&office, &rice, "Ann@Example.com").expect(202).bytes.is_empty());
    let mails = office.deliver();
    assert_eq!((mails.len(), mails[0].to.as_str()), (1, "ann@example.com"));
    let link = link(&mails[0]);
    // Programs open links, so opening it changes nothing.
    let page = app.root().get(&link).expect(200);
    assert!(page.text().contains("<form method=\"post\"") && page.text().contains("Rice"), "{}", page.text());
    assert_eq!(count(app, "stock_wishes WHERE confirmed_at IS NOT NULL"), 0);
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
    assert_eq!((count(app, "stock_wishes"), count(app, "mail_outbox")), (0, 0));
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
    assert_eq!(count(app, "stock_wishes"), 1);
    // A wish that is not confirmed gets another link after an hour.
    let salt = app.product("salt", 1.0, 0);
    ask(&office, &salt, "ann@example.com").expect(202);
    assert_eq!(office.deliver().len(), 1);
    app.advance(3_601);
    ask(&office, &salt, "ann@example.com").expect(202);
    assert_eq!(office.deliver().len(), 1);
}

#[test]
fn a_wish_that_is_not_confirmed_is_forgotten_after_two_days() {
    let office = Office::open("unconfirmed");
    let app = &office.app;
    let (rice, salt) = (app.product("rice", 10.0, 0), app.product("salt", 1.0, 0));
    ask(&office, &rice, "ann@example.com").expect(202);
    ask(&office, &salt, "ben@example.com").expect(202);
    let mails = office.deliver();
    let ben = mails.iter().find(|mail| mail.to == "ben@example.com").unwrap();
    confirm(app, &link(ben)).expect(200);
    app.advance(47 * 3_600);
    assert_eq!((app.purge_wishes(), count(app, "stock_wishes")), (0, 2));
    app.advance(2 * 3_600);
    assert_eq!((app.purge_wishes(), count(app, "stock_wishes")), (1, 1));
    app.advance(366 * 86_400);
    assert_eq!((app.purge_wishes(), count(app, "stock_wishes")), (1, 0));
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
    assert_eq!(count(app, "stock_wishes"), 0);
}

#[test]
fn wishes_are_bounded_and_need_mail_and_a_valid_address() {
    let office = Office::open("bounds");
    let app = &office.app;
    let products: Vec<Product> = (0..21).map(|n| app.product(&format!("p{n}"), 1.0, 0)).collect();
    for product in &products {
        ask(&office, product, "ann@example.com").expect(202);
    }
    assert_eq!(count(app, "stock_wishes"), 20);
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
