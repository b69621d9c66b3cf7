//! Random sales, payments, cancellations, returns, credits and refunds over many days. Reports are compared with a plain
//! model, which adds up the answers of the server to each request.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, NaiveDate, Utc};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::{Shop, figures, now, read};
use crate::common::{Client, TestApp, Value, json, minor};

/// Orders, units, and the amounts: gross, discounts, tax, shipping, refunds, credits.
type Sums = (i64, i64, [i64; 6]);

/// The sales by day and payment method.
#[derive(Default)]
struct Model {
    days: BTreeMap<(NaiveDate, String), Sums>,
    /// The days on which each customer bought.
    customers: BTreeMap<usize, Vec<NaiveDate>>,
}

impl Model {
    fn add(&mut self, day: NaiveDate, method: &str, (orders, units, amounts): Sums) {
        let sums = self.days.entry((day, method.to_owned())).or_default();
        sums.0 += orders;
        sums.1 += units;
        sums.2.iter_mut().zip(amounts).for_each(|(sum, amount)| *sum += amount);
    }

    fn sale(&mut self, day: NaiveDate, order: &Value, customer: usize) {
        let units: i64 = order["items"].as_array().unwrap().iter().map(|item| item["quantity"].as_i64().unwrap()).sum();
        let amounts = ["subtotal", "discount_amount", "tax_amount", "shipping_amount"].map(|name| minor(&order[name]));
        let [gross, discounts, tax, shipping] = amounts;
        self.add(day, order["payment_method"].as_str().unwrap(), (1, units, [gross, discounts, tax, shipping, 0, 0]));
        self.customers.entry(customer).or_default().push(day);
    }

    fn credit(&mut self, day: NaiveDate, order: &Value, credit: &Value) {
        let amounts =
            ["subtotal", "discount_amount", "tax_amount", "shipping_amount", "fee"].map(|name| minor(&credit[name]));
        let [subtotal, discounts, tax, shipping, fee] = amounts;
        let method = order["payment_method"].as_str().unwrap();
        self.add(day, method, (0, 0, [0, 0, -tax, -shipping, 0, subtotal - discounts - fee]));
    }

    /// The sums of the days with these ends, of all payment methods or of one.
    fn sums(&self, from: NaiveDate, to: NaiveDate, method: Option<&str>) -> (i64, i64, [i64; 7]) {
        let mut sums: Sums = Sums::default();
        for ((day, of), (orders, units, amounts)) in &self.days {
            if (from..=to).contains(day) && method.is_none_or(|method| method == of) {
                sums.0 += orders;
                sums.1 += units;
                sums.2.iter_mut().zip(amounts).for_each(|(sum, amount)| *sum += amount);
            }
        }
        let [gross, discounts, tax, shipping, refunds, credits] = sums.2;
        (sums.0, sums.1, [gross, discounts, tax, shipping, refunds, credits, gross - discounts - credits])
    }

    fn new_and_returning(&self, from: NaiveDate, to: NaiveDate) -> (i64, i64) {
        let (mut new, mut returning) = (0, 0);
        for days in self.customers.values() {
            let bought = days.iter().any(|day| (from..=to).contains(day));
            let first = *days.iter().min().unwrap();
            new += i64::from(bought && first >= from);
            returning += i64::from(bought && first < from);
        }
        (new, returning)
    }
}

struct Play {
    shop: Shop,
    buyers: Vec<Client>,
    model: Model,
    /// Each order with its customer, and if it was sold.
    orders: Vec<(Value, usize, bool)>,
    /// The credits that the model knows.
    credits: usize,
    random: StdRng,
}

/// Kolkata is always five and a half hours ahead.
fn day_of(app: &TestApp) -> NaiveDate {
    let at: DateTime<Utc> = now(app) + Duration::minutes(330);
    at.date_naive()
}

impl Play {
    fn begin(seed: u64) -> Self {
        let shop = Shop::open();
        shop.app.set_store(&json!({"time_zone": "Asia/Kolkata"}));
        let buyers = ["mara", "jon", "ada"].map(|name| shop.app.customer(name)).into();
        Self {
            shop,
            buyers,
            model: Model::default(),
            orders: Vec::new(),
            credits: 0,
            random: StdRng::seed_from_u64(seed),
        }
    }

    fn step(&mut self) {
        // A step near midnight could belong to either day.
        let minutes = self.random.random_range(0..900);
        self.shop.app.advance(minutes * 60);
        let local = now(&self.shop.app) + Duration::minutes(330);
        if local.format("%H:%M").to_string().as_str() >= "23:58" {
            self.shop.app.advance(300);
        }
        match self.random.random_range(0..10) {
            0..=3 => self.place(),
            4 => self.pay(),
            5 => self.on_an_order("cancel", &json!({})),
            6 => self.cancel_line(),
            7 => self.on_an_order("credits", &json!({"amount": 1.05, "reason": "late"})),
            8 => self.refund(),
            _ => drop(self.shop.app.fold_sales()),
        }
        self.learn_credits();
    }

    fn place(&mut self) {
        let customer = self.random.random_range(0..self.buyers.len());
        let (rice, oil) = (self.random.random_range(1..5), self.random.random_range(1..3));
        let method = ["cod", "credit_card", "upi"][self.random.random_range(0..3)];
        let items = json!([{"product_id": self.shop.rice.id, "quantity": rice}, {"product_id": self.shop.oil.id, "quantity": oil}]);
        let body = json!({"items": items, "payment_method": method});
        let order = self.buyers[customer].post("/orders", &body).expect(201).json();
        let is_sold = order["status"] == "pending";
        if is_sold {
            self.model.sale(day_of(&self.shop.app), &order, customer);
        }
        self.orders.push((order, customer, is_sold));
    }

    /// Any order, or none if there is none.
    fn choose(&mut self) -> Option<usize> {
        (!self.orders.is_empty()).then(|| self.random.random_range(0..self.orders.len()))
    }

    fn pay(&mut self) {
        let Some(index) = self.choose() else { return };
        let (order, customer, was_sold) = self.orders[index].clone();
        // The money for a cancelled order is not accepted, so its refund would not count.
        if self.shop.app.order(&order)["status"] == "cancelled" {
            return;
        }
        let body = json!({"payment_reference": format!("pay-{}", order["id"])});
        let reply = self.shop.post(&order, "payment/confirm", &body);
        if reply.status == 200 && !was_sold {
            self.model.sale(day_of(&self.shop.app), &order, customer);
            self.orders[index].2 = true;
        }
    }

    fn on_an_order(&mut self, verb: &str, body: &Value) {
        let Some(index) = self.choose() else { return };
        let order = self.orders[index].0.clone();
        if self.orders[index].2 {
            self.shop.post(&order, verb, body);
        }
    }

    fn cancel_line(&mut self) {
        let Some(index) = self.choose() else { return };
        let item = self.orders[index].0["items"][0]["id"].clone();
        self.on_an_order("cancel-lines", &json!({"lines": [{"item_id": item, "quantity": 1}], "reason": "broken"}));
    }

    fn refund(&mut self) {
        let Some(index) = self.choose() else { return };
        let (order, _, was_sold) = self.orders[index].clone();
        let body = json!({"refund_reference": format!("back-{}", uuid::Uuid::new_v4()), "amount": 0.5});
        if was_sold && self.shop.post(&order, "refund", &body).status == 200 {
            let method = order["payment_method"].as_str().unwrap();
            self.model.add(day_of(&self.shop.app), method, (0, 0, [0, 0, 0, 0, 50, 0]));
        }
    }

    /// Adds the credits that the last step has created.
    fn learn_credits(&mut self) {
        let mut all = Vec::new();
        for (order, _, is_sold) in &self.orders {
            let found = self.shop.clerk.get(&format!("/orders/{}/credits", order["id"])).expect(200).json();
            let credits = found.as_array().unwrap().clone();
            all.extend(credits.into_iter().filter(|_| *is_sold).map(|credit| (order.clone(), credit)));
        }
        all.sort_by_key(|(_, credit)| credit["id"].as_i64());
        for (order, credit) in all.iter().skip(self.credits) {
            self.model.credit(day_of(&self.shop.app), order, credit);
        }
        self.credits = all.len();
    }

    fn compare(&self, from: NaiveDate, to: NaiveDate) {
        let days = format!("from={from}&to={to}");
        let found = read(&self.shop.app, &days);
        for item in found["items"].as_array().unwrap() {
            let day: NaiveDate = item["key"].as_str().unwrap().parse().unwrap();
            assert_eq!(figures(item), self.model.sums(day, day, None), "{day}");
            let customers = (item["new_customers"].as_i64().unwrap(), item["returning_customers"].as_i64().unwrap());
            assert_eq!(customers, self.model.new_and_returning(day, day), "{day}");
        }
        assert_eq!(figures(&found["totals"]), self.model.sums(from, to, None));
        assert_eq!(super::customers(&found["totals"]), self.model.new_and_returning(from, to));
        let by_method = read(&self.shop.app, &format!("{days}&group_by=payment_method"));
        for item in by_method["items"].as_array().unwrap() {
            let method = item["key"].as_str().unwrap();
            assert_eq!(figures(item), self.model.sums(from, to, Some(method)), "{method}");
        }
    }
}

#[test]
fn reports_are_those_of_a_plain_model_at_any_time() {
    for seed in 1..=3 {
        let mut play = Play::begin(seed);
        let from = day_of(&play.shop.app);
        for step in 1..=60 {
            play.step();
            if step % 15 == 0 {
                play.compare(from, day_of(&play.shop.app));
            }
        }
        play.shop.app.fold_sales();
        let to = day_of(&play.shop.app);
        play.compare(from, to);
        play.compare(from + Duration::days(7), to - Duration::days(1));
    }
}
