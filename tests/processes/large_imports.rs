//! An import of 50,000 rows, whose time depends on the build and on what else the machine does. Run it in release, alone:
//! `cargo test --release --test processes -- large_imports:: --ignored --nocapture`.

use std::time::{Duration, Instant};

use crate::common::{TestApp, json};
use crate::import_kills::import;

/// The time is printed, because it depends on the machine.
#[test]
#[ignore = "imports 50,000 rows, which takes a minute"]
fn fifty_thousand_rows_are_imported_within_a_minute() {
    let app = TestApp::with(|_| ());
    let admin = app.admin();
    let rows: String = (0..50_000).map(|n| format!("p-{n},Product {n},{}.50,{}\n", n % 90 + 1, n % 40)).collect();
    let file = format!("sku,name,price,initial_stock\n{rows}");
    let begun = Instant::now();
    let products = import(&admin, "kind=products", &file);
    let received = begun.elapsed();
    assert_eq!(app.run_imports(), 50_000);
    let created = begun.elapsed();
    let again = Instant::now();
    import(&admin, "kind=products", &file);
    app.run_imports();
    let unchanged = again.elapsed();
    let sheet = admin.get("/exports?kind=stock").expect(200).text();
    let edited = sheet.replace(",adjustment,7,7,", ",adjustment,9,7,");
    let stock = Instant::now();
    let adjusted = import(&admin, "kind=stock", &edited);
    app.run_imports();
    let stock = stock.elapsed();
    println!("received {received:?}, created {created:?}, unchanged {unchanged:?}, stock {stock:?}");
    let done = admin.get(&format!("/imports/{}", products["id"])).expect(200).json();
    assert_eq!(done["created"], 50_000);
    let adjusted = admin.get(&format!("/imports/{}", adjusted["id"])).expect(200).json();
    assert_eq!((&adjusted["updated"], &adjusted["unchanged"]), (&json!(1_250), &json!(48_750)));
    assert!(created < Duration::from_secs(60), "{created:?}");
}
