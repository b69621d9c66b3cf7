//! The whole content of a database, to check whether a request had an effect.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::app::TestApp;

/// Every table with the number of its rows and a hash of their content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot(BTreeMap<String, (i64, String)>);

#[derive(QueryableByName)]
struct Table {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    rows: i64,
    #[diesel(sql_type = Text)]
    hash: String,
}

impl Snapshot {
    pub fn take(conn: &mut PgConnection) -> Self {
        let names: Vec<Table> = diesel::sql_query(
            "SELECT tablename::text AS name, 0::int8 AS rows, '' AS hash FROM pg_tables WHERE schemaname = 'public'",
        )
        .load(conn)
        .unwrap();
        let each: Vec<String> = names
            .iter()
            .map(|Table { name, .. }| {
                format!(
                    "SELECT '{name}' AS name, count(*) AS rows, \
                            md5(COALESCE(string_agg(t::text, '|' ORDER BY t::text), '')) AS hash FROM {name} t"
                )
            })
            .collect();
        let tables: Vec<Table> = diesel::sql_query(each.join(" UNION ALL ")).load(conn).unwrap();
        Self(tables.into_iter().map(|Table { name, rows, hash }| (name, (rows, hash))).collect())
    }

    pub fn rows(&self, table: &str) -> i64 {
        self.0.get(table).unwrap_or_else(|| panic!("there is no table {table}")).0
    }

    /// The tables whose content has changed.
    pub fn changed_since(&self, before: &Self) -> Vec<&str> {
        self.0.iter().filter(|(name, now)| before.0.get(*name) != Some(now)).map(|(name, _)| name.as_str()).collect()
    }
}

impl TestApp {
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::take(&mut self.connection())
    }

    /// Does the work, and fails the test if it changes a row.
    #[track_caller]
    pub fn without_effect<T>(&self, work: impl FnOnce() -> T) -> T {
        let before = self.snapshot();
        let done = work();
        let after = self.snapshot();
        assert_eq!(after.changed_since(&before), Vec::<&str>::new(), "these tables changed");
        done
    }

    /// The same, for requests whose answer is stored for a repetition.
    #[track_caller]
    pub fn without_effect_but_keys<T>(&self, work: impl FnOnce() -> T) -> T {
        let before = self.snapshot();
        let done = work();
        let after = self.snapshot();
        assert_eq!(after.changed_since(&before), ["idempotency_keys"], "these tables changed");
        done
    }
}
