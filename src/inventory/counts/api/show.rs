//! Reads counts for responses.

use std::collections::HashMap;

use crate::kernel::document_ref::DocumentRef;
use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::response::{CountLineResponse, CountResponse, ExpectedUnits};
use crate::auth::{Permission, Scope};
use crate::db;
use crate::error::{Abort, OpenItem};
use crate::inventory::counts::document::not_found;
use crate::inventory::counts::line::{CountLine, value_variance};
use crate::inventory::counts::queries::documents::{self, Count};
use crate::inventory::counts::queries::lines;
use crate::inventory::counts::queries::shown::{self, LineFilter, LineOrder};
use crate::inventory::counts::status::LineStatus;
use crate::inventory::locked_stock::StockKey;
use crate::inventory::observation::StockAtObservation;
use crate::inventory::queries::{promises, stock_at};
use crate::kernel::id::{CountId, VariantId};
use crate::kernel::money::Currency;
use crate::stores::queries as stores;

/// The maximal number of lines in a response.
pub const MAX_SHOWN_LINES: i64 = 500;

/// Lines of a response.
#[derive(Clone, Copy, Debug, Default)]
pub struct ShownLines<'a> {
    pub filter: LineFilter<'a>,
    pub order: LineOrder,
    pub limit: Option<i64>,
    pub offset: i64,
}

/// A count with these lines.
pub fn show(
    conn: &mut PgConnection,
    scope: &Scope,
    name: &DocumentRef<CountId>,
    shown: ShownLines<'_>,
) -> Result<CountResponse, Abort> {
    let count = documents::find(conn, scope.store, name)?.ok_or_else(not_found)?;
    let totals = lines::total(conn, scope.store, count.id)?;
    let page = (shown.limit.unwrap_or(MAX_SHOWN_LINES), shown.offset);
    let mut found = shown::list(conn, scope.store, count.id, shown.filter, shown.order, page)?;
    if shown.order == LineOrder::PostedLast {
        // The order has chosen the lines. They are shown by their numbers.
        found.sort_by_key(|line| line.line);
    }
    let responses = line_responses(conn, scope, &count, found)?;
    let history = documents::list_history(conn, scope.store, count.id)?;
    Ok(CountResponse::new(count, totals, responses, history))
}

/// Adds the expected quantities and the promised units to lines.
pub fn line_responses(
    conn: &mut PgConnection,
    scope: &Scope,
    count: &Count,
    found: Vec<CountLine>,
) -> Result<Vec<CountLineResponse>, Abort> {
    let currency = stores::get_store(conn, scope.store)?.currency;
    let now = db::clock(conn)?;
    let past = read_stock_at(conn, scope, count, &found, now)?;
    let mut promised = read_promises(conn, scope, count, &found)?;
    let viewer = Viewer { sees_value: scope.principal.can(Permission::InventoryRead), currency };
    let response = |line: CountLine| {
        let promises = match line.status {
            LineStatus::Refused => promised.remove(&line.variant_id).unwrap_or_default(),
            _ => Vec::new(),
        };
        let figures = if is_hidden(scope, count, &line) {
            ExpectedUnits::default()
        } else {
            viewer.figures(&line, past.get(&line.line).copied().unwrap_or_default())
        };
        CountLineResponse::new(line, figures, promises)
    };
    Ok(found.into_iter().map(response).collect())
}

/// True for the lines of a blind count that are still being counted, unless the caller may see the stock.
fn is_hidden(scope: &Scope, count: &Count, line: &CountLine) -> bool {
    let seeing = [Permission::InventoryRead, Permission::InventoryUpdate, Permission::InventoryApprove];
    let sees_stock = seeing.into_iter().any(|permission| scope.principal.can(permission));
    count.blind && line.status == LineStatus::Open && !sees_stock
}

/// The stock rows of the lines that are not posted, at the times of their observations.
fn read_stock_at(
    conn: &mut PgConnection,
    scope: &Scope,
    count: &Count,
    found: &[CountLine],
    now: DateTime<Utc>,
) -> Result<HashMap<i64, StockAtObservation>, Abort> {
    let open: Vec<&CountLine> = found.iter().filter(|line| line.posted.is_none()).collect();
    let key = |line: &&CountLine| -> (StockKey, DateTime<Utc>) {
        ((line.variant_id, count.location_id), line.observation.map_or(now, |observation| observation.at))
    };
    let past = stock_at::read(conn, scope.store, &open.iter().map(key).collect::<Vec<_>>())?;
    Ok(open.iter().map(|line| line.line).zip(past).collect())
}

fn read_promises(
    conn: &mut PgConnection,
    scope: &Scope,
    count: &Count,
    found: &[CountLine],
) -> Result<HashMap<VariantId, Vec<OpenItem>>, Abort> {
    let refused = found.iter().filter(|line| line.status == LineStatus::Refused).map(|line| line.variant_id);
    Ok(promises::list(conn, scope.store, count.location_id, &refused.collect::<Vec<_>>())?)
}

struct Viewer {
    sees_value: bool,
    currency: Currency,
}

impl Viewer {
    /// The figures of the posting, or those that a posting would have now.
    fn figures(&self, line: &CountLine, past: StockAtObservation) -> ExpectedUnits {
        let (expected, unit_value, touched) = match line.posted {
            Some(posted) => (posted.expected, posted.unit_value, posted.touched),
            None => (past.on_hand, line.unit_value, past.touched),
        };
        let Some(observation) = line.observation else {
            return ExpectedUnits { expected: Some(expected), ..ExpectedUnits::default() };
        };
        let (units, value) = value_variance(observation.counted, expected, unit_value);
        ExpectedUnits {
            expected: Some(expected),
            variance: Some(units),
            value: self.sees_value.then(|| self.currency.total(value)),
            touched: Some(touched),
        }
    }
}
