//! Wrong input of people and programs: each is refused with its code, and has no effect.

mod bodies;
mod goods;
mod paths;
mod quantities;
mod texts;
mod tokens;

use crate::common::{Client, Reply, TestApp, Value, json};

struct Shop {
    app: TestApp,
    mara: Client,
    admin: Client,
    rice: i64,
    tee: i64,
    address: i64,
    others_address: i64,
    order: i64,
    line: i64,
}

impl Shop {
    /// A customer with an order, a cart and an address.
    fn open() -> Self {
        let app = TestApp::start();
        app.set_store(&json!({"guest_orders": true}));
        let rice = app.product("rice", 12.50, 100);
        let tee = app.sized_product("tee-red", 30.0, &[("S", 500)]);
        let mara = app.customer("mara");
        let order = mara.buy(&rice, 1)["id"].as_i64().unwrap();
        let cart = mara.add_to_cart(&rice, 2).json();
        let (address, others_address) = (mara.address(), app.customer("noor").address());
        let line = cart["items"][0]["id"].as_i64().unwrap();
        Self { admin: app.admin(), rice: rice.id, tee: tee.id, app, mara, address, others_address, order, line }
    }

    /// Sends a request, and fails unless it has this answer and no effect.
    #[track_caller]
    fn refused(&self, work: impl FnOnce() -> Reply, status: u16, code: &str) -> Value {
        let problem = self.app.without_effect(work).refused(status, code);
        assert_nothing_internal(&problem);
        problem
    }

    fn cart(&self, body: &Value) -> Reply {
        self.mara.post("/cart/items", body)
    }

    fn order_of(&self, items: &Value) -> Reply {
        self.mara.post("/orders", &json!({"items": items}))
    }
}

/// The body of an error must not show internals.
#[track_caller]
fn assert_nothing_internal(problem: &Value) {
    let text = problem.to_string();
    for inside in ["SELECT", "INSERT", "stock_levels", "idempotency_keys", "diesel", "PgConnection", "/src/", ".rs:"] {
        assert!(!text.contains(inside), "{inside} is in {text}");
    }
}

/// A number as it stands in JSON.
fn raw(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}
