//! The amounts that follow from the credits and the payments of an order.

use super::order::Order;
use crate::kernel::money::Money;

impl Order {
    /// The total without the credits.
    #[must_use]
    pub const fn net_total(&self) -> Money {
        Money(self.total_amount.0.saturating_sub(self.credited_amount.0))
    }

    /// The accepted payments without what was refunded, or used for other orders. Received money is either accepted or
    /// unapplied, and refunds take the unapplied money first. So money that is unapplied now is the only received
    /// money that is neither accepted nor refunded.
    const fn kept_amount(&self) -> i64 {
        let unrefunded = self.received_amount.0.saturating_sub(self.refunded_amount.0);
        unrefunded.saturating_sub(self.unapplied_amount.0).saturating_sub(self.credit_used_amount.0)
    }

    /// The accepted money above the net total. It is due back, or pays for the order of an exchange.
    #[must_use]
    pub fn surplus_amount(&self) -> Money {
        Money(self.kept_amount().saturating_sub(self.net_total().0).max(0))
    }

    /// The amount that is left to pay.
    #[must_use]
    pub fn outstanding_amount(&self) -> Money {
        Money(self.net_total().0.saturating_sub(self.kept_amount()).max(0))
    }

    /// The amount of the due refund: the accepted money above the net total, and all unapplied money.
    #[must_use]
    pub fn refund_due_amount(&self) -> Money {
        Money(self.surplus_amount().0.saturating_add(self.unapplied_amount.0))
    }

    /// The largest amount that can be refunded.
    #[must_use]
    pub fn refundable_amount(&self) -> Money {
        Money(self.kept_amount().saturating_add(self.unapplied_amount.0).max(0))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::kernel::id::{OrderId, StoreId};
    use crate::kernel::money::Currency;
    use crate::orders::status::{OrderStatus, PaymentStatus};

    /// An order of 90.00 without units, for the arithmetic of its amounts.
    pub fn order() -> Order {
        let at = "2026-11-21T00:00:00Z".parse().unwrap();
        Order {
            id: OrderId(5),
            store_id: StoreId(1),
            order_number: "ORD-1".to_owned(),
            user_id: None,
            created_by: None,
            customer_name: None,
            customer_phone: None,
            customer_email: None,
            delivery_address: None,
            status: OrderStatus::Pending,
            payment_status: PaymentStatus::Pending,
            payment_method: "upi".to_owned(),
            payment_expires_at: None,
            paid_at: None,
            payment_reference: None,
            received_amount: Money(0),
            refunded_amount: Money(0),
            unapplied_amount: Money(0),
            credited_amount: Money(0),
            credit_used_amount: Money(0),
            credited_items: 0,
            tracking_number: None,
            currency: Currency::parse("INR").unwrap(),
            subtotal: Money(9_000),
            tax_amount: Money(0),
            included_tax_amount: Money(0),
            tax_lines: None,
            shipping_amount: Money(0),
            discount_amount: Money(0),
            total_amount: Money(9_000),
            total_items: 3,
            shipping_address: None,
            billing_address: None,
            notes: None,
            pickup_location_id: None,
            unfulfilled: None,
            exchange_of: None,
            invoice_number: None,
            ready_at: None,
            created_at: at,
            updated_at: at,
        }
    }

    #[test]
    fn amounts_follow_from_credits_and_payments() {
        // Received, refunded, unapplied, credited and used amounts; then the outstanding, due and refundable amounts.
        for (name, [received, refunded, unapplied, credited, used], expected) in [
            ("new", [0, 0, 0, 0, 0], [9_000, 0, 0]),
            ("paid", [9_000, 0, 0, 0, 0], [0, 0, 9_000]),
            ("paid in part", [4_000, 0, 0, 0, 0], [5_000, 0, 4_000]),
            ("credited before the payment", [0, 0, 0, 3_000, 0], [6_000, 0, 0]),
            ("credited after the payment", [9_000, 0, 0, 3_000, 0], [0, 3_000, 9_000]),
            ("credited and refunded", [9_000, 3_000, 0, 3_000, 0], [0, 0, 6_000]),
            ("paid twice", [18_000, 0, 9_000, 0, 0], [0, 9_000, 18_000]),
            ("paid twice, the second one refunded", [18_000, 9_000, 0, 0, 0], [0, 0, 9_000]),
            ("paid twice and credited", [18_000, 4_000, 5_000, 3_000, 0], [0, 8_000, 14_000]),
            ("a reused reference", [9_000, 0, 9_000, 0, 0], [9_000, 9_000, 9_000]),
            ("a part and a reused reference", [13_000, 0, 9_000, 0, 0], [5_000, 9_000, 13_000]),
            ("cancelled and paid", [9_000, 0, 0, 9_000, 0], [0, 9_000, 9_000]),
            ("cancelled and paid too late", [9_000, 0, 9_000, 9_000, 0], [0, 9_000, 9_000]),
            ("refunded without a credit", [9_000, 2_000, 0, 0, 0], [2_000, 0, 7_000]),
            ("exchanged", [9_000, 0, 0, 4_000, 3_000], [0, 1_000, 6_000]),
        ] {
            let order = Order {
                received_amount: Money(received),
                refunded_amount: Money(refunded),
                unapplied_amount: Money(unapplied),
                credited_amount: Money(credited),
                credit_used_amount: Money(used),
                ..order()
            };
            let amounts = [order.outstanding_amount(), order.refund_due_amount(), order.refundable_amount()];
            assert_eq!(amounts.map(|amount| amount.0), expected, "{name}");
        }
    }
}
