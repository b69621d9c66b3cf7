//! Payments and refunds of a locked order.

use diesel::PgConnection;

use super::{Kind, NewPayment, OrderBatch, Recorded};
use crate::db::Failure;
use crate::fulfilment::credits::queries as credits;
use crate::kernel::id::{CreditId, OrderId};
use crate::kernel::money::Money;
use crate::orders::order::Order;
use crate::orders::status::{OrderStatus, PaymentStatus};
use crate::payments::parts::is_part_of;
use crate::payments::queries::payments;

impl OrderBatch {
    /// Reads for which orders these references of payments were recorded first. Another transaction that records one
    /// of them meanwhile makes the write of this batch fail, and the transaction runs again.
    pub fn load_first_uses(&mut self, conn: &mut PgConnection, references: &[&str]) -> Result<(), Failure> {
        if !references.is_empty() {
            self.first_uses = payments::list_first_uses(conn, self.store, references)?;
        }
        Ok(())
    }

    /// The payment or refund of an order that is recorded under a reference.
    #[must_use]
    pub fn recorded(&self, id: OrderId, kind: Kind, reference: &str) -> Option<Recorded> {
        self.recorded.get(&(id, kind, reference.to_owned())).copied()
    }

    /// A payment of an order, with the rests of it that were recorded later, under references of their own.
    #[must_use]
    pub fn whole_payment(&self, id: OrderId, reference: &str) -> Option<Recorded> {
        let first = self.recorded(id, Kind::Payment, reference)?;
        let rests = self.payment_references(id).into_iter().filter(|known| *known != reference);
        let rests = rests.filter(|known| is_part_of(known, reference));
        let add = |whole: Recorded, rest: Recorded| Recorded {
            amount: Money(whole.amount.0.saturating_add(rest.amount.0)),
            unapplied: Money(whole.unapplied.0.saturating_add(rest.unapplied.0)),
            ..whole
        };
        Some(rests.filter_map(|rest| self.recorded(id, Kind::Payment, rest)).fold(first, add))
    }

    /// The references of the payments of an order.
    #[must_use]
    pub fn payment_references(&self, id: OrderId) -> Vec<&str> {
        let payments = self.recorded.keys().filter(|(order, kind, _)| *order == id && *kind == Kind::Payment);
        payments.map(|(_, _, reference)| reference.as_str()).collect()
    }

    /// The sum of the payments of an order whose references meet the condition. None if there are none.
    #[must_use]
    pub fn received_under(&self, id: OrderId, is_counted: impl Fn(&str) -> bool) -> Option<Money> {
        let references = self.payment_references(id).into_iter().filter(|reference| is_counted(reference));
        let amounts = references.filter_map(|reference| self.recorded(id, Kind::Payment, reference));
        amounts.map(|recorded| recorded.amount).reduce(|sum, amount| Money(sum.0.saturating_add(amount.0)))
    }

    /// The sum of the refunds of an order whose references meet the condition.
    #[must_use]
    pub fn refunded_under(&self, id: OrderId, is_counted: impl Fn(&str) -> bool) -> Money {
        let refunds = self.recorded.iter().filter(|((order, kind, _), _)| *order == id && *kind == Kind::Refund);
        let counted = refunds.filter(|((_, _, reference), _)| is_counted(reference));
        Money(counted.fold(0, |sum: i64, (_, refund)| sum.saturating_add(refund.amount.0)))
    }

    /// True if the reference of a payment was recorded for another order before.
    #[must_use]
    pub fn is_reused(&self, id: OrderId, reference: &str) -> bool {
        self.first_uses.get(reference).is_some_and(|first| *first != id)
    }

    /// Makes the reference of a rest of a payment as new or as reused as the reference of the payment.
    pub fn copy_first_use(&mut self, payment: &str, rest: &str) {
        if let Some(first) = self.first_uses.get(payment).copied() {
            self.first_uses.entry(rest.to_owned()).or_insert(first);
        }
    }

    /// The part of a credit that is neither used nor refunded. None if the order has no such credit.
    #[must_use]
    pub fn unspent(&self, id: OrderId, credit: CreditId) -> Option<Money> {
        self.unspent.get(&(id, credit)).copied()
    }

    /// Records a payment of an order, or a refund.
    pub fn record(&mut self, new: NewPayment) -> Result<&mut Order, Failure> {
        let NewPayment { order: id, kind, amount, unapplied, credit, .. } = new;
        if let Some(reference) = new.reference.clone() {
            if kind == Kind::Payment {
                self.first_uses.entry(reference.clone()).or_insert(id);
            }
            self.recorded.insert((id, kind, reference), Recorded { amount, unapplied, credit });
        }
        if let Some(credit) = credit
            && let Some(unspent) = self.unspent.get_mut(&(id, credit))
        {
            *unspent = Money(unspent.0.saturating_sub(amount.0));
        }
        self.payments.push(new);
        let order = self.change(id)?;
        let sum = match kind {
            Kind::Payment => &mut order.received_amount,
            Kind::Refund => &mut order.refunded_amount,
        };
        let too_large = || Failure::Internal("the payments of an order are too large".to_owned());
        *sum = sum.checked_add(amount).ok_or_else(too_large)?;
        order.unapplied_amount = Money(match kind {
            Kind::Payment => order.unapplied_amount.0.saturating_add(unapplied.0),
            Kind::Refund => order.unapplied_amount.0.saturating_sub(unapplied.0),
        });
        Ok(order)
    }

    /// Accepts a payment that was recorded with a reused reference, with its rests.
    pub fn accept(&mut self, id: OrderId, reference: &str) -> Result<(), Failure> {
        let parts = self.payment_references(id).into_iter().filter(|known| is_part_of(known, reference));
        let parts: Vec<String> = parts.map(ToOwned::to_owned).collect();
        parts.iter().try_for_each(|part| self.accept_part(id, part))
    }

    fn accept_part(&mut self, id: OrderId, reference: &str) -> Result<(), Failure> {
        let key = (id, Kind::Payment, reference.to_owned());
        let missing = || Failure::Internal(format!("the payment of order {id} is missing"));
        let recorded = self.recorded.get_mut(&key).ok_or_else(missing)?;
        let accepted = std::mem::take(&mut recorded.unapplied);
        if accepted == Money(0) {
            return Ok(());
        }
        let of_batch = |new: &&mut NewPayment| new.order == id && new.reference.as_deref() == Some(reference);
        match self.payments.iter_mut().find(of_batch) {
            Some(new) => new.unapplied = Money(0),
            None => self.accepted.push((id, reference.to_owned())),
        }
        let order = self.change(id)?;
        order.unapplied_amount = Money(order.unapplied_amount.0.saturating_sub(accepted.0));
        Ok(())
    }

    /// Marks an order as paid, by the payment with that reference if there is one.
    pub fn mark_paid(&mut self, id: OrderId, reference: Option<&str>, actor: &str) -> Result<(), Failure> {
        let now = self.now;
        self.paid.push((id, actor.to_owned()));
        let order = self.change(id)?;
        order.payment_status = PaymentStatus::Paid;
        order.paid_at = Some(now);
        order.payment_reference = reference.map(ToOwned::to_owned);
        Ok(())
    }

    /// Marks an order as paid if nothing is left to pay, and sells its held units. Returns the number of sold units.
    pub fn settle(&mut self, id: OrderId, reference: Option<&str>, actor: &str) -> Result<i64, Failure> {
        let order = self.order(id)?;
        let is_open = order.payment_status == PaymentStatus::Pending && order.status != OrderStatus::Cancelled;
        if !is_open || order.outstanding_amount() > Money(0) {
            return Ok(0);
        }
        let is_held = order.status == OrderStatus::UnderPaying;
        self.mark_paid(id, reference, actor)?;
        if is_held { self.sell(id, actor) } else { Ok(0) }
    }

    /// Returns the ids of the new payments and refunds.
    pub(super) fn write_money(&self, conn: &mut PgConnection) -> Result<Vec<(i64, OrderId, Kind)>, Failure> {
        let appended = match self.payments.is_empty() {
            true => Vec::new(),
            false => payments::append(conn, self.store, &self.payments, self.now)?,
        };
        if !self.accepted.is_empty() {
            payments::accept(conn, self.store, &self.accepted)?;
        }
        let refunds: Vec<(CreditId, Money)> =
            self.payments.iter().filter_map(|new| Some((new.credit?, new.amount))).collect();
        if !refunds.is_empty() {
            credits::add_refunds(conn, self.store, &refunds)?;
        }
        Ok(appended)
    }
}
