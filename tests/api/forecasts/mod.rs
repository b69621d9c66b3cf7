//! The forecast, the stock report, and what to order by them. The sales of months are made day by day.

mod orders;
mod periods;
mod report;
mod requests;
mod units;

use chrono::{DateTime, Duration, NaiveDate, NaiveTime, Utc};

use crate::common::shop::Product;
use crate::common::{Client, TestApp, Value};

/// A shop whose clock is moved from day to day.
struct Shop {
    app: TestApp,
    admin: Client,
    mara: Client,
    address: i64,
}

impl Shop {
    /// It is 10 o'clock in the time zone of the store, which is UTC.
    fn open() -> Self {
        let app = TestApp::start();
        let mara = app.customer("mara");
        let shop = Self { admin: app.admin(), address: mara.address(), mara, app };
        let now = shop.now();
        let ten = now.date_naive().and_time(NaiveTime::from_hms_opt(10, 0, 0).unwrap()).and_utc();
        let later = if ten > now { ten } else { ten + Duration::days(1) };
        shop.app.advance((later - now).num_seconds() + 1);
        shop
    }

    /// The clock of the server.
    fn now(&self) -> DateTime<Utc> {
        Utc::now() + Duration::seconds(self.app.seconds_advanced())
    }

    fn today(&self) -> NaiveDate {
        self.now().date_naive()
    }

    fn next_day(&self) {
        self.app.advance(86_400);
    }

    fn sell(&self, product: &Product, units: i64) {
        if units > 0 {
            self.mara.add_to_cart(product, units);
            self.mara.checkout_to(self.address).expect(201);
        }
    }

    /// Sells this number of units on each day, and ends on the day after them.
    fn sell_daily(&self, product: &Product, units: impl IntoIterator<Item = i64>) {
        for units in units {
            self.sell(product, units);
            self.next_day();
        }
    }

    /// Runs the jobs up to the forecasts.
    fn forecast_all(&self) -> usize {
        self.app.relay_feed();
        self.app.fold_sales();
        self.app.find_scarce_variants();
        let forecasts = self.app.forecast_demand();
        self.app.find_scarce_variants();
        forecasts
    }

    fn forecast(&self, product: &Product, query: &str) -> Value {
        self.admin.get(&format!("/reports/forecast?product_id={}{query}", product.id)).expect(200).json()
    }

    fn report(&self, query: &str) -> Vec<Value> {
        let list = self.admin.get(&format!("/reports/stock?limit=100{query}")).expect(200).json();
        list["items"].as_array().unwrap().clone()
    }
}
