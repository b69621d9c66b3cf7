//! Several servers keep the figures of one store.

use std::thread;

use diesel::connection::SimpleConnection;

use super::Shop;
use crate::common::batch_queue::poll;
use crate::common::jobs::find_scarce_variants;
use crate::common::json;

/// The first server waits for the row of rice after it has computed the figures of the shirt. Meanwhile these change. A
/// second server must not keep the new figures, because the first one would replace them by its old ones.
#[test]
fn a_change_beside_the_job_of_two_servers_is_not_lost() {
    let shop = Shop::open();
    let second = shop.app.second_server();
    let minimum = |product, minimum: i64| shop.app.set_product(product, &json!({"min_stock_level": minimum}));
    minimum(&shop.rice, 100);
    minimum(&shop.tee, 100);
    shop.settle();
    minimum(&shop.rice, 101);
    minimum(&shop.tee, 101);
    let mut conn = shop.app.connection();
    let lock = format!("BEGIN; SELECT FROM scarce_variants WHERE product_id = {} FOR UPDATE", shop.rice.id);
    conn.batch_execute(&lock).unwrap();
    thread::scope(|scope| {
        let first = scope.spawn(|| shop.app.find_scarce_variants());
        poll(|| (shop.app.waiting_for_a_lock() > 0).then_some(())).expect("the first server does not wait");
        minimum(&shop.rice, 100);
        minimum(&shop.tee, 105);
        find_scarce_variants(second.jobs());
        conn.batch_execute("COMMIT").unwrap();
        first.join().unwrap();
    });
    shop.assert_right("beside the job");
    shop.app.find_scarce_variants();
    shop.assert_right("after the job");
}
