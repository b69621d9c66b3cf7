//! Stores, products and carts for tests.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Jsonb, Text};
use serde_json::{Value, json};
use stockroom::kernel::id::StoreId;
use stockroom::stores::payment_methods::PaymentMethods;

use super::app::TestApp;
use super::client::Client;
use super::reply::Reply;

/// The code of the store of every test: INR, no tax, no shipping.
pub const STORE: &str = "STORE-TEST";

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// A store with its location, put into the database directly.
pub fn create_store(conn: &mut PgConnection, code: &str) -> StoreId {
    let store: Id = diesel::sql_query(
        "WITH s AS (INSERT INTO stores (code, name, currency, payment_methods, created_at, updated_at) \
                    VALUES ($1, $1, 'INR', $2, now(), now()) RETURNING id) \
         SELECT id FROM s",
    )
    .bind::<Text, _>(code)
    .bind::<Jsonb, _>(serde_json::to_value(PaymentMethods::default()).unwrap())
    .get_result(conn)
    .unwrap();
    create_place(conn, StoreId(store.id), "main");
    StoreId(store.id)
}

/// A place with its quarantine and transit, put into the database directly.
pub fn create_place(conn: &mut PgConnection, store: StoreId, code: &str) -> i64 {
    let place: Id = diesel::sql_query(
        "WITH p AS (INSERT INTO locations (store_id, code, name, created_at, updated_at) \
                    VALUES ($1, $2, initcap($2), now(), now()) RETURNING id) SELECT id FROM p",
    )
    .bind::<BigInt, _>(store)
    .bind::<Text, _>(code)
    .get_result(conn)
    .unwrap();
    diesel::sql_query(
        "INSERT INTO locations (store_id, code, name, kind, parent_id, created_at, updated_at) \
         SELECT $1, $2 || ':' || k, k, k, $2, now(), now() FROM unnest('{quarantine, transit}'::text[]) AS k",
    )
    .bind::<BigInt, _>(store)
    .bind::<BigInt, _>(place.id)
    .execute(conn)
    .unwrap();
    place.id
}

/// A product with the answer to its creation.
#[derive(Clone, Debug)]
pub struct Product {
    pub id: i64,
    pub sku: String,
    pub body: Value,
}

impl TestApp {
    /// A second store, beside the default one.
    pub fn other_store(&self, code: &str) -> StoreId {
        create_store(&mut self.connection(), code)
    }

    /// A product without sizes.
    pub fn product(&self, sku: &str, price: f64, stock: i64) -> Product {
        self.create_product(&json!({"sku": sku, "name": name_of(sku), "price": price, "initial_stock": stock}))
    }

    /// A product with sizes, each with its stock.
    pub fn sized_product(&self, sku: &str, price: f64, sizes: &[(&str, i64)]) -> Product {
        let sizes: Vec<_> = sizes.iter().map(|(size, stock)| json!({"size": size, "initial_stock": stock})).collect();
        self.create_product(&json!({"sku": sku, "name": name_of(sku), "price": price, "sizes": sizes}))
    }

    pub fn create_product(&self, body: &Value) -> Product {
        let body = self.admin().post("/inventory/products", body).expect(201).json();
        Product { id: body["id"].as_i64().unwrap(), sku: body["sku"].as_str().unwrap().to_owned(), body }
    }

    /// A product of another store.
    pub fn product_in(&self, store: &str, sku: &str, price: f64, stock: i64) -> Product {
        let body = json!({"sku": sku, "name": name_of(sku), "price": price, "initial_stock": stock});
        let body = self.admin().in_store(store).post("/inventory/products", &body).expect(201).json();
        Product { id: body["id"].as_i64().unwrap(), sku: sku.to_owned(), body }
    }

    /// Changes the settings of the default store.
    pub fn set_store(&self, settings: &Value) {
        self.admin().patch(&format!("/stores/{}", self.store), settings).expect(200);
    }

    pub fn set_product(&self, product: &Product, changes: &Value) {
        self.admin().patch(&format!("/inventory/products/{}", product.id), changes).expect(200);
    }

    /// Archives a product, so that it is not sold any more.
    pub fn archive(&self, product: &Product) {
        let reply = self.admin().delete(&format!("/inventory/products/{}", product.id));
        assert!(matches!(reply.status, 200 | 204), "{} was answered: {}", reply.asked, reply.text());
    }

    /// Sets the counted stock of a product without sizes.
    pub fn set_stock(&self, product: &Product, quantity: i64) {
        let body = json!({"quantity": quantity, "movement_type": "adjustment", "reason": "counted"});
        self.admin().put(&format!("/inventory/products/{}/stock", product.id), &body).expect(200);
    }

    /// A second location.
    pub fn add_location(&self, code: &str) -> i64 {
        self.admin().post("/locations", &json!({"code": code, "name": name_of(code)})).expect(201).id()
    }

    /// The location `main` of the default store.
    pub fn main_location(&self) -> i64 {
        let list = self.admin().get("/locations?sort=id").expect(200).json();
        list["items"][0]["id"].as_i64().unwrap()
    }

    /// Changes the status of a location of the default store.
    pub fn set_status(&self, location: i64, status: &str) -> Reply {
        self.admin().patch(&format!("/locations/{location}"), &json!({"status": status}))
    }

    /// Receives units of a product without sizes at a location.
    pub fn receive(&self, product: &Product, quantity: i64, location: i64) -> Reply {
        let body = json!({"quantity": quantity, "movement_type": "in", "reason": "delivery", "location_id": location});
        self.admin().put(&format!("/inventory/products/{}/stock", product.id), &body)
    }

    /// A product with 10 units in `main` and 5 in `attic`.
    pub fn product_in_two_places(&self) -> Product {
        let product = self.product("rice", 10.0, 10);
        self.receive(&product, 5, self.add_location("attic")).expect(200);
        product
    }

    /// The number of units of a product at each location.
    pub fn stock_by_place(&self, product: &Product) -> Vec<(String, i64)> {
        let stock = self.admin().get(&format!("/inventory/products/{}/stock", product.id)).expect(200).json();
        let place =
            |place: &Value| (place["code"].as_str().unwrap().to_owned(), place["stock_quantity"].as_i64().unwrap());
        stock["locations"].as_array().unwrap().iter().map(place).collect()
    }

    /// The figures of a product's stock: on hand, reserved, sold.
    pub fn stock(&self, product: &Product) -> (i64, i64, i64) {
        let figures = self.admin().get(&format!("/inventory/products/{}/stock", product.id)).expect(200).json();
        let of = |name: &str| figures[name].as_i64().unwrap_or_else(|| panic!("no {name} in {figures}"));
        (of("stock_quantity"), of("reserved_quantity"), of("sold_quantity"))
    }
}

/// `tee-red` is sold as `Tee red`.
fn name_of(sku: &str) -> String {
    let words = sku.replace('-', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The actions of customers.
impl Client {
    /// The id of a new address.
    pub fn address(&self) -> i64 {
        let body = json!({"full_name": "Mara Iyer", "phone": "+91 98450 12345", "line1": "12 Lake Road",
                          "city": "Bengaluru", "postal_code": "560001", "country": "IN"});
        self.post("/addresses", &body).expect(201).id()
    }

    pub fn add_to_cart(&self, product: &Product, quantity: i64) -> Reply {
        self.post("/cart/items", &json!({"product_id": product.id, "quantity": quantity})).expect(201)
    }

    pub fn add_size_to_cart(&self, product: &Product, size: &str, quantity: i64) -> Reply {
        self.post("/cart/items", &json!({"product_id": product.id, "quantity": quantity, "size": size})).expect(201)
    }

    /// Buys the cart with a new address. The caller checks the answer.
    pub fn checkout(&self) -> Reply {
        self.checkout_to(self.address())
    }

    pub fn checkout_to(&self, address: i64) -> Reply {
        self.post("/checkout", &json!({"shipping_address_id": address}))
    }

    /// An order of one product, bought through the cart.
    pub fn buy(&self, product: &Product, quantity: i64) -> Value {
        self.add_to_cart(product, quantity);
        self.checkout().expect(201).json()
    }
}
