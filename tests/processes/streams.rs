//! A thousand open streams.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::common::process::Place;
use crate::common::stream::EventStream;
use crate::common::{Value, json};
use crate::kills::{log_in, serve};

const CUSTOMERS: usize = 62;
const OF_EACH: usize = 16;
const OF_STAFF: usize = 8;
const MAX_GROWTH: usize = 64 * 1024 * 1024;

/// The pool of the server, its reader of revoked tokens, and the connection of this test.
const MAX_CONNECTIONS: i64 = 8 + 1 + 1;

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn resident_bytes(pid: u32) -> usize {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<usize>().unwrap() * 1024
}

fn open(address: &str, token: &str) -> EventStream {
    let stream =
        EventStream::open(address, "/events/stream?type=order.placed", &format!("Authorization: Bearer {token}\r\n"));
    assert_eq!(stream.status, 200, "{}", stream.head);
    stream
}

#[test]
fn a_thousand_streams_take_little_memory_and_no_connections_to_the_database() {
    let files = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let all = rustix::process::Rlimit { current: files.maximum, maximum: files.maximum };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, all).unwrap();
    let place = Place::new();
    let server = serve(&place);
    let guest = server.client();
    let admin = log_in(&guest, "admin@example.com", "stockroom-demo");
    let product = json!({"sku": "mug", "name": "Mug", "price": 1, "initial_stock": 1000});
    let product = guest.clone().with_token(&admin).post("/inventory/products", &product).expect(201).id();
    let tokens: Vec<String> = (0..CUSTOMERS)
        .map(|number| {
            let (email, password) = (format!("buyer-{number}@example.com"), "a long enough password");
            guest.post("/auth/register", &json!({"email": email, "password": password})).expect(201);
            log_in(&guest, &email, password)
        })
        .collect();
    // The first requests allocate what the server keeps.
    drop(open(&server.address, &admin));
    let before = resident_bytes(server.pid());
    let mut streams: Vec<Vec<EventStream>> =
        tokens.iter().map(|token| (0..OF_EACH).map(|_| open(&server.address, token)).collect()).collect();
    let mut of_staff: Vec<EventStream> = (0..OF_STAFF).map(|_| open(&server.address, &admin)).collect();
    let opened = resident_bytes(server.pid()).saturating_sub(before);

    let began = Instant::now();
    let body = json!({"items": [{"product_id": product, "quantity": 1}], "payment_method": "cod"});
    let order = guest.clone().with_token(&tokens[0]).post("/orders", &body).expect(201).json();
    for stream in streams[0].iter_mut().chain(&mut of_staff) {
        let event = stream.event();
        let placed: (&Value, &Value) = (&event["type"], &event["subject"]["number"]);
        assert_eq!(placed, (&json!("order.placed"), &order["order_number"]));
    }
    println!("all streams had the order after {:?}", began.elapsed());
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());

    // Nobody else gets it, but all get heartbeats.
    let mut others = streams.iter_mut().skip(1).map(|streams| &mut streams[0]);
    let quiet = others.next().unwrap();
    let deadline = Instant::now() + Duration::from_secs(25);
    loop {
        assert!(Instant::now() < deadline, "there is no heartbeat");
        let block = quiet.block(Duration::from_secs(1)).unwrap_or_default();
        assert_eq!(block.data, None);
        if block.is_comment {
            assert!(block.id.is_some());
            break;
        }
    }
    let growth = resident_bytes(server.pid()).saturating_sub(before);
    println!("{} streams took {opened} bytes, and {growth} bytes later", CUSTOMERS * OF_EACH + OF_STAFF);
    assert!(opened.max(growth) < MAX_GROWTH, "{growth} bytes more memory");
    let url = place.postgres().url(stockroom::embedded_postgres::DATABASE);
    let mut conn = PgConnection::establish(&url).unwrap();
    let count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()";
    let count: Count = diesel::sql_query(count).get_result(&mut conn).unwrap();
    assert!(count.count <= MAX_CONNECTIONS, "{} connections", count.count);

    // The places of closed streams are free again.
    drop(streams);
    let deadline = Instant::now() + Duration::from_secs(20);
    let path = "/events/stream";
    let bearer = format!("Authorization: Bearer {}\r\n", tokens[0]);
    while EventStream::open(&server.address, path, &bearer).status != 200 {
        assert!(Instant::now() < deadline, "the places of closed streams are not free");
        thread::sleep(Duration::from_millis(100));
    }
    let stopped = Instant::now();
    assert_eq!(server.terminate().code(), Some(0));
    assert!(stopped.elapsed() < Duration::from_secs(9), "{:?}", stopped.elapsed());
    assert!(of_staff.iter_mut().all(EventStream::wait_for_end), "a response is not complete");
}
