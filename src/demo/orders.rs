//! An order of the demo customer: two bottles of milk of last week, delivered and paid, with an invoice. The customer asks
//! to return one of them.

use chrono::Duration;
use diesel::PgConnection;

use super::CUSTOMER;
use crate::accounts::queries::users;
use crate::audit::document::Target;
use crate::auth::permission::Permissions;
use crate::auth::principal::Account;
use crate::auth::{Principal, Role, Scope};
use crate::checkout::place_orders::place_orders;
use crate::checkout::placement::{Buyer, Contact, Placement, RequestedItem, Source};
use crate::db::{Failure, clock};
use crate::error::Abort;
use crate::fulfilment::change_orders::change_one;
use crate::fulfilment::deliver::{self, ShipmentChange};
use crate::fulfilment::order_batch::{By, Intent};
use crate::fulfilment::papers::issue;
use crate::fulfilment::returns::create::{self, NewReturn, ReturnedLine};
use crate::fulfilment::ship::{self, Dispatch};
use crate::fulfilment::update::{self, Change};
use crate::kernel::document_ref::DocumentRef;
use crate::kernel::id::{OrderId, ProductRef, UserId};
use crate::kernel::quantity::Quantity;
use crate::orders::order::OrderItem;
use crate::orders::queries::items;
use crate::orders::status::PaymentStatus;

/// The ages of the order, of its shipment, of its delivery, and of the return.
const AGES: [Duration; 4] = [Duration::days(6), Duration::days(5), Duration::days(3), Duration::days(2)];

/// Places the order, ships it with its invoice, and delivers it. The driver brings the money. Later, the customer asks for
/// the return.
pub(super) fn add(conn: &mut PgConnection, scope: &Scope) -> Result<(), Abort> {
    let [ordered, shipped, delivered, returned] = AGES;
    let customer = users::find_by_email(conn, CUSTOMER)?;
    let customer = customer.ok_or_else(|| Failure::Internal("the demo customer is missing".to_owned()))?.id;
    let account = Account { id: customer, role: Role::Customer, permissions: Permissions::default(), store: None };
    let buyer = Scope { store: scope.store, principal: Principal::User(account) };
    let id = clock::earlier(ordered, || place(conn, &buyer, customer))?;
    let number = clock::earlier(shipped, || ship(conn, scope, id))?;
    clock::earlier(delivered, || deliver(conn, scope, (id, number)))?;
    clock::earlier(returned, || ask_for_return(conn, &buyer, id))
}

fn place(conn: &mut PgConnection, buyer: &Scope, customer: UserId) -> Result<OrderId, Abort> {
    let two = Quantity::parse("2").ok_or_else(|| Failure::Internal("two is no quantity".to_owned()))?;
    let product = ProductRef::Sku("prod_010".to_owned());
    let placement = Placement {
        actor: buyer.actor(),
        buyer: Buyer::Account(customer),
        contact: Contact {
            customer_name: Some("Demo customer".to_owned()),
            customer_phone: Some("+91 98765 43210".to_owned()),
            customer_email: None,
            delivery_address: Some("12 Lake Road, Pune 411001".to_owned()),
        },
        source: Source::Items(vec![RequestedItem { product, size: None, quantity: two, unit_price: None }]),
        shipping_address: None,
        billing_address: None,
        pickup: None,
        payment_method: "cod".to_owned(),
        notes: Some("Please ring twice".to_owned()),
        expected_total: None,
        discount: None,
        allow_partial: false,
        payment_window_seconds: 0,
        exchange: None,
    };
    let outcomes = place_orders(conn, buyer.store, &[&placement])?;
    let missing = || Failure::Internal("the demo order is missing".to_owned());
    let done = outcomes.into_iter().next().ok_or_else(missing)??;
    Ok(OrderId(done.answer.order_id.ok_or_else(missing)?))
}

/// Returns the number of the shipment.
fn ship(conn: &mut PgConnection, scope: &Scope, id: OrderId) -> Result<String, Abort> {
    let actor = scope.actor();
    let by = By { actor: &actor, reason: None };
    let dispatch = Dispatch {
        carrier: Some("India Post".to_owned()),
        tracking_number: Some("EE123456789IN".to_owned()),
        ..Dispatch::default()
    };
    let (_, number) = change_one(conn, scope.store, id, Intent::Ship, |batch| ship::ship(batch, id, &dispatch, by))?;
    issue::issue(conn, scope, id)?;
    Ok(number)
}

fn deliver(conn: &mut PgConnection, scope: &Scope, (id, number): (OrderId, String)) -> Result<(), Abort> {
    let target = Target { name: DocumentRef::Number(number), expected_version: None };
    deliver::change_shipment(conn, scope, &target, &ShipmentChange::Delivered)?;
    let paid = Change { payment_status: Some(PaymentStatus::Paid), ..Change::default() };
    update::update(conn, scope, id, &paid).map(drop)
}

fn ask_for_return(conn: &mut PgConnection, buyer: &Scope, id: OrderId) -> Result<(), Abort> {
    let items = items::list(conn, buyer.store, &[id])?.remove(&id).unwrap_or_default();
    let line = |item: &OrderItem| ReturnedLine { item: item.id, quantity: 1, reason: "It leaks".to_owned() };
    let new = NewReturn { lines: items.iter().map(line).collect(), note: None };
    create::create_return(conn, buyer, id, &new).map(drop)
}
