//! Orders after they were placed: lists, history, the state machine, money, figures and audit.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something unexpected happens"
)]

mod common;

use common::shop::Product;
use common::{Client, Reply, TestApp, Value, json};

/// A store with much of one product at 10.00.
struct Shop {
    app: TestApp,
    rice: Product,
    mara: Client,
    address: i64,
    /// May read and change orders and confirm payments.
    clerk: Client,
}

impl Shop {
    fn open() -> Self {
        let app = TestApp::start();
        let rice = app.product("rice", 10.00, 1_000);
        let mara = app.customer("mara");
        let address = mara.address();
        let clerk = app.staff(&["orders:read", "orders:update", "payments:confirm"]);
        Self { app, rice, mara, address, clerk }
    }

    /// An order through the cart, `pending` and not paid.
    fn order(&self, quantity: i64) -> Value {
        self.mara.add_to_cart(&self.rice, quantity);
        self.mara.checkout_to(self.address).expect(201).json()
    }

    fn put(&self, order: &Value, body: &Value) -> Reply {
        self.clerk.put(&format!("/orders/{}", order["id"]), body)
    }

    fn set_status(&self, order: &Value, status: &str) -> Reply {
        self.put(order, &json!({"status": status}))
    }

    /// An order that was taken to this status.
    fn order_at(&self, status: &str) -> Value {
        let order = self.order(1);
        let way: &[&str] = match status {
            "pending" => &[],
            "processing" => &["processing"],
            "shipped" => &["processing", "shipped"],
            "delivered" => &["processing", "shipped", "delivered"],
            _ => &["cancelled"],
        };
        for step in way {
            self.set_status(&order, step).expect(200);
        }
        order
    }

    fn post(&self, order: &Value, verb: &str, body: &Value) -> Reply {
        self.clerk.post(&format!("/orders/{}/{verb}", order["id"]), body)
    }

    fn confirm(&self, order: &Value, reference: &str) -> Reply {
        self.post(order, "payment/confirm", &json!({"payment_reference": reference}))
    }

    fn refund(&self, order: &Value, reference: &str, amount: Option<f64>) -> Reply {
        let mut body = json!({"refund_reference": reference});
        if let Some(amount) = amount {
            body["amount"] = json!(amount);
        }
        self.post(order, "refund", &body)
    }

    fn cancel(&self, order: &Value) -> Reply {
        self.mara.post_nothing(&format!("/orders/{}/cancel", order["id"]))
    }

    fn list(&self, query: &str) -> Value {
        self.clerk.get(&format!("/orders?{query}")).expect(200).json()
    }
}

fn ids(list: &Value) -> Vec<i64> {
    list["items"].as_array().unwrap().iter().map(|order| order["id"].as_i64().unwrap()).collect()
}

fn id(order: &Value) -> i64 {
    order["id"].as_i64().unwrap()
}

#[test]
fn lists_are_paged_sorted_and_filtered() {
    let shop = Shop::open();
    let orders: Vec<Value> = [3, 1, 2, 5, 4].into_iter().map(|quantity| shop.order(quantity)).collect();
    let noor = shop.app.customer("noor");
    let body = json!({"items": [{"product_id": "rice", "quantity": 6}], "customer_name": "Noor 100%_Khan",
                      "customer_phone": "+91 5550"});
    let hers = noor.post("/orders", &body).expect(201).json();
    shop.set_status(&orders[0], "processing").expect(200);
    shop.cancel(&orders[1]).expect(200);

    let all = shop.list("");
    assert_eq!(
        (&all["total"], &all["page"], &all["limit"], &all["pages"]),
        (&json!(6), &json!(1), &json!(20), &json!(1))
    );
    let newest: Vec<i64> = orders.iter().chain([&hers]).rev().map(id).collect();
    assert_eq!(ids(&all), newest);
    let second = shop.list("page=2&limit=4");
    assert_eq!((ids(&second), &second["pages"]), (newest[4..].to_vec(), &json!(2)));
    assert_eq!(ids(&shop.list("page=9&limit=4")), Vec::<i64>::new());
    assert_eq!(ids(&shop.list("sort=created_at")), newest.iter().rev().copied().collect::<Vec<_>>());
    let dearest: Vec<i64> = [&hers, &orders[3], &orders[4], &orders[0], &orders[2], &orders[1]].map(id).to_vec();
    assert_eq!(ids(&shop.list("sort=-total_amount")), dearest);
    assert_eq!(ids(&shop.list("sort=total_amount&limit=1")), [id(&orders[1])]);

    assert_eq!(ids(&shop.list("status=processing")), [id(&orders[0])]);
    assert_eq!(ids(&shop.list("status=cancelled&payment_status=pending")), [id(&orders[1])]);
    assert_eq!(ids(&shop.list("payment_status=paid")), Vec::<i64>::new());
    assert_eq!(ids(&shop.list(&format!("user_id={}", noor.user.unwrap()))), [id(&hers)]);
    let number = orders[2]["order_number"].as_str().unwrap();
    for (q, found) in
        [(number, &orders[2]), (&number.to_lowercase()[6..], &orders[2]), ("100%25_kha", &hers), ("5550", &hers)]
    {
        assert_eq!(ids(&shop.list(&format!("q={q}"))), [id(found)], "{q}");
    }
    // Nothing in a search text is a pattern.
    assert_eq!(ids(&shop.list("q=1_0%25")), Vec::<i64>::new());
    let moment = orders[2]["created_at"].as_str().unwrap();
    assert_eq!(ids(&shop.list(&format!("from={moment}&sort=created_at")))[0], id(&orders[2]));
    assert_eq!(ids(&shop.list(&format!("to={moment}"))), [id(&orders[1]), id(&orders[0])]);

    assert_eq!(shop.mara.get("/orders/me").expect(200).json()["total"], 5);
    assert_eq!(ids(&noor.get("/orders/me").expect(200).json()), [id(&hers)]);
    assert_eq!(all["items"][0], noor.get(&format!("/orders/{}", hers["id"])).expect(200).json());
    for wrong in ["page=0", "limit=101", "limit=0", "sort=price", "status=lost", "user_id=x", "from=yesterday"] {
        shop.clerk.get(&format!("/orders?{wrong}")).refused(422, "VALIDATION_FAILED");
    }
}

#[test]
fn the_history_tells_every_status_with_actor_and_reason() {
    let shop = Shop::open();
    let order = shop.order(1);
    shop.set_status(&order, "processing").expect(200);
    shop.mara.post(&format!("/orders/{}/cancel", order["id"]), &json!({"reason": "Too late"})).expect(200);
    let (path, me) = (format!("/orders/{}/history", order["id"]), format!("user:{}", shop.mara.user.unwrap()));
    let history = shop.mara.get(&path).expect(200).json();
    let told: Vec<_> = history
        .as_array()
        .unwrap()
        .iter()
        .map(|step| {
            assert!(step["at"].as_str().unwrap().ends_with('Z'));
            json!([step["from"], step["to"], step["actor"], step["reason"]])
        })
        .collect();
    let clerk = format!("user:{}", shop.clerk.user.unwrap());
    assert_eq!(
        told,
        [
            json!([null, "pending", me, null]),
            json!(["pending", "processing", clerk, null]),
            json!(["processing", "cancelled", me, "Too late"]),
        ]
    );
    assert_eq!(shop.clerk.get(&path).expect(200).json(), history);
    let by_query = shop.order(1);
    shop.clerk.post_nothing(&format!("/orders/{}/cancel?reason=Broken%20jar", by_query["id"])).expect(200);
    let steps = shop.mara.get(&format!("/orders/{}/history", by_query["id"])).expect(200).json();
    assert_eq!(steps[1]["reason"], "Broken jar");
}

#[test]
fn an_order_goes_the_legal_ways_and_no_other() {
    let shop = Shop::open();
    let statuses = ["under_paying", "pending", "processing", "shipped", "delivered", "cancelled"];
    let next = |from: &str| -> &[&str] {
        match from {
            "pending" => &["processing", "cancelled"],
            "processing" => &["shipped", "cancelled"],
            "shipped" => &["delivered"],
            _ => &[],
        }
    };
    for from in &statuses[1..] {
        for to in statuses {
            let order = shop.order_at(from);
            if next(from).contains(&to) {
                let now = shop.set_status(&order, to).expect(200).json();
                assert_eq!((&now["status"], &now["next_statuses"]), (&json!(to), &json!(next(to))));
                continue;
            }
            let reply = shop.app.without_effect(|| shop.set_status(&order, to));
            if to == "cancelled" {
                let told = reply.refused(409, "ORDER_NOT_CANCELLABLE");
                let words = "cannot be cancelled. Only pending or processing orders can be cancelled.";
                assert_eq!(told["detail"], format!("Order with status '{from}' {words}"));
                continue;
            }
            let told = reply.refused(409, "INVALID_TRANSITION");
            let detail = told["detail"].as_str().unwrap();
            for legal in next(from) {
                assert!(detail.contains(legal), "{from} to {to}: {detail}");
            }
        }
    }
    let units_out = 1_000 - shop.app.stock(&shop.rice).0;
    assert_eq!(units_out, shop.app.stock(&shop.rice).2);
}

#[test]
fn a_cancel_returns_the_stock_where_it_came_from_and_only_open_orders_are_cancelled() {
    let shop = Shop::open();
    let tee = shop.app.sized_product("tee-red", 30.0, &[("S", 5), ("M", 5)]);
    shop.mara.add_size_to_cart(&tee, "S", 2);
    shop.mara.add_size_to_cart(&tee, "M", 1);
    let order = shop.order(4);
    let (held, other) = (shop.order(7), shop.order_at("processing"));
    assert_eq!((shop.app.stock(&shop.rice), shop.app.stock(&tee)), ((988, 0, 12), (7, 0, 3)));
    let cancelled = shop.cancel(&order).expect(200).json();
    assert_eq!((&cancelled["status"], &cancelled["payment_status"]), (&json!("cancelled"), &json!("pending")));
    assert_eq!((&cancelled["refund_due"], &cancelled["next_statuses"]), (&json!(false), &json!([])));
    assert_eq!(cancelled["stock_reductions"], order["stock_reductions"]);
    assert_eq!((shop.app.stock(&shop.rice), shop.app.stock(&tee)), ((992, 0, 8), (10, 0, 0)));
    let size = shop.app.admin().get(&format!("/inventory/products/{}/stock?size=S", tee.id)).expect(200).json();
    assert_eq!((&size["stock_quantity"], &size["sold_quantity"]), (&json!(5), &json!(0)));
    shop.cancel(&other).expect(200);
    assert_eq!(shop.mara.get(&format!("/orders/{}", held["id"])).expect(200).json()["status"], "pending");
    for status in ["shipped", "delivered", "cancelled"] {
        let order = shop.order_at(status);
        let told = shop.app.without_effect(|| shop.cancel(&order)).refused(409, "ORDER_NOT_CANCELLABLE");
        let words = "cannot be cancelled. Only pending or processing orders can be cancelled.";
        assert_eq!(told["detail"], format!("Order with status '{status}' {words}"));
    }
}

#[test]
fn a_payment_is_confirmed_once() {
    let shop = Shop::open();
    let order = shop.order(2);
    let wrong = json!({"payment_reference": "pay_1", "amount": 19.99});
    shop.app.without_effect(|| shop.post(&order, "payment/confirm", &wrong)).refused(422, "VALIDATION_FAILED");
    let right = json!({"payment_reference": "pay_1", "amount": 20.00});
    let paid = shop.post(&order, "payment/confirm", &right).expect(200).json();
    assert_eq!((&paid["payment_status"], &paid["status"]), (&json!("paid"), &json!("pending")));
    assert_eq!((&paid["payment_reference"], &paid["refund_due"]), (&json!("pay_1"), &json!(false)));
    assert!(paid["paid_at"].as_str().unwrap().ends_with('Z'));
    let before = shop.app.snapshot();
    assert_eq!(shop.confirm(&order, "pay_1").expect(200).json(), paid);
    let now = shop.app.snapshot();
    assert_eq!(now.changed_since(&before), ["idempotency_keys"]);
    shop.app.without_effect(|| shop.confirm(&order, "pay_2")).refused(409, "ALREADY_PAID");
    shop.app.without_effect(|| shop.confirm(&json!({"id": 999_999}), "pay_1")).refused(404, "ORDER_NOT_FOUND");
    shop.mara
        .post(&format!("/orders/{}/payment/confirm", order["id"]), &json!({"payment_reference": "mine"}))
        .refused(403, "FORBIDDEN");
}

#[test]
fn a_known_reference_with_another_amount_is_refused() {
    let shop = Shop::open();
    let order = shop.order(2);
    let confirm =
        |amount: Value| shop.post(&order, "payment/confirm", &json!({"payment_reference": "pay_1", "amount": amount}));
    let paid = confirm(json!(20.0)).expect(200).json();
    assert_eq!(confirm(json!("20.00")).expect(200).json(), paid);
    let refused = shop.app.without_effect(|| confirm(json!(25.0))).refused(422, "VALIDATION_FAILED");
    assert_eq!(refused["errors"][0]["field"], "amount");
    shop.cancel(&order).expect(200);
    shop.app.without_effect(|| confirm(json!(25.0))).refused(422, "VALIDATION_FAILED");
    shop.app.without_effect(|| confirm(json!(20.0))).refused(409, "INVALID_TRANSITION");
    assert_eq!(shop.app.order(&order)["received_amount"], 20.0);
}

#[test]
fn an_order_tells_what_was_received_and_what_is_due() {
    let shop = Shop::open();
    let money = |order: &Value| {
        let now = shop.app.order(order);
        let amounts =
            ["received_amount", "refunded_amount", "refund_due_amount"].map(|name| now[name].as_f64().unwrap());
        assert_eq!(now["refund_due"].as_bool().unwrap(), amounts[2] > 0.0, "{now}");
        (amounts[0], amounts[1], amounts[2])
    };
    let order = shop.order(3);
    assert_eq!(money(&order), (0.0, 0.0, 0.0));
    shop.confirm(&order, "pay_1").expect(200);
    assert_eq!(money(&order), (30.0, 0.0, 0.0));
    shop.refund(&order, "back_1", Some(12.5)).expect(200);
    assert_eq!(money(&order), (30.0, 12.5, 0.0), "a live order keeps the rest");
    shop.cancel(&order).expect(200);
    assert_eq!(money(&order), (30.0, 12.5, 17.5));
    shop.refund(&order, "back_2", None).expect(200);
    assert_eq!(money(&order), (30.0, 30.0, 0.0));
    let details: Vec<String> = audit_of(&shop, &order);
    let number = order["order_number"].as_str().unwrap();
    assert!(details.contains(&format!("Payment pay_1 recorded for order {number}: 30.00 INR")), "{details:?}");
    assert!(details.contains(&format!("Refund back_1 recorded for order {number}: 12.50 INR")), "{details:?}");
}

fn audit_of(shop: &Shop, order: &Value) -> Vec<String> {
    let audit = shop.app.admin().get(&format!("/audit?entity=Order&entity_id={}", order["id"])).expect(200).json();
    audit["items"].as_array().unwrap().iter().map(|entry| entry["detail"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_order_is_named_by_its_number_in_any_case() {
    let shop = Shop::open();
    let order = shop.order(1);
    let number = order["order_number"].as_str().unwrap().to_lowercase();
    assert_eq!(shop.mara.get(&format!("/orders/{number}")).expect(200).id(), id(&order));
    shop.mara.get(&format!("/orders/{number}/history")).expect(200);
    shop.clerk.put(&format!("/orders/{number}"), &json!({"notes": "x"})).expect(200);
    let paid = json!({"payment_reference": "pay"});
    shop.clerk.post(&format!("/orders/{number}/payment/confirm"), &paid).expect(200);
    shop.mara.post_nothing(&format!("/orders/{number}/cancel")).expect(200);
    shop.clerk.post(&format!("/orders/{number}/refund"), &json!({"refund_reference": "back"})).expect(200);
}

#[test]
fn a_paid_order_that_is_cancelled_is_a_refund_due_until_it_is_settled() {
    let shop = Shop::open();
    let order = shop.order(3);
    shop.confirm(&order, "pay_1").expect(200);
    let cancelled = shop.cancel(&order).expect(200).json();
    assert_eq!((&cancelled["payment_status"], &cancelled["refund_due"]), (&json!("paid"), &json!(true)));
    shop.order(1);
    assert_eq!(ids(&shop.list("refund_due=true")), [id(&order)]);
    assert_eq!(shop.list("refund_due=false")["total"], 1);

    let part = shop.refund(&order, "back_1", Some(12.5)).expect(200).json();
    assert_eq!((&part["refunded_amount"], &part["payment_status"]), (&json!(12.5), &json!("paid")));
    assert_eq!(part["refund_due"], true);
    // The same reference is the same refund.
    assert_eq!(shop.refund(&order, "back_1", Some(12.5)).expect(200).json()["refunded_amount"], 12.5);
    let over = shop.app.without_effect(|| shop.refund(&order, "back_2", Some(17.51)));
    over.refused(422, "VALIDATION_FAILED");
    let whole = shop.refund(&order, "back_2", None).expect(200).json();
    assert_eq!((&whole["refunded_amount"], &whole["payment_status"]), (&json!(30.0), &json!("refunded")));
    assert_eq!(whole["refund_due"], false);
    assert_eq!(ids(&shop.list("refund_due=true")), Vec::<i64>::new());
    shop.app.without_effect(|| shop.refund(&order, "back_3", None)).refused(409, "INVALID_TRANSITION");
    let unpaid = shop.order(1);
    shop.app.without_effect(|| shop.refund(&unpaid, "back_4", None)).refused(409, "INVALID_TRANSITION");
}

#[test]
fn money_for_a_cancelled_order_is_refused_and_recorded() {
    let shop = Shop::open();
    let order = shop.order(2);
    shop.cancel(&order).expect(200);
    shop.confirm(&order, "late").refused(409, "INVALID_TRANSITION");
    let now = shop.mara.get(&format!("/orders/{}", order["id"])).expect(200).json();
    assert_eq!((&now["refund_due"], &now["status"]), (&json!(true), &json!("cancelled")));
    shop.app.without_effect(|| shop.confirm(&order, "late")).refused(409, "INVALID_TRANSITION");
    let settled = shop.refund(&order, "back", None).expect(200).json();
    assert_eq!((&settled["refunded_amount"], &settled["refund_due"]), (&json!(20.0), &json!(false)));
}

#[test]
fn staff_set_payment_notes_and_tracking_number() {
    let shop = Shop::open();
    let order = shop.order(1);
    let body = json!({"status": "processing", "payment_status": "paid", "notes": "Fragile", "tracking_number": "T-1"});
    let now = shop.put(&order, &body).expect(200).json();
    for name in ["status", "payment_status", "notes", "tracking_number"] {
        assert_eq!(now[name], body[name], "{name}");
    }
    assert!(now["paid_at"].is_string());
    // What is absent stays, what is null goes.
    let now = shop.put(&order, &json!({"notes": null})).expect(200).json();
    assert_eq!((&now["notes"], &now["tracking_number"]), (&Value::Null, &json!("T-1")));
    for to in ["paid", "pending", "refunded", "failed", "expired"] {
        let reply = shop.app.without_effect(|| shop.put(&order, &json!({"payment_status": to})));
        reply.refused(409, "INVALID_TRANSITION");
    }
    let dead = shop.order_at("cancelled");
    let reply = shop.app.without_effect(|| shop.put(&dead, &json!({"payment_status": "paid"})));
    reply.refused(409, "INVALID_TRANSITION");
    let unpaid = shop.order(1);
    let reply = shop.app.without_effect(|| shop.put(&unpaid, &json!({"payment_status": "refunded"})));
    assert!(reply.refused(409, "INVALID_TRANSITION")["detail"].as_str().unwrap().contains("paid"));
    // One wrong step refuses the whole.
    let both = json!({"status": "processing", "payment_status": "failed", "notes": "x"});
    shop.app.without_effect(|| shop.put(&unpaid, &both)).refused(409, "INVALID_TRANSITION");
    shop.mara.put(&format!("/orders/{}", unpaid["id"]), &json!({"notes": "x"})).refused(403, "FORBIDDEN");
}

#[test]
fn statistics_leave_out_what_is_cancelled() {
    let shop = Shop::open();
    let nothing = shop.clerk.get("/orders/statistics").expect(200).json();
    assert_eq!(
        (&nothing["total_orders"], &nothing["revenue"], &nothing["average_order_value"]),
        (&json!(0), &json!(0.0), &json!(0.0))
    );
    let first = shop.order(2);
    shop.order(3);
    shop.order(5);
    let cancelled = shop.order(90);
    shop.cancel(&cancelled).expect(200);
    shop.confirm(&first, "pay").expect(200);
    shop.set_status(&first, "processing").expect(200);
    let reply = shop.clerk.get("/orders/statistics").expect(200);
    assert!(reply.text().contains("\"average_order_value\":33.33"), "{}", reply.text());
    let figures = reply.json();
    assert_eq!(figures["total_orders"], 4);
    assert_eq!(
        figures["by_status"],
        json!({"under_paying": 0, "pending": 2, "processing": 1, "shipped": 0, "delivered": 0, "cancelled": 1})
    );
    assert_eq!(
        figures["by_payment_status"],
        json!({"pending": 3, "paid": 1, "refunded": 0, "failed": 0, "expired": 0})
    );
    assert_eq!((&figures["revenue"], &figures["units_sold"]), (&json!(100.0), &json!(10)));
    assert_eq!(figures["today"], json!({"orders": 3, "revenue": 100.0}));
    let since = cancelled["created_at"].as_str().unwrap();
    let late = shop.clerk.get(&format!("/orders/statistics?from={since}")).expect(200).json();
    assert_eq!((&late["total_orders"], &late["revenue"]), (&json!(1), &json!(0.0)));
    let early = shop.clerk.get(&format!("/orders/statistics?to={since}")).expect(200).json();
    assert_eq!((&early["total_orders"], &early["units_sold"]), (&json!(3), &json!(10)));
}

#[test]
fn revenue_is_without_refunds_today_as_in_all() {
    let shop = Shop::open();
    let figures = |query: &str| {
        let figures = shop.clerk.get(&format!("/orders/statistics{query}")).expect(200).json();
        (
            figures["revenue"].as_f64().unwrap(),
            figures["average_order_value"].as_f64().unwrap(),
            figures["today"].clone(),
        )
    };
    let (part, whole) = (shop.order(5), shop.order(3));
    shop.order(2);
    for order in [&part, &whole] {
        shop.confirm(order, "pay").expect(200);
    }
    assert_eq!(figures(""), (100.0, 33.33, json!({"orders": 3, "revenue": 100.0})));
    shop.refund(&part, "back", Some(12.5)).expect(200);
    shop.refund(&whole, "back", None).expect(200);
    assert_eq!(figures(""), (57.5, 19.17, json!({"orders": 3, "revenue": 57.5})));
    // As the revenue does, today counts orders that are neither cancelled nor under payment, and of the period alone.
    shop.cancel(&shop.order(7)).expect(200);
    assert_eq!(shop.mara.order_upi(&shop.rice, 1)["status"], "under_paying");
    assert_eq!(figures(""), (57.5, 19.17, json!({"orders": 3, "revenue": 57.5})));
    let since = whole["created_at"].as_str().unwrap();
    assert_eq!(figures(&format!("?from={since}")), (20.0, 10.0, json!({"orders": 2, "revenue": 20.0})));
    assert_eq!(figures("?to=2020-01-01T00:00:00Z"), (0.0, 0.0, json!({"orders": 0, "revenue": 0.0})));
}

#[test]
fn the_audit_has_every_write_once_in_the_words_of_the_contract() {
    let shop = Shop::open();
    shop.app.set_stock(&shop.rice, 100);
    let order = shop.order(5);
    let number = order["order_number"].as_str().unwrap();
    let auditor = shop.app.staff(&["audit:read"]);
    let entries = |query: &str| -> Vec<Value> {
        let list = auditor.get(&format!("/audit?limit=100&{query}")).expect(200).json();
        list["items"].as_array().unwrap().clone()
    };
    let told = |entries: &[Value]| -> Vec<(String, String)> {
        let text = |entry: &Value, name: &str| entry[name].as_str().unwrap().to_owned();
        entries
            .iter()
            .map(|entry| (format!("{} {}", text(entry, "action"), text(entry, "entity")), text(entry, "detail")))
            .collect()
    };
    let of_order = told(&entries(&format!("entity=Order&entity_id={}", order["id"])));
    assert_eq!(of_order, [("CREATE Order".to_owned(), format!("Order {number} created with 5 items"))]);
    let fulfilled = entries("action=ORDER_FULFILLED");
    assert_eq!(
        told(&fulfilled),
        [(
            "ORDER_FULFILLED Inventory".to_owned(),
            format!("Fulfilled 5 units for order {number}. Stock: 95, Reserved: 0")
        )]
    );
    assert_eq!(fulfilled[0]["entity_id"], shop.rice.id);
    assert_eq!(fulfilled[0]["actor"], format!("user:{}", shop.mara.user.unwrap()));
    shop.confirm(&order, "pay_1").expect(200);
    shop.put(&order, &json!({"notes": "Fragile"})).expect(200);
    shop.cancel(&order).expect(200);
    shop.refund(&order, "back_1", None).expect(200);
    let restored = told(&entries("action=STOCK_RESTORED"));
    assert_eq!(
        restored,
        [("STOCK_RESTORED Inventory".to_owned(), format!("Restored 5 units from cancelled order {number}"))]
    );
    // Creation, payment, notes, cancel, refund: one entry each.
    assert_eq!(entries(&format!("entity=Order&entity_id={}", order["id"])).len(), 5);
    assert_eq!(entries("entity=Address").len(), 1);
    assert_eq!(entries("entity=Product&action=CREATE").len(), 1);
    let mine = entries(&format!("actor={}", shop.mara.user.unwrap()));
    let mut actions: Vec<String> = told(&mine).into_iter().map(|(action, _)| action).collect();
    actions.sort();
    let expected =
        ["CANCEL Order", "CREATE Address", "CREATE Order", "ORDER_FULFILLED Inventory", "STOCK_RESTORED Inventory"];
    assert_eq!(actions, expected);
    // A refused request writes nothing, and a cart line is not told.
    let count = auditor.get("/audit").expect(200).json()["total"].clone();
    shop.cancel(&order).refused(409, "ORDER_NOT_CANCELLABLE");
    shop.mara.add_to_cart(&shop.rice, 1);
    assert_eq!(auditor.get("/audit").expect(200).json()["total"], count);
    shop.mara.get("/audit").refused(403, "FORBIDDEN");
}
