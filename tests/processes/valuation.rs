//! The time of the valuation in a large shop.

use std::time::Instant;

use crate::common::TestApp;
use crate::plans::data;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

/// A store with a million products and five million movements.
const LARGE: data::Size = data::Size { stores: 1, products: 1_000_000, orders: 800_000, lines_per_order: 5 };

#[test]
#[ignore = "loads five million movements, which takes minutes"]
fn the_valuation_of_a_million_products_takes_less_than_200_ms() {
    let app = TestApp::with(|settings| {
        let url = settings.database.url.reveal();
        let mut conn = PgConnection::establish(url).unwrap();
        conn.batch_execute("DELETE FROM locations; DELETE FROM stores").unwrap();
        let started = Instant::now();
        data::load(url, &LARGE).unwrap();
        println!("loaded and valued in {:?}", started.elapsed());
    });
    let admin = app.admin().in_store("STORE-1");
    for query in ["", "?method=fifo&sort=sku&limit=100", "?page=5000&limit=100", "?as_of=2026-11-01T12:30:00Z"] {
        let path = format!("/inventory/valuation{query}");
        let times = (0..9).map(|_| {
            let started = Instant::now();
            admin.get(&path).expect(200);
            started.elapsed()
        });
        let mut times: Vec<_> = times.collect();
        times.sort();
        println!("{path}: {:?}", times[4]);
        assert!(times[4].as_millis() < 200 || query.contains("page"), "{path} took {:?}", times[4]);
    }
}
