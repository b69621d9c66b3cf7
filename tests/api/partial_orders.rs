//! Orders that get the available units if some are short.

use crate::common::batch_queue::{Call, call};
use crate::common::shop::Product;
use crate::common::{Client, Reply, TestApp, Value, json};

/// A store with 5 units of rice, no dal and 80 units of salt, all of one category.
struct Shop {
    app: TestApp,
    rice: Product,
    dal: Product,
    salt: Product,
    mara: Client,
    address: i64,
}

impl Shop {
    fn open() -> Self {
        let app = TestApp::start();
        let product = |sku: &str, price: f64, stock: i64| {
            app.create_product(&json!({"sku": sku, "name": sku, "price": price, "category": "Grocery",
                                       "initial_stock": stock}))
        };
        let (rice, dal, salt) = (product("rice", 12.5, 5), product("dal", 20.0, 0), product("salt", 2.0, 80));
        let mara = app.customer("mara");
        Self { rice, dal, salt, address: mara.address(), mara, app }
    }

    fn line(product: &Product, quantity: i64) -> Value {
        json!({"product_id": product.id, "quantity": quantity})
    }

    /// Seven of rice, of which five are there, one of dal, and two of salt.
    fn body(&self) -> Value {
        let items = [Self::line(&self.rice, 7), Self::line(&self.dal, 1), Self::line(&self.salt, 2)];
        json!({"items": items, "allow_partial": true})
    }

    fn fill_cart(&self) {
        for (product, quantity) in [(&self.rice, 7), (&self.dal, 1), (&self.salt, 2)] {
            self.mara.add_to_cart(product, quantity);
        }
    }

    fn checkout(&self) -> Reply {
        let body = json!({"shipping_address_id": self.address, "allow_partial": true});
        self.mara.post("/checkout", &body)
    }

    /// The quantity of each line of the cart.
    fn cart(&self) -> Vec<(i64, i64)> {
        let cart = self.mara.get("/cart").expect(200).json();
        let line = |line: &Value| (line["product_id"].as_i64().unwrap(), line["quantity"].as_i64().unwrap());
        cart["items"].as_array().unwrap().iter().map(line).collect()
    }
}

/// The requested, the fulfilled and the missing units of each line that is short.
fn unfulfilled(order: &Value) -> Vec<[i64; 4]> {
    let line = |line: &Value| {
        ["product_id", "requested_quantity", "fulfilled_quantity", "shortage"]
            .map(|field| line[field].as_i64().unwrap())
    };
    order["unfulfilled"].as_array().unwrap().iter().map(line).collect()
}

#[test]
fn an_order_gets_what_there_is_and_names_the_rest() {
    let shop = Shop::open();
    shop.app.set_store(&json!({"tax_rate": 10, "shipping_flat_rate": 5}));
    let staff = shop.app.admin().with_key("partial-1");
    let placed = staff.post("/orders", &shop.body()).expect(201);
    let order = placed.json();
    // 5 × 12.50 + 2 × 2.00 = 66.50, with 10 % tax and 5.00 for the delivery.
    let amounts = ["subtotal", "tax_amount", "shipping_amount", "total_amount"].map(|field| &order[field]);
    assert_eq!(amounts, [&json!(66.50), &json!(6.65), &json!(5.00), &json!(78.15)]);
    assert_eq!((&order["total_items"], order["items"].as_array().unwrap().len()), (&json!(7), 2));
    assert_eq!(unfulfilled(&order), [[shop.rice.id, 7, 5, 2], [shop.dal.id, 1, 0, 1]]);
    // All rice is sold, so the salt is the only alternative.
    let salt = json!([{"product_id": shop.salt.id, "sku": "salt", "product_name": "salt", "price": 2.00,
                       "available_quantity": 78}]);
    assert_eq!([0, 1].map(|line| &order["unfulfilled"][line]["alternatives"]), [&salt, &salt]);
    assert_eq!(shop.app.stock(&shop.rice), (0, 0, 5));
    // The order shows the same later, and the repeated request gets the same bytes.
    shop.app.set_product(&shop.salt, &json!({"price": 3.00}));
    assert_eq!(staff.get(&format!("/orders/{}", order["id"])).expect(200).json(), order);
    assert_eq!(staff.get("/orders").expect(200).json()["items"][0]["unfulfilled"], order["unfulfilled"]);
    let again = staff.post("/orders", &shop.body()).expect(201);
    assert_eq!((again.header("idempotent-replayed"), &again.bytes), ("true", &placed.bytes));
}

#[test]
fn an_order_that_gets_everything_lacks_nothing() {
    let shop = Shop::open();
    let body = json!({"items": [Shop::line(&shop.rice, 5)], "allow_partial": true});
    let order = shop.mara.post("/orders", &body).expect(201).json();
    assert_eq!((&order["unfulfilled"], &order["total_items"]), (&json!([]), &json!(5)));
}

#[test]
fn an_order_for_which_nothing_is_there_is_refused() {
    let shop = Shop::open();
    shop.mara.post("/orders", &json!({"items": [Shop::line(&shop.rice, 5)]})).expect(201);
    let items = [Shop::line(&shop.rice, 2), Shop::line(&shop.dal, 1)];
    let place = || shop.mara.post("/orders", &json!({"items": items, "allow_partial": true}));
    let refusal = shop.app.without_effect(place).refused(400, "INSUFFICIENT_STOCK");
    assert_eq!(refusal["stock_errors"].as_array().unwrap().len(), 2, "{refusal}");
    // Without the permission to leave something out, one short line refuses the order.
    let items = [Shop::line(&shop.salt, 1), Shop::line(&shop.dal, 1)];
    for body in [json!({"items": items}), json!({"items": items, "allow_partial": false})] {
        shop.app.without_effect(|| shop.mara.post("/orders", &body)).refused(400, "INSUFFICIENT_STOCK");
    }
    let refused = |body: Value| shop.app.without_effect(|| shop.mara.post("/orders", &body));
    refused(json!({"items": items, "allow_partial": "yes"})).refused_field("allow_partial");
    refused(json!({"items": items, "allow_partial": 1})).refused_field("allow_partial");
}

#[test]
fn a_cart_keeps_what_was_left_out() {
    let shop = Shop::open();
    shop.fill_cart();
    let body = json!({"shipping_address_id": shop.address, "allow_partial": true});
    let preview = shop.app.without_effect(|| shop.mara.post("/checkout/preview", &body).expect(200)).json();
    let order = shop.checkout().expect(201).json();
    assert_eq!(unfulfilled(&order), [[shop.rice.id, 7, 5, 2], [shop.dal.id, 1, 0, 1]]);
    for field in ["total_amount", "total_items"] {
        assert_eq!(preview["order"][field], order[field]);
    }
    assert_eq!(unfulfilled(&preview["order"]), unfulfilled(&order));
    assert_eq!(preview["routing"][0]["lines"].as_array().unwrap().len(), 2);
    assert_eq!(shop.cart(), [(shop.rice.id, 2), (shop.dal.id, 1)]);
    shop.app.without_effect(|| shop.checkout()).refused(400, "INSUFFICIENT_STOCK");
    // The rest is ordered when it has arrived.
    shop.app.receive(&shop.rice, 10, shop.app.main_location()).expect(200);
    shop.app.receive(&shop.dal, 10, shop.app.main_location()).expect(200);
    let rest = shop.checkout().expect(201).json();
    assert_eq!((&rest["total_items"], &rest["unfulfilled"]), (&json!(3), &json!([])));
    assert_eq!(shop.cart(), []);
    shop.checkout().refused(400, "CART_EMPTY");
}

#[test]
fn the_expected_total_is_that_of_the_units_that_the_order_gets() {
    let shop = Shop::open();
    shop.fill_cart();
    let body =
        |total: f64| json!({"shipping_address_id": shop.address, "allow_partial": true, "expected_total": total});
    shop.app.without_effect(|| shop.mara.post("/checkout", &body(111.50))).refused(409, "PRICE_CHANGED");
    shop.mara.post("/checkout", &body(66.50)).expect(201);
}

#[test]
fn what_a_cart_holds_is_ordered_and_the_rest_stays_without_a_hold() {
    let shop = Shop::open();
    shop.app.hold_carts();
    shop.mara.add_to_cart(&shop.rice, 5);
    shop.app.advance(901);
    shop.app.expire_holds();
    shop.app.customer("noor").add_to_cart(&shop.rice, 3);
    let order = shop.checkout().expect(201).json();
    assert_eq!(unfulfilled(&order), [[shop.rice.id, 5, 2, 3]]);
    let cart = shop.mara.get("/cart").expect(200).json();
    assert_eq!((shop.cart(), &cart["items"][0]["reserved_until"]), (vec![(shop.rice.id, 3)], &Value::Null));
    assert_eq!(shop.app.stock(&shop.rice), (3, 3, 2));
}

#[test]
fn an_order_gets_the_units_of_overdue_holds_before_it_leaves_out_any() {
    let shop = Shop::open();
    shop.app.customer("noor").order_upi(&shop.rice, 4);
    shop.app.advance(901);
    let order = shop.mara.post("/orders", &shop.body()).expect(201).json();
    assert_eq!(unfulfilled(&order)[0], [shop.rice.id, 7, 5, 2]);
}

#[test]
fn an_order_that_is_sold_at_payment_holds_what_it_gets() {
    let shop = Shop::open();
    let mut body = shop.body();
    body["payment_method"] = json!("upi");
    let order = shop.mara.post("/orders", &body).expect(201).json();
    assert_eq!((&order["status"], shop.app.stock(&shop.rice)), (&json!("under_paying"), (5, 5, 0)));
    let payment = json!({"payment_reference": "pay-1", "amount": 66.50});
    let paid =
        shop.app.cashier().post(&format!("/orders/{}/payment/confirm", order["id"]), &payment).expect(200).json();
    assert_eq!((&paid["unfulfilled"], shop.app.stock(&shop.rice)), (&order["unfulfilled"], (0, 0, 5)));
    shop.mara.post_nothing(&format!("/orders/{}/cancel", order["id"])).expect(200);
    assert_eq!((shop.app.stock(&shop.rice), shop.app.stock(&shop.salt)), ((5, 0, 0), (80, 0, 0)));
}

#[test]
fn an_order_that_is_never_split_gets_the_units_of_the_best_place() {
    let shop = Shop::open();
    let attic = shop.app.add_location("attic");
    shop.app.receive(&shop.rice, 3, attic).expect(200);
    let path = format!("/stores/{}/routing", shop.app.store);
    shop.app.admin().put(&path, &json!({"split": "never"})).expect(200);
    let order = shop.mara.post("/orders", &shop.body()).expect(201).json();
    assert_eq!(unfulfilled(&order)[0], [shop.rice.id, 7, 5, 2]);
    assert_eq!(shop.app.stock_by_place(&shop.rice), [("main".into(), 0), ("attic".into(), 3)]);
    shop.app.admin().put(&path, &json!({"split": "allow"})).expect(200);
    let order = shop.mara.post("/orders", &shop.body()).expect(201).json();
    assert_eq!(unfulfilled(&order)[0], [shop.rice.id, 7, 3, 4]);
}

#[test]
fn in_a_batch_each_order_gets_what_the_earlier_ones_left() {
    for app in TestApp::of_each_queue_kind() {
        let rice = app.create_product(&json!({"sku": "rice", "name": "Rice", "price": 10, "category": "Grocery",
                                              "initial_stock": 100}));
        let salt = app.create_product(&json!({"sku": "salt", "name": "Salt", "price": 2, "category": "Grocery",
                                              "initial_stock": 100}));
        let buyers: Vec<Client> = (0..64).map(|number| app.customer(&format!("buyer-{number}"))).collect();
        let items = json!({"items": [Shop::line(&rice, 3), Shop::line(&salt, 3)], "allow_partial": true});
        let calls: Vec<Call<'_>> = buyers.iter().map(|buyer| call(|| buyer.post("/orders", &items))).collect();
        // Three units for each of 33 orders, one for the 34th, and nothing for the others.
        let replies = app.batch_queue().send_in_one_batch(&calls);
        let mut sold = Vec::new();
        for reply in &replies {
            match reply.status {
                201 => {
                    let order = reply.json();
                    assert_eq!(order["items"][0]["quantity"], order["items"][1]["quantity"]);
                    sold.push(order["items"][0]["quantity"].as_i64().unwrap());
                }
                _ => assert_eq!(reply.code().as_deref(), Some("INSUFFICIENT_STOCK"), "{}", reply.text()),
            }
        }
        sold.sort_unstable();
        assert_eq!((sold.len(), sold[0], sold[1]), (34, 1, 3));
        assert_eq!((app.stock(&rice), app.stock(&salt)), ((0, 0, 100), (0, 0, 100)));
        app.audit();
    }
}

#[test]
fn two_orders_of_one_cart_in_a_batch_are_as_two_orders_in_turn() {
    let shop = Shop::open();
    shop.fill_cart();
    let buy = || shop.checkout();
    let replies = shop.app.batch_queue().send_in_one_batch(&[call(buy), call(buy)]);
    let [first, second] = &replies[..] else { panic!("two replies") };
    assert_eq!(unfulfilled(&first.clone().expect(201).json()), [[shop.rice.id, 7, 5, 2], [shop.dal.id, 1, 0, 1]]);
    let refusal = second.clone().refused(400, "INSUFFICIENT_STOCK");
    assert_eq!(refusal["stock_errors"][0]["requested_quantity"], 2);
    assert_eq!(shop.cart(), [(shop.rice.id, 2), (shop.dal.id, 1)]);
}
