//! The feed of events.

mod availability;
mod following;
mod states;
mod story;
mod streams;

use crate::common::{Client, Value};

/// All events behind a cursor, read in pages of this size. Returns them with the cursor behind the last one.
pub fn follow(client: &Client, mut after: String, limit: usize) -> (Vec<Value>, String) {
    let mut events = Vec::new();
    loop {
        let page = client.get(&format!("/events?after={after}&limit={limit}")).expect(200).json();
        let items = page["items"].as_array().unwrap().clone();
        assert!(items.len() <= limit);
        let next = page["next"].as_str().unwrap().to_owned();
        if items.is_empty() && next == after {
            return (events, next);
        }
        events.extend(items);
        after = next;
    }
}

/// `type kind:id` of each event.
pub fn titles(events: &[Value]) -> Vec<String> {
    let title = |event: &Value| {
        let (kind, subject) = (event["type"].as_str().unwrap(), &event["subject"]);
        format!("{kind} {}:{}", subject["kind"].as_str().unwrap(), subject["id"])
    };
    events.iter().map(title).collect()
}
