//! The search texts of orders. A job writes them after the commit of the orders, so that no checkout waits for their
//! index. A search adds those that are not written yet (ADR 0013).

use std::collections::HashSet;

use diesel::PgConnection;

use super::queries::search::{self, Progress, SearchTexts, SearchedOrder};
use crate::db::{self, End, Failure};
use crate::kernel::folded_text;
use crate::kernel::id::{OrderId, StoreId};

/// The largest number of rows of the feed that one transaction reads. A row has the orders of a batch.
pub const ROWS_AT_A_TIME: i64 = 100;

/// In a sweep, a transaction reads so many times more orders than rows of the feed otherwise.
const ORDERS_OF_A_ROW: i64 = 10;

/// The work of one transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The orders that got their texts.
    pub orders: usize,
    /// True if there may be more to do.
    pub is_behind: bool,
}

/// Writes the texts of the next orders: those of at most `limit` rows of the feed. Changes nothing while another server
/// does so.
///
/// The position moves in the same transaction, so no order is left out. An order has one text for ever, so a part that is
/// read twice changes nothing. A store without a position first gets the texts of all its orders, which may be older than
/// the feed.
pub fn write_next(conn: &mut PgConnection, store: StoreId, limit: i64) -> Result<End<Written>, Failure> {
    // The statements begin after the lock, so they see the rows after those that another server has read.
    let Some(progress) = search::lock(conn, store)? else { return Ok(End::RollBack(Written::default())) };
    match progress.swept_order_id {
        Some(last) => sweep(conn, store, progress, (last, limit.saturating_mul(ORDERS_OF_A_ROW))),
        None => follow(conn, store, progress, limit),
    }
}

fn sweep(
    conn: &mut PgConnection,
    store: StoreId,
    progress: Progress,
    (last, limit): (OrderId, i64),
) -> Result<End<Written>, Failure> {
    let found = search::list_after(conn, store, last, limit)?;
    let orders = search::insert(conn, store, &texts_of(&found))?;
    let is_over = db::count(found.len()) < limit;
    let swept_order_id = found.last().map(|order| order.id).filter(|_| !is_over);
    search::set_progress(conn, store, Progress { swept_order_id, ..progress })?;
    // The feed may have orders that were placed meanwhile.
    Ok(End::Commit(Written { orders, is_behind: true }))
}

fn follow(conn: &mut PgConnection, store: StoreId, progress: Progress, limit: i64) -> Result<End<Written>, Failure> {
    let part = search::find_part(conn, store, progress.position, limit)?;
    let Some(position) = part.end else { return Ok(End::RollBack(Written::default())) };
    let orders = match part.orders.is_empty() {
        true => 0,
        false => {
            let found = search::list_by_id(conn, store, &part.orders)?;
            search::insert(conn, store, &texts_of(&found))?
        }
    };
    search::set_progress(conn, store, Progress { position, ..progress })?;
    Ok(End::Commit(Written { orders, is_behind: part.rows == limit }))
}

/// The texts of orders that the job may not have written yet. It reads them in the snapshot of the search, and writes
/// nothing.
pub fn find_unwritten(conn: &mut PgConnection, store: StoreId) -> Result<SearchTexts, Failure> {
    Ok(texts_of(&search::list_unwritten(conn, store)?))
}

fn texts_of(orders: &[SearchedOrder]) -> SearchTexts {
    let (orders, texts) = orders.iter().map(|order| (order.id, text_of(order))).unzip();
    SearchTexts { orders, texts }
}

/// The search text: the order's number, and the names and phones of the customer and the addresses. A phone is found in
/// its original form and by its digits.
fn text_of(order: &SearchedOrder) -> String {
    let of_address = |key: &'static str| {
        let addresses = [&order.shipping_address, &order.billing_address];
        addresses.into_iter().filter_map(move |address| address.as_ref()?.get(key)?.as_str())
    };
    let names = order.customer_name.as_deref().into_iter().chain(of_address("full_name"));
    let phones: Vec<&str> = order.customer_phone.as_deref().into_iter().chain(of_address("phone")).collect();
    let digits: Vec<String> = phones.iter().map(|phone| folded_text::digits(phone)).collect();
    let texts = std::iter::once(order.order_number.as_str()).chain(names).chain(phones.iter().copied());
    let mut seen = HashSet::new();
    folded_text::search_text(
        texts.chain(digits.iter().map(String::as_str)).filter(|text| seen.insert(text.to_string())),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_has_each_value_once() {
        let address = json!({"full_name": "Zoë Ødegård", "phone": "+47 555-12", "line1": "1 Quay"});
        let order = SearchedOrder {
            id: OrderId(1),
            order_number: "ORD-20260101-ABC".to_owned(),
            customer_name: Some("Mara".to_owned()),
            customer_phone: None,
            shipping_address: Some(address.clone()),
            billing_address: Some(address),
        };
        assert_eq!(text_of(&order), "ord-20260101-abc\nmara\nzoe odegard\n+47 555-12\n4755512");
    }
}
