//! The SQL of providers' callbacks: each event once for ever.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamptz};

use crate::db::{self, Failure};
use crate::kernel::id::StoreId;
use crate::kernel::money::Money;
use crate::kernel::text_enum::text_enum;
use crate::payments::event::PaymentEvent;

text_enum! {
    /// The outcome of an event.
    #[strum(serialize_all = "snake_case")]
    pub enum EventOutcome {
        /// It changed its order.
        Applied,
        /// Money that came too late: recorded, to be given back.
        RefundDue,
        /// Money that fits no order as it is: another amount, another currency, or a second payment.
        Mismatched,
        /// Its order is not known yet: it waits.
        Unmatched,
        /// Nothing to do.
        Ignored,
    }
}

/// Takes an event; false if it was taken before.
pub fn take(
    conn: &mut PgConnection,
    store: StoreId,
    provider: &str,
    event: &PaymentEvent,
    at: DateTime<Utc>,
) -> QueryResult<bool> {
    let taken = db::sql(
        "INSERT INTO payment_events (store_id, provider, event_id, event_type, order_number, reference, amount, \
                currency, outcome, received_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'unmatched', $9) ON CONFLICT DO NOTHING",
    )
    .bind::<BigInt, _>(store)
    .bind::<Text, _>(provider)
    .bind::<Text, _>(&event.event_id)
    .bind::<Text, _>(&event.event_type)
    .bind::<Nullable<Text>, _>(&event.order_number)
    .bind::<Nullable<Text>, _>(&event.reference)
    .bind::<Nullable<BigInt>, _>(event.amount.map(|Money(minor)| minor))
    .bind::<Nullable<Text>, _>(&event.currency)
    .bind::<Timestamptz, _>(at)
    .execute(conn)?;
    Ok(taken == 1)
}

/// Says what came of a taken event.
pub fn settle(
    conn: &mut PgConnection,
    store: StoreId,
    provider: &str,
    event_id: &str,
    outcome: EventOutcome,
) -> Result<(), Failure> {
    db::sql("UPDATE payment_events SET outcome = $4 WHERE store_id = $1 AND provider = $2 AND event_id = $3")
        .bind::<BigInt, _>(store)
        .bind::<Text, _>(provider)
        .bind::<Text, _>(event_id)
        .bind::<Text, _>(outcome)
        .execute(conn)?;
    Ok(())
}

/// An event whose order is known by now.
#[derive(Clone, Debug, QueryableByName)]
pub struct WaitingEvent {
    #[diesel(sql_type = BigInt)]
    pub store_id: StoreId,
    #[diesel(sql_type = Text)]
    pub provider: String,
    #[diesel(sql_type = Text)]
    pub event_id: String,
    #[diesel(sql_type = Text)]
    pub event_type: String,
    #[diesel(sql_type = Text)]
    pub order_number: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub reference: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub amount: Option<Money>,
    #[diesel(sql_type = Nullable<Text>)]
    pub currency: Option<String>,
}

macro_rules! waiting {
    ($of_store:literal) => {
        concat!(
            "SELECT e.store_id, e.provider, e.event_id, e.event_type, e.order_number, e.reference, e.amount, e.currency \
             FROM payment_events e JOIN orders o ON o.store_id = e.store_id AND o.order_number = e.order_number \
             WHERE e.outcome = 'unmatched'",
            $of_store,
            " ORDER BY e.received_at, e.event_id LIMIT $2"
        )
    };
}

/// Events that waited for an order that is there now, in one store or in all. Takes no lock.
pub fn discover_waiting(conn: &mut PgConnection, store: Option<StoreId>, limit: i64) -> QueryResult<Vec<WaitingEvent>> {
    db::sql(match store {
        Some(_) => waiting!(" AND e.store_id = $1 AND o.store_id = $1"),
        None => waiting!(""),
    })
    .bind::<Nullable<BigInt>, _>(store)
    .bind::<BigInt, _>(limit)
    .load(conn)
}

/// Locks an event that still waits; false if somebody else has settled it.
pub fn lock_waiting(conn: &mut PgConnection, event: &WaitingEvent) -> QueryResult<bool> {
    let locked = db::sql(
        "SELECT 1 FROM payment_events WHERE store_id = $1 AND provider = $2 AND event_id = $3 \
         AND outcome = 'unmatched' FOR UPDATE",
    )
    .bind::<BigInt, _>(event.store_id)
    .bind::<Text, _>(&event.provider)
    .bind::<Text, _>(&event.event_id)
    .execute(conn)?;
    Ok(locked == 1)
}
