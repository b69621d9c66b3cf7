//! The choice of the places of shipped units, without a database.

use super::*;
use crate::kernel::id::ProductId;
use crate::kernel::money::Money;
use crate::orders::allocation::{Allocation, Allocations};

/// Item 1 has 3 units at place 1 and 2 units at place 2. Item 2 has 4 units at place 2, of which 1 is shipped.
fn items() -> Vec<OrderItem> {
    let item = |id: i64, allocations: Vec<Allocation>| OrderItem {
        id: OrderItemId(id),
        order_id: OrderId(1),
        product_id: ProductId(id),
        variant_id: VariantId(id * 10),
        sku: format!("SKU-{id}"),
        product_name: format!("Product {id}"),
        size: None,
        quantity: allocations.iter().map(|part| part.quantity).sum(),
        unit_price: Money(100),
        total_price: Money(500),
        attributes: serde_json::json!({}),
        shipped_quantity: allocations.iter().map(|part| part.shipped_quantity).sum(),
        cancelled_quantity: 0,
        returned_quantity: 0,
        discount_amount: Money(0),
        tax_amount: Money(0),
        included_tax_amount: Money(0),
        tax_line: None,
        allocations: Allocations(allocations),
    };
    let shipped = Allocation { shipped_quantity: 1, ..Allocation::new(LocationId(2), 4) };
    vec![item(1, vec![Allocation::new(LocationId(1), 3), Allocation::new(LocationId(2), 2)]), item(2, vec![shipped])]
}

fn line(item: i64, quantity: i64, location: Option<i64>) -> DispatchLine {
    DispatchLine { item: OrderItemId(item), quantity, location: location.map(LocationId) }
}

/// Variant, place and quantity of each chosen part, or the code of the refusal.
fn chosen(lines: Option<&[DispatchLine]>) -> Result<Vec<(i64, i64, i64)>, &'static str> {
    let parts = choose_units(&items(), lines).map_err(|refusal| refusal.code.as_str())?;
    Ok(parts.iter().map(|part| (part.variant.0, part.location.0, part.quantity)).collect())
}

#[test]
fn units_leave_the_places_of_their_allocations() {
    for (lines, expected) in [
        (None, Ok(vec![(10, 1, 3), (10, 2, 2), (20, 2, 3)])),
        (Some(vec![line(1, 2, None)]), Ok(vec![(10, 1, 2)])),
        (Some(vec![line(1, 4, None)]), Ok(vec![(10, 1, 3), (10, 2, 1)])),
        (Some(vec![line(1, 2, Some(2))]), Ok(vec![(10, 2, 2)])),
        (Some(vec![line(1, 1, Some(2)), line(1, 4, None)]), Ok(vec![(10, 2, 2), (10, 1, 3)])),
        (Some(vec![line(2, 1, None), line(2, 2, None)]), Ok(vec![(20, 2, 3)])),
        (Some(vec![line(1, 6, None)]), Err("QUANTITY_EXCEEDED")),
        (Some(vec![line(1, 3, Some(2))]), Err("QUANTITY_EXCEEDED")),
        (Some(vec![line(1, 1, Some(3))]), Err("QUANTITY_EXCEEDED")),
        (Some(vec![line(2, 2, None), line(2, 2, None)]), Err("QUANTITY_EXCEEDED")),
        (Some(vec![line(3, 1, None)]), Err("VALIDATION_FAILED")),
    ] {
        assert_eq!(chosen(lines.as_deref()), expected, "{lines:?}");
    }
}
