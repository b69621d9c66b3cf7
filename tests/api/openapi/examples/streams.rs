//! Examples of streams: their first two blocks.

use super::{Recorder, settle};
use crate::common::stream::EventStream;
use crate::common::{TestApp, json};

pub fn record(record: &mut Recorder, app: &TestApp) {
    let sign_in = json!({"email": "admin@example.com", "password": "stockroom-demo"});
    let session = app.guest().post("/auth/login", &sign_in).expect(200).json();
    let token = session["access_token"].as_str().unwrap();
    let headers = format!("Authorization: Bearer {token}\r\nLast-Event-ID: 0.0\r\n");
    let events = EventStream::open(&app.address, "/events/stream?type=order.paid", &headers);
    record_first(record, "streamEvents", events);
    let available = EventStream::open(&app.address, "/availability/stream?product_id=prod_001", "");
    record_first(record, "streamAvailability", available);
}

fn record_first(record: &mut Recorder, id: &'static str, mut stream: EventStream) {
    let mut data = stream.event();
    settle(&mut data);
    let line = |id: Option<String>| id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    let (begin, first) = match stream.last_id.take() {
        Some(id) => (Some("0.0".to_owned()), Some(id)),
        None => (None, None),
    };
    let text = format!("retry: 2000\n{}\n{}data: {data}\n\n", line(begin), line(first));
    record.operations.insert(id, json!({"answer": text}));
}
