//! The SQL of time zones. The database has their rules, and computes the days and hours of a store with them.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Date, Integer, Text, Timestamptz};

use crate::db;
use crate::error::{Abort, ApiError};
use crate::stores::time_zone::{Interval, TIME_ZONE, TimeZone, UNKNOWN_TIME_ZONE};

/// Refuses a zone that the database does not know. Its list is compared instead of a conversion, because a conversion
/// accepts abbreviations and any case.
pub fn refuse_unknown(conn: &mut PgConnection, zone: &TimeZone) -> Result<(), Abort> {
    let is_known: bool = db::sql("SELECT EXISTS (SELECT FROM pg_timezone_names WHERE name = $1)")
        .bind::<Text, _>(zone.as_str())
        .columns::<Bool>()
        .get_result(conn)?;
    if is_known { Ok(()) } else { Err(ApiError::field(TIME_ZONE, UNKNOWN_TIME_ZONE).into()) }
}

/// The first instants of the days that begin between two times, ascending, and at most `limit`. A clock that is set
/// back at midnight shows it twice: the day begins at the first one. PostgreSQL converts to the second one, so the time
/// that the clock shows just before it is subtracted. A clock that is set forward may skip midnight, or a whole day.
const DAYS: &str = "SELECT DISTINCT d.start FROM generate_series( \
         ($2 AT TIME ZONE $1)::date::timestamp, ($3 AT TIME ZONE $1)::date::timestamp, interval '1 day') AS g (day) \
     CROSS JOIN LATERAL (SELECT g.day AT TIME ZONE $1 AS at) c \
     CROSS JOIN LATERAL (SELECT c.at - GREATEST(((c.at - interval '1 microsecond') AT TIME ZONE $1) - g.day \
                                                + interval '1 microsecond', interval '0') AS start) d \
     WHERE d.start > $2 AND d.start < $3 ORDER BY d.start LIMIT $4";

/// The same for hours: the times at which a clock in the zone shows a full hour. The offsets of zones are multiples of
/// 15 minutes.
const HOURS: &str = "SELECT g.at FROM generate_series(date_trunc('hour', $2::timestamptz), $3, interval '15 minutes') AS g (at) \
     WHERE g.at > $2 AND g.at < $3 AND EXTRACT(minute FROM g.at AT TIME ZONE $1) = 0 ORDER BY g.at LIMIT $4";

/// The beginnings of the intervals of a time zone that lie between two times, ascending, and at most `limit`.
pub fn list_beginnings(
    conn: &mut PgConnection,
    zone: &str,
    interval: Interval,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    limit: usize,
) -> QueryResult<Vec<DateTime<Utc>>> {
    let text = match interval {
        Interval::Hour => HOURS,
        Interval::Day => DAYS,
    };
    db::sql(text)
        .bind::<Text, _>(zone)
        .bind::<Timestamptz, _>(from)
        .bind::<Timestamptz, _>(to)
        .bind::<BigInt, _>(db::count(limit))
        .columns::<Timestamptz>()
        .load(conn)
}

/// The present day of a time zone, and its first instant, which is found as in `DAYS`.
pub fn today(conn: &mut PgConnection, zone: &str) -> QueryResult<(NaiveDate, DateTime<Utc>)> {
    db::sql(
        "SELECT t.day, c.at - GREATEST(((c.at - interval '1 microsecond') AT TIME ZONE $1) - t.day::timestamp \
                                       + interval '1 microsecond', interval '0') \
         FROM (SELECT ($now AT TIME ZONE $1)::date AS day) t \
         CROSS JOIN LATERAL (SELECT t.day::timestamp AT TIME ZONE $1 AS at) c",
    )
    .bind::<Text, _>(zone)
    .columns::<(Date, Timestamptz)>()
    .get_result(conn)
}

/// The last days of a time zone up to the present one, ascending, each with its first instant. See `DAYS`. A day that
/// the clock has skipped begins and ends with the next one.
pub fn list_last_days(conn: &mut PgConnection, zone: &str, count: i32) -> QueryResult<Vec<(NaiveDate, DateTime<Utc>)>> {
    db::sql(
        "SELECT g.day::date, c.at - GREATEST(((c.at - interval '1 microsecond') AT TIME ZONE $1) - g.day \
                                             + interval '1 microsecond', interval '0') AS start \
         FROM (SELECT ($now AT TIME ZONE $1)::date::timestamp AS today) t \
         CROSS JOIN generate_series(today - $2 * interval '1 day', today, interval '1 day') AS g (day) \
         CROSS JOIN LATERAL (SELECT g.day AT TIME ZONE $1 AS at) c ORDER BY 1",
    )
    .bind::<Text, _>(zone)
    .bind::<Integer, _>(count)
    .columns::<(Date, Timestamptz)>()
    .load(conn)
}
