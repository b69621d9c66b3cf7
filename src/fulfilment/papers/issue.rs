//! Issues the invoice of an order, once.

use diesel::PgConnection;

use super::content::InvoiceContent;
use super::queries::{self, Invoice};
use crate::audit::queries::{self as audit, NewAuditEntry};
use crate::audit::words::{Action, Entity};
use crate::auth::Scope;
use crate::db::Failure;
use crate::error::{Abort, ApiError, Code};
use crate::fulfilment::credits::queries::{self as credits, Which};
use crate::fulfilment::order_batch::{Intent, OrderBatch};
use crate::kernel::id::OrderId;
use crate::orders::order::Order;
use crate::orders::queries::items;
use crate::orders::status::OrderStatus;
use crate::stores::queries::get_store;

/// An invoice that was issued now or before.
#[derive(Clone, Debug)]
pub enum Issued {
    Now(Invoice),
    Before(Invoice),
}

/// Issues the invoice of a sold order. A second call changes nothing.
pub fn issue(conn: &mut PgConnection, scope: &Scope, id: OrderId) -> Result<Issued, Abort> {
    let mut batch = OrderBatch::lock(conn, scope.store, &[(id, Intent::Update)])?;
    if let Some(invoice) = queries::find(conn, scope.store, id)? {
        return Ok(Issued::Before(invoice));
    }
    refuse_unsold(batch.order(id)?)?;
    let content = read_content(conn, scope, batch.order(id)?)?;
    // The last lock of the transaction: others that issue an invoice wait for the commit only.
    let number = queries::take_number(conn, scope.store)?;
    let invoice_number = format!("INV-{number:06}");
    batch.change(id)?.invoice_number = Some(invoice_number.clone());
    batch.write(conn)?;
    let (actor, created_at) = (scope.actor(), batch.now());
    let invoice = Invoice { store_id: scope.store, order_id: id, number, invoice_number, content, actor, created_at };
    queries::insert(conn, &invoice)?;
    let detail = format!("Invoice {} issued for order {}", invoice.invoice_number, invoice.content.order_number);
    let entry = NewAuditEntry { entity: Entity::Order, entity_id: id.0, action: Action::Create, detail };
    audit::append(conn, scope, &entry, created_at)?;
    Ok(Issued::Now(invoice))
}

fn read_content(conn: &mut PgConnection, scope: &Scope, order: &Order) -> Result<InvoiceContent, Failure> {
    let store = get_store(conn, scope.store)?;
    let items = items::list(conn, scope.store, &[order.id])?.remove(&order.id).unwrap_or_default();
    let credits: Vec<_> =
        credits::list(conn, scope.store, order.id, Which::All)?.into_iter().map(|(credit, _lines)| credit).collect();
    Ok(InvoiceContent::new(&store, order, &items, &credits))
}

fn refuse_unsold(order: &Order) -> Result<(), ApiError> {
    match order.status {
        OrderStatus::Pending | OrderStatus::Processing | OrderStatus::Shipped | OrderStatus::Delivered => Ok(()),
        OrderStatus::UnderPaying | OrderStatus::Cancelled => {
            let detail = format!("An order that is '{}' gets no invoice.", order.status.as_str());
            Err(ApiError::new(Code::InvalidTransition, detail))
        }
    }
}
