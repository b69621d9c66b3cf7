//! The memory of imports and exports. Bodies have their own pages, which the system provides besides the allocator.

use crate::common::{Client, Reply, json};
use crate::{MEMORY, alone, started};

const MAX_FILE: usize = 10 * 1024 * 1024;
/// Together with the pages of the body.
const MAX_MEMORY: usize = 64 * 1024 * 1024 - MAX_FILE;
const MAX_MEMORY_OF_A_JOB: usize = 6 * 1024 * 1024;

/// A file of at most 10 MiB: its first line, and as many equal parts as fit.
fn filled(start: &str, part: &str, end: &str) -> Vec<u8> {
    let count = (MAX_FILE - start.len() - end.len()) / part.len();
    format!("{start}{}{end}", part.repeat(count)).into_bytes()
}

#[track_caller]
fn bounded(case: &str, send: impl FnOnce() -> Reply) -> Reply {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let reply = send();
    let cost = MEMORY.peak_usage().saturating_sub(before);
    println!("{case}: {} KiB", cost / 1024);
    assert!(cost <= MAX_MEMORY, "{case} took {cost} bytes of memory");
    assert!(reply.status < 500, "{case}: {}", reply.text());
    reply
}

fn send(admin: &Client, content_type: &str, body: &[u8]) -> Reply {
    admin.send_bytes("POST", "/imports?kind=products&on_error=skip", content_type, body)
}

#[test]
fn an_import_of_fifty_thousand_rows_takes_at_most_64_mib() {
    let _alone = alone();
    let app = started();
    let admin = app.admin();
    let text = "x".repeat(150);
    let rows: String = (0..50_000).map(|n| format!("p-{n},Product {n},1.00,{text}\n")).collect();
    let csv = format!("sku,name,price,description\n{rows}").into_bytes();
    let objects: Vec<_> = (0..50_000).map(|n| json!({"sku": format!("p-{n}"), "name": text, "price": "1"})).collect();
    let array = json!(objects).to_string().into_bytes();
    drop((rows, objects));
    bounded("CSV", || send(&admin, "text/csv", &csv)).expect(202);
    bounded("JSON", || send(&admin, "application/json", &array)).expect(202);
}

/// A file of products leads to many events. The jobs that work on them read and write a limited number at a time.
#[test]
fn the_jobs_after_an_import_take_little_memory() {
    let _alone = alone();
    let app = started();
    app.find_scarce_variants();
    let rows: String = (0..12_000).map(|n| format!("p-{n},Product {n},1.00\n")).collect();
    send(&app.admin(), "text/csv", format!("sku,name,price\n{rows}").as_bytes()).expect(202);
    let job = |case: &str, work: &dyn Fn() -> usize| {
        let before = MEMORY.current_usage();
        MEMORY.reset_peak_usage();
        assert!(work() > 0, "{case} had no work");
        let cost = MEMORY.peak_usage().saturating_sub(before);
        println!("{case}: {} KiB", cost / 1024);
        assert!(cost <= MAX_MEMORY_OF_A_JOB, "{case} took {cost} bytes of memory");
    };
    job("the import", &|| app.run_imports());
    job("the relay", &|| app.relay_feed());
    job("the follower of the feed", &|| app.follow_feed());
    job("the search for scarce variants", &|| {
        app.find_scarce_variants();
        1
    });
    job("the relay of stock statuses", &|| app.relay_feed());
    job("the follower of stock statuses", &|| app.follow_feed());
}

#[test]
fn hostile_files_take_at_most_64_mib() {
    let _alone = alone();
    let app = started();
    let admin = app.admin();
    for (case, content_type, file) in [
        ("columns", "text/csv", filled("sku", ",", "\n")),
        ("named columns", "text/csv", filled("sku", ",a", "\n")),
        ("short rows", "text/csv", filled("sku\n", "a\n", "")),
        ("cells", "text/csv", filled("sku\n", ",", "\n")),
        ("a long cell", "text/csv", filled("sku\n\"", "a", "\"\n")),
        ("an open quote", "text/csv", filled("sku\n\"", "a\n", "")),
        ("a long name", "text/csv", filled("", "a", "\n")),
        ("numbers", "application/json", filled("[1", ",1", "]")),
        ("empty rows", "application/json", filled("[{}", ",{}", "]")),
        ("fields", "application/json", filled("[{\"a\":1", ",\"b\":1", "}]")),
        ("a deep value", "application/json", filled("[{\"sku\":", "[", "]}]")),
        ("a long text", "application/json", filled("[{\"sku\":\"", "a", "\"}]")),
        ("spaces", "application/json", filled("[", " ", "]")),
    ] {
        bounded(case, || send(&admin, content_type, &file));
    }
}
