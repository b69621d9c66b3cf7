//! The lines of an order: a variant, its units, their cost and the day on which they should arrive.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::PgConnection;

use crate::error::{Abort, ApiError};
use crate::inventory::inbounds::draft_line::{self, DraftLine};
use crate::inventory::inbounds::line::LineCounts;
use crate::inventory::inbounds::queries::lines::NewLine;
use crate::kernel::id::{StoreId, SupplierId, VariantId};
use crate::kernel::money::{AmountInput, Currency, Money};
use crate::purchasing::queries::items;
use crate::stores::queries as stores;

/// A line as a request names it.
#[derive(Clone, Debug, PartialEq)]
pub struct PurchaseLine {
    pub draft: DraftLine,
    /// Without it, the cost of the supplier's item.
    pub unit_cost: Option<AmountInput>,
    /// Without it, the day of the order.
    pub expected_on: Option<NaiveDate>,
}

/// Finds the variants and the costs of the lines, and adds up equal lines.
pub fn resolve(
    conn: &mut PgConnection,
    store: StoreId,
    supplier: SupplierId,
    lines: &[PurchaseLine],
) -> Result<Vec<NewLine>, Abort> {
    let variants = draft_line::find_all(conn, store, lines.iter().map(|line| &line.draft))?;
    let currency = stores::get_store(conn, store)?.currency;
    let terms = items::list_terms(conn, store, supplier, &variants)?;
    let costs = terms.into_iter().map(|(variant, terms)| (variant, terms.unit_cost)).collect();
    Ok(add_up(lines, &variants, &currency, &costs)?)
}

fn add_up(
    lines: &[PurchaseLine],
    variants: &[VariantId],
    currency: &Currency,
    costs: &HashMap<VariantId, Money>,
) -> Result<Vec<NewLine>, ApiError> {
    let mut planned: Vec<NewLine> = Vec::with_capacity(lines.len());
    for (index, (line, variant)) in lines.iter().zip(variants.iter().copied()).enumerate() {
        let given = line.unit_cost.map(|cost| cost_in(cost, currency, index)).transpose()?;
        let unit_cost = given.or(costs.get(&variant).copied());
        let unit_cost = unit_cost.ok_or_else(|| cost_error(index, "is required, because the supplier has none"))?;
        let Some(known) = planned.iter_mut().find(|known| known.variant == variant) else {
            let counts = LineCounts::purchased(line.draft.quantity);
            planned.push(NewLine { variant, counts, unit_cost: Some(unit_cost), expected_on: line.expected_on });
            continue;
        };
        if known.unit_cost != Some(unit_cost) {
            return Err(cost_error(index, "must be the cost of the same product above"));
        }
        if known.expected_on != line.expected_on {
            let message = "must be the day of the same product above";
            return Err(ApiError::field(format!("lines[{index}].expected_on"), message));
        }
        let sum = draft_line::add(known.counts.planned, line.draft.quantity, index)?;
        known.counts = LineCounts::purchased(sum);
    }
    Ok(planned)
}

/// An amount of a line, in minor units.
pub fn cost_in(cost: AmountInput, currency: &Currency, index: usize) -> Result<Money, ApiError> {
    cost.in_currency(currency).map_err(|message| cost_error(index, message))
}

fn cost_error(index: usize, message: impl Into<String>) -> ApiError {
    ApiError::field(format!("lines[{index}].unit_cost"), message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::id::{ProductId, ProductRef};

    fn line(quantity: i64, unit_cost: Option<i64>, day: Option<&str>) -> PurchaseLine {
        PurchaseLine {
            draft: DraftLine { product: ProductRef::Id(ProductId(1)), size: None, quantity },
            unit_cost: unit_cost.map(|cost| AmountInput::from_units(cost, 2)),
            expected_on: day.map(|day| day.parse().unwrap()),
        }
    }

    fn sums(lines: &[(i64, PurchaseLine)]) -> Result<Vec<(i64, i64, i64)>, String> {
        let variants: Vec<_> = lines.iter().map(|(variant, _)| VariantId(*variant)).collect();
        let lines: Vec<_> = lines.iter().map(|(_, line)| line.clone()).collect();
        let costs = [(VariantId(1), Money(700))].into();
        let planned = add_up(&lines, &variants, &Currency::parse("INR").unwrap(), &costs);
        let planned = planned.map_err(|refusal| refusal.extra.errors[0].field.clone())?;
        Ok(planned.iter().map(|line| (line.variant.0, line.counts.planned, line.unit_cost.unwrap().0)).collect())
    }

    #[test]
    fn equal_lines_add_up_if_their_costs_and_days_are_equal() {
        let day = Some("2026-12-01");
        for (lines, result) in [
            (vec![(1, line(4, None, None)), (2, line(3, Some(250), day))], Ok(vec![(1, 4, 700), (2, 3, 250)])),
            (vec![(1, line(4, None, day)), (1, line(5, Some(700), day))], Ok(vec![(1, 9, 700)])),
            (vec![(2, line(4, None, None))], Err("lines[0].unit_cost")),
            (vec![(1, line(4, None, None)), (1, line(5, Some(701), None))], Err("lines[1].unit_cost")),
            (vec![(1, line(4, None, day)), (1, line(5, None, None))], Err("lines[1].expected_on")),
            (vec![(1, line(600_000_000_000, None, None)); 2], Err("lines[1].quantity")),
        ] {
            assert_eq!(sums(&lines), result.map_err(str::to_owned), "{lines:?}");
        }
    }
}
