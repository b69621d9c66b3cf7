//! `GET /events/stream`: Server-Sent Events of the feed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use stockroom::auth::Role;

use super::{follow, titles};
use crate::common::batch_queue::poll;
use crate::common::stream::EventStream;
use crate::common::{Client, TestApp, Value, json, race};

const NONE: Duration = Duration::from_millis(500);

fn authorization(app: &TestApp, client: &Client, role: Role) -> String {
    format!("Authorization: Bearer {}\r\n", app.token(client.user.unwrap(), role))
}

fn open(app: &TestApp, query: &str, headers: &str) -> EventStream {
    let stream = EventStream::open(&app.address, &format!("/events/stream{query}"), headers);
    assert_eq!(stream.status, 200, "{}", stream.head);
    stream
}

fn refused(app: &TestApp, query: &str, headers: &str) -> u16 {
    EventStream::open(&app.address, &format!("/events/stream{query}"), headers).status
}

/// Runs the relay beside the work.
fn with_relay<T>(app: &TestApp, work: impl FnOnce() -> T) -> T {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Acquire) {
                app.relay_feed();
                thread::sleep(Duration::from_millis(5));
            }
        });
        let done = work();
        is_over.store(true, Ordering::Release);
        done
    })
}

#[test]
fn a_stream_begins_now_and_has_the_events_of_the_feed() {
    let app = TestApp::start();
    let (admin, mara) = (app.admin(), app.customer("mara"));
    let mug = app.product("mug", 10.0, 20);
    app.relay_feed();
    let (_, end) = follow(&admin, "0".to_owned(), 100);
    let staff = authorization(&app, &admin, Role::Admin);
    let (mut all, mut placed, mut of_mug) = (
        open(&app, "", &staff),
        open(&app, "?type=order.placed&type=order.cancelled", &staff),
        open(&app, &format!("?subject=product:{}", mug.id), &staff),
    );
    for line in ["content-type: text/event-stream", "cache-control: no-store", "transfer-encoding: chunked"] {
        assert!(all.head.contains(line), "{}", all.head);
    }
    // The first block has the place where the stream begins, and no event.
    assert_eq!(all.block(Duration::from_secs(5)).unwrap().id, Some(end.clone()));
    with_relay(&app, || {
        let order = mara.buy(&mug, 2);
        let first = all.event();
        assert_eq!(first["subject"]["number"], order["order_number"]);
        assert_eq!(all.last_id.as_deref(), first["id"].as_str());
        assert_eq!(placed.event(), first);
        let moved = all.event();
        assert_eq!(of_mug.event(), moved);
        mara.post_nothing(&format!("/orders/{}/cancel", order["id"])).expect(200);
        assert_eq!(placed.event()["type"], "order.cancelled");
        let seen = [first, moved, all.event(), all.event()];
        let (expected, _) = follow(&admin, end, 100);
        assert_eq!(seen[..], expected);
    });
    assert_eq!(all.event_within(NONE), None);
}

/// One transaction can have more events than one read takes.
#[test]
fn a_stream_has_all_events_of_a_large_transaction() {
    let app = TestApp::start();
    let (admin, mara) = (app.admin(), app.customer("mara"));
    let items: Vec<Value> = (0..100)
        .map(|index| json!({"product_id": app.product(&format!("mug-{index}"), 10.0, 20).id, "quantity": 1}))
        .collect();
    app.relay_feed();
    let mut stream = open(&app, "", &authorization(&app, &admin, Role::Admin));
    stream.block(Duration::from_secs(5)).unwrap();
    with_relay(&app, || {
        mara.post("/orders", &json!({"items": items, "payment_method": "cod"})).expect(201);
        assert_eq!(stream.event()["type"], "order.placed");
        for _ in 0..100 {
            assert_eq!(stream.event()["type"], "stock.changed");
        }
    });
}

/// Writers write while readers are cut off after a few events, and continue.
#[test]
fn readers_that_are_cut_off_again_and_again_miss_and_double_nothing() {
    let app = TestApp::start();
    let second = app.second_server();
    let admin = app.admin();
    let staff = authorization(&app, &admin, Role::Admin);
    let products: Vec<_> = (0..4).map(|n| app.product(&format!("p-{n}"), 1.0, 1000)).collect();
    app.relay_feed();
    let (_, start) = follow(&admin, "0".to_owned(), 100);
    let is_over = AtomicBool::new(false);
    let read = |cut: usize, query: &str| {
        let (mut seen, mut last, mut turn) = (Vec::new(), start.clone(), 0);
        loop {
            let address = if turn % 2 == 0 { &app.address } else { &second.address };
            let headers = format!("{staff}Last-Event-ID: {last}\r\n");
            let mut stream = EventStream::open(address, &format!("/events/stream{query}"), &headers);
            assert_eq!(stream.status, 200, "{}", stream.head);
            let was_over = is_over.load(Ordering::Acquire);
            let more = (0..cut + turn % 3).map_while(|_| stream.event_within(Duration::from_secs(2)));
            let before = seen.len();
            seen.extend(more);
            last = stream.last_id.clone().unwrap();
            if was_over && seen.len() == before {
                return seen;
            }
            turn += 1;
        }
    };
    let seen = thread::scope(|scope| {
        let relays = [app.jobs(), second.jobs()].map(|jobs| {
            let is_over = &is_over;
            scope.spawn(move || {
                while !is_over.load(Ordering::Acquire) {
                    crate::common::jobs::relay_feed(jobs);
                }
            })
        });
        let readers = [(3, ""), (17, ""), (1000, ""), (5, "?type=order.placed")]
            .map(|(cut, query)| scope.spawn(move || read(cut, query)));
        race(6, |index| {
            let buyer = app.customer(&format!("buyer-{index}"));
            for turn in 0..12 {
                let order = buyer.buy(&products[(index + turn) % products.len()], 1);
                if turn % 3 == 0 {
                    buyer.post_nothing(&format!("/orders/{}/cancel", order["id"])).expect(200);
                }
            }
        });
        thread::sleep(Duration::from_millis(300));
        app.relay_feed();
        is_over.store(true, Ordering::Release);
        relays.into_iter().for_each(|relay| relay.join().unwrap());
        // The servers learn the end of the feed from their relay.
        with_relay(&app, || {
            let end = AtomicBool::new(false);
            thread::scope(|scope| {
                scope.spawn(|| {
                    while !end.load(Ordering::Acquire) {
                        crate::common::jobs::relay_feed(second.jobs());
                        thread::sleep(Duration::from_millis(5));
                    }
                });
                let seen = readers.map(|reader| reader.join().unwrap());
                end.store(true, Ordering::Release);
                seen
            })
        })
    });
    let (all, _) = follow(&admin, start, 100);
    let [first, second_reader, whole, placed] = seen;
    assert_eq!(titles(&first), titles(&all));
    for seen in [first, second_reader, whole] {
        assert_eq!(seen, all);
    }
    let of_type: Vec<Value> = all.into_iter().filter(|event| event["type"] == "order.placed").collect();
    assert_eq!((placed.len(), &placed), (72, &of_type));
}

#[test]
fn customers_get_the_events_of_their_own_orders() {
    let app = TestApp::start();
    let (admin, mara, omar) = (app.admin(), app.customer("mara"), app.customer("omar"));
    let mug = app.product("mug", 10.0, 20);
    let (hers, his) = (mara.buy(&mug, 2), omar.buy(&mug, 1));
    app.relay_feed();
    let customer = authorization(&app, &mara, Role::Customer);
    let mut stream = open(&app, "", &customer);
    // From the beginning, too, and of one order.
    let mut whole = open(&app, "", &format!("{customer}Last-Event-ID: 0.0\r\n"));
    let mut of_order = open(&app, &format!("?subject=order:{}", hers["id"]), &customer);
    for subject in [format!("order:{}", his["id"]), his["order_number"].as_str().unwrap().to_owned()] {
        assert_eq!(refused(&app, &format!("?subject={subject}"), &customer), 422, "{subject}");
    }
    assert_eq!(refused(&app, &format!("?subject=product:{}", mug.id), &customer), 422);
    with_relay(&app, || {
        assert_eq!(whole.event()["subject"]["number"], hers["order_number"]);
        let ship = |order: &Value| {
            let lines = json!([{"item_id": order["items"][0]["id"], "quantity": 1}]);
            admin.post(&format!("/orders/{}/shipments", order["id"]), &json!({"lines": lines})).expect(201).json()
        };
        ship(&his);
        let shipment = ship(&hers);
        for stream in [&mut stream, &mut whole] {
            let event = stream.event();
            assert_eq!(titles(std::slice::from_ref(&event)), [format!("shipment.created shipment:{}", shipment["id"])]);
            assert_eq!(event["data"]["order_number"], hers["order_number"]);
        }
        mara.post_nothing(&format!("/orders/{}/cancel", hers["id"]));
        omar.buy(&mug, 1);
        let next = mara.buy(&mug, 1);
        // The order began to be processed with its shipment, which is the next event.
        let seen: Vec<Value> = std::iter::from_fn(|| stream.event_within(Duration::from_secs(2))).collect();
        assert!(seen.iter().all(|event| event["subject"]["kind"] == "order"), "{seen:?}");
        assert!(seen.iter().all(|event| event["data"]["user_id"] == json!(mara.user.unwrap().0)), "{seen:?}");
        assert_eq!(seen.last().unwrap()["subject"]["number"], next["order_number"]);
        let of_first = std::iter::from_fn(|| of_order.event_within(NONE)).map(|event| event["subject"]["id"].clone());
        assert!(of_first.into_iter().all(|id| id == hers["id"]));
    });
    let keeper = app.staff(&["orders:read"]);
    assert_eq!(refused(&app, "", &authorization(&app, &keeper, Role::Staff)), 403);
    assert_eq!(refused(&app, "", ""), 401);
}

#[test]
fn wrong_places_and_filters_are_refused() {
    let app = TestApp::start();
    let admin = app.admin();
    let staff = authorization(&app, &admin, Role::Admin);
    for id in ["x", "5", "999.0", "1.0.0", "-1.0"] {
        assert_eq!(refused(&app, "", &format!("{staff}Last-Event-ID: {id}\r\n")), 422, "{id}");
    }
    for query in ["?type=order.unknown", "?subject=thing:1", "?subject=ORD-20260101-0000000000", "?after=0", "?wait=1"]
    {
        assert_eq!(refused(&app, query, &staff), 422, "{query}");
    }
    let problem = admin.clone().with_header("Last-Event-ID", "999.0").get("/events/stream").expect(422).json();
    assert_eq!(problem["errors"][0]["field"], "Last-Event-ID");
    // The body of a response to HEAD would not end.
    assert_eq!(admin.send("HEAD", "/events/stream", None).status, 200);
    app.relay_feed();
    open(&app, "", &format!("{staff}Last-Event-ID: \r\n"));
}

#[test]
fn a_stream_ends_with_its_token() {
    let app = TestApp::with(|settings| settings.auth.access_ttl_seconds = 4);
    let mara = app.customer("mara");
    let mut expiring = open(&app, "", &authorization(&app, &mara, Role::Customer));
    let began = Instant::now();
    assert!(expiring.wait_for_end(), "the response is not complete");
    assert!((2..10).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());

    let app = TestApp::start();
    let mara = app.customer("mara");
    let mut revoked = open(&app, "", &authorization(&app, &mara, Role::Customer));
    let mut other = open(&app, "", &authorization(&app, &app.customer("omar"), Role::Customer));
    let change = json!({"active": false});
    app.admin().patch(&format!("/users/{}", mara.user.unwrap()), &change).expect(200);
    assert!(revoked.wait_for_end(), "the response is not complete");
    assert_eq!(other.event_within(NONE), None);
    assert!(!other.has_ended);
}

/// The relay runs on, so an event that the stream may have would arrive within the time.
#[test]
fn a_stream_gets_no_event_after_its_token_was_revoked() {
    let app = TestApp::start();
    let admin = app.admin();
    let mug = app.product("mug", 10.0, 20);
    app.relay_feed();
    for name in ["mara", "omar", "nina", "paul"] {
        let customer = app.customer(name);
        let mut stream = open(&app, "", &authorization(&app, &customer, Role::Customer));
        stream.block(Duration::from_secs(5)).unwrap();
        with_relay(&app, || {
            let order = customer.buy(&mug, 1);
            assert_eq!(stream.event()["type"], "order.placed");
            admin.patch(&format!("/users/{}", customer.user.unwrap()), &json!({"active": false})).expect(200);
            admin.post_nothing(&format!("/orders/{}/cancel", order["id"])).expect(200);
            assert_eq!(stream.event_within(NONE), None);
            assert!(stream.has_ended, "the stream of {name} goes on");
        });
    }
}

#[test]
fn a_stop_of_the_server_ends_streams_at_once() {
    let mut app = TestApp::with(|settings| settings.server.shutdown_seconds = 60);
    let admin = app.admin();
    let mug = app.product("mug", 10.0, 20);
    let mut events = open(&app, "", &authorization(&app, &admin, Role::Admin));
    let path = format!("/availability/stream?product_id={}", mug.id);
    let mut available = EventStream::open(&app.address, &path, "");
    available.event();
    let began = Instant::now();
    app.stop();
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    assert!(events.wait_for_end() && available.wait_for_end(), "a response is not complete");
}

#[test]
fn an_account_has_few_streams_and_gets_their_places_back() {
    let app = TestApp::start();
    let (admin, mara) = (app.admin(), app.customer("mara"));
    let staff = authorization(&app, &admin, Role::Admin);
    let mut streams: Vec<EventStream> = (0..16).map(|_| open(&app, "", &staff)).collect();
    let refusal = admin.get("/events/stream").expect(429);
    assert_eq!((refusal.code().as_deref(), refusal.header("retry-after")), (Some("RATE_LIMITED"), "10"));
    open(&app, "", &authorization(&app, &mara, Role::Customer));
    streams.pop();
    let is_free = || EventStream::open(&app.address, "/events/stream", &staff).status == 200;
    poll(|| is_free().then_some(())).expect("the place of a closed stream is not free");
    drop(streams);
    let full = TestApp::with(|settings| settings.limits.event_streams = 1);
    let _only = open(&full, "", &authorization(&full, &full.admin(), Role::Admin));
    full.customer("mara").get("/events/stream").refused(503, "BUSY");
}

#[test]
fn customers_leave_places_for_staff_and_are_limited_by_their_address() {
    let app = TestApp::with(|settings| settings.limits.event_streams = 4);
    let buyers: Vec<String> =
        (0..4).map(|number| authorization(&app, &app.customer(&format!("buyer-{number}")), Role::Customer)).collect();
    let mut streams: Vec<EventStream> = buyers[..3].iter().map(|buyer| open(&app, "", buyer)).collect();
    assert_eq!(refused(&app, "", &buyers[3]), 503);
    streams.push(open(&app, "", &authorization(&app, &app.admin(), Role::Admin)));
    assert_eq!(refused(&app, "", &authorization(&app, &app.admin(), Role::Admin)), 503);

    let app = TestApp::with(|settings| settings.limits.event_streams_per_address = 2);
    let buyers: Vec<String> =
        (0..3).map(|number| authorization(&app, &app.customer(&format!("buyer-{number}")), Role::Customer)).collect();
    let _streams: Vec<EventStream> = buyers[..2].iter().map(|buyer| open(&app, "", buyer)).collect();
    assert_eq!(refused(&app, "", &buyers[2]), 429);
    open(&app, "", &authorization(&app, &app.admin(), Role::Admin));
}

/// New connections take the places of requests that wait for events.
#[test]
fn a_displaced_request_does_not_go_on_waiting() {
    let app = TestApp::with(|settings| settings.server.max_connections = 4);
    let admin = app.admin();
    app.relay_feed();
    let (_, cursor) = follow(&admin, "0".to_owned(), 100);
    let times = race(6, |index| {
        // Each connection comes when the requests before it wait.
        thread::sleep(Duration::from_millis(300) * u32::try_from(index).unwrap());
        let began = Instant::now();
        admin.get(&format!("/events?after={cursor}&wait=8")).expect(200);
        began.elapsed()
    });
    let early = times.iter().filter(|time| **time < Duration::from_secs(5)).count();
    assert_eq!(early, 2, "{times:?}");
}
