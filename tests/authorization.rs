//! Who may call what: every operation of the OpenAPI document, with every kind of caller, against the
//! table in `authorization.txt`.
//!
//! A line is `METHOD path | guest | customer | other customer | staff- | staff+ | other store | admin`.
//! The path names objects that the customer owns, in the first store. `staff+` has exactly the
//! permission that the operation asks for and `staff-` every other one; where it asks for none,
//! `staff-` has none and `staff+` has all. The cell of staff of another store, who have every
//! permission, holds two statuses: with the first store in `X-Store-Id`, and without the header.
//!
//! `WRITE_AUTHORIZATION=1 cargo test --test authorization` writes the table anew. Then every cell
//! that changed has to be held against the contract: the test proves only that it is as it was.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something unexpected happens"
)]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use common::shop::Product;
use common::{Client, Reply, TestApp, Value, json};
use stockroom::auth::{Permission, Role};
use stockroom::kernel::id::StoreId;
use stockroom::settings::Secret;
use strum::VariantArray;

/// A call of an operation, ready to be sent by anybody.
struct Call {
    method: &'static str,
    path: String,
    body: Option<Value>,
}

impl Call {
    fn new(method: &'static str, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), body: None }
    }

    fn with(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }

    fn send(&self, client: &Client) -> Reply {
        client.send(self.method, &self.path, self.body.as_ref())
    }
}

/// A store with a customer to whom everything belongs.
struct World {
    app: TestApp,
    customer: Client,
    admin: Client,
    address: i64,
    other_store: StoreId,
}

const CUSTOMER: &str = "mara";

impl World {
    fn new() -> Self {
        let app = TestApp::with(|settings| {
            let stripe = settings.payments.providers.get_mut("stripe").unwrap();
            stripe.secret = Secret::new("only the provider knows this".to_owned());
        });
        app.account(CUSTOMER, Role::Customer);
        let customer = app.customer(CUSTOMER);
        let (admin, address) = (app.admin(), customer.address());
        let other_store = app.other_store("STORE-OTHER");
        Self { app, customer, admin, address, other_store }
    }

    /// A name that was not given before.
    fn fresh(&self) -> String {
        format!("n{}", uuid::Uuid::new_v4().simple())
    }

    fn product(&self) -> Product {
        self.app.product(&self.fresh(), 10.0, 100)
    }

    /// An order of the customer, by this payment method.
    fn order(&self, payment_method: &str) -> i64 {
        let items = json!([{"product_id": self.product().id, "quantity": 2}]);
        self.customer.post("/orders", &json!({"items": items, "payment_method": payment_method})).expect(201).id()
    }

    fn paid_order(&self) -> i64 {
        let order = self.order("cod");
        let payment = json!({"payment_reference": self.fresh()});
        self.admin.post(&format!("/orders/{order}/payment/confirm"), &payment).expect(200);
        order
    }

    fn cart_item(&self) -> i64 {
        let cart = self.customer.add_to_cart(&self.product(), 1).json();
        cart["items"].as_array().unwrap().last().unwrap()["id"].as_i64().unwrap()
    }

    fn reservation(&self) -> i64 {
        let items = json!([{"product_id": self.product().id, "quantity": 2}]);
        self.admin.post("/reservations", &json!({"items": items, "reference_id": self.fresh()})).expect(201).id()
    }

    fn refresh_token(&self) -> Value {
        let login = self.login();
        json!({"refresh_token": login.send(&self.app.guest()).expect(200).json()["refresh_token"]})
    }

    fn login(&self) -> Call {
        let email = common::people::email(CUSTOMER);
        Call::new("POST", "/auth/login").with(json!({"email": email, "password": common::people::PASSWORD}))
    }

    fn new_user(&self, role: Option<&str>) -> Value {
        let mut user = json!({"email": format!("{}@example.com", self.fresh()), "password": "a good long password"});
        if let Some(role) = role {
            user["role"] = json!(role);
        }
        user
    }

    /// The operation's call, with objects of the customer that no call has used up.
    fn call(&self, operation: &str) -> Call {
        let (method, path) = operation.split_once(' ').unwrap();
        let section = path.split('/').nth(1).unwrap_or_default();
        let call = match section {
            "auth" => self.auth_call(operation),
            "addresses" | "users" | "stores" => self.identity_call(operation),
            "inventory" => self.inventory_call(operation),
            "reservations" => self.reservation_call(operation),
            "cart" | "checkout" => self.checkout_call(operation),
            "orders" | "payments" => self.order_call(operation),
            "audit" => Some(Call::new("GET", "/audit")),
            "" => Some(Call::new("GET", "/")),
            _ => None,
        };
        let call = call.unwrap_or_else(|| panic!("this test does not know how to call {operation}: teach it"));
        assert_eq!(call.method, method);
        call
    }

    fn auth_call(&self, operation: &str) -> Option<Call> {
        Some(match operation {
            "POST /auth/register" => Call::new("POST", "/auth/register").with(self.new_user(None)),
            "POST /auth/login" => self.login(),
            "POST /auth/refresh" => Call::new("POST", "/auth/refresh").with(self.refresh_token()),
            "POST /auth/logout" => Call::new("POST", "/auth/logout").with(self.refresh_token()),
            // Wrong on purpose: the account is used by every other call.
            "POST /auth/password" => {
                let passwords = json!({"current_password": "not the password", "new_password": "a good long password"});
                Call::new("POST", "/auth/password").with(passwords)
            }
            "POST /auth/password/forgot" => {
                let email = common::people::email(CUSTOMER);
                Call::new("POST", "/auth/password/forgot").with(json!({"email": email}))
            }
            "POST /auth/password/reset" => {
                let new = json!({"token": self.fresh(), "new_password": "a good long password"});
                Call::new("POST", "/auth/password/reset").with(new)
            }
            "GET /auth/me" => Call::new("GET", "/auth/me"),
            _ => return None,
        })
    }

    fn identity_call(&self, operation: &str) -> Option<Call> {
        let store = self.app.store;
        let address = json!({"full_name": "Mara Iyer", "phone": "+91 98450 12345", "line1": "12 Lake Road",
                             "city": "Bengaluru", "postal_code": "560001", "country": "IN"});
        let own = || format!("/addresses/{}", self.customer.address());
        Some(match operation {
            "GET /addresses" => Call::new("GET", "/addresses"),
            "POST /addresses" => Call::new("POST", "/addresses").with(address),
            "GET /addresses/{id}" => Call::new("GET", own()),
            "PUT /addresses/{id}" => Call::new("PUT", own()).with(address),
            "DELETE /addresses/{id}" => Call::new("DELETE", own()),
            "GET /users" => Call::new("GET", "/users"),
            "POST /users" => Call::new("POST", "/users").with(self.new_user(Some("staff"))),
            "PATCH /users/{id}" => {
                let staff = self.admin.post("/users", &self.new_user(Some("staff"))).expect(201).id();
                Call::new("PATCH", format!("/users/{staff}")).with(json!({"full_name": self.fresh()}))
            }
            "GET /stores" => Call::new("GET", "/stores"),
            "POST /stores" => {
                let code = self.fresh().to_uppercase();
                Call::new("POST", "/stores").with(json!({"code": code, "name": "Another"}))
            }
            "GET /stores/{id}" => Call::new("GET", format!("/stores/{store}")),
            "PATCH /stores/{id}" => Call::new("PATCH", format!("/stores/{store}")).with(json!({"name": self.fresh()})),
            _ => return None,
        })
    }

    fn inventory_call(&self, operation: &str) -> Option<Call> {
        let of = |rest: &str| format!("/inventory/products/{}{rest}", self.product().id);
        Some(match operation {
            "GET /inventory/products" => Call::new("GET", "/inventory/products"),
            "POST /inventory/products" => {
                let new = json!({"sku": self.fresh(), "name": "New", "price": 10, "initial_stock": 1});
                Call::new("POST", "/inventory/products").with(new)
            }
            "GET /inventory/products/{id}" => Call::new("GET", of("")),
            "PATCH /inventory/products/{id}" => Call::new("PATCH", of("")).with(json!({"name": "Other"})),
            "DELETE /inventory/products/{id}" => Call::new("DELETE", of("")),
            "GET /inventory/products/{id}/availability/{qty}" => Call::new("GET", of("/availability/1")),
            "GET /inventory/products/{id}/stock" => Call::new("GET", of("/stock")),
            "GET /inventory/products/{id}/movements" => Call::new("GET", of("/movements")),
            "GET /inventory/products/{store_id}/{product_id}" => {
                Call::new("GET", format!("/inventory/products/{}/{}", self.app.store, self.product().id))
            }
            "PUT /inventory/products/{id}/stock" => {
                let change = json!({"quantity": 1, "movement_type": "in", "reason": "delivery"});
                Call::new("PUT", of("/stock")).with(change)
            }
            "POST /inventory/availability" => {
                let items = json!([{"product_id": self.product().id, "quantity": 1}]);
                Call::new("POST", "/inventory/availability").with(json!({"items": items}))
            }
            "GET /inventory/products/low-stock" => Call::new("GET", "/inventory/products/low-stock"),
            "GET /inventory/movements" => Call::new("GET", "/inventory/movements"),
            "GET /inventory/summary" => Call::new("GET", "/inventory/summary"),
            "GET /inventory/inventory/summary" => Call::new("GET", "/inventory/inventory/summary"),
            "GET /inventory" => Call::new("GET", "/inventory"),
            "GET /inventory/verify" => Call::new("GET", "/inventory/verify"),
            "GET /inventory/reservations/metrics" => Call::new("GET", "/inventory/reservations/metrics"),
            _ => return None,
        })
    }

    fn reservation_call(&self, operation: &str) -> Option<Call> {
        let of = |rest: &str| format!("/reservations/{}{rest}", self.reservation());
        Some(match operation {
            "GET /reservations" => Call::new("GET", "/reservations"),
            "POST /reservations" => {
                let items = json!([{"product_id": self.product().id, "quantity": 1}]);
                Call::new("POST", "/reservations").with(json!({"items": items, "reference_id": self.fresh()}))
            }
            "GET /reservations/{id}" => Call::new("GET", of("")),
            "POST /reservations/{id}/confirm" => Call::new("POST", of("/confirm")),
            "POST /reservations/{id}/release" => Call::new("POST", of("/release")),
            _ => return None,
        })
    }

    fn checkout_call(&self, operation: &str) -> Option<Call> {
        let of_item = || format!("/cart/items/{}", self.cart_item());
        let to_address = json!({"shipping_address_id": self.address});
        Some(match operation {
            "GET /cart" => Call::new("GET", "/cart"),
            "DELETE /cart" => Call::new("DELETE", "/cart"),
            "POST /cart/items" => {
                let item = json!({"product_id": self.product().id, "quantity": 1});
                Call::new("POST", "/cart/items").with(item)
            }
            "PUT /cart/items/{id}" => Call::new("PUT", of_item()).with(json!({"quantity": 2})),
            "DELETE /cart/items/{id}" => Call::new("DELETE", of_item()),
            "POST /checkout" => {
                self.cart_item();
                Call::new("POST", "/checkout").with(to_address)
            }
            "POST /checkout/preview" => Call::new("POST", "/checkout/preview").with(to_address),
            _ => return None,
        })
    }

    fn order_call(&self, operation: &str) -> Option<Call> {
        let of = |order: i64, rest: &str| format!("/orders/{order}{rest}");
        let open = || self.order("cod");
        Some(match operation {
            "GET /orders" => Call::new("GET", "/orders"),
            "GET /orders/me" => Call::new("GET", "/orders/me"),
            "GET /orders/statistics" => Call::new("GET", "/orders/statistics"),
            "POST /orders" => {
                let items = json!([{"product_id": self.product().id, "quantity": 1}]);
                Call::new("POST", "/orders").with(json!({"items": items}))
            }
            "GET /orders/{id}" => Call::new("GET", of(open(), "")),
            "PUT /orders/{id}" => Call::new("PUT", of(open(), "")).with(json!({"status": "processing"})),
            "GET /orders/{id}/history" => Call::new("GET", of(open(), "/history")),
            "POST /orders/{id}/cancel" => Call::new("POST", of(open(), "/cancel")),
            "POST /orders/{id}/payment/confirm" => {
                let payment = json!({"payment_reference": self.fresh()});
                Call::new("POST", of(open(), "/payment/confirm")).with(payment)
            }
            "POST /orders/{id}/payment/fail" => Call::new("POST", of(self.order("upi"), "/payment/fail")),
            "POST /orders/{id}/refund" => {
                let refund = json!({"refund_reference": self.fresh(), "amount": 5});
                Call::new("POST", of(self.paid_order(), "/refund")).with(refund)
            }
            // No token opens this one: it asks for the provider's signature.
            "POST /payments/webhook/{store}/{provider}" => {
                let path = format!("/payments/webhook/{}/stripe", self.app.store);
                Call::new("POST", path).with(json!({"id": self.fresh()}))
            }
            _ => return None,
        })
    }

    /// The statuses of a line, in the order of the columns.
    fn line(&self, operation: &str, needed: Option<Permission>) -> String {
        let (staff_without, staff_with) = self.staff(needed);
        let everything: Vec<_> = Permission::VARIANTS.iter().map(|permission| permission.as_str()).collect();
        let stranger = self.app.staff_of(self.other_store, &everything);
        let stranger_here = stranger.clone().in_store(&self.app.store.to_string());
        let noor = self.app.customer("noor");
        let status = |client: &Client| self.status(operation, client);
        format!(
            "{operation} | {} | {} | {} | {} | {} | {} {} | {}",
            status(&self.app.guest()),
            status(&self.customer),
            status(&noor),
            status(&staff_without),
            status(&staff_with),
            status(&stranger_here),
            status(&stranger),
            status(&self.admin),
        )
    }

    fn staff(&self, needed: Option<Permission>) -> (Client, Client) {
        let those = |keep: &dyn Fn(Permission) -> bool| {
            let kept: Vec<_> = Permission::VARIANTS.iter().filter(|one| keep(**one)).map(|one| one.as_str()).collect();
            self.app.staff(&kept)
        };
        match needed {
            Some(needed) => (those(&|one| one != needed), those(&|one| one == needed)),
            None => (those(&|_| false), those(&|_| true)),
        }
    }

    fn status(&self, operation: &str, client: &Client) -> u16 {
        let call = self.call(operation);
        let reply = call.send(client);
        match reply.status {
            403 => {
                reply.clone().refused(403, "FORBIDDEN");
            }
            404 => self.assert_answered_as_an_absent_one(operation, &call, client, &reply),
            _ => {}
        }
        reply.status
    }

    /// What belongs to somebody else is answered as what nobody has.
    fn assert_answered_as_an_absent_one(&self, operation: &str, call: &Call, client: &Client, reply: &Reply) {
        const ABSENT: &str = "999999999";
        let named = ["{id}", "{product_id}"].into_iter().find(|name| operation.contains(name));
        let Some(position) = named.and_then(|name| operation.split('/').position(|part| part == name)) else { return };
        let mut parts: Vec<&str> = call.path.split('/').collect();
        let id = std::mem::replace(&mut parts[position], ABSENT);
        let absent = Call { path: parts.join("/"), body: call.body.clone(), method: call.method }.send(client);
        let told = |reply: &Reply, id: &str| {
            let problem = reply.json();
            let detail = problem["detail"].as_str().unwrap().replace(id, "#");
            (reply.status, problem["code"].clone(), problem["title"].clone(), detail)
        };
        let (of_other, of_none) = (told(reply, id), told(&absent, ABSENT));
        let same = of_other == of_none || reply.json()["detail"] == absent.json()["detail"];
        assert!(same && reply.status == absent.status, "{operation}: {of_other:?} is not {of_none:?}");
    }
}

/// Every operation of the document, with the permission that its description names.
fn operations(document: &Value) -> BTreeMap<String, Option<Permission>> {
    let paths = document["paths"].as_object().unwrap();
    let each = paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().iter().filter(|(_, operation)| operation["operationId"].is_string());
        methods.map(move |(method, operation)| (format!("{} {path}", method.to_uppercase()), permission_of(operation)))
    });
    each.collect()
}

fn permission_of(operation: &Value) -> Option<Permission> {
    operation["description"].as_str().unwrap_or_default().split('`').find_map(|word| word.parse().ok())
}

fn table() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/authorization.txt")
}

/// The table's head, which is kept when it is written anew, and its lines.
fn read_table() -> (String, BTreeMap<String, String>) {
    let text = fs::read_to_string(table()).unwrap();
    let (head, lines): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| line.starts_with('#'));
    let by_operation = |line: &str| (line.split(" | ").next().unwrap_or_default().to_owned(), line.to_owned());
    let known = lines.into_iter().filter(|line| !line.is_empty()).map(by_operation).collect();
    (head.join("\n"), known)
}

#[test]
fn every_operation_answers_every_caller_as_the_table_says() {
    let world = World::new();
    let operations = operations(&world.app.guest().under("").get("/openapi.json").expect(200).json());
    let found: BTreeMap<String, String> =
        operations.iter().map(|(name, needed)| (name.clone(), world.line(name, *needed))).collect();
    let (head, known) = read_table();
    if std::env::var_os("WRITE_AUTHORIZATION").is_some() {
        let lines: Vec<&str> = found.values().map(String::as_str).collect();
        fs::write(table(), format!("{head}\n\n{}\n", lines.join("\n"))).unwrap();
        return;
    }
    let mut wrong = Vec::new();
    for (operation, line) in &found {
        match known.get(operation) {
            Some(expected) if expected == line => {}
            Some(expected) => wrong.push(format!("in the table: {expected}\n    answered: {line}")),
            None => wrong.push(format!("not in the table: {line}")),
        }
    }
    let gone = known.keys().filter(|operation| !found.contains_key(*operation));
    wrong.extend(gone.map(|operation| format!("in the table, but no operation: {operation}")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// An operation as the document has it.
struct Documented {
    method: String,
    path: String,
    /// Nobody without an account is let in.
    needs_account: bool,
    needed: Option<Permission>,
    takes_body: bool,
    takes_page: bool,
}

fn documented(document: &Value) -> Vec<Documented> {
    let paths = document["paths"].as_object().unwrap();
    let each = paths.iter().flat_map(|(path, methods)| {
        methods.as_object().unwrap().iter().map(move |(method, operation)| {
            let schemes = operation["security"].as_array();
            Documented {
                method: method.to_uppercase(),
                path: path.clone(),
                needs_account: schemes.is_some_and(|schemes| !schemes.is_empty() && !schemes.contains(&json!({}))),
                needed: permission_of(operation),
                // Another service defines the body of a callback.
                takes_body: operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].is_string(),
                takes_page: operation["parameters"].as_array().unwrap().iter().any(|one| one["name"] == "page"),
            }
        })
    });
    each.collect()
}

impl Documented {
    /// The path to what is not there, with a quantity that is none.
    fn absent(&self, store: StoreId) -> String {
        let parts = self.path.split('/').map(|part| match part {
            "{store_id}" => store.to_string(),
            "{qty}" => "0".to_owned(),
            part if part.starts_with('{') => "999999999".to_owned(),
            part => part.to_owned(),
        });
        parts.collect::<Vec<_>>().join("/")
    }
}

#[test]
fn who_may_not_call_learns_nothing_of_their_request() {
    let app = TestApp::start();
    let everything: Vec<_> = Permission::VARIANTS.to_vec();
    let mut asked = 0;
    for operation in documented(&app.guest().under("").get("/openapi.json").json()) {
        if !operation.needs_account {
            continue;
        }
        asked += 1;
        // Nothing about this request is good.
        let path = format!("{}?page=0&limit=x", operation.absent(app.store));
        let send = |client: &Client| {
            let client = client.clone().in_store("NOWHERE").with_key("not a key");
            client.send_bytes(&operation.method, &path, "text/plain", b"{")
        };
        send(&app.guest()).refused(401, "UNAUTHENTICATED");
        let Some(needed) = operation.needed else { continue };
        let others: Vec<_> = everything.iter().filter(|one| **one != needed).map(|one| one.as_str()).collect();
        for client in [app.customer("mara"), app.staff(&others)] {
            let problem = send(&client).refused(403, "FORBIDDEN");
            assert!(problem["detail"].as_str().unwrap().contains(needed.as_str()), "{problem}");
        }
    }
    assert!(asked > 40, "only {asked} operations need an account");
}

#[test]
fn what_is_wrong_in_a_request_is_told_before_what_is_not_there() {
    let app = TestApp::start();
    let admin = app.admin();
    for operation in documented(&app.guest().under("").get("/openapi.json").json()) {
        let path = operation.absent(app.store);
        let unknown = json!({"no_such_field": 1});
        let replies = [
            operation.takes_body.then(|| admin.send(&operation.method, &path, Some(&unknown))),
            operation.takes_body.then(|| {
                let nowhere = admin.clone().in_store("NOWHERE");
                nowhere.send(&operation.method, &path, Some(&unknown))
            }),
            operation.takes_page.then(|| admin.get(&format!("{path}?page=0"))),
            operation.path.contains("{qty}").then(|| admin.get(&path)),
        ];
        for reply in replies.into_iter().flatten() {
            reply.refused(422, "VALIDATION_FAILED");
        }
    }
}
