//! Tables of placements and stock, decided without a database.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::*;
use crate::cart::queries::CartLine;
use crate::catalogue::queries::sellables::Sellable;
use crate::checkout::placement::{Contact, RequestedItem};
use crate::inventory::hold::Hold;
use crate::inventory::locked_stock::LockedStock;
use crate::inventory::places::Places;
use crate::inventory::places::tests::places;
use crate::inventory::stock_level::StockLevel;
use crate::kernel::id::{
    CartItemId, HoldId, LocationId, OrderId, OrderItemId, ProductId, ProductRef, StoreId, UserId, VariantId,
};
use crate::kernel::language::Language;
use crate::kernel::money::{AmountInput, Currency};
use crate::kernel::quantity::Quantity;
use crate::kernel::rate::Rate;
use crate::stores::queries::Store;
use crate::stores::routing_policy::{RoutingPolicy, RoutingSplit};
use crate::stores::tax_rates::ShippingTax;

const USER: UserId = UserId(1);
const CART: CartId = CartId(1);

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_000, 0).unwrap()
}

fn context() -> CheckoutContext {
    let sellable = |variant: i64, unit_price: i64, is_active: bool| Sellable {
        variant_id: VariantId(variant),
        product_id: ProductId(variant),
        sku: format!("SKU-{variant}"),
        product_name: format!("Product {variant}"),
        size: None,
        unit_price: Money(unit_price),
        is_active,
        brand: None,
        category: None,
        unit: None,
        barcode: None,
    };
    let sellables = [sellable(1, 3_000, true), sellable(2, 500, true), sellable(3, 100, false), sellable(4, 0, true)];
    CheckoutContext {
        store: Store {
            id: StoreId(1),
            code: "MAIN".to_owned(),
            name: "Main".to_owned(),
            currency: Currency::parse("INR").unwrap(),
            tax_rate: Rate(0),
            shipping_flat_rate: Money(0),
            guest_orders: false,
            hold_cart_items: false,
            payment_methods: serde_json::from_str(r#"{"cod":"at_checkout","upi":"at_payment"}"#).unwrap(),
            routing: RoutingPolicy::default(),
            count_tolerance_units: 0,
            count_tolerance_value: Money(0),
            over_receipt_percent: 0,
            prices_include_tax: false,
            shipping_tax: ShippingTax::None,
            return_window_days: Some(30),
            time_zone: "UTC".to_owned(),
            language: Language::default(),
            order_mails: true,
            service_level: 95,
            created_at: now(),
            updated_at: now(),
        },
        tax_rates: Vec::new(),
        sellables: sellables.into_iter().map(|sellable| (sellable.variant_id, sellable)).collect(),
        addresses: HashMap::from([(AddressId(1), (USER, serde_json::json!({"city": "Pune"})))]),
        now: now(),
        pickup_places: HashSet::new(),
        overdue: HashSet::new(),
    }
}

/// A cart with these lines (variant, quantity) and these held units (variant, quantity).
fn carts(lines: &[(i64, i64)], held: &[(i64, i64)]) -> Carts {
    let line = |(index, (variant, quantity)): (usize, &(i64, i64))| CartLine {
        id: CartItemId(i64::try_from(index).unwrap()),
        cart_id: CART,
        variant_id: VariantId(*variant),
        quantity: *quantity,
        cart_holds: !held.is_empty(),
    };
    let hold = |(index, (variant, quantity)): (usize, &(i64, i64))| Hold {
        id: HoldId(i64::try_from(index).unwrap()),
        holder: Holder::Cart(CART),
        variant: VariantId(*variant),
        location: LocationId(1),
        quantity: *quantity,
        expires_at: Some(now()),
        created_at: now(),
    };
    Carts {
        by_user: HashMap::from([(USER, Cart { id: CART, user_id: USER, round: 4 })]),
        lines: HashMap::from([(CART, lines.iter().enumerate().map(line).collect())]),
        holds: held.iter().enumerate().map(hold).collect(),
        resolved: vec![Vec::new()],
    }
}

/// Stock of variant 1 at two locations and of the other variants at one location, with the units that the cart holds.
fn holds(carts: &Carts, policy: RoutingPolicy) -> HoldSet {
    let row = |(variant, location, stock): (i64, i64, i64)| {
        let (variant, location) = (VariantId(variant), LocationId(location));
        let held = carts.holds.iter().filter(|hold| (hold.variant, hold.location) == (variant, location));
        let reserved = held.map(|hold| hold.quantity).sum();
        StockLevel { variant, location, stock, reserved, sold: 0, committed: 0, safety: 0, version: 1 }
    };
    let rows = [(1, 1, 4), (1, 2, 4), (2, 1, 10), (3, 1, 10), (4, 1, 10)].map(row);
    let mut holds = HoldSet::new(LockedStock::new(StoreId(1), rows.to_vec()), carts.holds.clone());
    holds.stock_mut().set_places(Places::new(places(&[1, 2]).selling().to_vec(), policy));
    holds
}

fn placement() -> Placement {
    Placement {
        actor: "user:1".to_owned(),
        buyer: Buyer::Account(USER),
        contact: Contact::default(),
        source: Source::Cart(USER),
        shipping_address: Some(AddressId(1)),
        billing_address: None,
        pickup: None,
        payment_method: "cod".to_owned(),
        notes: None,
        expected_total: None,
        discount: None,
        allow_partial: false,
        payment_window_seconds: 900,
        exchange: None,
    }
}

fn code(refusal: Refusal) -> &'static str {
    crate::error::ApiError::from(refusal).code.as_str()
}

/// Decides placements one after the other. Returns a text for each.
fn decided(carts: &Carts, placements: &[Placement]) -> Vec<String> {
    decided_with(&context(), RoutingPolicy::default(), carts, placements)
}

fn decided_with(
    context: &CheckoutContext,
    policy: RoutingPolicy,
    carts: &Carts,
    placements: &[Placement],
) -> Vec<String> {
    let mut holds = holds(carts, policy);
    let mut ids = IdAllocator::new((1..=9).map(OrderId).collect(), (1..=99).map(OrderItemId).collect());
    let mut decider = Decider::new(context, carts, &mut holds, &mut ids);
    let mut sentences = Vec::new();
    for placement in placements {
        sentences.push(match decider.check(placement, &carts.resolved[0]) {
            Err(refusal) => code(refusal).to_owned(),
            Ok(checked) => {
                let plan = decider.take(placement, checked).unwrap();
                let parts = plan.items.iter().flat_map(|item| &item.allocations.0);
                let parts: Vec<String> =
                    parts.map(|part| format!("{} from {}", part.quantity, part.location_id)).collect();
                let (status, sold) = (plan.order.status.as_str(), plan.units_sold());
                format!("{status} {} sold {sold}: {}", plan.order.total_amount.0, parts.join(", "))
            }
        });
    }
    sentences
}

/// A placement, the lines of the cart, and the outcome.
type Row = (Placement, &'static [(i64, i64)], &'static str);

#[test]
fn refusals_come_in_a_fixed_order() {
    let full: &'static [(i64, i64)] = &[(1, 9), (3, 1)];
    let expected = |minor| Some(AmountInput::from_units(minor, 2));
    // Each row corrects the error for which the row before was refused.
    let table: Vec<Row> = vec![
        (Placement { buyer: Buyer::Guest, payment_method: "x".into(), ..placement() }, full, "UNAUTHENTICATED"),
        (
            Placement { payment_method: "x".into(), shipping_address: Some(AddressId(9)), ..placement() },
            full,
            "VALIDATION_FAILED",
        ),
        (Placement { shipping_address: Some(AddressId(9)), ..placement() }, &[], "ADDRESS_NOT_FOUND"),
        (Placement { billing_address: Some(AddressId(9)), ..placement() }, &[], "ADDRESS_NOT_FOUND"),
        (placement(), &[], "CART_EMPTY"),
        (Placement { expected_total: expected(1), ..placement() }, full, "PRODUCT_UNAVAILABLE"),
        (Placement { expected_total: expected(1), ..placement() }, &[(1, 9)], "PRICE_CHANGED"),
        (Placement { expected_total: expected(27_000), ..placement() }, &[(1, 9)], "INSUFFICIENT_STOCK"),
        (
            Placement { expected_total: expected(24_000), ..placement() },
            &[(1, 8)],
            "pending 24000 sold 8: 4 from 1, 4 from 2",
        ),
    ];
    for (placement, lines, outcome) in table {
        assert_eq!(decided(&carts(lines, &[]), &[placement]), [outcome]);
    }
}

#[test]
fn the_payment_method_decides_when_units_are_sold() {
    let upi = || Placement { payment_method: "upi".to_owned(), ..placement() };
    for (placement, lines, outcome) in [
        (placement(), vec![(1, 5)], "pending 15000 sold 5: 4 from 1, 1 from 2"),
        (upi(), vec![(1, 5)], "under_paying 15000 sold 0: 4 from 1, 1 from 2"),
        // A free order needs no payment.
        (upi(), vec![(4, 1)], "pending 0 sold 1: 1 from 1"),
    ] {
        assert_eq!(decided(&carts(&lines, &[]), &[placement]), [outcome]);
    }
}

#[test]
fn units_that_the_cart_holds_are_available_to_it() {
    assert_eq!(decided(&carts(&[(1, 8)], &[(1, 3)]), &[placement()]), ["pending 24000 sold 8: 4 from 1, 4 from 2"]);
    assert_eq!(decided(&carts(&[(1, 9)], &[(1, 3)]), &[placement()]), ["INSUFFICIENT_STOCK"]);
}

#[test]
fn a_cart_is_ordered_once_in_a_batch() {
    let outcomes = decided(&carts(&[(2, 2)], &[(2, 1)]), &[placement(), placement()]);
    assert_eq!(outcomes, ["pending 1000 sold 2: 2 from 1", "CART_EMPTY"]);
}

#[test]
fn a_placement_gets_the_units_that_earlier_placements_left() {
    let item = |quantity| RequestedItem {
        product: ProductRef::Id(ProductId(2)),
        size: None,
        quantity: Quantity::new(quantity).unwrap(),
        unit_price: None,
    };
    let of = |quantity| Placement { source: Source::Items(vec![item(quantity)]), ..placement() };
    let carts = Carts { resolved: vec![vec![ResolvedVariant::Variant(VariantId(2))]], ..carts(&[], &[]) };
    let outcomes = decided(&carts, &[of(6), of(5), of(4)]);
    let expected = ["pending 3000 sold 6: 6 from 1", "INSUFFICIENT_STOCK", "pending 2000 sold 4: 4 from 1"];
    assert_eq!(outcomes, expected);
}

fn partial() -> Placement {
    Placement { allow_partial: true, ..placement() }
}

#[test]
fn a_partial_order_leaves_out_what_is_short() {
    let expecting = |minor| Placement { expected_total: Some(AmountInput::from_units(minor, 2)), ..partial() };
    let table: Vec<Row> = vec![
        (partial(), &[(1, 8), (2, 2)], "pending 25000 sold 10: 4 from 1, 4 from 2, 2 from 1"),
        (partial(), &[(1, 9), (2, 11)], "pending 29000 sold 18: 4 from 1, 4 from 2, 10 from 1"),
        (expecting(24_000), &[(1, 9)], "pending 24000 sold 8: 4 from 1, 4 from 2"),
        // The expected total is that of the units that the order gets.
        (expecting(27_000), &[(1, 9)], "PRICE_CHANGED"),
        (partial(), &[(1, 9), (3, 1)], "PRODUCT_UNAVAILABLE"),
        (
            Placement { payment_method: "upi".into(), ..partial() },
            &[(1, 9)],
            "under_paying 24000 sold 0: 4 from 1, 4 from 2",
        ),
    ];
    for (placement, lines, outcome) in table {
        assert_eq!(decided(&carts(lines, &[]), &[placement]), [outcome]);
    }
    let taken = decided(&carts(&[(1, 9)], &[]), &[partial(), partial()]);
    assert_eq!(taken, ["pending 24000 sold 8: 4 from 1, 4 from 2", "INSUFFICIENT_STOCK"], "one unit stays in the cart");
}

#[test]
fn a_partial_order_that_must_not_be_split_gets_the_units_of_the_best_place() {
    let never = || RoutingPolicy { split: RoutingSplit::Never, ..RoutingPolicy::default() };
    let decided = |lines, placements: &[Placement]| decided_with(&context(), never(), &carts(lines, &[]), placements);
    // The first place has 4 and 10 units, the second one has 4 and none.
    assert_eq!(decided(&[(1, 5), (2, 3)], &[partial()]), ["pending 13500 sold 7: 4 from 1, 3 from 1"]);
    // Each order ends a round of the cart, and its next order gets the rest.
    let outcomes = decided(&[(1, 9)], &[partial(), partial(), partial()]);
    assert_eq!(outcomes, ["pending 12000 sold 4: 4 from 1", "pending 12000 sold 4: 4 from 2", "INSUFFICIENT_STOCK"]);
}

#[test]
fn a_partial_order_waits_until_overdue_holds_have_expired() {
    let overdue = CheckoutContext { overdue: HashSet::from([VariantId(1)]), ..context() };
    let decided = |lines| decided_with(&overdue, RoutingPolicy::default(), &carts(lines, &[]), &[partial()]);
    assert_eq!(decided(&[(1, 9), (2, 2)]), ["INSUFFICIENT_STOCK"]);
    assert_eq!(decided(&[(2, 11)]), ["pending 5000 sold 10: 10 from 1"]);
}
