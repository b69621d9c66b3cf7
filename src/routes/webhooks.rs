//! Webhooks and their deliveries.

use crate::auth::{Access, Permission};
use crate::error::Code;
use crate::kernel::page::NEWEST_FIRST;
use crate::openapi::Endpoint;
use crate::openapi::endpoint::{delete, get, patch, post};
use crate::webhooks::api::deliveries::{self, WebhookDeliveryResponse, WebhookReplayResponse};
use crate::webhooks::api::webhooks::{self, WebhookResponse};

const MANAGE: Access = Access::Permission(Permission::WebhooksManage);

pub(super) fn webhooks() -> Vec<Endpoint> {
    vec![
        get("/webhooks", MANAGE, webhooks::list)
            .named("listWebhooks", "List webhooks")
            .sorted_by(&webhooks::SORTS, NEWEST_FIRST)
            .lists::<WebhookResponse>(),
        post("/webhooks", MANAGE, webhooks::create)
            .named("createWebhook", "Add a webhook: an address that receives the events from now on")
            .description(
                "The response shows the secret that signs the requests. A repeated request with the same \
                 `Idempotency-Key` gets the same response, with the secret.",
            )
            .takes::<webhooks::NewWebhookRequest>()
            .answers::<WebhookResponse>(201),
        get("/webhooks/{id}", MANAGE, webhooks::show)
            .named("getWebhook", "Read a webhook")
            .answers::<WebhookResponse>(200)
            .errors(&[Code::WebhookNotFound]),
        patch("/webhooks/{id}", MANAGE, webhooks::update)
            .named("updateWebhook", "Change a webhook, or turn it off or on")
            .description(
                "A webhook that is turned on continues with the events that it has not received. If it should not get \
                 them, delete it and add another one.",
            )
            .takes::<webhooks::WebhookPatchRequest>()
            .answers::<WebhookResponse>(200)
            .errors(&[Code::WebhookNotFound]),
        delete("/webhooks/{id}", MANAGE, webhooks::delete)
            .named("deleteWebhook", "Delete a webhook and its deliveries")
            .answers_nothing(204)
            .errors(&[Code::WebhookNotFound]),
        post("/webhooks/{id}/rotate-secret", MANAGE, webhooks::rotate_secret)
            .named("rotateWebhookSecret", "Give a webhook a new secret; both secrets sign for 24 hours")
            .answers::<WebhookResponse>(200)
            .errors(&[Code::WebhookNotFound]),
        post("/webhooks/{id}/test", MANAGE, deliveries::test)
            .named("testWebhook", "Send the event webhook.test, which is not in the feed")
            .answers::<WebhookDeliveryResponse>(201)
            .errors(&[Code::WebhookNotFound, Code::InvalidTransition]),
        get("/webhooks/{id}/deliveries", MANAGE, deliveries::list)
            .named(
                "listWebhookDeliveries",
                "List the deliveries of a webhook with their attempts; total counts at most 10,000",
            )
            .sorted_by(&deliveries::SORTS, NEWEST_FIRST)
            .query::<deliveries::WebhookDeliveriesQuery>()
            .lists::<WebhookDeliveryResponse>()
            .errors(&[Code::WebhookNotFound]),
        post("/webhooks/{id}/replay", MANAGE, deliveries::replay)
            .named("replayWebhook", "Send events to a webhook again")
            .takes::<deliveries::WebhookReplayRequest>()
            .answers::<WebhookReplayResponse>(202)
            .errors(&[Code::WebhookNotFound, Code::NotFound]),
    ]
}
