//! The operations on credits.

use std::collections::BTreeSet;

use crate::kernel::document_ref::DocumentRef;
use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::{find, refuse_zero};
use crate::auth::{Ctx, Scope};
use crate::db::Failure;
use crate::error::{Abort, ApiError};
use crate::fulfilment::change_orders::change_one;
use crate::fulfilment::credits::credit::CreditKind;
use crate::fulfilment::credits::forgive::{self, Forgiven};
use crate::fulfilment::credits::queries::{self, StoredCredit, StoredLine, Which};
use crate::fulfilment::order_batch::{By, Intent};
use crate::idempotency::{Answer, Command};
use crate::kernel::id::{CreditId, OrderId, OrderItemId, ProductId, ReturnId, VariantId};
use crate::kernel::money::{Amount, AmountInput, Currency, Money};
use crate::kernel::quantity::MAX_DOCUMENT_LINES;
use crate::kernel::text;
use crate::orders::queries::orders;

/// Forgives an amount of an order, or amounts of its items. Fees of returns are given back in the same way.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCreditRequest {
    /// `shipping` forgives the delivery. Without it, goods are forgiven.
    #[serde(default)]
    pub kind: ForgivenKind,
    /// An amount of the order, at most its `net_total`. It gives the fees of returned units back first. The rest is
    /// shared over all that is left of the items and the delivery. For `shipping`, an amount of the delivery, or all that
    /// is left of it if absent.
    pub amount: Option<AmountInput>,
    /// The amounts of items, instead of `amount`. Each is at most what is left of the item with the fees of its returned
    /// units, and gives these fees back first.
    #[schema(min_items = 1, max_items = 500)]
    pub lines: Option<Vec<NewCreditLineRequest>>,
    #[validate(custom(function = "text::check_visible"))]
    #[validate(length(min = 1, max = 500, message = "must have 1 to 500 characters"))]
    #[schema(min_length = 1, max_length = 500, pattern = r"\S")]
    pub reason: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ForgivenKind {
    #[default]
    Goodwill,
    Shipping,
}

#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCreditLineRequest {
    pub item_id: OrderItemId,
    pub amount: AmountInput,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CreditResponse {
    pub id: CreditId,
    #[schema(pattern = "^CRN-[0-9]{8}-[0-9A-Z]+$", max_length = 50)]
    pub number: String,
    pub order_id: OrderId,
    pub kind: CreditKind,
    /// The return whose receipt is credited. Null for other credits.
    pub return_id: Option<ReturnId>,
    #[schema(max_length = 500)]
    pub reason: Option<String>,
    pub lines: Vec<CreditLineResponse>,
    pub subtotal: Amount,
    pub discount_amount: Amount,
    /// The added tax of goods and delivery.
    pub tax_amount: Amount,
    /// The tax that the prices contain.
    pub included_tax_amount: Amount,
    pub shipping_amount: Amount,
    /// The part that the buyer still owes, because the return costs a fee. Less than 0 if the credit gives fees back.
    pub fee: Amount,
    /// subtotal − discount + tax + shipping − fee
    pub total: Amount,
    /// The part that paid for the order of an exchange.
    pub used_amount: Amount,
    /// The sum of the refunds that named the credit.
    pub refunded_amount: Amount,
    /// `user:<id>`, `guest` or `system`.
    #[schema(max_length = 100)]
    pub actor: String,
    pub created_at: DateTime<Utc>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CreditLineResponse {
    pub item_id: OrderItemId,
    pub product_id: ProductId,
    pub variant_id: VariantId,
    #[schema(max_length = 151)]
    pub sku: String,
    #[schema(max_length = 255)]
    pub product_name: String,
    #[schema(max_length = 50)]
    pub size: Option<String>,
    /// The cancelled or returned units. 0 if only an amount is forgiven.
    pub quantity: i64,
    pub subtotal: Amount,
    pub discount_amount: Amount,
    pub tax_amount: Amount,
    pub included_tax_amount: Amount,
    /// Less than 0 if the credit gives fees of earlier credits of the item back.
    pub fee: Amount,
    /// subtotal − discount + tax − fee
    pub total: Amount,
}

/// `GET /orders/{id}/credits`
pub async fn list_credits(path: web::Path<String>, ctx: Ctx) -> Result<HttpResponse, ApiError> {
    let order_ref = DocumentRef::from_path(&path);
    let list = move |conn: &mut PgConnection, scope: &Scope| -> Result<_, Abort> {
        let id = find(conn, scope, &order_ref)?;
        respond(conn, scope, id, Which::All)
    };
    ctx.answer("list_credits", list).await
}

/// `POST /orders/{id}/credits`
pub async fn give_credit(
    path: web::Path<String>,
    command: Command<NewCreditRequest>,
) -> Result<HttpResponse, ApiError> {
    let order_ref = DocumentRef::from_path(&path);
    let command = command.try_map(|request| {
        let reason = request.reason.clone();
        Ok((Forgiven::try_from(request)?, reason))
    })?;
    command
        .run("give_credit", move |conn, scope, (forgiven, reason)| {
            let (id, actor) = (find(conn, scope, &order_ref)?, scope.actor());
            let by = By { actor: &actor, reason: Some(reason) };
            let (_, number) =
                change_one(conn, scope.store, id, Intent::Credit, |batch| forgive::forgive(batch, id, forgiven, by))?;
            Ok(Answer::created(&respond_one(conn, scope, id, &number)?)?)
        })
        .await
}

/// Credits of an order, the oldest first.
pub fn respond(
    conn: &mut PgConnection,
    scope: &Scope,
    id: OrderId,
    which: Which<'_>,
) -> Result<Vec<CreditResponse>, Abort> {
    let currency = orders::get(conn, scope.store, id)?.currency;
    let credits = queries::list(conn, scope.store, id, which)?.into_iter();
    Ok(credits.map(|(credit, lines)| CreditResponse::new(credit, lines, &currency)).collect())
}

/// A credit that exists.
pub fn respond_one(conn: &mut PgConnection, scope: &Scope, id: OrderId, number: &str) -> Result<CreditResponse, Abort> {
    let credit = respond(conn, scope, id, Which::Numbered(number))?.pop();
    credit.ok_or_else(|| Failure::Internal(format!("the credit {number} is missing")).into())
}

impl TryFrom<NewCreditRequest> for Forgiven {
    type Error = ApiError;

    fn try_from(request: NewCreditRequest) -> Result<Self, ApiError> {
        let NewCreditRequest { kind, amount, lines, reason: _ } = request;
        refuse_zero("amount", amount)?;
        match (kind, amount, lines) {
            (ForgivenKind::Shipping, amount, None) => Ok(Self::Delivery(amount)),
            (ForgivenKind::Shipping, _, Some(_)) => Err(ApiError::field("lines", "must be absent for the delivery")),
            (ForgivenKind::Goodwill, Some(amount), None) => Ok(Self::Order(amount)),
            (ForgivenKind::Goodwill, None, Some(lines)) => items(lines),
            (ForgivenKind::Goodwill, ..) => {
                Err(ApiError::field("amount", "must be given if lines is absent, and absent if lines is given"))
            }
        }
    }
}

fn items(lines: Vec<NewCreditLineRequest>) -> Result<Forgiven, ApiError> {
    if !(1..=MAX_DOCUMENT_LINES).contains(&lines.len()) {
        return Err(ApiError::field("lines", format!("must have 1 to {MAX_DOCUMENT_LINES} lines")));
    }
    let mut seen = BTreeSet::new();
    if let Some(index) = lines.iter().position(|line| !seen.insert(line.item_id)) {
        return Err(ApiError::field(format!("lines[{index}].item_id"), "must not be repeated"));
    }
    for (index, line) in lines.iter().enumerate() {
        refuse_zero(&format!("lines[{index}].amount"), Some(line.amount))?;
    }
    Ok(Forgiven::Items(lines.into_iter().map(|line| (line.item_id, line.amount)).collect()))
}

impl CreditResponse {
    #[must_use]
    pub fn new(credit: StoredCredit, lines: Vec<StoredLine>, currency: &Currency) -> Self {
        Self {
            id: credit.id,
            number: credit.credit_number,
            order_id: credit.order_id,
            kind: credit.kind,
            return_id: credit.return_id,
            reason: credit.reason,
            lines: lines.into_iter().map(|line| CreditLineResponse::new(line, currency)).collect(),
            subtotal: currency.amount(credit.subtotal),
            discount_amount: currency.amount(credit.discount_amount),
            tax_amount: currency.amount(credit.tax_amount),
            included_tax_amount: currency.amount(credit.included_tax_amount),
            shipping_amount: currency.amount(credit.shipping_amount),
            fee: currency.amount(credit.fee),
            total: currency.amount(credit.total_amount),
            used_amount: currency.amount(credit.used_amount),
            refunded_amount: currency.amount(credit.refunded_amount),
            actor: credit.actor,
            created_at: credit.created_at,
        }
    }
}

impl CreditLineResponse {
    fn new(line: StoredLine, currency: &Currency) -> Self {
        let total = Money(line.shares().total().0.saturating_sub(line.fee.0));
        Self {
            item_id: line.item_id,
            product_id: line.product_id,
            variant_id: line.variant_id,
            sku: line.sku,
            product_name: line.product_name,
            size: line.size,
            quantity: line.quantity,
            subtotal: currency.amount(line.subtotal),
            discount_amount: currency.amount(line.discount_amount),
            tax_amount: currency.amount(line.tax_amount),
            included_tax_amount: currency.amount(line.included_tax_amount),
            fee: currency.amount(line.fee),
            total: currency.amount(total),
        }
    }
}
