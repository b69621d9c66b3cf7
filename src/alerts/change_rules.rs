//! Creates, changes and deletes rules.

use diesel::PgConnection;

use super::queries::{notices, rules, states};
use super::rule::{AlertKind, DEFAULT_AFTER_HOURS, Digest, Recipient, Rule, RuleFilter, RuleSettings};
use crate::audit;
use crate::audit::queries::NewAuditEntry;
use crate::audit::words::{Action, Entity};
use crate::auth::Scope;
use crate::catalogue::queries::products;
use crate::db::{self, Failure};
use crate::error::{Abort, ApiError, Code};
use crate::inventory::queries::locations;
use crate::kernel::id::{AlertId, ProductId, StoreId};
use crate::webhooks::queries::webhooks;

/// The largest number of rules of a store. The follower reads all of them for each batch of events.
const MAX_RULES: i64 = 100;

/// The changes to a rule. Fields that are `None` stay unchanged.
#[derive(Clone, Debug, Default)]
pub struct RuleChange {
    pub filter: Option<RuleFilter>,
    pub to: Option<Vec<Recipient>>,
    pub digest: Option<Digest>,
    pub active: Option<bool>,
    pub after_hours: Option<i64>,
}

/// The 404 error for a rule.
#[must_use]
pub fn not_found() -> ApiError {
    ApiError::not_found(Code::AlertNotFound, "The alert")
}

/// Creates a rule. Refuses filters that have no meaning for its kind, and unknown products and places.
pub fn create(
    conn: &mut PgConnection,
    scope: &Scope,
    (kind, mut settings): (AlertKind, RuleSettings),
) -> Result<Rule, Abort> {
    if rules::count(conn, scope.store)? >= MAX_RULES {
        return Err(ApiError::field("kind", format!("there are {MAX_RULES} alerts already; delete some first")).into());
    }
    check(conn, scope, kind, &settings)?;
    if kind == AlertKind::OrderLate {
        settings.after_hours.get_or_insert(DEFAULT_AFTER_HOURS);
    }
    let at = db::clock(conn)?;
    let rule = rules::insert(conn, scope.store, kind, &settings, at)?;
    append_audit(conn, scope, &rule, (Action::Create, "created"))?;
    Ok(rule)
}

/// The largest number of states and waiting alerts of a rule that one transaction deletes. A job deletes the others.
const MAX_FORGOTTEN: i64 = 10_000;

/// Changes a rule. If it is turned off, its states and its waiting alerts are deleted. 503 if it is turned on again before
/// all of them are deleted.
pub fn change(conn: &mut PgConnection, scope: &Scope, id: AlertId, change: &RuleChange) -> Result<Rule, Abort> {
    let mut rule = rules::find_for_update(conn, scope.store, id)?.ok_or_else(not_found)?;
    let before = rule.settings.clone();
    let RuleChange { filter, to, digest, active, after_hours } = change.clone();
    rule.settings = RuleSettings {
        filter: filter.unwrap_or(before.filter.clone()),
        to: to.unwrap_or(before.to.clone()),
        digest: digest.unwrap_or(before.digest),
        active: active.unwrap_or(before.active),
        after_hours: after_hours.or(before.after_hours),
    };
    if rule.settings == before {
        return Ok(rule);
    }
    check(conn, scope, rule.kind, &rule.settings)?;
    let is_switched = rule.settings.active != before.active;
    if is_switched && forget_some(conn, scope.store, id)? >= MAX_FORGOTTEN && rule.settings.active {
        let detail = "The alert was turned off, and what it has to forget is still being deleted. Try again later.";
        return Err(ApiError::new(Code::Busy, detail).retry_after(600).into());
    }
    rule.updated_at = db::clock(conn)?;
    rules::update(conn, scope.store, &rule)?;
    append_audit(conn, scope, &rule, (Action::Update, "updated"))?;
    Ok(rule)
}

/// Deletes a rule, with its states and the alerts that wait.
pub fn delete(conn: &mut PgConnection, scope: &Scope, id: AlertId) -> Result<(), Abort> {
    let rule = rules::find_for_update(conn, scope.store, id)?.ok_or_else(not_found)?;
    if forget_some(conn, scope.store, id)? < MAX_FORGOTTEN {
        rules::delete(conn, scope.store, id)?;
    } else {
        let at = db::clock(conn)?;
        rules::mark_deleted(conn, scope.store, id, at)?;
    }
    append_audit(conn, scope, &rule, (Action::Delete, "deleted"))
}

/// Deletes states and waiting alerts of a rule. Returns their number. If it is lower than the limit, none are left.
fn forget_some(conn: &mut PgConnection, store: StoreId, id: AlertId) -> Result<i64, Failure> {
    let states = states::leave_some(conn, store, id, MAX_FORGOTTEN)?;
    let waiting = notices::delete_some(conn, store, id, MAX_FORGOTTEN)?;
    Ok(db::count(states.max(waiting)))
}

/// Deletes some states and waiting alerts of a rule that is off, and then the rule itself if staff have deleted it. Returns
/// the number of rows.
pub fn purge(conn: &mut PgConnection, store: StoreId, (id, is_deleted): (AlertId, bool)) -> Result<i64, Failure> {
    // It may have been turned on again meanwhile.
    if !rules::lock_inactive(conn, store, id)? {
        return Ok(0);
    }
    let forgotten = forget_some(conn, store, id)?;
    if is_deleted && forgotten < MAX_FORGOTTEN {
        rules::delete(conn, store, id)?;
    }
    Ok(forgotten)
}

fn check(conn: &mut PgConnection, scope: &Scope, kind: AlertKind, settings: &RuleSettings) -> Result<(), Abort> {
    let filter = &settings.filter;
    if let Some(field) = kind.unusable_filter(filter) {
        let message = format!("can't be used with {}", kind.as_str());
        return Err(ApiError::field(format!("filter.{field}"), message).into());
    }
    if settings.after_hours.is_some() && kind != AlertKind::OrderLate {
        return Err(ApiError::field("after_hours", "can only be used with order_late").into());
    }
    for (index, to) in settings.to.iter().enumerate() {
        if let Recipient::Webhook(id) = to
            && webhooks::find(conn, scope.store, *id)?.is_none()
        {
            return Err(ApiError::field(format!("to[{index}]"), "is no webhook of this store").into());
        }
    }
    if filter.location.is_some() {
        locations::get_location(conn, scope.store, filter.location)?;
    }
    let wanted = filter.products.iter().copied().collect();
    let found = products::list(conn, scope.store, &wanted)?;
    let is_unknown = |id: &&ProductId| found.iter().all(|product| product.id != **id);
    match filter.products.iter().find(is_unknown) {
        Some(id) => Err(ApiError::not_found(Code::ProductNotFound, format_args!("Product {id}")).into()),
        None => Ok(()),
    }
}

fn append_audit(
    conn: &mut PgConnection,
    scope: &Scope,
    rule: &Rule,
    (action, done): (Action, &str),
) -> Result<(), Abort> {
    let at = db::clock(conn)?;
    let detail = format!("Alert {} ({}) {done}", rule.id, rule.kind.as_str());
    let entry = NewAuditEntry { entity: Entity::Alert, entity_id: rule.id.0, action, detail };
    Ok(audit::queries::append(conn, scope, &entry, at)?)
}
