//! The rules by which a store chooses the places of an order.

use std::borrow::Cow;
use std::collections::HashSet;
use std::hash::Hash;

use actix_web::HttpResponse;
use actix_web::web::Path;
use diesel::PgConnection;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use super::save_changes;
use crate::auth::{Ctx, Scope};
use crate::error::{Abort, ApiError, FieldError};
use crate::idempotency::{Answer, Command};
use crate::kernel::id::{LocationId, StoreId};
use crate::stores::queries as stores;
use crate::stores::routing_policy::{RoutingPolicy, RoutingRule, RoutingSplit};

const PREFERRED: &str = "preferred_location_ids";
const MAX_PREFERRED: u64 = 50;

/// The new rules. Absent fields get their defaults.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RoutingPolicyRequest {
    /// Each rule at most once. The first rule that prefers one of two ways decides. If none does, the smaller
    /// priorities decide, then the smaller ids. By default: `preferred`, `fewest_parcels`, `nearest`, `priority`,
    /// `most_stock`. For `nearest`, a place without coordinates is farther than all with them; if the address or all
    /// places have none, equal postal prefixes, regions and countries decide.
    #[validate(custom(function = "check_distinct"))]
    #[schema(max_items = 5)]
    rules: Vec<RoutingRule>,
    /// By default `allow`.
    split: RoutingSplit,
    /// The places that the rule `preferred` prefers, each at most once. By default none.
    #[validate(custom(function = "check_distinct"))]
    #[validate(length(max = "MAX_PREFERRED", message = "must have at most 50 ids"))]
    #[schema(max_items = 50)]
    preferred_location_ids: Vec<LocationId>,
}

impl Default for RoutingPolicyRequest {
    fn default() -> Self {
        let RoutingPolicy { rules, split, preferred_location_ids } = RoutingPolicy::default();
        Self { rules, split, preferred_location_ids }
    }
}

impl From<RoutingPolicyRequest> for RoutingPolicy {
    fn from(request: RoutingPolicyRequest) -> Self {
        let RoutingPolicyRequest { rules, split, preferred_location_ids } = request;
        Self { rules, split, preferred_location_ids }
    }
}

fn check_distinct<T: Eq + Hash>(named: &[T]) -> Result<(), ValidationError> {
    let distinct: HashSet<_> = named.iter().collect();
    if distinct.len() == named.len() {
        return Ok(());
    }
    Err(ValidationError::new("distinct").with_message(Cow::Borrowed("must name each one at most once")))
}

/// `GET /stores/{id}/routing`
pub async fn show(path: Path<String>, ctx: Ctx) -> Result<HttpResponse, ApiError> {
    ctx.in_store(&path).answer("get_routing", |conn, scope| Ok(stores::get_store(conn, scope.store)?.routing)).await
}

/// `PUT /stores/{id}/routing`
pub async fn replace(path: Path<String>, command: Command<RoutingPolicyRequest>) -> Result<HttpResponse, ApiError> {
    let command = command.in_store(&path).try_map(|request| Ok(RoutingPolicy::from(request)))?;
    command
        .run("replace_routing", |conn, scope, policy| {
            replace_routing(conn, scope, policy)?;
            Ok(Answer::ok(policy)?)
        })
        .await
}

fn replace_routing(conn: &mut PgConnection, scope: &Scope, policy: &RoutingPolicy) -> Result<(), Abort> {
    check_places(conn, scope.store, &policy.preferred_location_ids)?;
    let mut store = stores::get_store_for_update(conn, scope.store)?;
    if store.routing == *policy {
        return Ok(());
    }
    store.routing = policy.clone();
    save_changes(conn, scope, &mut store, &["routing"])
}

/// 422 for every id that is not a place of the store.
fn check_places(conn: &mut PgConnection, store: StoreId, ids: &[LocationId]) -> Result<(), Abort> {
    let places: HashSet<LocationId> = stores::locations::filter_places(conn, store, ids)?.into_iter().collect();
    let unknown = ids.iter().enumerate().filter(|(_, id)| !places.contains(id));
    let errors: Vec<FieldError> = unknown
        .map(|(index, id)| FieldError::new(format!("{PREFERRED}[{index}]"), format!("{id} is no place of the store")))
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(ApiError::validation(errors).into()) }
}
