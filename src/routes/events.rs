//! The feed of events.

use crate::auth::{Access, Permission};
use crate::error::Code;
use crate::feed::api::{self, EventsResponse, availability, stream};
use crate::http::event_stream::EVENT_STREAM;
use crate::openapi::Endpoint;
use crate::openapi::endpoint::get;

const STREAM: &str = "Customers get the events about their own orders; staff with `events:read` get all events. `data` is \
    an event as in `GET /events`, and `id` is its place: a client that connects again with `Last-Event-ID` misses nothing. \
    A comment is sent after 15 s without an event. The stream ends with the token, and when the server stops.";

const AVAILABILITY: &str = "Needs no token. `data` is a product: `{\"product_id\", \"sku\", \"available_quantity\", \
    \"stock_status\"}`. First each product is sent as it is, then whenever it changes, at most once a second.";

pub(super) fn events() -> Vec<Endpoint> {
    vec![
        get("/events", Access::Permission(Permission::EventsRead), api::list)
            .named("listEvents", "Follow the feed: every event of the store, once, in an order that never changes")
            .query::<api::EventsQuery>()
            .answers::<EventsResponse>(200),
        get("/events/stream", Access::OwnOr(stream::PERMISSION), stream::stream)
            .named("streamEvents", "Stream the feed as Server-Sent Events")
            .description(STREAM)
            .query::<stream::StreamQuery>()
            .headers(&stream::HEADERS)
            .answers_text(EVENT_STREAM),
        get("/availability/stream", Access::Public, availability::stream)
            .named("streamAvailability", "Stream the available units of products as Server-Sent Events")
            .description(AVAILABILITY)
            .query::<availability::AvailabilityStreamQuery>()
            .answers_text(EVENT_STREAM)
            .errors(&[Code::ProductNotFound]),
    ]
}
