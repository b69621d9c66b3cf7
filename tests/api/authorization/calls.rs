//! A call of each operation, with new objects of the customer.

use super::{CUSTOMER, World};
use crate::common::people::email;
use crate::common::{Client, Reply, Value, json};

/// A call of an operation that any client can send.
pub struct Call {
    pub method: &'static str,
    pub path: String,
    pub body: Option<Value>,
}

impl Call {
    pub fn new(method: &'static str, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), body: None }
    }

    pub fn with(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }

    pub fn send(&self, client: &Client) -> Reply {
        // Signing in in a browser needs this header. No other operation does with a token.
        client.clone().with_header("X-Requested-With", "tests").send(self.method, &self.path, self.body.as_ref())
    }
}

impl World {
    /// A call of the operation with new objects of the customer.
    pub fn call(&self, operation: &str) -> Call {
        let (method, path) = operation.split_once(' ').unwrap();
        let section = path.split('/').nth(1).unwrap_or_default();
        let call = match section {
            "auth" => self.auth_call(operation),
            _ if section == "alerts" || path.ends_with("{language}") => self.alert_call(operation),
            "imports" | "exports" => self.import_call(operation),
            _ if path.ends_with("/bulk") => self.import_call(operation),
            "addresses" | "users" | "stores" | "locations" => self.identity_call(operation),
            "inventory" => self.inventory_call(operation),
            "reservations" => self.reservation_call(operation),
            "transfers" => self.transfer_call(operation),
            "suppliers" => self.supplier_call(operation),
            "purchase-orders" => self.purchase_call(operation),
            "counts" => self.count_call(operation),
            "cart" | "checkout" => self.checkout_call(operation),
            "orders" | "payments" => self.order_call(operation),
            "returns" => self.return_call(operation),
            "shipments" => self.shipment_call(operation),
            "audit" => Some(Call::new("GET", "/audit")),
            "reports" if path == "/reports/forecast" => {
                Some(Call::new("GET", format!("{path}?product_id={}", self.product().id)))
            }
            "webhooks" => self.webhook_call(operation),
            "events" | "reports" => Some(Call::new("GET", path)),
            "availability" => Some(Call::new("GET", format!("/availability/stream?product_id={}", self.product().id))),
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
            // The password is wrong, because the other calls need the account as it is.
            "POST /auth/password" => {
                let passwords = json!({"current_password": "not the password", "new_password": "a good long password"});
                Call::new("POST", "/auth/password").with(passwords)
            }
            "POST /auth/password/forgot" => {
                let email = email(CUSTOMER);
                Call::new("POST", "/auth/password/forgot").with(json!({"email": email}))
            }
            "POST /auth/password/reset" => {
                let new = json!({"token": self.fresh(), "new_password": "a good long password"});
                Call::new("POST", "/auth/password/reset").with(new)
            }
            "POST /auth/session" => Call { path: "/auth/session".to_owned(), ..self.login() },
            "GET /auth/session" => Call::new("GET", "/auth/session"),
            "DELETE /auth/session" => Call::new("DELETE", "/auth/session"),
            "GET /auth/sessions" => Call::new("GET", "/auth/sessions"),
            "DELETE /auth/sessions" => Call::new("DELETE", "/auth/sessions"),
            "DELETE /auth/sessions/{id}" => {
                let sign_in = Call { path: "/auth/session".to_owned(), ..self.login() };
                let session = sign_in.send(&self.app.guest()).expect(200).json()["session"]["id"].clone();
                Call::new("DELETE", format!("/auth/sessions/{session}"))
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
            "GET /stores/{id}/routing" => Call::new("GET", format!("/stores/{store}/routing")),
            "PUT /stores/{id}/routing" => {
                Call::new("PUT", format!("/stores/{store}/routing")).with(json!({"rules": ["nearest"]}))
            }
            "GET /stores/{id}/tax-rates" => Call::new("GET", format!("/stores/{store}/tax-rates")),
            "PUT /stores/{id}/tax-rates" => {
                Call::new("PUT", format!("/stores/{store}/tax-rates")).with(json!({"rates": []}))
            }
            "GET /locations" => Call::new("GET", "/locations"),
            "POST /locations" => Call::new("POST", "/locations").with(json!({"code": self.fresh(), "name": "North"})),
            "GET /locations/{id}" => Call::new("GET", format!("/locations/{}", self.place())),
            "PATCH /locations/{id}" => {
                Call::new("PATCH", format!("/locations/{}", self.place())).with(json!({"name": self.fresh()}))
            }
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
            "POST /inventory/products/{id}/notify" => {
                Call::new("POST", of("/notify")).with(json!({"email": format!("{}@example.com", self.fresh())}))
            }
            "GET /inventory/products/{id}/stock" => Call::new("GET", of("/stock")),
            "GET /inventory/products/{id}/history" => Call::new("GET", of("/history")),
            "GET /inventory/products/{id}/explain" => Call::new("GET", of("/explain")),
            "GET /inventory/products/{id}/movements" => Call::new("GET", of("/movements")),
            "GET /inventory/products/{store_id}/{product_id}" => {
                Call::new("GET", format!("/inventory/products/{}/{}", self.app.store, self.product().id))
            }
            "PUT /inventory/products/{id}/stock" => {
                let change = json!({"quantity": 1, "movement_type": "in", "reason": "delivery"});
                Call::new("PUT", of("/stock")).with(change)
            }
            "PUT /inventory/products/{id}/safety" => {
                let safety = json!({"quantity": 1, "location_id": self.app.main_location()});
                Call::new("PUT", of("/safety")).with(safety)
            }
            "POST /inventory/products/{id}/move" => {
                let units = json!({"quantity": 1, "location_id": self.app.main_location(), "from": "sellable",
                                   "to": "quarantine", "reason": "wet"});
                Call::new("POST", of("/move")).with(units)
            }
            "GET /inventory/products/{id}/barcodes" => Call::new("GET", of("/barcodes")),
            "POST /inventory/products/{id}/barcodes" => {
                Call::new("POST", of("/barcodes")).with(json!({"code": self.fresh()}))
            }
            "DELETE /inventory/products/{id}/barcodes/{code}" => {
                let (product, code) = (self.product().id, self.fresh());
                let path = format!("/inventory/products/{product}/barcodes");
                self.app.admin().post(&path, &json!({"code": code})).expect(201);
                Call::new("DELETE", format!("{path}/{code}"))
            }
            "GET /inventory/scan/{code}" => Call::new("GET", format!("/inventory/scan/{}", self.product().sku)),
            "POST /inventory/availability" => {
                let items = json!([{"product_id": self.product().id, "quantity": 1}]);
                Call::new("POST", "/inventory/availability").with(json!({"items": items}))
            }
            "GET /inventory/products/low-stock" => Call::new("GET", "/inventory/products/low-stock"),
            "GET /inventory/movements" => Call::new("GET", "/inventory/movements"),
            "GET /inventory/valuation" => Call::new("GET", "/inventory/valuation"),
            "GET /inventory/summary" => Call::new("GET", "/inventory/summary"),
            "GET /inventory/inventory/summary" => Call::new("GET", "/inventory/inventory/summary"),
            "GET /inventory" => Call::new("GET", "/inventory"),
            "GET /inventory/incoming" => Call::new("GET", "/inventory/incoming"),
            "GET /inventory/products/{id}/supply" => Call::new("GET", of("/supply")),
            "GET /inventory/reorder" => Call::new("GET", "/inventory/reorder"),
            "POST /inventory/reorder" => Call::new("POST", "/inventory/reorder"),
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

    fn transfer_call(&self, operation: &str) -> Option<Call> {
        let act = |transfer: &Value, act: &str| Call::new("POST", format!("/transfers/{}/{act}", transfer["id"]));
        let line = |transfer: &Value| transfer["lines"][0]["id"].clone();
        Some(match operation {
            "GET /transfers" => Call::new("GET", "/transfers"),
            "POST /transfers" => Call::new("POST", "/transfers").with(self.transfer_plan()),
            "GET /transfers/{id}" => Call::new("GET", format!("/transfers/{}", self.transfer(&[])["id"])),
            "PATCH /transfers/{id}" => {
                let path = format!("/transfers/{}", self.transfer(&[])["id"]);
                Call::new("PATCH", path).with(json!({"notes": "Fragile"}))
            }
            "POST /transfers/{id}/ready" => act(&self.transfer(&[]), "ready"),
            "POST /transfers/{id}/draft" => act(&self.transfer(&["ready"]), "draft"),
            "POST /transfers/{id}/cancel" => act(&self.transfer(&["ready"]), "cancel"),
            "POST /transfers/{id}/send" => act(&self.transfer(&["ready"]), "send"),
            "POST /transfers/{id}/receive" => {
                let sent = self.transfer(&["ready", "send"]);
                act(&sent, "receive").with(json!({"lines": [{"line_id": line(&sent), "accepted": 1}]}))
            }
            "POST /transfers/{id}/settle" => {
                let sent = self.transfer(&["ready", "send"]);
                let lines = json!([{"line_id": line(&sent), "quantity": 1, "outcome": "returned"}]);
                act(&sent, "settle").with(json!({"lines": lines, "reason": "Not unloaded"}))
            }
            "POST /transfers/{id}/receipts/{number}/reverse" => {
                let sent = self.transfer(&["ready", "send"]);
                let receipt = json!({"lines": [{"line_id": line(&sent), "accepted": 1}]});
                let received =
                    self.admin.post(&format!("/transfers/{}/receive", sent["id"]), &receipt).expect(200).json();
                let number = received["receipts"][0]["receipt_number"].as_str().unwrap().to_owned();
                act(&sent, &format!("receipts/{number}/reverse")).with(json!({"reason": "Counted wrong"}))
            }
            _ => return None,
        })
    }

    fn transfer_plan(&self) -> Value {
        let (from, to) = (self.app.main_location(), self.app.add_location(&self.fresh()));
        json!({"from_location_id": from, "to_location_id": to,
               "lines": [{"product_id": self.product().id, "quantity": 1}]})
    }

    /// A transfer of one unit after these acts.
    fn transfer(&self, acts: &[&str]) -> Value {
        let draft = self.admin.post("/transfers", &self.transfer_plan()).expect(201).json();
        for act in acts {
            self.admin.post(&format!("/transfers/{}/{act}", draft["id"]), &json!({})).expect(200);
        }
        draft
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

    /// A call that takes the units of an order from another place.
    fn reroute(&self) -> Call {
        let path = format!("/orders/{}", self.order("cod"));
        let item = self.admin.get(&path).expect(200).json()["items"][0].clone();
        let place = self.app.add_location(&self.fresh());
        let delivery = json!({"quantity": 1, "movement_type": "in", "reason": "Delivery", "location_id": place});
        self.admin.put(&format!("/inventory/products/{}/stock", item["product_id"]), &delivery).expect(200);
        let line = json!({"item_id": item["id"], "quantity": 1, "to_location_id": place,
                          "from_location_id": item["allocations"][0]["location_id"]});
        Call::new("POST", format!("{path}/reroute")).with(json!({"lines": [line]}))
    }

    fn cancel_lines(&self) -> Call {
        let path = format!("/orders/{}", self.order("cod"));
        let item = self.admin.get(&path).expect(200).json()["items"][0]["id"].clone();
        let body = json!({"lines": [{"item_id": item, "quantity": 1}], "reason": "Changed my mind"});
        Call::new("POST", format!("{path}/cancel-lines")).with(body)
    }

    /// The id of an order that the customer collects.
    fn collected_order(&self) -> i64 {
        let pickup = json!({"code": self.fresh(), "name": "Corner", "pickup": {"enabled": true}});
        let (place, product) = (self.admin.post("/locations", &pickup).expect(201).id(), self.product().id);
        let delivery = json!({"quantity": 1, "movement_type": "in", "reason": "Delivery", "location_id": place});
        self.admin.put(&format!("/inventory/products/{product}/stock"), &delivery).expect(200);
        let items = json!([{"product_id": product, "quantity": 1}]);
        self.customer.post("/orders", &json!({"items": items, "pickup_location_id": place})).expect(201).id()
    }

    fn shipment_call(&self, operation: &str) -> Option<Call> {
        let shipments = format!("/orders/{}/shipments", self.order("cod"));
        let path = format!("/shipments/{}", self.admin.post_nothing(&shipments).expect(201).id());
        Some(match operation {
            "GET /shipments/{id}" => Call::new("GET", path),
            "GET /shipments/{id}/packing-slip" => Call::new("GET", format!("{path}/packing-slip")),
            "PATCH /shipments/{id}" => Call::new("PATCH", path).with(json!({"carrier": self.fresh()})),
            "POST /shipments/{id}/delivered" => Call::new("POST", format!("{path}/delivered")),
            "POST /shipments/{id}/lost" => Call::new("POST", format!("{path}/lost")).with(json!({"reason": "Burnt"})),
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
            "POST /orders/{id}/shipments" => Call::new("POST", of(open(), "/shipments")),
            "GET /orders/{id}/shipments" => Call::new("GET", of(open(), "/shipments")),
            "POST /orders/{id}/ready" => Call::new("POST", of(self.collected_order(), "/ready")),
            "POST /orders/{id}/collected" => Call::new("POST", of(self.collected_order(), "/collected")),
            "POST /orders/{id}/invoice" => Call::new("POST", of(open(), "/invoice")),
            "GET /orders/{id}/invoice" => {
                let order = open();
                self.admin.post_nothing(&of(order, "/invoice")).expect(201);
                Call::new("GET", of(order, "/invoice"))
            }
            "POST /orders/{id}/reroute" => self.reroute(),
            "POST /orders/{id}/cancel" => Call::new("POST", of(open(), "/cancel")),
            "POST /orders/{id}/cancel-lines" => self.cancel_lines(),
            "GET /orders/{id}/credits" => Call::new("GET", of(open(), "/credits")),
            "POST /orders/{id}/credits" => {
                Call::new("POST", of(open(), "/credits")).with(json!({"amount": 1, "reason": "Wet box"}))
            }
            "POST /orders/{id}/payment/confirm" => {
                let payment = json!({"payment_reference": self.fresh()});
                Call::new("POST", of(open(), "/payment/confirm")).with(payment)
            }
            "POST /orders/{id}/payment/fail" => Call::new("POST", of(self.order("upi"), "/payment/fail")),
            "POST /orders/{id}/refund" => {
                let refund = json!({"refund_reference": self.fresh(), "amount": 5});
                Call::new("POST", of(self.paid_order(), "/refund")).with(refund)
            }
            // This call needs the signature of the provider instead of a token.
            "POST /payments/webhook/{store}/{provider}" => {
                let path = format!("/payments/webhook/{}/stripe", self.app.store);
                Call::new("POST", path).with(json!({"id": self.fresh()}))
            }
            _ => return self.return_call(operation),
        })
    }
}
