//! The SQL of lists of deliveries. A number that is counted up to a limit needs a subquery with a limit.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::deliveries::Delivery;
use crate::db;
use crate::db::schema::webhook_deliveries;
use crate::kernel::id::{StoreId, WebhookId};
use crate::kernel::page::{List, PageQuery, Sort};
use crate::webhooks::delivery::DeliveryState;

/// The columns that deliveries can be sorted by.
pub const SORTS: [&str; 1] = ["id"];

/// The largest number of deliveries that are counted. A busy webhook has millions, and a count would read each of them.
const MAX_COUNTED: i64 = 10_000;

/// A page of the deliveries of a webhook, perhaps only those in one state. The total counts up to a limit.
pub fn list(
    conn: &mut PgConnection,
    (store, webhook): (StoreId, WebhookId),
    state: Option<DeliveryState>,
    sort: Sort,
    page: &PageQuery,
) -> QueryResult<List<Delivery>> {
    let total = count(conn, (store, webhook), state)?;
    let all = webhook_deliveries::table.filter(webhook_deliveries::store_id.eq(store));
    let mut query = all.filter(webhook_deliveries::webhook_id.eq(webhook)).into_boxed();
    if let Some(state) = state {
        query = query.filter(webhook_deliveries::state.eq(state));
    }
    let query = match sort.descending {
        false => query.order(webhook_deliveries::id.asc()),
        true => query.order(webhook_deliveries::id.desc()),
    };
    let found = query.select(Delivery::as_select()).limit(page.limit).offset(page.offset()).load(conn)?;
    Ok(page.list(found, total))
}

fn count(
    conn: &mut PgConnection,
    (store, webhook): (StoreId, WebhookId),
    state: Option<DeliveryState>,
) -> QueryResult<i64> {
    db::sql(
        "SELECT count(*) FROM (SELECT FROM webhook_deliveries \
         WHERE store_id = $1 AND webhook_id = $2 AND ($3 IS NULL OR state = $3) LIMIT $4) counted",
    )
    .bind::<BigInt, _>(store)
    .bind::<BigInt, _>(webhook)
    .bind::<Nullable<Text>, _>(state.map(DeliveryState::as_str))
    .bind::<BigInt, _>(MAX_COUNTED)
    .columns::<BigInt>()
    .get_result(conn)
}
