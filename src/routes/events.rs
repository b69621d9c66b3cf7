//! The feed of events.

use crate::auth::{Access, Permission};
use crate::feed::api::{self, EventsResponse};
use crate::openapi::Endpoint;
use crate::openapi::endpoint::get;

pub(super) fn events() -> Vec<Endpoint> {
    vec![
        get("/events", Access::Permission(Permission::EventsRead), api::list)
            .named("listEvents", "Follow the feed: every event of the store, once, in an order that never changes")
            .query::<api::EventsQuery>()
            .answers::<EventsResponse>(200),
    ]
}
