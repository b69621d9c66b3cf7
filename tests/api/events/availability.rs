//! `GET /availability/stream`: the available units of products as Server-Sent Events.

use std::time::{Duration, Instant};

use crate::common::batch_queue::poll;
use crate::common::stream::EventStream;
use crate::common::{TestApp, Value, json};

fn open(app: &TestApp, products: &[String]) -> EventStream {
    let query: Vec<String> = products.iter().map(|product| format!("product_id={product}")).collect();
    EventStream::open(&app.address, &format!("/availability/stream?{}", query.join("&")), "")
}

fn short(event: &Value) -> (&str, i64, &str) {
    let text = |name: &str| event[name].as_str().unwrap();
    (text("sku"), event["available_quantity"].as_i64().unwrap(), text("stock_status"))
}

#[test]
fn products_are_sent_as_they_are_and_then_as_they_change() {
    let app = TestApp::start();
    let body = json!({"sku": "mug", "name": "Mug", "price": 10, "initial_stock": 9, "min_stock_level": 5});
    let mug = app.create_product(&body);
    let tee = app.sized_product("tee", 10.0, &[("S", 2), ("M", 0)]);
    let mut stream = open(&app, &[mug.id.to_string(), "tee".to_owned()]);
    assert_eq!(stream.status, 200);
    assert!(stream.head.contains("content-type: text/event-stream"), "{}", stream.head);
    let (first, second) = (stream.event(), stream.event());
    let mut both = [short(&first), short(&second)];
    both.sort_unstable();
    assert_eq!(both, [("mug", 9, "in_stock"), ("tee", 2, "out_of_stock")]);
    app.set_stock(&mug, 4);
    assert_eq!(short(&stream.event()), ("mug", 4, "low_stock"));
    let size = json!({"quantity": 3, "movement_type": "in", "reason": "delivery", "size": "M"});
    app.admin().put(&format!("/inventory/products/{}/stock", tee.id), &size).expect(200);
    assert_eq!(short(&stream.event()), ("tee", 5, "in_stock"));
    // Settings count, too.
    app.set_product(&mug, &json!({"min_stock_level": 3}));
    assert_eq!(short(&stream.event()), ("mug", 4, "in_stock"));
    assert_eq!(stream.event_within(Duration::from_millis(1500)), None);
}

#[test]
fn a_product_is_sent_at_most_once_a_second() {
    let app = TestApp::start();
    let mug = app.product("mug", 10.0, 500);
    let mut streams: Vec<EventStream> = (0..3).map(|_| open(&app, std::slice::from_ref(&mug.sku))).collect();
    let began = Instant::now();
    let mut stock = 500;
    while began.elapsed() < Duration::from_secs(3) {
        stock -= 1;
        app.set_stock(&mug, stock);
    }
    let allowed = usize::try_from(began.elapsed().as_secs()).unwrap() + 2;
    for stream in &mut streams {
        let mut seen = vec![stream.event()];
        while short(seen.last().unwrap()).1 != stock {
            seen.push(stream.event());
        }
        assert!((2..=allowed + 1).contains(&seen.len()), "{} events of {} changes", seen.len(), 500 - stock);
    }
}

#[test]
fn wrong_products_and_too_many_streams_are_refused() {
    let app = TestApp::with(|settings| settings.limits.availability_streams_per_address = 2);
    let guest = app.guest();
    let mug = app.product("mug", 10.0, 5);
    guest.get("/availability/stream?product_id=999").refused(404, "PRODUCT_NOT_FOUND");
    guest.get("/availability/stream?product_id=mug&product_id=nothing").refused(404, "PRODUCT_NOT_FOUND");
    let many: Vec<String> = (0..99).map(|_| format!("product_id={}", mug.id)).collect();
    guest.get(&format!("/availability/stream?{}", many.join("&"))).expect(200);
    for query in ["", "?product_id=", "?product=mug", &format!("?product_id={}", ["mug"; 101].join(","))] {
        let problem = guest.get(&format!("/availability/stream{query}")).expect(422).json();
        assert!(problem["errors"][0]["field"].as_str().unwrap().starts_with("product"), "{query}: {problem}");
    }
    let kept: Vec<EventStream> = poll(|| {
        let streams: Vec<EventStream> = (0..2).map(|_| open(&app, &["mug".to_owned()])).collect();
        streams.iter().all(|stream| stream.status == 200).then_some(streams)
    })
    .expect("the places of closed streams are not free");
    let refusal = guest.get("/availability/stream?product_id=mug").expect(429);
    assert_eq!((refusal.code().as_deref(), refusal.header("retry-after")), (Some("RATE_LIMITED"), "10"));
    drop(kept);
    let full = TestApp::with(|settings| settings.limits.availability_streams = 1);
    full.product("mug", 10.0, 5);
    let _only = open(&full, &["mug".to_owned()]);
    full.guest().get("/availability/stream?product_id=mug").refused(503, "BUSY");
}
