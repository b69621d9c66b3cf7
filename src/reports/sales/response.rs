//! The responses of the sales report. Each has all figures itself, because amounts cannot be in flattened fields.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::figures::Summary;
use super::period::Period;
use crate::db::Failure;
use crate::http::csv::{Cell, Table, Tabular};
use crate::kernel::money::{Amount, Currency};

macro_rules! figures {
    ($(#[$about:meta])* pub struct $name:ident { $($(#[$field_about:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$about])*
        #[derive(Debug, Serialize, ToSchema)]
        pub struct $name {
            $($(#[$field_about])* $field: $type,)*
            /// The orders that were sold: those that were placed, or paid if their payment method sells at payment.
            orders: i64,
            /// The units of these orders, whether or not they were cancelled or returned later.
            units: i64,
            /// The prices of these units, without taxes and before discounts.
            gross: Amount,
            discounts: Amount,
            /// All taxes of these orders, added or contained in prices, with those of the delivery. Less the taxes of
            /// the credits.
            tax: Amount,
            /// The delivery of these orders without taxes, less what was credited of it.
            shipping: Amount,
            /// The money that was given back. Money that was never accepted is not a part of it.
            refunds: Amount,
            /// The amounts that were credited for goods that were cancelled, returned or forgiven, without taxes, and
            /// less fees.
            credits: Amount,
            /// `gross` − `discounts` − `credits`.
            net: Amount,
            /// `net` divided by `orders`. 0 without orders.
            average_order_value: Amount,
            /// The customers with their first order. Guests are not counted. Null in groups of products, categories,
            /// locations and payment methods.
            #[schema(required)]
            new_customers: Option<i64>,
            /// The customers who had bought before.
            #[schema(required)]
            returning_customers: Option<i64>,
            /// The net sales less the cost of the goods by the moving average, of the sales whose cost is known. Null if
            /// it is known of none.
            #[schema(required)]
            margin: Option<Amount>,
        }

        impl $name {
            fn of($($field: $type,)* figures: &Summary, currency: &Currency) -> Self {
                let Summary { sums, customers } = figures;
                let amount = |minor| currency.total(minor);
                Self {
                    $($field,)*
                    orders: sums.orders,
                    units: sums.units,
                    gross: amount(sums.gross.0),
                    discounts: amount(sums.discounts.0),
                    tax: amount(sums.tax.0),
                    shipping: amount(sums.shipping.0),
                    refunds: amount(sums.refunds.0),
                    credits: amount(sums.credits.0),
                    net: amount(sums.net()),
                    average_order_value: amount(sums.average_order_value()),
                    new_customers: customers.map(|customers| customers.new),
                    returning_customers: customers.map(|customers| customers.returning),
                    margin: figures.margin(currency),
                }
            }
        }
    };
}

figures! {
    /// The sales of a day, a product and so on.
    pub struct SalesItemResponse {
        /// By the group: a day (`2026-11-21`), a week (`2026-W47`, from Monday to Sunday), a month (`2026-11`), the id of a
        /// product, a category, the id of a location, a payment method, or the id of a customer. Null for products
        /// without a category, and for orders without a customer's account.
        #[schema(required, max_length = 200)]
        key: Option<String>,
    }
}

figures! {
    /// The sales of the whole period.
    pub struct SalesTotalsResponse {}
}

figures! {
    /// The sales of the period to compare with.
    pub struct PreviousSalesResponse {
        from: NaiveDate,
        to: NaiveDate,
    }
}

/// A sale counts on the day on which the order was placed, or paid if its payment method sells at payment. Credits and
/// refunds count on their own days. Days are those of the store's `time_zone`.
#[derive(Debug, Serialize, ToSchema)]
pub struct SalesReportResponse {
    /// All days, weeks or months of the period, ascending. Of other groups those with the highest net sales, at most
    /// 1000.
    items: Vec<SalesItemResponse>,
    totals: SalesTotalsResponse,
    /// Null without `compare`.
    #[schema(required)]
    previous: Option<PreviousSalesResponse>,
}

impl SalesReportResponse {
    pub fn new(
        items: Vec<(Option<String>, Summary)>,
        totals: &Summary,
        previous: Option<(Period, Summary)>,
        currency: &Currency,
    ) -> Self {
        let item = |(key, figures): (Option<String>, Summary)| SalesItemResponse::of(key, &figures, currency);
        Self {
            items: items.into_iter().map(item).collect(),
            totals: SalesTotalsResponse::of(totals, currency),
            previous: previous
                .map(|(period, figures)| PreviousSalesResponse::of(period.from, period.to, &figures, currency)),
        }
    }
}

const COLUMNS: [&str; 14] = [
    "key",
    "orders",
    "units",
    "gross",
    "discounts",
    "tax",
    "shipping",
    "refunds",
    "credits",
    "net",
    "average_order_value",
    "new_customers",
    "returning_customers",
    "margin",
];

impl Tabular for SalesReportResponse {
    fn table(&self) -> Result<Table, Failure> {
        let mut table = Table::new(&COLUMNS)?;
        for item in &self.items {
            table.add(&[
                item.key.as_deref().map_or(Cell::Empty, Cell::text),
                Cell::number(Some(item.orders)),
                Cell::number(Some(item.units)),
                Cell::number(Some(item.gross)),
                Cell::number(Some(item.discounts)),
                Cell::number(Some(item.tax)),
                Cell::number(Some(item.shipping)),
                Cell::number(Some(item.refunds)),
                Cell::number(Some(item.credits)),
                Cell::number(Some(item.net)),
                Cell::number(Some(item.average_order_value)),
                Cell::number(item.new_customers),
                Cell::number(item.returning_customers),
                Cell::number(item.margin),
            ])?;
        }
        Ok(table)
    }
}
