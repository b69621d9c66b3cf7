//! The SQL of the days of a store. The database has the rules of time zones.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Date, Text, Timestamptz};

use crate::db;

/// The day of a time, and a time before the day begins. Its clock may be changed at midnight, so some hours are
/// subtracted.
pub fn day_of(conn: &mut PgConnection, time_zone: &str, at: DateTime<Utc>) -> QueryResult<(NaiveDate, DateTime<Utc>)> {
    db::sql(
        "SELECT d.day, d.day::timestamp AT TIME ZONE $1 - interval '3 hours' \
         FROM (SELECT ($2::timestamptz AT TIME ZONE $1)::date AS day) d",
    )
    .bind::<Text, _>(time_zone)
    .bind::<Timestamptz, _>(at)
    .columns::<(Date, Timestamptz)>()
    .get_result(conn)
}
