//! Sequences of credits in memory, without a database.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::kernel::id::{OrderId, OrderItemId, ProductId};
use crate::orders::allocation::Allocations;
use crate::orders::owed;

/// An item of this number of units at 0.01 to 99.99, with a discount in percent and taxes in minor units.
fn item(variant: i64, (quantity, unit_price): (i64, i64), discount: i64, (tax, included): (i64, i64)) -> OrderItem {
    let total = quantity * unit_price;
    OrderItem {
        id: OrderItemId(variant),
        order_id: OrderId(5),
        product_id: ProductId(variant),
        variant_id: VariantId(variant),
        sku: "TEE".to_owned(),
        product_name: "Tee".to_owned(),
        size: None,
        quantity,
        unit_price: Money(unit_price),
        total_price: Money(total),
        attributes: serde_json::json!({}),
        allocations: Allocations(Vec::new()),
        shipped_quantity: 0,
        cancelled_quantity: 0,
        returned_quantity: 0,
        discount_amount: Money(total * discount / 100),
        tax_amount: Money(tax),
        included_tax_amount: Money(included.min(total)),
        tax_line: None,
    }
}

/// An order of these items, with a delivery and its taxes.
fn order(items: &[OrderItem], (shipping, tax, included): (i64, i64, i64)) -> Order {
    let sum = |amount: fn(&OrderItem) -> Money| items.iter().map(|item| amount(item).0).sum::<i64>();
    let tax = sum(|item| item.tax_amount) + tax;
    let (subtotal, discount) = (sum(|item| item.total_price), sum(|item| item.discount_amount));
    Order {
        subtotal: Money(subtotal),
        discount_amount: Money(discount),
        tax_amount: Money(tax),
        included_tax_amount: Money(sum(|item| item.included_tax_amount) + included.min(shipping)),
        shipping_amount: Money(shipping),
        total_amount: Money(subtotal - discount + tax + shipping),
        ..owed::tests::order()
    }
}

/// A part of an order to credit. Numbers are folded into the range that is possible.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// The fee is in percent of the credit.
    Units {
        line: usize,
        quantity: i64,
        fee: i64,
    },
    Amount(i64),
    OfItem {
        line: usize,
        amount: i64,
    },
    OfDelivery(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => (0..4_usize, 1..6_i64, prop_oneof![Just(0), 0..=100_i64])
            .prop_map(|(line, quantity, fee)| Step::Units { line, quantity, fee }),
        1 => (1..5_000_i64).prop_map(Step::Amount),
        1 => (0..4_usize, 1..5_000_i64).prop_map(|(line, amount)| Step::OfItem { line, amount }),
        1 => (1..2_000_i64).prop_map(Step::OfDelivery),
    ]
}

/// An order in memory with the sums of its credits.
struct Credited {
    order: Order,
    items: Vec<OrderItem>,
    sums: CreditedSums,
}

impl Credited {
    fn rest(&self) -> OrderRest {
        OrderRest::new(&self.order, &self.items, &self.sums)
    }

    fn forgive(&mut self, parts: &[(VariantId, ItemAmounts)], delivery: Shares) {
        for (variant, ItemAmounts { shares, fee }) in parts {
            self.sums.add_line(&CreditLine { variant: *variant, quantity: 0, shares: *shares, fee: Money(-fee.0) });
        }
        self.sums.delivery = self.sums.delivery.plus(delivery);
    }

    fn credit_units(&mut self, line: usize, quantity: i64, fee: i64) {
        let rest = self.rest();
        let line = line % self.items.len();
        let item = &mut self.items[line];
        let quantity = quantity.min(item.quantity - item.cancelled_quantity);
        let shares = shares_of_units(item, rest.of_item(item.variant_id).shares, quantity);
        item.cancelled_quantity += quantity;
        let (variant, fee) = (item.variant_id, Money(shares.total().0 * fee / 100));
        self.sums.add_line(&CreditLine { variant, quantity, shares, fee });
    }

    fn take(&mut self, step: Step) {
        let rest = self.rest();
        match step {
            Step::Units { line, quantity, fee } => self.credit_units(line, quantity, fee),
            Step::Amount(amount) => {
                let amount = Money(amount.min(rest.total().0));
                let parts = rest.split(amount);
                assert_eq!(parts.total(), amount);
                self.forgive(&parts.items, parts.delivery);
            }
            Step::OfItem { line, amount } => {
                let (variant, rest) = rest.items[line % rest.items.len()];
                let amount = Money(amount.min(rest.total().0));
                let part = rest.part(amount);
                assert_eq!(part.total(), amount);
                self.forgive(&[(variant, part)], Shares::default());
            }
            Step::OfDelivery(amount) => {
                let delivery = rest.delivery.part(Money(amount.min(rest.delivery.total().0)));
                self.forgive(&[], delivery);
            }
        }
    }
}

fn items() -> impl Strategy<Value = Vec<OrderItem>> {
    let line = ((1..12_i64, 0..9_999_i64), 0..=100_i64, (0..2_000_i64, 0..2_000_i64));
    vec(line, 1..4).prop_map(|lines| {
        let numbered = lines.into_iter().zip(1..);
        numbered.map(|((units, discount, taxes), variant)| item(variant, units, discount, taxes)).collect()
    })
}

proptest! {
    #[test]
    fn any_credits_leave_rests_that_add_up(
        items in items(),
        delivery in (0..2_000_i64, 0..400_i64, 0..400_i64),
        steps in vec(step(), 0..30),
    ) {
        let mut credited = Credited { order: order(&items, delivery), items, sums: CreditedSums::default() };
        let total = credited.order.total_amount;
        prop_assert_eq!(credited.rest().total(), total);
        let zero = Shares::default();
        for step in steps {
            credited.take(step);
            let rest = credited.rest();
            prop_assert!(rest.items.iter().all(|(_, rest)| zero.fits(rest.shares)), "{step:?}: {rest:?}");
            prop_assert!(rest.items.iter().all(|(_, rest)| rest.fee >= Money(0)), "{step:?}: {rest:?}");
            prop_assert!(zero.fits(rest.delivery) && rest.total() >= Money(0), "{step:?}: {rest:?}");
            let of_items: i64 = credited.sums.items.values().map(|sums| sums.shares.total().0 - sums.fee.0).sum();
            prop_assert_eq!(of_items + credited.sums.delivery.total().0 + rest.total().0, total.0);
        }
        // In the end all units are credited, and the delivery. Only fees are left, which are given back.
        for line in 0..credited.items.len() {
            credited.credit_units(line, i64::MAX, 0);
        }
        credited.forgive(&[], credited.rest().delivery);
        let rest = credited.rest();
        prop_assert!(rest.delivery == zero && rest.items.iter().all(|(_, rest)| rest.shares == zero), "{rest:?}");
        credited.take(Step::Amount(i64::MAX));
        prop_assert_eq!(credited.rest().total(), Money(0));
    }
}

#[test]
fn units_of_an_order_with_a_discount_add_up_to_the_cent() {
    // Three units at 0.10 with a discount of 0.05 cost 0.25.
    let mut tee = item(1, (3, 10), 0, (0, 0));
    tee.discount_amount = Money(5);
    for (steps, expected) in
        [(vec![1, 1, 1], vec![8, 9, 8]), (vec![1, 2], vec![8, 17]), (vec![2, 1], vec![17, 8]), (vec![3], vec![25])]
    {
        let mut item = tee.clone();
        let mut rest = shares_of_item(&item);
        let mut totals = Vec::new();
        for quantity in steps {
            let shares = shares_of_units(&item, rest, quantity);
            item.cancelled_quantity += quantity;
            rest = rest.minus(shares);
            totals.push(shares.total().0);
        }
        assert_eq!(totals, expected);
    }
}

#[test]
fn an_amount_is_shared_over_all_that_is_left() {
    // 30.00 + 10.00 + 10.00 of delivery.
    let items = [item(1, (3, 1_000), 0, (0, 0)), item(2, (1, 1_000), 0, (0, 0))];
    let mut credited =
        Credited { order: order(&items, (1_000, 0, 0)), items: items.to_vec(), sums: CreditedSums::default() };
    let totals = |parts: &OrderRest| {
        (parts.items.iter().map(|(_, part)| part.total().0).collect::<Vec<_>>(), parts.delivery.total().0)
    };
    assert_eq!(totals(&credited.rest().split(Money(500))), (vec![300, 100], 100));
    assert_eq!(totals(&credited.rest().split(Money(1))), (vec![1, 0], 0));
    credited.take(Step::Units { line: 0, quantity: 3, fee: 0 });
    assert_eq!(totals(&credited.rest().split(Money(500))), (vec![0, 250], 250));
    assert_eq!(totals(&credited.rest().split(Money(2_000))), (vec![0, 1_000], 1_000));
}

#[test]
fn fees_are_given_back_before_an_amount_is_shared() {
    // 30.00 + 10.00 + 10.00 of delivery. A unit of each item came back, with fees of 2.00 and 1.00.
    let items = [item(1, (3, 1_000), 0, (0, 0)), item(2, (1, 1_000), 0, (0, 0))];
    let mut credited =
        Credited { order: order(&items, (1_000, 0, 0)), items: items.to_vec(), sums: CreditedSums::default() };
    credited.take(Step::Units { line: 0, quantity: 1, fee: 20 });
    credited.take(Step::Units { line: 1, quantity: 1, fee: 10 });
    assert_eq!(credited.rest().total(), Money(3_300));
    let split = |amount: i64| {
        let parts = credited.rest().split(Money(amount));
        let of_item = |(_, part): &(VariantId, ItemAmounts)| (part.fee.0, part.shares.total().0);
        (parts.items.iter().map(of_item).collect::<Vec<_>>(), parts.delivery.total().0)
    };
    assert_eq!(split(150), (vec![(100, 0), (50, 0)], 0));
    assert_eq!(split(300), (vec![(200, 0), (100, 0)], 0));
    assert_eq!(split(600), (vec![(200, 200), (100, 0)], 100));
    assert_eq!(split(3_300), (vec![(200, 2_000), (100, 0)], 1_000));
}
