//! Events are sent again when staff ask for it.

use super::{deliveries, start, webhook};
use crate::common::receiver::{Behaviour, Receiver};
use crate::common::{Client, TestApp, Value, json};
use crate::events::follow;

/// A webhook that has received its events, and these events.
fn received(app: &TestApp, receiver: &Receiver) -> (Client, Value, Vec<Value>) {
    let admin = app.admin();
    let hook = webhook(&admin, &receiver.url, &["product.created", "stock.changed"]);
    for number in 0..6 {
        app.product(&format!("mug-{number}"), 10.0, 5);
        app.advance(60);
    }
    app.deliver_webhooks();
    let (events, _) = follow(&admin, "0".to_owned(), 100);
    assert_eq!((events.len(), receiver.new_ones().len()), (12, 12));
    (admin, hook, events)
}

fn replay(app: &TestApp, admin: &Client, hook: &Value, body: &Value) -> Value {
    let reply = admin.post(&format!("/webhooks/{}/replay", hook["id"]), body).expect(202).json();
    app.deliver_webhooks();
    reply
}

fn ids(receiver: &Receiver) -> Vec<String> {
    let mut ids: Vec<String> = receiver.new_ones().iter().map(|request| request.id().to_owned()).collect();
    ids.sort_unstable();
    ids
}

fn ids_of(events: &[Value]) -> Vec<String> {
    let mut ids: Vec<String> = events.iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect();
    ids.sort_unstable();
    ids
}

#[test]
fn the_events_behind_a_place_are_sent_again() {
    let (app, receiver) = (start(), Receiver::accepting());
    let (admin, hook, events) = received(&app, &receiver);
    let reply = replay(&app, &admin, &hook, &json!({"after": "0"}));
    assert_eq!((&reply["webhook_id"], &reply["delivery"]), (&hook["id"], &json!(null)));
    assert_eq!(ids(&receiver), ids_of(&events));
    replay(&app, &admin, &hook, &json!({"after": events[8]["id"]}));
    assert_eq!(ids(&receiver), ids_of(&events[9..]));
    replay(&app, &admin, &hook, &json!({"after": events[11]["id"]}));
    assert_eq!(ids(&receiver), Vec::<String>::new());
    // New events come once, and the replays have ended.
    app.product("cup", 10.0, 0);
    app.deliver_webhooks();
    assert_eq!((ids(&receiver).len(), app.deliver_webhooks()), (1, 0));
}

#[test]
fn the_events_of_a_time_are_sent_again() {
    let (app, receiver) = (start(), Receiver::accepting());
    let (admin, hook, events) = received(&app, &receiver);
    let body = json!({"from": events[4]["at"], "to": events[8]["at"]});
    replay(&app, &admin, &hook, &body);
    let at = |event: &Value| event["at"].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    let within = |event: &&Value| at(event) >= at(&events[4]) && at(event) < at(&events[8]);
    let expected: Vec<Value> = events.iter().filter(within).cloned().collect();
    assert!(expected.len() >= 3, "{expected:?}");
    assert_eq!(ids(&receiver), ids_of(&expected));
    replay(&app, &admin, &hook, &json!({"from": "2020-01-01T00:00:00Z", "to": "2020-01-02T00:00:00Z"}));
    assert_eq!(ids(&receiver), Vec::<String>::new());
}

#[test]
fn a_delivery_is_sent_again_as_a_new_one() {
    let app = start();
    let receiver = Receiver::start(|_| Behaviour::status(204));
    let (admin, hook, events) = received(&app, &receiver);
    let first = deliveries(&admin, &hook)[0].clone();
    let reply = replay(&app, &admin, &hook, &json!({"delivery_id": first["id"]}));
    let delivery = &reply["delivery"];
    assert_ne!(delivery["id"], first["id"]);
    assert_eq!((&delivery["event_id"], &delivery["state"]), (&first["event_id"], &json!("pending")));
    assert_eq!(ids(&receiver), ids_of(&events[..1]));
    let other = webhook(&admin, &receiver.url, &[]);
    let body = json!({"delivery_id": first["id"]});
    admin.post(&format!("/webhooks/{}/replay", other["id"]), &body).refused(404, "NOT_FOUND");
}

#[test]
fn a_repeated_request_replays_once_and_replays_are_limited() {
    let (app, receiver) = (start(), Receiver::accepting());
    let (admin, hook, events) = received(&app, &receiver);
    let path = format!("/webhooks/{}/replay", hook["id"]);
    let keyed = admin.clone().with_key("again");
    let first = keyed.post(&path, &json!({"after": "0"})).expect(202).json();
    assert_eq!(keyed.post(&path, &json!({"after": "0"})).expect(202).json(), first);
    app.deliver_webhooks();
    assert_eq!(ids(&receiver), ids_of(&events));
    (0..10).for_each(|_| drop(admin.post(&path, &json!({"after": "0"})).expect(202)));
    admin.post(&path, &json!({"after": "0"})).refused(503, "BUSY");
    app.deliver_webhooks();
    assert_eq!(receiver.new_ones().len(), 10 * events.len());
}
