//! The authorization of every operation.

mod alerts;
mod calls;
mod counts;
mod imports;
mod order;
mod purchasing;
mod returns;
mod table;
mod webhooks;

use crate::common::people::{PASSWORD, email};
use crate::common::shop::Product;
use crate::common::{Client, TestApp, Value, json};
use calls::Call;
use stockroom::auth::{Permission, Role};
use stockroom::kernel::id::StoreId;
use stockroom::settings::Secret;

/// A store with a customer who owns all objects.
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

    /// A new name.
    fn fresh(&self) -> String {
        format!("n{}", uuid::Uuid::new_v4().simple())
    }

    fn product(&self) -> Product {
        self.app.product(&self.fresh(), 10.0, 100)
    }

    /// A place where buyers do not collect their orders.
    fn place(&self) -> i64 {
        self.app.add_location(&self.fresh())
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
        let email = email(CUSTOMER);
        Call::new("POST", "/auth/login").with(json!({"email": email, "password": PASSWORD}))
    }

    fn new_user(&self, role: Option<&str>) -> Value {
        let mut user = json!({"email": format!("{}@example.com", self.fresh()), "password": "a good long password"});
        if let Some(role) = role {
            user["role"] = json!(role);
        }
        user
    }
}

/// False for health checks and metrics, whose paths are outside of the versioned API.
fn is_of_the_api(operation: &Value) -> bool {
    operation["servers"].is_null()
}

/// The permissions that the operation names. One of them is enough.
fn permissions_of(operation: &Value) -> Vec<Permission> {
    let description = operation["description"].as_str().unwrap_or_default();
    description.split('`').filter_map(|word| word.parse().ok()).collect()
}
