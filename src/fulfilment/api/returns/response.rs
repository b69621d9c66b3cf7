//! Returns in responses.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::Scope;
use crate::db::Failure;
use crate::error::Abort;
use crate::fulfilment::api::credits::{self, CreditResponse};
use crate::fulfilment::credits::queries::Which;
use crate::fulfilment::returns::disposition::Disposition;
use crate::fulfilment::returns::queries::documents::{self, Return};
use crate::fulfilment::returns::queries::lines::{self, ReturnLine};
use crate::fulfilment::returns::queries::receipts::{self, ReturnReceipt, ReturnReceiptLine};
use crate::fulfilment::returns::status::ReturnStatus;
use crate::kernel::history_step::history_response;
use crate::kernel::id::{LocationId, OrderId, OrderItemId, ProductId, ReturnId, ReturnLineId, VariantId};
use crate::kernel::money::{Amount, Currency};
use crate::orders::queries::orders;

#[derive(Debug, Serialize, ToSchema)]
pub struct ReturnResponse {
    pub id: ReturnId,
    #[schema(pattern = "^RET-[0-9]{8}-[0-9A-Z]+$", max_length = 50)]
    pub return_number: String,
    pub order_id: OrderId,
    #[schema(pattern = "^ORD-[0-9]{8}-[0-9A-Z]+$", max_length = 50)]
    pub order_number: String,
    /// After the first receipt, it follows from the lines.
    pub status: ReturnStatus,
    #[schema(max_length = 2000)]
    pub note: Option<String>,
    /// Why it was rejected or cancelled.
    #[schema(max_length = 500)]
    pub reason: Option<String>,
    /// The order that the credits pay for. Null if the return belongs to no exchange.
    pub exchange_order_id: Option<OrderId>,
    pub lines: Vec<ReturnLineResponse>,
    /// The oldest first.
    pub receipts: Vec<ReturnReceiptResponse>,
    pub history: Vec<ReturnHistoryResponse>,
    /// Every request that changes the return increases it by one.
    pub version: i64,
    /// The caller that asked for it: `user:<id>` or `guest`.
    #[schema(max_length = 100)]
    pub actor: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// The units of one order item.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReturnLineResponse {
    pub id: ReturnLineId,
    pub item_id: OrderItemId,
    pub product_id: ProductId,
    pub variant_id: VariantId,
    #[schema(max_length = 151)]
    pub sku: String,
    #[schema(max_length = 255)]
    pub product_name: String,
    #[schema(max_length = 50)]
    pub size: Option<String>,
    pub quantity: i64,
    #[schema(max_length = 500)]
    pub reason: String,
    /// The units that may still arrive.
    pub outstanding_quantity: i64,
    /// The units that are for sale again.
    pub restocked_quantity: i64,
    pub quarantined_quantity: i64,
    pub scrapped_quantity: i64,
    /// The units that did not arrive, and are not expected any more.
    pub missing_quantity: i64,
}

/// Units that arrived together.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReturnReceiptResponse {
    /// The reference of its movements in the ledger.
    #[schema(pattern = "^RCP-[0-9]{8}-[0-9A-Z]+$", max_length = 50)]
    pub number: String,
    pub location_id: LocationId,
    pub lines: Vec<ReturnReceiptLineResponse>,
    /// Null if all units were missing.
    pub credit: Option<CreditResponse>,
    /// `user:<id>`
    #[schema(max_length = 100)]
    pub actor: String,
    pub created_at: DateTime<Utc>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ReturnReceiptLineResponse {
    pub line_id: ReturnLineId,
    pub restock: i64,
    pub quarantine: i64,
    pub scrap: i64,
    pub missing: i64,
    /// The part of the credit that the buyer still owes.
    pub fee: Amount,
}

history_response! {
    /// A change of a return's status.
    pub struct ReturnHistoryResponse(ReturnStatus);
}

/// Returns of one order, as responses. The number of statements does not depend on their number.
pub fn respond(
    conn: &mut PgConnection,
    scope: &Scope,
    order: OrderId,
    found: Vec<Return>,
) -> Result<Vec<ReturnResponse>, Abort> {
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let order = orders::get(conn, scope.store, order)?;
    let ids: Vec<ReturnId> = found.iter().map(|document| document.id).collect();
    let mut lines = by_return(lines::list(conn, scope.store, order.id, &ids)?, |line| line.return_id);
    let mut receipts = by_return(receipts::list(conn, scope.store, &ids)?, |(receipt, _)| receipt.return_id);
    let mut history = by_return(documents::list_history(conn, scope.store, &ids)?, |(id, _)| *id);
    let credits = credits::respond(conn, scope, order.id, Which::OfReturns(&ids))?.into_iter();
    let mut credits: HashMap<String, CreditResponse> = credits.map(|one| (one.number.clone(), one)).collect();
    let mut responses = Vec::with_capacity(found.len());
    for document in found {
        let id = document.id;
        let receipts = receipts.remove(&id).unwrap_or_default().into_iter().map(|(receipt, lines)| {
            let credit = receipt.credit_number.as_ref().and_then(|number| credits.remove(number));
            ReturnReceiptResponse::new(receipt, lines, credit, &order.currency)
        });
        let lines = lines.remove(&id).unwrap_or_default().into_iter().map(ReturnLineResponse::from);
        let (lines, receipts) = (lines.collect(), receipts.collect());
        let history = history.remove(&id).unwrap_or_default().into_iter();
        let history = history.map(|(_, step)| ReturnHistoryResponse::from(step)).collect();
        responses.push(ReturnResponse::new(document, &order.order_number, (lines, receipts, history)));
    }
    Ok(responses)
}

/// One return that exists.
pub fn respond_one(conn: &mut PgConnection, scope: &Scope, document: Return) -> Result<ReturnResponse, Abort> {
    let missing = Failure::Internal(format!("return {} is missing", document.id));
    respond(conn, scope, document.order_id, vec![document])?.pop().ok_or_else(|| missing.into())
}

fn by_return<T>(rows: Vec<T>, id_of: impl Fn(&T) -> ReturnId) -> HashMap<ReturnId, Vec<T>> {
    let mut sorted: HashMap<ReturnId, Vec<T>> = HashMap::new();
    for row in rows {
        sorted.entry(id_of(&row)).or_default().push(row);
    }
    sorted
}

/// The lines, the receipts and the history of a return.
type Parts = (Vec<ReturnLineResponse>, Vec<ReturnReceiptResponse>, Vec<ReturnHistoryResponse>);

impl ReturnResponse {
    fn new(document: Return, order_number: &str, (lines, receipts, history): Parts) -> Self {
        Self {
            id: document.id,
            return_number: document.return_number,
            order_id: document.order_id,
            order_number: order_number.to_owned(),
            status: document.status,
            note: document.note,
            reason: document.reason,
            exchange_order_id: document.exchange_order_id,
            lines,
            receipts,
            history,
            version: document.version,
            actor: document.actor,
            created_at: document.created_at,
            updated_at: document.updated_at,
        }
    }
}

impl From<ReturnLine> for ReturnLineResponse {
    fn from(line: ReturnLine) -> Self {
        Self {
            outstanding_quantity: line.outstanding(),
            id: line.id,
            item_id: line.item_id,
            product_id: line.product_id,
            variant_id: line.variant_id,
            sku: line.sku,
            product_name: line.product_name,
            size: line.size,
            quantity: line.quantity,
            reason: line.reason,
            restocked_quantity: line.restocked_quantity,
            quarantined_quantity: line.quarantined_quantity,
            scrapped_quantity: line.scrapped_quantity,
            missing_quantity: line.missing_quantity,
        }
    }
}

impl ReturnReceiptResponse {
    fn new(
        receipt: ReturnReceipt,
        lines: Vec<ReturnReceiptLine>,
        credit: Option<CreditResponse>,
        currency: &Currency,
    ) -> Self {
        let ReturnReceipt { id: _, receipt_number, return_id: _, location_id, credit_number: _, actor, created_at } =
            receipt;
        let line = |line: ReturnReceiptLine| {
            let Disposition { restock, quarantine, scrap, missing } = line.units;
            let fee = currency.amount(line.fee);
            ReturnReceiptLineResponse { line_id: line.line, restock, quarantine, scrap, missing, fee }
        };
        let lines = lines.into_iter().map(line).collect();
        Self { number: receipt_number, location_id, lines, credit, actor, created_at }
    }
}
