//! The SQL of the audit log.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::access::Scope;
use crate::db::schema::audit_log;

/// A write to be remembered.
#[derive(Clone, Debug)]
pub struct NewEntry<'a> {
    /// The kind of thing: `Product`, `Address`, `User`, `Store`, ….
    pub entity: &'a str,
    pub entity_id: i64,
    /// `CREATE`, `UPDATE`, `DELETE`, `ARCHIVE`, ….
    pub action: &'a str,
    pub detail: String,
}

/// Remembers a write, in the transaction that does it.
pub fn append(conn: &mut PgConnection, scope: &Scope, entry: &NewEntry<'_>, at: DateTime<Utc>) -> QueryResult<()> {
    let NewEntry { entity, entity_id, action, detail } = entry;
    diesel::insert_into(audit_log::table)
        .values((
            audit_log::store_id.eq(scope.store.0),
            audit_log::entity.eq(*entity),
            audit_log::entity_id.eq(*entity_id),
            audit_log::action.eq(*action),
            audit_log::detail.eq(detail),
            audit_log::actor.eq(scope.actor()),
            audit_log::created_at.eq(at),
        ))
        .execute(conn)
        .map(drop)
}
