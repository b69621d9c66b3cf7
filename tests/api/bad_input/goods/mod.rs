//! Wrong input for every operation on goods: documents, places, quantities, codes and times.

mod documents;
mod quantities;
mod returns;
mod rules;

use super::assert_nothing_internal;
use crate::common::{Client, Reply, TestApp, Value, json};

/// A store with two places and a document in each status, and another store with goods of its own.
struct Goods {
    app: TestApp,
    admin: Client,
    main: i64,
    attic: i64,
    supplier: i64,
    /// 63 units in `main`, of which a transfer holds 10. 20 more are sold and not shipped.
    rice: i64,
    item: i64,
    /// Transfers of 10 units, of which the last one has a receipt of 3.
    draft: Value,
    ready: Value,
    sent: Value,
    arrived: Value,
    /// Purchase orders of 10 units, of which the last one has a receipt of 3.
    planned: Value,
    ordered: Value,
    delivered: Value,
    /// Counts with a look of 90 units.
    open: Value,
    submitted: Value,
    order: Value,
    returned: returns::Returned,
    others: Others,
}

/// The ids of another store.
struct Others {
    place: i64,
    supplier: i64,
    product: i64,
}

impl Goods {
    fn open() -> Self {
        // Stock notices need mail. No job sends one here.
        let app = TestApp::with(|settings| settings.mail.dir = std::env::temp_dir());
        let (admin, main, attic) = (app.admin(), app.main_location(), app.add_location("attic"));
        let rice = app.product("rice", 10.0, 100).id;
        app.product("dal", 5.0, 1);
        let post = |path: &str, body: &Value| admin.post(path, body).json();
        let supplier = post("/suppliers", &json!({"code": "acme", "name": "Acme"}))["id"].as_i64().unwrap();
        let item = json!({"product_id": rice, "unit_cost": 7});
        let item = post(&format!("/suppliers/{supplier}/items"), &item)["id"].as_i64().unwrap();
        let line = json!([{"product_id": rice, "quantity": 10}]);
        let transfer =
            || post("/transfers", &json!({"from_location_id": main, "to_location_id": attic, "lines": line}));
        let purchase =
            || post("/purchase-orders", &json!({"supplier_id": supplier, "location_id": main, "lines": line}));
        let count = || post("/counts", &json!({"location_id": main, "scope": {"all": true}}));
        let acts = |kind: &str, document: Value, acts: &[&str]| {
            acts.iter().fold(document, |document, act| post(&format!("/{kind}/{}/{act}", document["id"]), &json!({})))
        };
        let receive = |kind: &str, document: Value| {
            let lines = json!([{"line_id": document["lines"][0]["id"], "accepted": 3}]);
            post(&format!("/{kind}/{}/receive", document["id"]), &json!({"lines": lines}))
        };
        // Each document has been changed once, so that its first version is stale.
        let noted = |kind: &str, document: Value| {
            admin.patch(&format!("/{kind}/{}", document["id"]), &json!({"notes": "Fragile"})).expect(200).json()
        };
        let counted = |count: &Value| {
            let entries = json!({"entries": [{"product_id": rice, "quantity": 90}]});
            admin.post(&format!("/counts/{}/entries", count["id"]), &entries).expect(200);
        };
        let (open, submitted) = (count(), count());
        counted(&open);
        counted(&submitted);
        let order = json!({"items": [{"product_id": rice, "quantity": 20}]});
        let mara = app.customer("mara");
        Self {
            draft: noted("transfers", transfer()),
            ready: acts("transfers", transfer(), &["ready"]),
            sent: acts("transfers", transfer(), &["ready", "send"]),
            arrived: receive("transfers", acts("transfers", transfer(), &["ready", "send"])),
            planned: noted("purchase-orders", purchase()),
            ordered: acts("purchase-orders", purchase(), &["order"]),
            delivered: receive("purchase-orders", acts("purchase-orders", purchase(), &["order"])),
            submitted: acts("counts", submitted, &["submit"]),
            open,
            order: mara.post("/orders", &order).expect(201).json(),
            returned: returns::Returned::open(&app, &mara),
            others: Others::open(&app),
            item,
            admin,
            main,
            attic,
            supplier,
            rice,
            app,
        }
    }

    /// Sends a request, and fails unless it has this answer and no effect.
    #[track_caller]
    fn refused(&self, work: impl FnOnce() -> Reply, status: u16, code: &str) -> Value {
        let problem = self.app.without_effect(work).refused(status, code);
        assert_nothing_internal(&problem);
        problem
    }
}

impl Others {
    fn open(app: &TestApp) -> Self {
        app.other_store("OTHER");
        let admin = app.admin().in_store("OTHER");
        let supplier = admin.post("/suppliers", &json!({"code": "other", "name": "Other"})).expect(201).id();
        let place = admin.get("/locations").expect(200).json()["items"][0]["id"].as_i64().unwrap();
        Self { place, supplier, product: app.product_in("OTHER", "other-rice", 10.0, 100).id }
    }
}

/// A call that succeeds in the store of its document.
struct Call {
    /// As in the OpenAPI document, without the prefix.
    operation: &'static str,
    path: String,
    body: Value,
}

impl Call {
    /// The names replace the parameters in braces, in their order.
    fn new(operation: &'static str, names: &[&Value], body: Value) -> Self {
        let (_, template) = operation.split_once(' ').unwrap();
        let mut names = names.iter();
        let part = |part: &str| match part.starts_with('{') {
            true => names.next().map(|name| name.as_str().map_or(name.to_string(), ToOwned::to_owned)).unwrap(),
            false => part.to_owned(),
        };
        let path = template.split('/').map(part).collect::<Vec<_>>().join("/");
        Self { operation, path, body }
    }

    fn method(&self) -> &'static str {
        self.operation.split_once(' ').unwrap().0
    }

    fn send(&self, client: &Client) -> Reply {
        client.send(self.method(), &self.path, (!self.body.is_null()).then_some(&self.body))
    }

    /// The same call with another value at a place in its body, such as `/lines/0/quantity`.
    fn with(&self, pointer: &str, value: Value) -> Self {
        let mut body = self.body.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        match body.pointer_mut(pointer) {
            Some(field) => *field = value,
            None => body.pointer_mut(parent).unwrap()[name] = value,
        }
        Self { operation: self.operation, path: self.path.clone(), body }
    }
}

impl Goods {
    /// A call of each operation on a document, a place, a supplier or a product.
    fn calls(&self) -> Vec<Call> {
        [self.transfer_calls(), self.purchase_calls(), self.count_calls(), self.stock_calls(), self.return_calls()]
            .into_iter()
            .flatten()
            .collect()
    }

    fn transfer_calls(&self) -> Vec<Call> {
        let id = |transfer: &Value| transfer["id"].clone();
        let line = |transfer: &Value| transfer["lines"][0]["id"].clone();
        let receipt = &self.arrived["receipts"][0]["receipt_number"];
        let lost = json!([{"line_id": line(&self.sent), "quantity": 1, "outcome": "lost"}]);
        let plan = json!([{"product_id": self.rice, "quantity": 1}]);
        vec![
            Call::new("GET /transfers/{id}", &[&id(&self.draft)], Value::Null),
            Call::new("PATCH /transfers/{id}", &[&id(&self.draft)], json!({"lines": plan})),
            Call::new("POST /transfers/{id}/ready", &[&id(&self.draft)], json!({})),
            Call::new("POST /transfers/{id}/draft", &[&id(&self.ready)], json!({})),
            Call::new("POST /transfers/{id}/cancel", &[&id(&self.ready)], json!({})),
            Call::new(
                "POST /transfers/{id}/send",
                &[&id(&self.ready)],
                json!({"lines": [{"line_id": line(&self.ready), "quantity": 1}]}),
            ),
            Call::new(
                "POST /transfers/{id}/receive",
                &[&id(&self.sent)],
                json!({"lines": [{"line_id": line(&self.sent), "accepted": 1}]}),
            ),
            Call::new("POST /transfers/{id}/settle", &[&id(&self.sent)], json!({"lines": lost, "reason": "Gone"})),
            Call::new(
                "POST /transfers/{id}/receipts/{number}/reverse",
                &[&id(&self.arrived), receipt],
                json!({"reason": "Wrong"}),
            ),
        ]
    }

    fn purchase_calls(&self) -> Vec<Call> {
        let id = |order: &Value| order["id"].clone();
        let line = |order: &Value| order["lines"][0]["id"].clone();
        let receipt = &self.delivered["receipts"][0]["receipt_number"];
        let plan = json!([{"product_id": self.rice, "quantity": 1, "unit_cost": 7}]);
        let cost = json!([{"line_id": line(&self.delivered), "unit_cost": 8}]);
        let (supplier, item) = (&json!(self.supplier), &json!(self.item));
        vec![
            Call::new("GET /purchase-orders/{id}", &[&id(&self.planned)], Value::Null),
            Call::new("PATCH /purchase-orders/{id}", &[&id(&self.planned)], json!({"lines": plan})),
            Call::new("POST /purchase-orders/{id}/order", &[&id(&self.planned)], json!({})),
            Call::new("POST /purchase-orders/{id}/draft", &[&id(&self.ordered)], json!({})),
            Call::new("POST /purchase-orders/{id}/cancel", &[&id(&self.ordered)], json!({})),
            Call::new(
                "POST /purchase-orders/{id}/receive",
                &[&id(&self.ordered)],
                json!({"lines": [{"line_id": line(&self.ordered), "accepted": 1}]}),
            ),
            Call::new("POST /purchase-orders/{id}/close", &[&id(&self.ordered)], json!({"reason": "Late"})),
            Call::new(
                "POST /purchase-orders/{id}/receipts/{number}/costs",
                &[&id(&self.delivered), receipt],
                json!({"lines": cost}),
            ),
            Call::new(
                "POST /purchase-orders/{id}/receipts/{number}/reverse",
                &[&id(&self.delivered), receipt],
                json!({"reason": "Wrong"}),
            ),
            Call::new("GET /suppliers/{id}", &[supplier], Value::Null),
            Call::new("PATCH /suppliers/{id}", &[supplier], json!({"name": "Acme Foods"})),
            Call::new("GET /suppliers/{id}/items", &[supplier], Value::Null),
            Call::new("POST /suppliers/{id}/items", &[supplier], json!({"product_id": "dal", "unit_cost": 7})),
            Call::new("PATCH /suppliers/{id}/items/{item_id}", &[supplier, item], json!({"unit_cost": 8})),
            Call::new("DELETE /suppliers/{id}/items/{item_id}", &[supplier, item], Value::Null),
        ]
    }

    fn count_calls(&self) -> Vec<Call> {
        let (open, submitted, first) = (&self.open["id"], &self.submitted["id"], &json!(1));
        let entries = json!([{"product_id": self.rice, "quantity": 91}]);
        vec![
            Call::new("GET /counts/{id}", &[open], Value::Null),
            Call::new("GET /counts/{id}/variances", &[open], Value::Null),
            Call::new("GET /counts/{id}/entries", &[open], Value::Null),
            Call::new("POST /counts/{id}/entries", &[open], json!({"entries": entries})),
            Call::new("POST /counts/{id}/submit", &[open], json!({})),
            Call::new("POST /counts/{id}/cancel", &[open], json!({})),
            Call::new("POST /counts/{id}/lines/{n}/recount", &[submitted, first], json!({})),
            Call::new("POST /counts/{id}/post", &[submitted], json!({})),
        ]
    }

    fn stock_calls(&self) -> Vec<Call> {
        let (rice, order, one) = (&json!(self.rice), &self.order["id"], &json!(1));
        let (item, code) = (&self.order["items"][0]["id"], &json!("4006381333931"));
        let counted = json!({"quantity": 90, "movement_type": "adjustment", "reason": "counted"});
        let moved =
            json!({"quantity": 1, "location_id": self.main, "from": "sellable", "to": "scrap", "reason": "wet"});
        let shipped = json!([{"item_id": item, "quantity": 1}]);
        let rerouted = json!([{"item_id": item, "quantity": 1, "from_location_id": self.main}]);
        vec![
            Call::new("GET /locations/{id}", &[&json!(self.attic)], Value::Null),
            Call::new("PATCH /locations/{id}", &[&json!(self.attic)], json!({"name": "Loft"})),
            Call::new("GET /orders/{id}/shipments", &[order], Value::Null),
            Call::new("POST /orders/{id}/shipments", &[order], json!({"lines": shipped})),
            Call::new("POST /orders/{id}/reroute", &[order], json!({"lines": rerouted})),
            Call::new("GET /inventory/products/{id}", &[rice], Value::Null),
            Call::new("PATCH /inventory/products/{id}", &[rice], json!({"name": "Basmati"})),
            Call::new("DELETE /inventory/products/{id}", &[rice], Value::Null),
            Call::new("GET /inventory/products/{id}/availability/{qty}", &[rice, one], Value::Null),
            Call::new("GET /inventory/products/{id}/barcodes", &[rice], Value::Null),
            Call::new("POST /inventory/products/{id}/barcodes", &[rice], json!({"code": code, "units": 12})),
            Call::new("DELETE /inventory/products/{id}/barcodes/{code}", &[rice, code], Value::Null),
            Call::new("POST /inventory/products/{id}/move", &[rice], moved),
            Call::new("GET /inventory/products/{id}/movements", &[rice], Value::Null),
            Call::new("PUT /inventory/products/{id}/safety", &[rice], json!({"location_id": self.main, "quantity": 1})),
            Call::new("GET /inventory/products/{id}/stock", &[rice], Value::Null),
            Call::new("PUT /inventory/products/{id}/stock", &[rice], counted),
            Call::new("GET /inventory/products/{id}/supply", &[rice], Value::Null),
            Call::new("GET /inventory/products/{id}/explain", &[rice], Value::Null),
            Call::new("GET /inventory/products/{id}/history", &[rice], Value::Null),
            Call::new("POST /inventory/products/{id}/notify", &[rice], json!({"email": "ann@example.com"})),
        ]
    }
}
