//! Posts counted lines: the stock of each row changes by the difference at the time of its observation.

use std::collections::BTreeSet;

use crate::audit::document::{DocumentChange, Target};
use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::document::LockedCount;
use super::line::{CountLine, PostedLine, PostingDecision, decide};
use super::queries::documents::Count;
use super::queries::lines::{self, LineResult};
use super::queries::shown::{self, LineFilter, LineOrder};
use super::status::{CountStatus, LineStatus};
use crate::audit::words::Action;
use crate::auth::{Permission, Scope};
use crate::db::{self, Failure};
use crate::error::{Abort, ApiError, Code, Overdue};
use crate::events::EventType;
use crate::inventory::locked_stock::{LockedStock, MovementContext, StockKey};
use crate::inventory::observation::{Observation, StockAtObservation};
use crate::inventory::queries::{holds, stock_at};
use crate::kernel::id::{CountId, VariantId};
use crate::stores::count_tolerance::CountTolerance;
use crate::stores::queries as stores;

/// The maximal number of lines that one transaction posts. Orders of these products wait for its end, so it is small.
pub const LINES_AT_A_TIME: i64 = 100;

/// A request to post lines.
#[derive(Clone, Debug)]
pub struct PostRequest {
    pub target: Target<CountId>,
    /// All lines if None.
    pub lines: Option<Vec<i64>>,
}

/// Posts one part of the lines after this one, if they do not fit into one transaction. Returns its last line, or None
/// if the rest fits. The version of the count stays, so that the same request can continue after an interruption.
pub fn post_part(
    conn: &mut PgConnection,
    scope: &Scope,
    request: &PostRequest,
    after: i64,
) -> Result<Option<i64>, Abort> {
    let document = lock_submitted(conn, scope, request)?;
    let mut pending = list_pending(conn, scope, &document.count, (request, after))?;
    if db::count(pending.len()) <= LINES_AT_A_TIME {
        return Ok(None);
    }
    pending.pop();
    let last = pending.last().map(|line| line.line);
    let now = post(conn, scope, &document.count, pending)?.at;
    let change = DocumentChange { action: Action::Update, done: "posted in part", reason: None, event: None };
    change.append_audit(conn, scope, (&document.count, &[]), now)?;
    Ok(last)
}

/// Posts the lines after this one.
pub fn post_rest(conn: &mut PgConnection, scope: &Scope, request: &PostRequest, after: i64) -> Result<CountId, Abort> {
    let mut document = lock_submitted(conn, scope, request)?;
    let mut pending = list_pending(conn, scope, &document.count, (request, after))?;
    pending.truncate(usize::try_from(LINES_AT_A_TIME).unwrap_or(usize::MAX));
    let is_pending = !pending.is_empty();
    let done = post(conn, scope, &document.count, pending)?;
    // Every line needs approval, so the request has no effect.
    if after == 0 && is_pending && done.lines == 0 {
        return Err(Permission::InventoryApprove.missing().into());
    }
    document.write(
        conn,
        scope,
        &DocumentChange {
            action: Action::UpdateStatus,
            done: "posted",
            reason: None,
            event: Some(EventType::CountPosted),
        },
        done.at,
    )?;
    Ok(document.count.id)
}

fn lock_submitted(conn: &mut PgConnection, scope: &Scope, request: &PostRequest) -> Result<LockedCount, Abort> {
    let document = LockedCount::lock(conn, scope, &request.target)?;
    document.count.status.require(&[CountStatus::Submitted], "posted")?;
    let known = 1..=document.count.line_count;
    let unknown = request.lines.iter().flatten().position(|line| !known.contains(line));
    match unknown {
        Some(index) => Err(ApiError::field(format!("lines[{index}]"), "is not a line of the count").into()),
        None => Ok(document),
    }
}

/// The next lines that wait for their posting or were refused before: one more than a transaction posts.
fn list_pending(
    conn: &mut PgConnection,
    scope: &Scope,
    count: &Count,
    (request, after): (&PostRequest, i64),
) -> Result<Vec<CountLine>, Failure> {
    let numbers = request.lines.as_deref();
    let status = &[LineStatus::Submitted, LineStatus::Refused];
    let filter = LineFilter { status, numbers, after, counted_only: false };
    let limit = LINES_AT_A_TIME.saturating_add(1);
    Ok(shown::list(conn, scope.store, count.id, filter, LineOrder::FirstToLast, (limit, 0))?)
}

/// A line that somebody counted, and its stock row at that time.
struct PostableLine {
    line: CountLine,
    observation: Observation,
    past: StockAtObservation,
}

/// The result of a posting.
struct Done {
    at: DateTime<Utc>,
    /// The number of lines that were posted, superseded or refused.
    lines: usize,
}

fn post(conn: &mut PgConnection, scope: &Scope, count: &Count, pending: Vec<CountLine>) -> Result<Done, Abort> {
    let tolerance = match scope.principal.can(Permission::InventoryApprove) {
        true => None,
        false => Some(stores::get_store(conn, scope.store)?.count_tolerance()),
    };
    let location = count.location_id;
    let observed: Vec<(CountLine, Observation)> =
        pending.into_iter().filter_map(|line| line.observation.map(|observation| (line, observation))).collect();
    let observations: Vec<(StockKey, DateTime<Utc>)> =
        observed.iter().map(|(line, observation)| ((line.variant_id, location), observation.at)).collect();
    let keys: BTreeSet<StockKey> = observations.iter().map(|(key, _)| *key).collect();
    let mut stock = LockedStock::lock_keys(conn, scope.store, &keys)?;
    let at = db::clock(conn)?;
    // The rows are locked, so their past is final.
    let past = stock_at::read(conn, scope.store, &observations)?;
    let mut results: Vec<LineResult> = Vec::with_capacity(observed.len());
    let mut refused: Vec<VariantId> = Vec::new();
    for ((line, observation), past) in observed.into_iter().zip(past) {
        let number = line.line;
        let postable = PostableLine { line, observation, past };
        let decision = decide_line(&stock, count, &postable, tolerance)?;
        let (status, posted) = match decision {
            PostingDecision::NeedsApproval => continue,
            PostingDecision::Superseded => (LineStatus::Superseded, None),
            PostingDecision::Refused => {
                refused.push(postable.line.variant_id);
                (LineStatus::Refused, None)
            }
            PostingDecision::Post(variance) => {
                (LineStatus::Posted, Some(record(&mut stock, scope, count, &postable, variance)?))
            }
        };
        results.push(LineResult { line: number, status, posted });
    }
    retry_overdue(conn, scope, &refused)?;
    stock.write(conn, at)?;
    lines::write_results(conn, scope.store, count.id, &results)?;
    Ok(Done { at, lines: results.len() })
}

fn decide_line(
    stock: &LockedStock,
    count: &Count,
    postable: &PostableLine,
    tolerance: Option<CountTolerance>,
) -> Result<PostingDecision, Failure> {
    let PostableLine { line, observation, past } = postable;
    let level = stock.row((line.variant_id, count.location_id));
    let level = level.ok_or_else(|| Failure::Internal(format!("variant {} has no stock row", line.variant_id)))?;
    Ok(decide(*observation, level, past, tolerance, line.unit_value))
}

/// Records the one movement of a posted line. It has no reason, unlike a stock change under the same reference.
fn record(
    stock: &mut LockedStock,
    scope: &Scope,
    count: &Count,
    postable: &PostableLine,
    variance: i64,
) -> Result<PostedLine, Failure> {
    let PostableLine { line, observation, past } = postable;
    let actor = scope.actor();
    let context = MovementContext { reference: &count.count_number, reason: None, actor: &actor };
    let movement = stock.record_count((line.variant_id, count.location_id), variance, context, observation.at)?;
    let StockAtObservation { on_hand, touched, .. } = *past;
    let (unit_value, movement_version) = (line.unit_value, movement.version);
    Ok(PostedLine { expected: on_hand, unit_value, touched, movement_version })
}

/// Asks for a second attempt if overdue holds of refused lines have not ended yet.
fn retry_overdue(conn: &mut PgConnection, scope: &Scope, refused: &[VariantId]) -> Result<(), Abort> {
    if refused.is_empty() {
        return Ok(());
    }
    let variants = holds::list_overdue_variants(conn, scope.store, refused)?;
    if variants.is_empty() {
        return Ok(());
    }
    let refusal = ApiError::new(Code::Busy, "Overdue holds are ending. Try again in a moment.").retry_after(1);
    Err(Abort::Overdue(refusal, Overdue { store: scope.store, variants }))
}
