//! The examples of the OpenAPI document are requests and answers of the demo store. This test records them again and
//! compares them; `WRITE_EXAMPLES=1` writes them.

mod alerts;
mod barcodes;
mod counts;
mod credits;
mod deliveries;
mod forecasts;
mod imports;
mod locations;
mod passwords;
mod purchasing;
mod reroutes;
mod returns;
mod sales;
mod streams;
mod transfers;
mod webhooks;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::common::provider::{SECRET, stripe_event, stripe_header, with_providers};
use crate::common::{Client, TestApp, Value, json};
use diesel::connection::SimpleConnection;
use stockroom::demo;

const MOMENT: &str = "2026-11-21T10:30:00Z";
/// The end of the number of an order or another document.
const NUMBER: &str = "-20261121-A4F2K7Q9ZM";

/// Fields whose values differ in each run, with fixed values for them.
const CHANGING: [(&str, &str); 9] = [
    ("token", "5d41402abc4b2a76b9719d911017c592ae3f1b7c0d9e8f6a4b2c1d0e9f8a7b6c"),
    ("access_token", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIyIn0.c2lnbmF0dXJl"),
    ("refresh_token", "r1_6f1c0d2e9b7a4c55"),
    ("guest_token", "g1_0c9e7d5b3a1f2e4d"),
    ("request_id", "0b9d2c4e-6a1f-4e83-9c57-2f8d1e7b3a60"),
    ("actor", "user:2"),
    ("counted_by", "user:2"),
    ("secret", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD0ujNpXRRBOg="),
    ("event_id", "test_2f8d1e7b3a600b9d2c4e6a1f4e839c57"),
];

#[derive(Default)]
struct Recorder {
    operations: BTreeMap<&'static str, Value>,
    refusals: BTreeMap<String, Value>,
}

impl Recorder {
    /// Records a call that succeeds, and returns its answer.
    fn call(&mut self, id: &'static str, client: &Client, (method, path): (&str, &str), request: Value) -> Value {
        let body = (!request.is_null()).then_some(&request);
        let reply = client.send(method, path, body);
        assert!(reply.status < 300, "{id}: {}", reply.text());
        let mut example = serde_json::Map::new();
        if !request.is_null() {
            example.insert("request".to_owned(), request);
        }
        let answer: Value = serde_json::from_slice(&reply.bytes).unwrap_or_default();
        if !answer.is_null() {
            example.insert("answer".to_owned(), answer.clone());
        }
        self.operations.insert(id, Value::Object(example));
        answer
    }

    /// Records a refusal by its code.
    fn refuse(&mut self, client: &Client, (method, path): (&str, &str), request: Value, code: &str) {
        let body = (!request.is_null()).then_some(&request);
        let problem = client.send(method, path, body).json();
        assert_eq!(problem["code"], code, "{method} {path}: {problem}");
        self.refusals.insert(code.to_owned(), problem);
    }

    /// All examples, with the same times, tokens and numbers in each run.
    fn into_text(self) -> String {
        let Self { operations, refusals } = self;
        let mut recorded = json!({"operations": operations, "refusals": refusals});
        settle(&mut recorded);
        let text = format!("{recorded:#}\n");
        let numbers: BTreeSet<&str> =
            text.split(|c: char| c != '-' && !c.is_ascii_alphanumeric()).filter(is_number).collect();
        let fixed = |number: &str| format!("{}{NUMBER}", number.split('-').next().unwrap());
        numbers.iter().fold(text.clone(), |text, number| text.replace(number, &fixed(number)))
    }
}

/// True for the number of a document: two or three letters, the day and ten random characters.
fn is_number(word: &&str) -> bool {
    let parts: Vec<&str> = word.split('-').collect();
    let [prefix, day, code] = parts[..] else { return false };
    (2..=3).contains(&prefix.len()) && day.len() == 8 && day.bytes().all(|b| b.is_ascii_digit()) && code.len() == 10
}

fn settle(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(settle),
        Value::Object(fields) => {
            for (name, field) in fields {
                let changing = CHANGING.iter().find(|(changing, _)| changing == name);
                match (field.as_str(), changing) {
                    (Some(_), Some((_, fixed))) => *field = json!(fixed),
                    (Some(text), None) if chrono::DateTime::parse_from_rfc3339(text).is_ok() => *field = json!(MOMENT),
                    _ => settle(field),
                }
            }
        }
        _ => {}
    }
}

struct Callers {
    guest: Client,
    customer: Client,
    admin: Client,
}

fn accounts(record: &mut Recorder, guest: &Client) -> Callers {
    let new = json!({"email": "mara@example.com", "password": "a long way home", "full_name": "Mara Okafor"});
    record.call("register", guest, ("POST", "/auth/register"), new.clone());
    record.refuse(guest, ("POST", "/auth/register"), new, "DUPLICATE");
    let sign_in = |email: &str| json!({"email": email, "password": "stockroom-demo"});
    let admin = guest.post("/auth/login", &sign_in("admin@example.com")).expect(200).json();
    let admin = guest.clone().with_token(admin["access_token"].as_str().unwrap());
    let session = record.call("login", guest, ("POST", "/auth/login"), sign_in("customer@example.com"));
    let token = |session: &Value| json!({"refresh_token": session["refresh_token"]});
    let next = record.call("refreshSession", guest, ("POST", "/auth/refresh"), token(&session));
    record.call("logout", guest, ("POST", "/auth/logout"), token(&next));
    let customer = guest.clone().with_token(session["access_token"].as_str().unwrap());
    record.call("getMe", &customer, ("GET", "/auth/me"), Value::Null);
    let wrong = json!({"email": "customer@example.com", "password": "not the password"});
    record.refuse(guest, ("POST", "/auth/login"), wrong, "INVALID_CREDENTIALS");
    record.refuse(guest, ("GET", "/cart"), Value::Null, "UNAUTHENTICATED");
    record.refuse(&customer, ("GET", "/orders"), Value::Null, "FORBIDDEN");
    let staff = json!({"email": "staff@example.com", "password": "a quiet morning", "full_name": "Jonas Weber",
                       "permissions": ["orders:read", "orders:update"]});
    let made = record.call("createUser", &admin, ("POST", "/users"), staff);
    let path = format!("/users/{}", made["id"]);
    record.call("updateUser", &admin, ("PATCH", &path), json!({"permissions": ["orders:read", "inventory:read"]}));
    record.call("listUsers", &admin, ("GET", "/users?role=staff"), Value::Null);
    record.refuse(&admin, ("PATCH", "/users/999"), json!({}), "USER_NOT_FOUND");
    Callers { guest: guest.clone(), customer, admin }
}

fn stores(record: &mut Recorder, admin: &Client) {
    let new =
        json!({"code": "STORE-NORTH", "name": "North", "currency": "INR", "tax_rate": 5, "shipping_flat_rate": 20.5});
    record.call("createStore", admin, ("POST", "/stores"), new);
    record.call("listStores", admin, ("GET", "/stores"), Value::Null);
    record.call("getStore", admin, ("GET", "/stores/STORE-DEMO"), Value::Null);
    record.call("updateStore", admin, ("PATCH", "/stores/STORE-NORTH"), json!({"hold_cart_items": true}));
    let path = "/stores/STORE-NORTH/routing";
    record.call("getRouting", admin, ("GET", path), Value::Null);
    let policy = json!({"rules": ["nearest", "fewest_parcels"], "split": "allow", "preferred_location_ids": []});
    record.call("replaceRouting", admin, ("PUT", path), policy);
    let rates = json!({"rates": [
        {"country": "IN", "percent": 18, "name": "GST"},
        {"country": "IN", "category": "Grocery", "percent": 5, "name": "GST on food"},
    ]});
    let path = "/stores/STORE-NORTH/tax-rates";
    record.call("replaceTaxRates", admin, ("PUT", path), rates);
    record.call("getTaxRates", admin, ("GET", path), Value::Null);
    record.refuse(admin, ("GET", "/stores/NOWHERE"), Value::Null, "STORE_NOT_FOUND");
}

fn products(record: &mut Recorder, callers: &Callers) {
    let Callers { guest, admin, .. } = callers;
    record.call("listProducts", guest, ("GET", "/inventory/products?q=rice"), Value::Null);
    record.call("getProduct", guest, ("GET", "/inventory/products/prod_001"), Value::Null);
    barcodes::barcodes(record, guest, admin);
    record.call("getProductOfStore", guest, ("GET", "/inventory/products/STORE-DEMO/prod_001"), Value::Null);
    let new = json!({"sku": "tee-blue", "name": "T-Shirt Blue", "category": "Clothing", "price": 30.5,
                     "sizes": [{"size": "S", "initial_stock": 20}, {"size": "M", "initial_stock": 40, "price": 32.5}]});
    record.call("createProduct", admin, ("POST", "/inventory/products"), new);
    record.call(
        "updateProduct",
        admin,
        ("PATCH", "/inventory/products/tee-blue"),
        json!({"price": 31.5, "brand": "Weft"}),
    );
    record.call("archiveProduct", admin, ("DELETE", "/inventory/products/tee-blue"), Value::Null);
    record.call("listLowStock", admin, ("GET", "/inventory/products/low-stock"), Value::Null);
    record.refuse(guest, ("GET", "/inventory/products/none"), Value::Null, "PRODUCT_NOT_FOUND");
    record.refuse(guest, ("GET", "/inventory/products?statuss=active"), Value::Null, "VALIDATION_FAILED");
}

fn stock(record: &mut Recorder, callers: &Callers) {
    let Callers { guest, admin, .. } = callers;
    record.call("getAvailability", guest, ("GET", "/inventory/products/prod_001/availability/2"), Value::Null);
    let lines = json!({"items": [{"product_id": "prod_005", "quantity": 3}, {"product_id": "tee-red", "quantity": 1, "size": "M"}]});
    record.call("checkAvailability", guest, ("POST", "/inventory/availability"), lines);
    let delivery = json!({"quantity": 40, "movement_type": "in", "reason": "Delivery", "reference_id": "DN-1042"});
    record.call("changeStock", admin, ("PUT", "/inventory/products/prod_005/stock"), delivery);
    record.call("getStock", admin, ("GET", "/inventory/products/prod_005/stock"), Value::Null);
    record.call("listProductMovements", admin, ("GET", "/inventory/products/prod_005/movements?limit=1"), Value::Null);
    record.call("listMovements", admin, ("GET", "/inventory/movements?kind=receive&limit=1"), Value::Null);
    record.call("listStockLevels", admin, ("GET", "/inventory?limit=1"), Value::Null);
    let two_hours_ago = chrono::Utc::now() - chrono::Duration::hours(2);
    let from = two_hours_ago.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    let history = format!("/inventory/products/prod_005/history?interval=hour&from={from}");
    record.call("getStockHistory", admin, ("GET", &history), Value::Null);
    let path = "/inventory/products/prod_005/stock";
    let count =
        |stock: i64| json!({"quantity": 40, "movement_type": "adjustment", "reason": "Count", "expected_stock": stock});
    record.refuse(admin, ("PUT", path), count(7), "STALE_STOCK");
    let at = json!({"quantity": 1, "movement_type": "in", "reason": "Delivery", "location_id": 999});
    record.refuse(admin, ("PUT", path), at, "LOCATION_NOT_FOUND");
    let sized = |size: Value| json!({"items": [{"product_id": "tee-red", "quantity": 1, "size": size}]});
    record.refuse(guest, ("POST", "/inventory/availability"), sized(Value::Null), "SIZE_REQUIRED");
    record.refuse(guest, ("POST", "/inventory/availability"), sized(json!("XXL")), "SIZE_NOT_FOUND");
}

fn buying(record: &mut Recorder, customer: &Client) {
    let home = json!({"full_name": "Mara Okafor", "phone": "+91 98765 43210", "line1": "12 Lake Road", "city": "Pune",
                      "postal_code": "411001", "country": "India"});
    let address = record.call("createAddress", customer, ("POST", "/addresses"), home.clone());
    let path = format!("/addresses/{}", address["id"]);
    record.call("listAddresses", customer, ("GET", "/addresses"), Value::Null);
    record.call("getAddress", customer, ("GET", &path), Value::Null);
    record.call("replaceAddress", customer, ("PUT", &path), home);
    let line = |quantity: i64| json!({"product_id": "prod_001", "quantity": quantity});
    let cart = record.call("addCartItem", customer, ("POST", "/cart/items"), line(2));
    record.call("getCart", customer, ("GET", "/cart"), Value::Null);
    let item = format!("/cart/items/{}", cart["items"][0]["id"]);
    record.call("setCartItemQuantity", customer, ("PUT", &item), json!({"quantity": 3}));
    let order = json!({"shipping_address_id": address["id"], "payment_method": "cod", "notes": "Please ring twice"});
    record.call("previewCheckout", customer, ("POST", "/checkout/preview"), order.clone());
    let guarded = json!({"shipping_address_id": address["id"], "expected_total": 1});
    record.refuse(customer, ("POST", "/checkout"), guarded, "PRICE_CHANGED");
    record.refuse(customer, ("POST", "/checkout"), json!({"shipping_address_id": 999}), "ADDRESS_NOT_FOUND");
    record.call("checkout", customer, ("POST", "/checkout"), order.clone());
    record.refuse(customer, ("POST", "/checkout"), order, "CART_EMPTY");
    let cart = customer.post("/cart/items", &line(1)).expect(201).json();
    let item = format!("/cart/items/{}", cart["items"][0]["id"]);
    record.call("removeCartItem", customer, ("DELETE", &item), Value::Null);
    record.refuse(customer, ("DELETE", &item), Value::Null, "CART_ITEM_NOT_FOUND");
    record.call("clearCart", customer, ("DELETE", "/cart"), Value::Null);
    record.call("listMyOrders", customer, ("GET", "/orders/me"), Value::Null);
    customer.delete(&path).expect(204);
}

fn orders(record: &mut Recorder, callers: &Callers) {
    let Callers { guest, admin, .. } = callers;
    let new = |method: &str| {
        json!({"items": [{"product_id": "tee-red", "quantity": 1, "size": "M"}], "payment_method": method,
               "customer_name": "Asha Rao", "customer_phone": "98765 43210", "delivery_address": "4 Hill Street, Pune"})
    };
    let order = record.call("placeOrder", guest, ("POST", "/orders"), new("cod"));
    let path = format!("/orders/{}", order["id"]);
    record.call("getOrder", admin, ("GET", &path), Value::Null);
    record.call("listOrders", admin, ("GET", "/orders?status=pending&limit=1"), Value::Null);
    record.call("updateOrder", admin, ("PUT", &path), json!({"status": "processing", "tracking_number": "TRK-7"}));
    record.refuse(admin, ("PUT", &path), json!({"status": "delivered"}), "INVALID_TRANSITION");
    let paid = json!({"payment_reference": "pay_29"});
    record.call("confirmPayment", admin, ("POST", &format!("{path}/payment/confirm")), paid);
    let again = json!({"payment_reference": "pay_30"});
    record.refuse(admin, ("POST", &format!("{path}/payment/confirm")), again, "ALREADY_PAID");
    record.call("cancelOrder", admin, ("POST", &format!("{path}/cancel")), json!({"reason": "Ordered twice"}));
    record.refuse(admin, ("POST", &format!("{path}/cancel")), Value::Null, "ORDER_NOT_CANCELLABLE");
    record.call("refundOrder", admin, ("POST", &format!("{path}/refund")), json!({"refund_reference": "re_29"}));
    let sold = guest.post("/orders", &new("cod")).expect(201).json();
    let shipments = format!("/orders/{}/shipments", sold["id"]);
    let lines = json!([{"item_id": sold["items"][0]["id"], "quantity": 1}]);
    let parcel = json!({"lines": lines, "carrier": "India Post", "tracking_number": "EE123456789IN"});
    record.call("shipOrder", admin, ("POST", &shipments), parcel);
    record.call("listShipments", admin, ("GET", &shipments), Value::Null);
    deliveries::deliveries(record, callers, &new("cod"));
    credits::credits(record, guest, admin, &new("cod"));
    returns::returns(record, guest, admin, &new("cod"));
    record.call("getOrderHistory", admin, ("GET", &format!("{path}/history")), Value::Null);
    let unpaid = guest.post("/orders", &new("upi")).expect(201).json();
    let fail = format!("/orders/{}/payment/fail", unpaid["id"]);
    record.call("failPayment", admin, ("POST", &fail), json!({"reason": "Declined"}));
    record.call("getOrderStatistics", admin, ("GET", "/orders/statistics"), Value::Null);
    record.refuse(admin, ("GET", "/orders/999"), Value::Null, "ORDER_NOT_FOUND");
    let short = json!({"items": [{"product_id": "prod_006", "quantity": 1}]});
    record.refuse(guest, ("POST", "/orders"), short, "INSUFFICIENT_STOCK");
    let gone = json!({"items": [{"product_id": "tee-blue", "quantity": 1, "size": "S"}]});
    record.refuse(guest, ("POST", "/orders"), gone, "PRODUCT_UNAVAILABLE");
    let keyed = admin.clone().with_key("k-1");
    keyed.post("/orders", &new("cod")).expect(201);
    record.refuse(&keyed, ("POST", "/orders"), new("upi"), "IDEMPOTENCY_KEY_REUSED");
    call_back(record, guest, &new("upi"));
}

fn call_back(record: &mut Recorder, guest: &Client, order: &Value) {
    let unpaid = guest.post("/orders", order).expect(201).json();
    let event = stripe_event("evt_29", &unpaid, "pi_29", 3_000);
    let signature = stripe_header(SECRET, event.to_string().as_bytes(), 0);
    let signed = guest.clone().with_header("Stripe-Signature", &signature);
    record.call("receivePaymentCallback", &signed, ("POST", "/payments/webhook/STORE-DEMO/stripe"), event);
}

fn reservations(record: &mut Recorder, admin: &Client) {
    let new =
        json!({"items": [{"product_id": "prod_001", "quantity": 2}], "ttl_seconds": 600, "reference_id": "quote-17"});
    let made = record.call("createReservation", admin, ("POST", "/reservations"), new.clone());
    let path = format!("/reservations/{}", made["id"]);
    record.call("listReservations", admin, ("GET", "/reservations?state=active"), Value::Null);
    record.call("getReservation", admin, ("GET", &path), Value::Null);
    record.call("confirmReservation", admin, ("POST", &format!("{path}/confirm")), Value::Null);
    record.refuse(admin, ("POST", &format!("{path}/release")), Value::Null, "RESERVATION_CLOSED");
    let made = admin.post("/reservations", &new).expect(201).json();
    record.call("releaseReservation", admin, ("POST", &format!("/reservations/{}/release", made["id"])), Value::Null);
    record.call("getReservationMetrics", admin, ("GET", "/inventory/reservations/metrics"), Value::Null);
    record.refuse(admin, ("GET", "/reservations/999"), Value::Null, "RESERVATION_NOT_FOUND");
}

/// The example is limited to the first entry points.
fn entry_points(record: &mut Recorder, guest: &Client) {
    record.call("listEntryPoints", guest, ("GET", "/"), Value::Null);
    let example = record.operations.get_mut("listEntryPoints").unwrap();
    example["answer"]["operations"].as_array_mut().unwrap().truncate(2);
    example["answer"]["version"] = json!("1.0.0");
}

/// The example of the metrics is limited to their first lines.
fn monitoring(record: &mut Recorder, root: &Client) {
    record.call("checkLiveness", root, ("GET", "/health/live"), Value::Null);
    record.call("checkReadiness", root, ("GET", "/health/ready"), Value::Null);
    let text = root.get("/metrics").expect(200).text();
    let first: String =
        text.lines().filter(|line| line.starts_with('#')).take(2).map(|line| format!("{line}\n")).collect();
    record.operations.insert("readMetrics", json!({"answer": first}));
}

fn reports(record: &mut Recorder, app: &TestApp, admin: &Client) {
    sales::sales(record, app, admin);
    forecasts::forecasts(record, admin);
    record.call("getInventorySummary", admin, ("GET", "/inventory/summary"), Value::Null);
    record.call("getInventorySummaryAlias", admin, ("GET", "/inventory/inventory/summary"), Value::Null);
    record.call("getValuation", admin, ("GET", "/inventory/valuation?limit=2"), Value::Null);
    record.call("explainStock", admin, ("GET", "/inventory/products/prod_001/explain"), Value::Null);
    record.call("verifyInventory", admin, ("GET", "/inventory/verify"), Value::Null);
    record.call("listAuditEntries", admin, ("GET", "/audit?entity=Order&limit=2"), Value::Null);
    alerts::alerts(record, &app.guest(), admin);
    imports::imports(record, admin);
    app.send_mails();
    app.relay_feed();
    record.call("listEvents", admin, ("GET", "/events?type=stock.changed&limit=1"), Value::Null);
    webhooks::webhooks(record, admin);
    streams::record(record, app);
}

const SHOP: &str = "https://shop.example.com";

#[test]
fn the_examples_are_what_the_demo_store_answers() {
    let mails = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("mails-examples-{}", std::process::id()));
    fs::create_dir_all(&mails).unwrap();
    let app = TestApp::with(|settings| {
        with_providers(settings);
        settings.mail.dir = mails.clone();
        settings.server.public_url = SHOP.to_owned();
    });
    let mut conn = app.connection();
    // The demo store is the first store, so that its ids are those of a new database.
    conn.batch_execute("TRUNCATE stores, users RESTART IDENTITY CASCADE").unwrap();
    assert!(demo::load(&mut conn, 0).unwrap());
    let mut record = Recorder::default();
    let callers = accounts(&mut record, &app.guest());
    entry_points(&mut record, &callers.guest);
    stores(&mut record, &callers.admin);
    products(&mut record, &callers);
    stock(&mut record, &callers);
    locations::locations(&mut record, &callers.guest, &callers.admin);
    transfers::transfers(&mut record, &callers.admin);
    purchasing::purchasing(&mut record, &callers.admin);
    counts::counts(&mut record, &callers.admin);
    buying(&mut record, &callers.customer);
    orders(&mut record, &callers);
    reroutes::reroutes(&mut record, &callers.admin);
    reservations(&mut record, &callers.admin);
    app.value_stock();
    reports(&mut record, &app, &callers.admin);
    monitoring(&mut record, &app.root());
    passwords::passwords(&mut record, &app, &mails);
    fs::remove_dir_all(&mails).unwrap();
    let recorded = record.into_text();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/openapi/examples.json");
    if std::env::var_os("WRITE_EXAMPLES").is_some() {
        fs::write(file, recorded).unwrap();
        return;
    }
    let known = fs::read_to_string(file).unwrap();
    assert!(
        known == recorded,
        "the examples have changed: WRITE_EXAMPLES=1 cargo test --test api examples writes them"
    );
}
