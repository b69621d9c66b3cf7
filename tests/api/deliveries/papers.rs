//! Invoices and packing slips.

use super::Shop;
use crate::common::{Client, Reply, Value, json};
use diesel::connection::SimpleConnection;

const HOSTILE: &str = "</p><script>alert(1)</script>";

fn issue(shop: &Shop, order: &Value) -> Reply {
    shop.clerk.post_nothing(&format!("/orders/{}/invoice", order["id"]))
}

fn read(client: &Client, order: &Value, accept: &str) -> Reply {
    client.clone().with_header("Accept", accept).get(&format!("/orders/{}/invoice", order["id"]))
}

#[test]
fn an_invoice_is_issued_once_and_never_changes() {
    let shop = Shop::open();
    shop.app.set_store(&json!({"tax_rate": 19, "shipping_flat_rate": 5}));
    let order = shop.order(3);
    for accept in ["text/html", "application/json"] {
        read(&shop.mara, &order, accept).refused(404, "NOT_FOUND");
    }
    assert_eq!(shop.app.order(&order)["invoice_number"], Value::Null);
    shop.cancel_units(&order, 1);
    let invoice = issue(&shop, &order).expect(201).json();
    let amounts = ["subtotal", "tax_amount", "shipping_amount", "total_amount", "net_total"];
    assert_eq!(amounts.map(|name| invoice[name].as_f64().unwrap()), [30.0, 5.7, 5.0, 40.7, 28.8]);
    assert_eq!((&invoice["invoice_number"], &invoice["seller_name"]), (&json!("INV-000001"), &json!("STORE-TEST")));
    assert_eq!((&invoice["items"][0]["quantity"], &invoice["credits"][0]["total"]), (&json!(3), &json!(11.9)));
    let tax = json!({"name": "Tax", "percent": 19, "base": 30.0, "tax": 5.7, "included": false});
    assert_eq!(invoice["tax_lines"][0]["tax"], tax["tax"]);
    assert_eq!(shop.app.order(&order)["invoice_number"], "INV-000001");
    let page = read(&shop.mara, &order, "text/html").expect(200).text();
    assert!(page.contains("Total less credits</td><td class=\"number\">28.80<"), "{page}");
    // Nothing that happens later changes it.
    shop.app.set_store(&json!({"name": "Another name", "tax_rate": 7}));
    shop.app.set_product(&shop.rice, &json!({"name": "Brown rice", "price": 99}));
    shop.mara.cancel(&order).expect(200);
    assert_eq!(issue(&shop, &order).expect(200).json(), invoice);
    assert_eq!(read(&shop.mara, &order, "application/json").expect(200).json(), invoice);
    assert_eq!(read(&shop.mara, &order, "text/html").expect(200).text(), page);
    let audit = shop.audit(&order);
    let entry = format!("Invoice INV-000001 issued for order {}", order["order_number"].as_str().unwrap());
    assert_eq!(audit.iter().filter(|line| **line == entry).count(), 1, "{audit:?}");
}

#[test]
fn each_store_has_numbers_of_its_own() {
    let shop = Shop::open();
    let numbers = [1, 2, 3].map(|_| issue(&shop, &shop.order(1)).expect(201).json()["invoice_number"].clone());
    assert_eq!(numbers, ["INV-000001", "INV-000002", "INV-000003"].map(|number| json!(number)));
    let code = "STORE-TWO";
    shop.app.other_store(code);
    let rice = shop.app.product_in(code, "rice", 5.0, 10);
    let order = shop.mara.clone().in_store(code).order_now(&rice, 1).expect(201).json();
    let admin = shop.app.admin().in_store(code);
    let invoice = admin.post_nothing(&format!("/orders/{}/invoice", order["id"])).expect(201).json();
    assert_eq!(invoice["invoice_number"], "INV-000001");
}

#[test]
fn an_invoice_that_fails_leaves_no_gap() {
    let shop = Shop::open();
    issue(&shop, &shop.order(1)).expect(201);
    let order = shop.order(1);
    let fail = "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no paper'; END $$; \
                CREATE TRIGGER fail BEFORE INSERT ON invoices FOR EACH ROW EXECUTE FUNCTION fail()";
    shop.app.connection().batch_execute(fail).unwrap();
    shop.app.without_effect(|| issue(&shop, &order)).refused(500, "INTERNAL");
    assert_eq!(shop.app.order(&order)["invoice_number"], Value::Null);
    shop.app.connection().batch_execute("DROP TRIGGER fail ON invoices; DROP FUNCTION fail").unwrap();
    assert_eq!(issue(&shop, &order).expect(201).json()["invoice_number"], "INV-000002");
}

#[test]
fn only_sold_orders_get_an_invoice() {
    let shop = Shop::open();
    let cancelled = shop.order(1);
    shop.mara.cancel(&cancelled).expect(200);
    let items = json!([{"product_id": shop.rice.id, "quantity": 1}]);
    let unpaid = shop.mara.post("/orders", &json!({"items": items, "payment_method": "upi"})).expect(201).json();
    for order in [&cancelled, &unpaid] {
        shop.app.without_effect(|| issue(&shop, order)).refused(409, "INVALID_TRANSITION");
        shop.app
            .without_effect(|| shop.mara.post_nothing(&format!("/orders/{}/invoice", order["id"])))
            .refused(403, "FORBIDDEN");
    }
    shop.clerk.post_nothing("/orders/999999/invoice").refused(404, "ORDER_NOT_FOUND");
    let sold = shop.order(1);
    issue(&shop, &sold).expect(201);
    read(&shop.app.customer("noor"), &sold, "text/html").refused(404, "ORDER_NOT_FOUND");
    read(&shop.app.guest(), &sold, "application/json").refused(401, "UNAUTHENTICATED");
    read(&shop.app.staff(&["orders:update"]), &sold, "text/html").refused(403, "FORBIDDEN");
}

#[test]
fn the_header_accept_chooses_between_the_page_and_json() {
    let shop = Shop::open();
    let order = shop.order(1);
    issue(&shop, &order).expect(201);
    let (page, data) = ("text/html; charset=utf-8", "application/json");
    for (accept, expected) in [
        ("*/*", page),
        ("text/html", page),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", page),
        ("application/pdf", page),
        ("nonsense", page),
        ("application/json", data),
        ("application/json, text/plain, */*", data),
        ("text/html;q=0.5, application/json", data),
        ("application/json;q=0.5, text/html", page),
    ] {
        let reply = read(&shop.clerk, &order, accept).expect(200);
        assert_eq!((reply.header("content-type"), reply.header("vary")), (expected, "Accept"), "{accept}");
    }
    let reply = shop.clerk.get(&format!("/orders/{}/invoice", order["id"])).expect(200);
    assert_eq!(reply.header("content-type"), page);
    assert!(reply.header("content-security-policy").contains("default-src 'none'"));
    assert_eq!(reply.header("cache-control"), "no-store");
}

#[test]
fn hostile_names_do_not_inject() {
    let shop = Shop::open();
    shop.app.set_store(&json!({"name": HOSTILE}));
    let product = json!({"sku": "evil", "name": HOSTILE, "price": 1, "initial_stock": 5});
    let product = shop.app.create_product(&product);
    let new = json!({"items": [{"product_id": product.id, "quantity": 2}], "notes": HOSTILE, "customer_name": HOSTILE,
                     "delivery_address": HOSTILE});
    let order = shop.app.admin().post("/orders", &new).expect(201).json();
    issue(&shop, &order).expect(201);
    let lines = json!({"carrier": HOSTILE, "tracking_number": HOSTILE});
    let shipment = shop.post(&order, "shipments", &lines).expect(201).json();
    let invoice = read(&shop.clerk, &order, "text/html").expect(200).text();
    let slip = shop.clerk.get(&format!("/shipments/{}/packing-slip", shipment["id"])).expect(200).text();
    for page in [invoice, slip] {
        assert!(!page.contains("<script"), "{page}");
        assert!(page.contains("&lt;script&gt;alert(1)"), "{page}");
    }
}

#[test]
fn a_packing_slip_shows_the_units_of_one_parcel_and_no_prices() {
    let shop = Shop::open();
    let tee = shop.app.product("tee", 123.45, 10);
    let items = json!([{"product_id": shop.rice.id, "quantity": 5}, {"product_id": tee.id, "quantity": 7}]);
    let body = json!({"items": items, "shipping_address_id": shop.mara.address(), "notes": "Ring twice"});
    let order = shop.mara.post("/orders", &body).expect(201).json();
    let (first, rest) = (shop.ship(&order, 2), shop.post(&order, "shipments", &json!({})).expect(201).json());
    let slip = |shipment: &Value| {
        let path = format!("/shipments/{}/packing-slip", shipment["shipment_number"].as_str().unwrap());
        let reply = shop.clerk.get(&path).expect(200);
        assert_eq!(reply.header("content-type"), "text/html; charset=utf-8");
        reply.text()
    };
    let (first, rest) = (slip(&first), slip(&rest));
    assert!(first.contains("Rice") && !first.contains("Tee") && !first.contains("123.45"), "{first}");
    for text in ["Mara Iyer", "12 Lake Road", "560001 Bengaluru", "Ring twice", order["order_number"].as_str().unwrap()]
    {
        assert!(first.contains(text), "{text} is missing in {first}");
    }
    assert!(rest.contains("Tee") && rest.contains("<td class=\"number\">10</td>"), "{rest}");
    let path = format!("/shipments/{}/packing-slip", order["id"]);
    shop.mara.get(&path).refused(403, "FORBIDDEN");
    shop.app.guest().get(&path).refused(401, "UNAUTHENTICATED");
}
