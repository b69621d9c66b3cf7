//! Reads the audit.

use actix_web::HttpResponse;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::ObjectBuilder;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::queries::{self, AuditEntry, EntryFilter};
use super::words::{Action, Entity};
use crate::auth::Ctx;
use crate::error::ApiError;
use crate::events::queries::{self as feed, Ids};
use crate::http::{Query, SortQuery, limit_of_feed, refuse_beyond};
use crate::kernel::page::{FeedList, FeedQuery, NEWEST_FIRST, PageQuery};
use crate::kernel::schema::words;
use crate::kernel::{id, moment, text_enum};

pub use super::queries::SORTS;

/// An audited write in responses.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditEntryResponse {
    id: i64,
    #[schema(schema_with = words::<Entity>)]
    entity: Entity,
    entity_id: i64,
    #[schema(schema_with = words::<Action>)]
    action: Action,
    #[schema(max_length = 2000)]
    detail: String,
    /// `user:5`, `guest` or `system`.
    #[schema(max_length = 100)]
    actor: String,
    created_at: DateTime<Utc>,
}

impl From<AuditEntry> for AuditEntryResponse {
    fn from(entry: AuditEntry) -> Self {
        let detail = entry.full_detail();
        let AuditEntry { id, entity, entity_id, action, actor, created_at, .. } = entry;
        Self { id, entity, entity_id, action, detail, actor, created_at }
    }
}

/// The filter for the list of entries.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    #[serde(default, deserialize_with = "text_enum::in_query")]
    #[param(schema_with = entity_filter)]
    pub entity: Option<Entity>,
    /// Entries about the object with this id.
    #[serde(default, deserialize_with = "id::in_query")]
    pub entity_id: Option<i64>,
    #[serde(default, deserialize_with = "text_enum::in_query")]
    #[param(schema_with = action_filter)]
    pub action: Option<Action>,
    /// `user:5`, or `5` for the same; `guest`, `system`.
    #[validate(length(max = 100, message = "must have at most 100 characters"))]
    #[param(max_length = 100)]
    pub actor: Option<String>,
    /// Entries from this time on.
    #[serde(default, deserialize_with = "moment::in_query")]
    pub from: Option<DateTime<Utc>>,
    /// Entries before this time.
    #[serde(default, deserialize_with = "moment::in_query")]
    pub to: Option<DateTime<Utc>>,
}

fn entity_filter() -> ObjectBuilder {
    words::<Entity>().description(Some("Entries about this kind of object."))
}

fn action_filter() -> ObjectBuilder {
    words::<Action>().description(Some("Entries of this action."))
}

impl From<AuditQuery> for EntryFilter {
    fn from(query: AuditQuery) -> Self {
        let AuditQuery { entity, entity_id, action, actor, from, to } = query;
        let actor = actor.map(|actor| if id::is_digits(&actor) { format!("user:{actor}") } else { actor });
        Self { entity, entity_id, action, actor, from, to }
    }
}

/// `GET /audit`
pub async fn list(
    page: Query<PageQuery>,
    feed: Query<FeedQuery>,
    sort: Query<SortQuery>,
    query: Query<AuditQuery>,
    ctx: Ctx,
) -> Result<HttpResponse, ApiError> {
    let sort = sort.0.in_feed(&SORTS, feed.0.after.is_some(), NEWEST_FIRST)?;
    let (page, after, filter) = (page.0, feed.0.after, EntryFilter::from(query.0));
    ctx.answer("list_audit", move |conn, scope| {
        let (end, _) = feed::end(conn, scope.store, Ids::All)?;
        let found = match after {
            Some(after) => {
                refuse_beyond(after, end)?;
                queries::list_entries_after(conn, scope.store, &filter, after, limit_of_feed(&page)?)?
            }
            None => {
                let total = queries::count_entries(conn, scope.store, &filter)?;
                let found = queries::list_entries(conn, scope.store, &filter, sort, &page)?;
                FeedList::from_list(page.list(found, total), end)
            }
        };
        Ok(found.map(AuditEntryResponse::from))
    })
    .await
}
