use super::*;
use crate::inventory::stock_level::StockCounts;
use crate::kernel::id::ProductId;

fn level(stock: i64, reserved: i64) -> StockLevel {
    StockLevel {
        variant: VariantId(1),
        location: LocationId(1),
        stock,
        reserved,
        sold: 7,
        committed: 2,
        safety: 0,
        version: 3,
    }
}

fn change(movement_type: MovementType, quantity: i64) -> StockChange {
    StockChange {
        movement_type,
        quantity,
        on_hand: None,
        expected_stock: None,
        size: None,
        location: None,
        reason: "Count".into(),
        reference_id: None,
    }
}

fn decided(level: &mut StockLevel, change: &StockChange) -> Result<Movement, ApiError> {
    let item = StockItem { product_id: ProductId(1), sku: "TEE", product_name: "Tee", size: None };
    decide(level, change, None, item)
}

#[test]
fn a_look_changes_the_stock_by_the_difference_at_its_time() {
    let item = StockItem { product_id: ProductId(1), sku: "TEE", product_name: "Tee", size: None };
    let at: DateTime<Utc> = "2026-11-21T10:30:00Z".parse().unwrap();
    let seen = |on_hand, newest_observation| Seen {
        at,
        past: StockAtObservation { on_hand, newest_observation, touched: false },
    };
    let counted = |quantity, seen: &Seen| {
        let mut level = level(100, 30);
        let change = change(MovementType::Adjustment, quantity);
        decide(&mut level, &change, Some(seen), item).map(|movement| (movement.delta.stock, movement.after.stock))
    };
    // 2 of the units on the shelf are sold.
    assert_eq!(counted(102, &seen(102, None)).unwrap(), (0, 100));
    assert_eq!(counted(90, &seen(102, None)).unwrap(), (-12, 88));
    // 5 units were shipped after the observation.
    assert_eq!(counted(107, &seen(107, Some(at))).unwrap(), (0, 100));
    assert_eq!(counted(31, &seen(102, None)).unwrap_err().code, Code::StockBelowReserved);
    assert_eq!(counted(32, &seen(102, None)).unwrap(), (-70, 30));
    let later = Some(at + chrono::Duration::microseconds(1));
    let stale = counted(102, &seen(102, later)).unwrap_err();
    assert_eq!((stale.code, stale.extra.current_stock), (Code::StaleStock, Some(100)));
    assert_eq!(counted(MAX_STOCK, &seen(0, None)).unwrap_err().code, Code::ValidationFailed);
}

#[test]
fn every_type_moves_the_stock_and_never_the_sold_units() {
    for (movement_type, quantity, kind, after) in [
        (MovementType::In, 10, MovementKind::Receive, 110),
        (MovementType::Out, 10, MovementKind::Remove, 90),
        (MovementType::Adjustment, 40, MovementKind::Adjust, 40),
        (MovementType::Adjustment, 100, MovementKind::Adjust, 100),
    ] {
        let mut level = level(100, 30);
        let movement = decided(&mut level, &change(movement_type, quantity)).unwrap();
        assert_eq!(
            (movement.kind, movement.after),
            (kind, StockCounts { stock: after, reserved: 30, sold: 7, committed: 2 })
        );
        assert_eq!((movement.version, movement.delta.stock), (4, after - 100));
    }
}

#[test]
fn reserved_units_cannot_be_removed() {
    for (movement_type, quantity, code) in [
        (MovementType::Out, 71, Code::InsufficientStock),
        (MovementType::Adjustment, 29, Code::StockBelowReserved),
        (MovementType::In, MAX_STOCK, Code::ValidationFailed),
    ] {
        let mut level = level(100, 30);
        let before = level.clone();
        let refusal = decided(&mut level, &change(movement_type, quantity)).unwrap_err();
        assert_eq!((refusal.code, level), (code, before));
    }
}

#[test]
fn a_stale_expectation_is_refused_before_anything_else() {
    let stale = StockChange { expected_stock: Some(99), ..change(MovementType::Out, 1_000) };
    let refusal = decided(&mut level(100, 0), &stale).unwrap_err();
    assert_eq!((refusal.code, refusal.extra.current_stock), (Code::StaleStock, Some(100)));
    let fresh = StockChange { expected_stock: Some(100), ..change(MovementType::Out, 100) };
    assert!(decided(&mut level(100, 0), &fresh).is_ok());
}
