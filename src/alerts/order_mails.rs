//! Mails to buyers about their orders: one for each event.

use std::collections::{BTreeSet, HashMap, HashSet};

use diesel::PgConnection;
use serde_json::{Value, json};

use super::mails::OutgoingMail;
use super::notice::Batch;
use super::order_values::{amount_of, order_values, shipment_values};
use crate::accounts::queries::users;
use crate::db::Failure;
use crate::events::{EventType, RecordedEvent};
use crate::feed::queries::{self as feed, Refund};
use crate::kernel::cursor::Cursor;
use crate::kernel::id::{OrderId, ShipmentId, StoreId, UserId};
use crate::mail::outbox::Kind;
use crate::orders::order::{Order, OrderItem};
use crate::orders::queries::shipments::Shipment;
use crate::orders::queries::{items, orders, shipments};

const fn kind_of(event_type: EventType) -> Option<Kind> {
    match event_type {
        EventType::OrderPlaced => Some(Kind::OrderPlaced),
        EventType::OrderPaid => Some(Kind::OrderPaid),
        EventType::ShipmentCreated => Some(Kind::OrderShipped),
        EventType::OrderCancelled | EventType::OrderPaymentFailed | EventType::OrderPaymentExpired => {
            Some(Kind::OrderCancelled)
        }
        EventType::OrderRefundRecorded => Some(Kind::OrderRefunded),
        _ => None,
    }
}

/// The rows that the mails are about.
struct Rows {
    orders: HashMap<OrderId, Order>,
    items: HashMap<OrderId, Vec<OrderItem>>,
    shipments: HashMap<i64, Shipment>,
    refunds: HashMap<i64, Refund>,
    emails: HashMap<UserId, String>,
}

type MailEvent<'a> = (Cursor, &'a RecordedEvent, Kind);

/// The mails of a batch. Orders without an address get none. The number of statements does not depend on the number of
/// events.
pub fn find(conn: &mut PgConnection, batch: &Batch<'_>) -> Result<Vec<OutgoingMail>, Failure> {
    let events: Vec<MailEvent<'_>> =
        batch.events.iter().filter_map(|(cursor, event)| Some((*cursor, event, kind_of(event.event_type)?))).collect();
    if events.is_empty() {
        return Ok(Vec::new());
    }
    let rows = Rows::load(conn, batch.store, &events)?;
    let placed: HashSet<(i64, i64)> = events
        .iter()
        .filter(|(_, _, kind)| *kind == Kind::OrderPlaced)
        .map(|(cursor, event, _)| (cursor.position, event.subject))
        .collect();
    // An order that is paid when it is placed gets one mail.
    let is_repeated = |(cursor, event, kind): &&MailEvent<'_>| {
        *kind == Kind::OrderPaid && placed.contains(&(cursor.position, event.subject))
    };
    Ok(events.iter().filter(|event| !is_repeated(event)).filter_map(|event| rows.mail(event)).collect())
}

impl Rows {
    fn load(conn: &mut PgConnection, store: StoreId, events: &[MailEvent<'_>]) -> Result<Self, Failure> {
        let of_kind = |kind: Kind| events.iter().filter(move |(_, _, found)| *found == kind);
        let shipped: Vec<ShipmentId> =
            of_kind(Kind::OrderShipped).map(|(_, event, _)| ShipmentId(event.subject)).collect();
        let mut shipments_by_id = HashMap::new();
        if !shipped.is_empty() {
            let found = shipments::list_by_id(conn, store, &shipped)?;
            shipments_by_id = found.into_iter().map(|shipment| (shipment.id.0, shipment)).collect();
        }
        let others = events.iter().filter(|(_, _, kind)| *kind != Kind::OrderShipped);
        let mut ids: BTreeSet<OrderId> = others.map(|(_, event, _)| OrderId(event.subject)).collect();
        ids.extend(shipments_by_id.values().map(|shipment| shipment.order));
        let ids: Vec<OrderId> = ids.into_iter().collect();
        let found = orders::list_by_id(conn, store, &ids)?;
        let refunds: Vec<i64> = of_kind(Kind::OrderRefunded).filter_map(|(_, event, _)| event.source).collect();
        let refunds = if refunds.is_empty() { HashMap::new() } else { feed::list_refunds(conn, store, &refunds)? };
        let accounts: BTreeSet<UserId> = found.iter().filter_map(|order| order.user_id).collect();
        Ok(Self {
            items: items::list(conn, store, &ids)?,
            orders: found.into_iter().map(|order| (order.id, order)).collect(),
            shipments: shipments_by_id,
            refunds,
            emails: users::list_emails(conn, &accounts.into_iter().collect::<Vec<_>>())?,
        })
    }

    fn mail(&self, (cursor, event, kind): &MailEvent<'_>) -> Option<OutgoingMail> {
        let shipment = self.shipments.get(&event.subject).filter(|_| *kind == Kind::OrderShipped);
        let order = match kind {
            Kind::OrderShipped => shipment?.order,
            _ => OrderId(event.subject),
        };
        let order = self.orders.get(&order)?;
        let recipient = order.customer_email.as_ref().or_else(|| self.emails.get(&order.user_id?))?;
        let mut data = json!({"order": order_values(order, self.items_of(order), *kind)});
        let more: Option<(&str, Value)> = match kind {
            // The buyer collects the units.
            Kind::OrderShipped if order.pickup_location_id.is_some() => return None,
            Kind::OrderShipped => Some(("shipment", shipment_values(shipment?, self.items_of(order)))),
            Kind::OrderRefunded => {
                let refund = self.refunds.get(&event.source?)?;
                Some(("refund", json!({"amount": amount_of(order, refund.amount)})))
            }
            _ => None,
        };
        if let (Some(fields), Some((name, value))) = (data.as_object_mut(), more) {
            fields.insert(name.to_owned(), value);
        }
        Some(OutgoingMail { kind: *kind, recipient: recipient.clone(), about: cursor.to_string(), data })
    }

    fn items_of(&self, order: &Order) -> &[OrderItem] {
        self.items.get(&order.id).map_or(&[], Vec::as_slice)
    }
}
