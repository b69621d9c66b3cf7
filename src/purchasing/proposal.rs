//! The units to order of a variant that will run short, without a database.

use chrono::{Days, NaiveDate};

use crate::forecasting::forecast::Forecast;
use crate::kernel::id::{ProductId, SupplierId, VariantId};
use crate::kernel::money::Money;

/// The days of sales from which the demand is estimated.
pub const SALES_DAYS: i64 = 30;

/// The days in which a forecast may need all units.
const FORECAST_DAYS: usize = 365;

/// A variant that needs more units than are available and incoming.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReorderProposal {
    pub variant_id: VariantId,
    pub product_id: ProductId,
    pub sku: String,
    pub product_name: String,
    pub size: Option<String>,
    /// The units that are not reserved.
    pub available: i64,
    /// The units on the road, or ordered.
    pub incoming: i64,
    /// The units in drafts of purchase orders.
    pub in_drafts: i64,
    pub minimum: i64,
    pub maximum: Option<i64>,
    /// The units that were sold in the last `SALES_DAYS` days.
    pub sold: i64,
    /// The minimum, the demand over the lead time and the safety stock, less the available and incoming units.
    pub needed: i64,
    /// The best offer of a supplier. None if no active supplier sells the variant.
    pub offer: Option<Offer>,
}

/// The terms of the supplier with the lowest cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    pub supplier: SupplierId,
    pub unit_cost: Money,
    pub pack_quantity: i64,
    pub min_quantity: i64,
    pub lead_time_days: Option<i64>,
}

impl ReorderProposal {
    /// The units to order: filled up to the maximum, less those in drafts, in whole packs of the supplier.
    #[must_use]
    pub fn quantity(&self) -> i64 {
        let present = self.available.saturating_add(self.incoming);
        let to_maximum = self.maximum.map_or(0, |maximum| maximum.saturating_sub(present));
        let units = self.needed.max(to_maximum).saturating_sub(self.in_drafts);
        if units <= 0 {
            return 0;
        }
        let Some(Offer { pack_quantity, min_quantity, .. }) = self.offer else { return units };
        let units = units.max(min_quantity);
        match units.checked_rem(pack_quantity) {
            Some(0) | None => units,
            Some(rest) => units.saturating_sub(rest).saturating_add(pack_quantity),
        }
    }

    /// The cost of these units, in minor units. None without an offer.
    #[must_use]
    pub fn cost(&self) -> Option<i128> {
        let offer = self.offer?;
        Some(i128::from(self.quantity()).saturating_mul(offer.unit_cost.0.into()))
    }

    /// The units at which to order: the minimum, the demand over the lead time and the safety stock.
    #[must_use]
    pub fn reorder_point(&self) -> i64 {
        self.needed.saturating_add(self.available).saturating_add(self.incoming)
    }

    /// The day on which the last available unit is sold if nothing arrives, by the forecast or by the sales of the last
    /// days. None if nothing is sold, or if the forecast does not need all units for a year.
    #[must_use]
    pub fn stock_out_on(&self, today: NaiveDate, forecast: Option<&Forecast>) -> Option<NaiveDate> {
        if let Some(forecast) = forecast {
            let units = u32::try_from(self.available.max(0)).unwrap_or(u32::MAX);
            return if units == 0 { Some(today) } else { forecast.sold_out_on(today, f64::from(units), FORECAST_DAYS) };
        }
        let days = self.available.max(0).saturating_mul(SALES_DAYS).checked_div(self.sold.max(0))?;
        today.checked_add_days(Days::new(u64::try_from(days).ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proposal(needed: i64) -> ReorderProposal {
        ReorderProposal {
            variant_id: VariantId(1),
            product_id: ProductId(1),
            sku: "rice".into(),
            product_name: "Rice".into(),
            size: None,
            available: 4,
            incoming: 3,
            in_drafts: 0,
            minimum: 10,
            maximum: None,
            sold: 60,
            needed,
            offer: None,
        }
    }

    fn offer(pack_quantity: i64, min_quantity: i64) -> Option<Offer> {
        let (supplier, unit_cost) = (SupplierId(1), Money(250));
        Some(Offer { supplier, unit_cost, pack_quantity, min_quantity, lead_time_days: Some(5) })
    }

    #[test]
    fn units_are_filled_up_to_the_maximum_and_rounded_up_to_packs() {
        for (maximum, offer, in_drafts, quantity) in [
            (None, None, 0, 13),
            (Some(30), None, 0, 23),
            (Some(12), None, 0, 13),
            (None, offer(6, 1), 0, 18),
            (None, offer(13, 1), 0, 13),
            (None, offer(6, 20), 0, 24),
            (None, offer(1, 20), 0, 20),
            (Some(30), offer(12, 1), 0, 24),
            (None, offer(6, 1), 12, 6),
            (None, offer(6, 1), 18, 0),
        ] {
            let proposal = ReorderProposal { maximum, offer, in_drafts, ..proposal(13) };
            assert_eq!(proposal.quantity(), quantity, "{proposal:?}");
            assert_eq!(proposal.cost(), offer.map(|_| i128::from(quantity) * 250));
        }
    }

    #[test]
    fn the_stock_is_out_when_the_sales_have_used_it_up() {
        let today = "2026-12-01".parse().unwrap();
        for (available, sold, day) in [
            (4, 60, Some("2026-12-03")),
            (5, 60, Some("2026-12-03")),
            (0, 60, Some("2026-12-01")),
            (-2, 60, Some("2026-12-01")),
            (4, 0, None),
            (4, -1, None),
            (i64::MAX, 1, None),
        ] {
            let proposal = ReorderProposal { available, sold, ..proposal(1) };
            assert_eq!(proposal.stock_out_on(today, None), day.map(|day| day.parse().unwrap()), "{available} {sold}");
        }
    }
}
