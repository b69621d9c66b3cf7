//! Returns and exchanges of delivered goods.

use chrono::{DateTime, Duration, Utc};
use diesel::PgConnection;

use super::Shop;
use super::agenda::Task;
use crate::audit::document::Target;
use crate::auth::Scope;
use crate::checkout::placement::RequestedItem;
use crate::error::{Abort, Code};
use crate::fulfilment::exchange::{self, NewExchange};
use crate::fulfilment::returns::create::{self, NewReturn, ReturnedLine};
use crate::fulfilment::returns::disposition::Disposition;
use crate::fulfilment::returns::lifecycle;
use crate::fulfilment::returns::queries::lines;
use crate::fulfilment::returns::receive::{self, Arrival, ArrivedLine};
use crate::kernel::document_ref::DocumentRef;
use crate::kernel::id::{OrderId, ProductRef, ReturnId};
use crate::kernel::quantity::Quantity;
use crate::orders::order::OrderItem;
use crate::orders::queries::items;

const REASONS: [&str; 5] =
    ["The packet is torn", "It is near its date", "I got the wrong one", "It leaks", "It smells"];

/// One of this number of returns is an exchange for the same goods.
const RETURNS_OF_AN_EXCHANGE: u64 = 8;

impl Shop {
    /// A buyer sends a unit back, or exchanges it.
    pub fn send_back(&mut self, conn: &mut PgConnection, at: DateTime<Utc>, order: OrderId) -> Result<(), Abort> {
        let items = items::list(conn, self.scope.store, &[order])?.remove(&order).unwrap_or_default();
        let kept: Vec<OrderItem> =
            items.into_iter().filter(|item| item.shipped_quantity > item.returned_quantity).collect();
        let (Some(item), Some(reason)) = (self.chance.pick(&kept), self.chance.pick(&REASONS)) else { return Ok(()) };
        self.returns = self.returns.saturating_add(1);
        if self.returns.is_multiple_of(RETURNS_OF_AN_EXCHANGE) && self.exchange(conn, at, (order, item))? {
            return Ok(());
        }
        let buyer = self.buyer_of(order);
        let scope = buyer.as_ref().unwrap_or(&self.scope);
        let Some(document) = create_return(conn, scope, order, (item, reason))? else { return Ok(()) };
        let next = match buyer {
            Some(_) => (Duration::hours(9), Task::Approve(document, order)),
            // Staff have approved with it.
            None => (Duration::days(3), Task::TakeBack(document, order)),
        };
        self.agenda.add(at + next.0, next.1);
        Ok(())
    }

    /// The customer of an order, if the buyer has an account.
    fn buyer_of(&self, order: OrderId) -> Option<Scope> {
        let number = self.orders.get(&order)?.customer?;
        self.customers.get(number).map(|customer| customer.scope.clone())
    }

    /// Replaces a unit by one of the same product. Returns false if the shop has run out of it.
    fn exchange(
        &mut self,
        conn: &mut PgConnection,
        at: DateTime<Utc>,
        (order, item): (OrderId, &OrderItem),
    ) -> Result<bool, Abort> {
        let product = ProductRef::Id(item.product_id);
        let one = Quantity::new(1);
        let again = one.map(|quantity| RequestedItem { product, size: item.size.clone(), quantity, unit_price: None });
        let new = NewExchange {
            cancel: Vec::new(),
            returned: vec![ReturnedLine { item: item.id, quantity: 1, reason: "Broken on arrival".to_owned() }],
            items: again.into_iter().collect(),
            payment_method: None,
        };
        let exchanged = match exchange::exchange(conn, &self.scope, order, &new) {
            Err(Abort::Refused(refusal) | Abort::Overdue(refusal, _))
                if matches!(refusal.code, Code::InsufficientStock | Code::QuantityExceeded) =>
            {
                return Ok(false);
            }
            exchanged => exchanged?,
        };
        let sold = self.orders.get(&order).copied();
        self.orders.extend(sold.map(|sold| (exchanged.order, sold)));
        self.unshipped.insert(exchanged.order, at);
        if let Some(document) = exchanged.returned {
            // Before the new unit arrives, so the credit pays for it.
            self.agenda.add(at + Duration::hours(18), Task::TakeBack(document, order));
        }
        Ok(true)
    }

    /// Decides on the request of a buyer.
    pub fn approve(
        &mut self,
        conn: &mut PgConnection,
        at: DateTime<Utc>,
        (document, order): (ReturnId, OrderId),
    ) -> Result<(), Abort> {
        if self.chance.percent(12) {
            return lifecycle::reject(conn, &self.scope, &target(document), "It was opened and used").map(drop);
        }
        lifecycle::approve(conn, &self.scope, &target(document))?;
        self.agenda.add(at + Duration::days(3), Task::TakeBack(document, order));
        Ok(())
    }

    /// Receives the units in the condition that they have. Their money is given back the next day.
    pub fn take_back(
        &mut self,
        conn: &mut PgConnection,
        at: DateTime<Utc>,
        (document, order): (ReturnId, OrderId),
    ) -> Result<(), Abort> {
        let place = self.places.main;
        let mut arrived = Vec::new();
        for line in lines::list(conn, self.scope.store, order, &[document])? {
            let units = self.condition(line.quantity);
            if units.quarantine > 0 {
                let (sku, size, quantity) = (line.sku, line.size, units.quarantine);
                let task = Task::Inspect { sku, size, quantity, location: place };
                self.agenda.add(at + Duration::days(2), task);
            }
            arrived.push(ArrivedLine { line: line.id, units, fee: None });
        }
        receive::receive(conn, &self.scope, &target(document), &Arrival { location: place, lines: arrived })?;
        self.agenda.add(at + Duration::hours(22), Task::Refund(order));
        Ok(())
    }

    fn condition(&mut self, units: i64) -> Disposition {
        let none = Disposition::default();
        match self.chance.between(1, 100) {
            1..=45 => Disposition { restock: units, ..none },
            46..=70 => Disposition { quarantine: units, ..none },
            71..=93 => Disposition { scrap: units, ..none },
            _ => Disposition { missing: units, ..none },
        }
    }

    /// The demo customer asks to return goods. Staff have not answered yet.
    pub fn ask_for_return(&mut self, conn: &mut PgConnection) -> Result<(), Abort> {
        let Some(order) = self.delivered_to_demo.last().copied() else { return Ok(()) };
        let items = items::list(conn, self.scope.store, &[order])?.remove(&order).unwrap_or_default();
        let kept = items.iter().find(|item| item.shipped_quantity > item.returned_quantity);
        let (Some(item), Some(buyer)) = (kept, self.buyer_of(order)) else { return Ok(()) };
        create_return(conn, &buyer, order, (item, "It leaks")).map(drop)
    }
}

/// Creates the return of a unit. None if it is in another return, or if the window of the store has ended.
fn create_return(
    conn: &mut PgConnection,
    scope: &Scope,
    order: OrderId,
    (item, reason): (&OrderItem, &str),
) -> Result<Option<ReturnId>, Abort> {
    let lines = vec![ReturnedLine { item: item.id, quantity: 1, reason: reason.to_owned() }];
    match create::create_return(conn, scope, order, &NewReturn { lines, note: None }) {
        Err(Abort::Refused(refusal)) if matches!(refusal.code, Code::QuantityExceeded | Code::ReturnNotAllowed) => {
            Ok(None)
        }
        created => created.map(Some),
    }
}

fn target(id: ReturnId) -> Target<ReturnId> {
    Target { name: DocumentRef::Id(id), expected_version: None }
}
