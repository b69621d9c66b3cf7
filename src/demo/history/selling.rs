//! Orders: placed, paid, expired, cancelled and refunded.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use diesel::PgConnection;

use super::Shop;
use super::agenda::Task;
use super::calendar::day_of;
use super::goods::PROFILES;
use super::people;
use super::sale::{METHODS, Method, Sale, SoldOrder};
use crate::checkout::place_orders::place_orders;
use crate::checkout::placement::{Buyer, Contact, Placement, RequestedItem, Source};
use crate::db::OnLocked;
use crate::error::{Abort, Code};
use crate::fulfilment::change_orders::{ChangeKind, OrderChange, change_one, change_orders};
use crate::fulfilment::expire;
use crate::fulfilment::order_batch::{Intent, OrderBatch};
use crate::fulfilment::pay::{Accept, Paid};
use crate::fulfilment::refund::refund;
use crate::inventory::hold::Holder;
use crate::kernel::id::{OrderId, ProductRef};
use crate::kernel::money::AmountInput;
use crate::kernel::quantity::Quantity;

/// The decimals of the store's currency.
const DECIMALS: u32 = 2;
const PAYMENT_WINDOW_SECONDS: i64 = 900;
const NOTES: [&str; 4] =
    ["Please ring twice", "Leave it with the guard", "Call before you come", "No plastic bags, please"];
const REASONS: [&str; 3] = ["Ordered by mistake", "Found it nearer", "Not at home this week"];

impl Shop {
    /// Places an order, unless the shop has run out of its goods.
    pub fn sell(&mut self, conn: &mut PgConnection, at: DateTime<Utc>, sale: Sale) -> Result<(), Abort> {
        let method = self.choose_method(sale);
        let customer = self.choose_customer(sale);
        let placement = self.draft(day_of(at), (sale, method), customer);
        let Some(placement) = placement else { return Ok(()) };
        let outcome = place_orders(conn, self.scope.store, &[&placement])?.into_iter().next();
        let order = match outcome {
            Some(Ok(done)) => done.answer.order_id.map(OrderId),
            Some(Err(Abort::Refused(refusal) | Abort::Overdue(refusal, _)))
                if refusal.code == Code::InsufficientStock =>
            {
                None
            }
            Some(Err(abort)) => return Err(abort),
            None => None,
        };
        let Some(order) = order else { return Ok(()) };
        let is_collected = placement.pickup.is_some();
        self.orders.insert(order, SoldOrder { sale, is_collected, customer, is_paid: false });
        self.plan_payment(at, order, (sale, method));
        Ok(())
    }

    fn choose_method(&mut self, sale: Sale) -> Method {
        match sale {
            Sale::Usual => self.chance.weigh(&METHODS, |method| method.1).map_or(Method::Cod, |method| method.0),
            Sale::ToShip => Method::Cod,
            Sale::Unpaid { .. } => Method::Upi,
            Sale::Regretted => Method::CreditCard,
        }
    }

    /// The number of a customer. None if the buyer has no account.
    fn choose_customer(&mut self, sale: Sale) -> Option<usize> {
        let has_account = self.chance.percent(45) || sale == Sale::Regretted;
        let last = i64::try_from(self.customers.len()).ok()?.checked_sub(1)?;
        let number = usize::try_from(self.chance.between(0, last)).ok()?;
        has_account.then_some(number)
    }

    fn draft(&mut self, day: NaiveDate, (sale, method): (Sale, Method), customer: Option<usize>) -> Option<Placement> {
        let items = self.fill_basket(day);
        let known = customer.and_then(|number| self.customers.get(number)).cloned();
        let is_usual = sale == Sale::Usual;
        let is_by_phone = known.is_none() && is_usual && self.chance.percent(20);
        let is_collected = is_usual && !is_by_phone && self.chance.percent(10);
        let (name, phone, address) = people::guest(&mut self.chance);
        let buyer = match (&known, is_by_phone) {
            (Some(customer), _) => Buyer::Account(customer.id),
            (None, true) => Buyer::Staff(self.scope.principal.account().ok()?.id),
            (None, false) => Buyer::Guest,
        };
        let actor = match (&known, is_by_phone) {
            (Some(customer), _) => customer.scope.actor(),
            (None, true) => self.scope.actor(),
            (None, false) => "guest".to_owned(),
        };
        let discount = if is_by_phone && self.chance.percent(60) { self.discount(&items) } else { None };
        let window_seconds = match sale {
            Sale::Unpaid { window_seconds } => window_seconds,
            _ => PAYMENT_WINDOW_SECONDS,
        };
        Some(Placement {
            actor,
            buyer,
            contact: Contact {
                customer_name: Some(known.as_ref().map_or(name, |customer| customer.name.to_owned())),
                customer_phone: Some(known.as_ref().map_or(phone, |customer| customer.phone.clone())),
                customer_email: None,
                delivery_address: (known.is_none() && !is_collected).then_some(address),
            },
            source: Source::Items(items),
            shipping_address: known.filter(|_| !is_collected).map(|customer| customer.address),
            billing_address: None,
            pickup: is_collected.then_some(self.places.main),
            payment_method: method.name().to_owned(),
            notes: if self.chance.percent(12) { self.chance.pick(&NOTES).map(|note| (*note).to_owned()) } else { None },
            expected_total: None,
            allow_partial: discount.is_none() && (!is_usual || self.chance.percent(30)),
            discount,
            payment_window_seconds: window_seconds,
            exchange: None,
        })
    }

    /// One to four products. On some days somebody also buys a large sack.
    fn fill_basket(&mut self, day: NaiveDate) -> Vec<RequestedItem> {
        let lines =
            self.chance.weigh(&[(1, 34), (2, 32), (3, 20), (4, 14)], |lines| lines.1).map_or(1, |lines| lines.0);
        let mut chosen: Vec<(&'static str, i64)> = Vec::new();
        for _ in 0..lines {
            let sku = self.chance.weigh(&PROFILES, |profile| profile.weight(day)).map(|profile| profile.sku);
            let units = self.chance.weigh(&[(1, 62), (2, 27), (3, 11)], |units| units.1).map_or(1, |units| units.0);
            chosen.extend(sku.filter(|sku| chosen.iter().all(|(known, _)| known != sku)).map(|sku| (sku, units)));
        }
        for profile in PROFILES.iter().filter(|profile| profile.is_occasional) {
            if self.chance.between(1, 150) == 1 {
                chosen.push((profile.sku, self.chance.between(2, 4)));
            }
        }
        let item = |(sku, units): (&str, i64)| {
            let product = ProductRef::Sku(sku.to_owned());
            Quantity::new(units).map(|quantity| RequestedItem { product, size: None, quantity, unit_price: None })
        };
        chosen.into_iter().filter_map(item).collect()
    }

    /// A twentieth of the basket, in whole rupees.
    fn discount(&self, items: &[RequestedItem]) -> Option<AmountInput> {
        let price = |item: &RequestedItem| {
            let new = self.goods.iter().find(|new| item.product == ProductRef::Sku(new.sku.clone()))?;
            Some(new.price.0 * item.quantity.get())
        };
        let rupees = items.iter().filter_map(price).sum::<i64>() / 2_000;
        (rupees > 0).then(|| AmountInput::from_units(rupees * 100, DECIMALS))
    }

    fn plan_payment(&mut self, at: DateTime<Utc>, order: OrderId, (sale, method): (Sale, Method)) {
        if matches!(sale, Sale::Unpaid { .. }) {
            return;
        }
        let minutes = self.chance.between(1, 9);
        if method.is_sold_at_payment() && self.chance.percent(8) {
            self.agenda.add(at + Duration::seconds(PAYMENT_WINDOW_SECONDS + 60), Task::Expire(order));
            return;
        }
        match method {
            Method::Cod => drop(self.unshipped.insert(order, at)),
            Method::Upi | Method::Online | Method::CreditCard => {
                self.agenda.add(at + Duration::minutes(minutes), Task::Pay(order));
            }
            Method::BankTransfer => self.agenda.add(at + Duration::minutes(minutes * 180), Task::Pay(order)),
        }
        if sale == Sale::Regretted {
            self.agenda.add(at + Duration::hours(3), Task::Cancel(order));
        } else if sale == Sale::Usual && self.chance.percent(4) {
            self.agenda.add(at + Duration::minutes(self.chance.between(20, 150)), Task::Cancel(order));
        }
    }

    pub fn pay(&mut self, conn: &mut PgConnection, at: DateTime<Utc>, order: OrderId) -> Result<(), Abort> {
        let reference = format!("pay_{order}_{}", at.timestamp());
        let confirm = ChangeKind::Confirm { reference, amount: None, accept: Accept::Exact };
        self.change(conn, order, confirm)?;
        self.unshipped.insert(order, at);
        if let Some(sold) = self.orders.get_mut(&order) {
            sold.is_paid = true;
        }
        Ok(())
    }

    pub fn expire(&mut self, conn: &mut PgConnection, order: OrderId) -> Result<(), Abort> {
        expire::expire(conn, self.scope.store, &[Holder::Order(order)], OnLocked::Wait)?;
        Ok(())
    }

    /// Cancels an order that is not shipped yet.
    pub fn cancel(&mut self, conn: &mut PgConnection, at: DateTime<Utc>, order: OrderId) -> Result<(), Abort> {
        if self.unshipped.remove(&order).is_none() {
            return Ok(());
        }
        let reason = self.chance.pick(&REASONS).map(|reason| (*reason).to_owned());
        self.change(conn, order, ChangeKind::Cancel { reason })?;
        let is_refunded = self.orders.get(&order).is_some_and(|sold| sold.is_paid && sold.sale != Sale::Regretted);
        if is_refunded {
            self.agenda.add(at + Duration::hours(5), Task::Refund(order));
        }
        Ok(())
    }

    fn change(&self, conn: &mut PgConnection, order: OrderId, kind: ChangeKind) -> Result<(), Abort> {
        let change = OrderChange { order, lines: 1, actor: self.scope.actor(), kind };
        change_orders(conn, self.scope.store, &[&change])?.into_iter().try_for_each(|outcome| outcome.map(drop))
    }

    /// Records the refund that is due.
    pub fn refund(&mut self, conn: &mut PgConnection, at: DateTime<Utc>, order: OrderId) -> Result<(), Abort> {
        let (actor, reference) = (self.scope.actor(), format!("refund_{order}_{}", at.timestamp()));
        let give_back = |batch: &mut OrderBatch| {
            let due = batch.order(order)?.refund_due_amount();
            if due.0 == 0 {
                return Ok(());
            }
            let amount = Some(AmountInput::from_units(due.0, DECIMALS));
            refund(batch, order, Paid { reference: &reference, amount, actor: &actor }, None)
        };
        change_one(conn, self.scope.store, order, Intent::Refund, give_back).map(drop)
    }
}
