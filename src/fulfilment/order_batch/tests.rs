//! Payments, cancellations, refunds and expiry of orders in memory, without a database.

use super::*;
use crate::error::Abort;
use crate::fulfilment::pay::{self, Accept, Paid};
use crate::fulfilment::{cancel, refund};
use crate::inventory::hold::Hold;
use crate::inventory::hold_set::Delivery;
use crate::inventory::locked_stock::LockedStock;
use crate::inventory::places::tests::places;
use crate::inventory::stock_level::StockLevel;
use crate::kernel::id::{HoldId, LocationId, OrderItemId, ProductId};
use crate::kernel::money::AmountInput;
use crate::orders::allocation::{Allocation, Allocations};
use crate::orders::owed;

const ID: OrderId = OrderId(5);
const BY: By<'static> = By { actor: "user:1", reason: Some("changed my mind") };
const DEADLINE: i64 = 100;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(second, 0).unwrap()
}

fn order(status: OrderStatus, payment_status: PaymentStatus) -> Order {
    let payment_expires_at = (status == OrderStatus::UnderPaying).then(|| at(DEADLINE));
    Order { status, payment_status, payment_expires_at, ..owed::tests::order() }
}

/// One order of three units. They are held before the payment and sold after it.
fn batch(now: i64, order: Order) -> OrderBatch {
    let (variant, location) = (VariantId(7), LocationId(1));
    let is_held = order.status == OrderStatus::UnderPaying;
    let (stock, reserved, sold) = if is_held { (10, 3, 0) } else { (7, 0, 3) };
    let row = StockLevel { variant, location, stock, reserved, sold, committed: sold, safety: 0, version: 1 };
    let hold = Hold {
        id: HoldId(1),
        holder: Holder::Order(ID),
        variant,
        location,
        quantity: 3,
        expires_at: Some(at(DEADLINE)),
        created_at: at(0),
    };
    let item = OrderItem {
        id: OrderItemId(1),
        order_id: ID,
        product_id: ProductId(1),
        variant_id: variant,
        sku: "TEE".to_owned(),
        product_name: "Tee".to_owned(),
        size: None,
        quantity: 3,
        unit_price: Money(3_000),
        total_price: Money(9_000),
        attributes: serde_json::json!({}),
        allocations: Allocations(vec![Allocation::new(location, 3)]),
        shipped_quantity: 0,
        cancelled_quantity: 0,
        returned_quantity: 0,
        discount_amount: Money(0),
        tax_amount: Money(0),
        included_tax_amount: Money(0),
        tax_line: None,
    };
    let holds = if is_held { vec![hold] } else { Vec::new() };
    let items = HashMap::from([(ID, vec![item])]);
    let mut holds = HoldSet::new(LockedStock::new(StoreId(1), vec![row]), holds);
    holds.stock_mut().set_places(places(&[location.0]));
    OrderBatch { items, ..OrderBatch::new(StoreId(1), at(now), vec![order], holds) }
}

fn paid(reference: &str, minor: Option<i64>) -> Paid<'_> {
    Paid { reference, amount: minor.map(|minor| AmountInput::from_units(minor, 2)), actor: "user:1" }
}

/// The units that buyers can get.
fn available(batch: &OrderBatch) -> i64 {
    let all = BTreeMap::from([(VariantId(7), i64::MAX)]);
    batch.holds.route(&all, &Delivery::Unknown, None).unwrap_err()[0].available
}

/// The state of the order, its available units, and the number of its status changes.
fn state(batch: &OrderBatch) -> (OrderStatus, PaymentStatus, i64, usize) {
    let order = batch.order(ID).unwrap();
    (order.status, order.payment_status, available(batch), batch.status_changes.len())
}

fn code<T: std::fmt::Debug>(result: Result<T, Abort>) -> String {
    match result {
        Ok(value) => format!("{value:?}"),
        Err(Abort::Refused(refusal)) => refusal.code.as_str().to_owned(),
        Err(Abort::Recorded(refusal)) => format!("{} recorded", refusal.code.as_str()),
        Err(other) => format!("{other:?}"),
    }
}

#[test]
fn the_payment_window_decides_the_result_of_a_payment() {
    use OrderStatus::{Cancelled, Pending, UnderPaying};
    let total = Some(9_000);
    // Time, reference and amount of the payment, its result, and the state after it.
    for (now, minor, expected, after) in [
        (99, total, "3", (Pending, PaymentStatus::Paid, 7, 1)),
        (99, None, "3", (Pending, PaymentStatus::Paid, 7, 1)),
        (99, Some(8_999), "VALIDATION_FAILED", (UnderPaying, PaymentStatus::Pending, 7, 0)),
        (100, total, "PAYMENT_EXPIRED recorded", (Cancelled, PaymentStatus::Expired, 10, 1)),
        (101, Some(1), "PAYMENT_EXPIRED recorded", (Cancelled, PaymentStatus::Expired, 10, 1)),
    ] {
        let mut batch = batch(now, order(UnderPaying, PaymentStatus::Pending));
        assert_eq!(code(pay::confirm(&mut batch, ID, paid("p-1", minor), Accept::Exact)), expected, "at {now}");
        assert_eq!(state(&batch), after, "at {now}");
        let is_recorded = expected != "VALIDATION_FAILED";
        assert_eq!(batch.payments.len(), usize::from(is_recorded), "at {now}");
    }
}

#[test]
fn a_payment_counts_once() {
    let mut batch = batch(0, order(OrderStatus::UnderPaying, PaymentStatus::Pending));
    assert_eq!(code(pay::confirm(&mut batch, ID, paid("p-1", None), Accept::Exact)), "3");
    assert_eq!(code(pay::confirm(&mut batch, ID, paid("p-1", None), Accept::Exact)), "0");
    assert_eq!(code(pay::confirm(&mut batch, ID, paid("p-1", Some(1)), Accept::Exact)), "VALIDATION_FAILED");
    assert_eq!(code(pay::confirm(&mut batch, ID, paid("p-2", None), Accept::Exact)), "ALREADY_PAID recorded");
    assert_eq!(code(pay::confirm(&mut batch, ID, paid("p-2", None), Accept::Exact)), "ALREADY_PAID recorded");
    let order = batch.order(ID).unwrap();
    assert_eq!((order.received_amount, order.unapplied_amount), (Money(18_000), Money(9_000)));
    assert_eq!(state(&batch), (OrderStatus::Pending, PaymentStatus::Paid, 7, 1));
}

#[test]
fn a_cancellation_restores_the_units_once() {
    use OrderStatus::{Cancelled, Delivered, Pending, Processing, Shipped, UnderPaying};
    let refused = "ORDER_NOT_CANCELLABLE";
    for (now, from, expected, after) in [
        (0, UnderPaying, "()", (Cancelled, 10)),
        (100, UnderPaying, "ORDER_NOT_CANCELLABLE recorded", (Cancelled, 10)),
        (0, Pending, "()", (Cancelled, 10)),
        (0, Processing, "()", (Cancelled, 10)),
        (0, Shipped, refused, (Shipped, 7)),
        (0, Delivered, refused, (Delivered, 7)),
    ] {
        let mut batch = batch(now, order(from, PaymentStatus::Pending));
        assert_eq!(code(cancel::cancel(&mut batch, ID, BY)), expected, "{from:?}");
        assert_eq!((state(&batch).0, state(&batch).2), after, "{from:?}");
        assert_eq!(code(cancel::cancel(&mut batch, ID, BY)), refused, "{from:?} again");
        assert_eq!(state(&batch).2, after.1, "{from:?} again");
    }
}

#[test]
fn only_a_pending_payment_can_fail() {
    for (from, expected) in [(OrderStatus::UnderPaying, "()"), (OrderStatus::Pending, "INVALID_TRANSITION")] {
        let mut batch = batch(0, order(from, PaymentStatus::Pending));
        assert_eq!(code(cancel::fail_payment(&mut batch, ID, BY)), expected);
    }
    let mut batch = batch(0, order(OrderStatus::UnderPaying, PaymentStatus::Pending));
    for _again in 0..2 {
        assert_eq!(code(cancel::fail_payment(&mut batch, ID, BY)), "()");
        assert_eq!(state(&batch), (OrderStatus::Cancelled, PaymentStatus::Failed, 10, 1));
    }
}

#[test]
fn refunds_add_up_to_the_received_amount() {
    let mut batch = batch(0, order(OrderStatus::UnderPaying, PaymentStatus::Pending));
    assert_eq!(code(refund::refund(&mut batch, ID, paid("r-0", None), None)), "INVALID_TRANSITION");
    pay::confirm(&mut batch, ID, paid("p-1", None), Accept::Exact).unwrap();
    for (reference, minor, expected, refunded) in [
        ("r-1", Some(4_000), "()", 4_000),
        ("r-1", Some(4_000), "()", 4_000),
        ("r-1", Some(4_001), "VALIDATION_FAILED", 4_000),
        ("r-2", Some(5_001), "VALIDATION_FAILED", 4_000),
        ("r-2", Some(0), "VALIDATION_FAILED", 4_000),
        ("r-2", None, "()", 9_000),
        ("r-3", None, "INVALID_TRANSITION", 9_000),
    ] {
        assert_eq!(code(refund::refund(&mut batch, ID, paid(reference, minor), None)), expected, "{reference}");
        assert_eq!(batch.order(ID).unwrap().refunded_amount, Money(refunded), "{reference}");
    }
    assert_eq!(batch.order(ID).unwrap().payment_status, PaymentStatus::Refunded);
}
