//! The reports on sales.

use actix_web::{HttpRequest, HttpResponse};
use chrono::NaiveDate;
use diesel::PgConnection;
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::ObjectBuilder;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::period::{Compare, Period};
use super::queries::reading::{self, Reading};
use super::queries::top::{self, Measure, TopVariant};
use super::report::{self, Grouping, Report};
use super::response::SalesReportResponse;
use crate::auth::Ctx;
use crate::db::Failure;
use crate::error::{Abort, ApiError};
use crate::http::Query;
use crate::http::csv::{Cell, Format, FormatQuery, Table, Tabular};
use crate::kernel::id::{ProductId, StoreId};
use crate::kernel::moment;
use crate::kernel::money::{Amount, Currency};
use crate::kernel::number;
use crate::kernel::schema;
use crate::kernel::text_enum;
use crate::stores::queries::{self as stores, time_zones};

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SalesQuery {
    /// The first day. Without it, the report has 30 days. At most 1100 days.
    #[serde(default, deserialize_with = "moment::day_in_query")]
    from: Option<NaiveDate>,
    /// The last day. Without it, today.
    #[serde(default, deserialize_with = "moment::day_in_query")]
    to: Option<NaiveDate>,
    #[serde(default, deserialize_with = "text_enum::in_query")]
    #[param(schema_with = grouping_parameter)]
    group_by: Option<Grouping>,
    #[serde(default, deserialize_with = "text_enum::in_query")]
    #[param(schema_with = compare_parameter)]
    compare: Option<Compare>,
}

fn grouping_parameter() -> ObjectBuilder {
    let text = "The parts that are listed; `day` is the default. A category is that of the product at the time of the \
                order, and a location is the place that sold the units.";
    schema::words::<Grouping>().description(Some(text))
}

fn compare_parameter() -> ObjectBuilder {
    let text = "Adds the totals of an earlier period: `previous` has as many days and ends just before, `year` has the \
                same days a year before.";
    schema::words::<Compare>().description(Some(text))
}

/// `GET /reports/sales`
pub async fn show(
    request: HttpRequest,
    query: Query<SalesQuery>,
    format: Query<FormatQuery>,
    ctx: Ctx,
) -> Result<HttpResponse, ApiError> {
    let SalesQuery { from, to, group_by, compare } = query.0;
    let group_by = group_by.unwrap_or(Grouping::Day);
    let format = Format::requested(&format.0, &request);
    ctx.answer_table("get_sales_report", format, move |conn, scope| {
        let (reading, currency) = open(conn, scope.store)?;
        let period = Period::new(from, to, reading.today)?;
        let Report { items, totals } = report::read(conn, &reading, group_by, &period)?;
        let previous = compare.map(|compare| period.compared(compare));
        let previous = match previous {
            Some(earlier) => Some((earlier, report::total(conn, &reading, &earlier)?)),
            None => None,
        };
        Ok(SalesReportResponse::new(items, &totals, previous, &currency))
    })
    .await
}

fn open(conn: &mut PgConnection, store: StoreId) -> Result<(Reading, Currency), Abort> {
    let store = stores::get_store(conn, store)?;
    let (today, _) = time_zones::today(conn, &store.time_zone)?;
    Ok((reading::open(conn, store.id, store.time_zone, today)?, store.currency))
}

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TopQuery {
    #[serde(default, deserialize_with = "text_enum::in_query")]
    #[param(schema_with = by_parameter)]
    by: Option<Measure>,
    /// The first day. Without it, the report has 30 days. At most 1100 days.
    #[serde(default, deserialize_with = "moment::day_in_query")]
    from: Option<NaiveDate>,
    /// The last day. Without it, today.
    #[serde(default, deserialize_with = "moment::day_in_query")]
    to: Option<NaiveDate>,
    /// The number of rows, 1 to 1000.
    #[serde(default = "default_limit", deserialize_with = "number::integer_in_query")]
    #[validate(range(min = 1, max = 1000, message = "must be from 1 to 1000"))]
    #[param(minimum = 1, maximum = 1000, default = 20)]
    limit: i64,
}

const fn default_limit() -> i64 {
    20
}

fn by_parameter() -> ObjectBuilder {
    let text =
        "`units`: the sold units. `revenue`: the net sales, the default. `margin`: of sales whose cost is known.";
    schema::words::<Measure>().description(Some(text))
}

/// The sizes, and the products without sizes, that sold best in the period.
#[derive(Debug, Serialize, ToSchema)]
pub struct TopProductsResponse {
    items: Vec<TopProductResponse>,
}

/// The sales of a size, or of a product without sizes, as in `GET /reports/sales`.
#[derive(Debug, Serialize, ToSchema)]
pub struct TopProductResponse {
    product_id: ProductId,
    #[schema(max_length = 151)]
    sku: String,
    #[schema(max_length = 50)]
    size: Option<String>,
    #[schema(max_length = 200)]
    product_name: String,
    /// The sold units, whether or not they were cancelled or returned later.
    units: i64,
    /// The net sales: without taxes, discounts and credits.
    revenue: Amount,
    /// Null if no cost is known.
    #[schema(required)]
    margin: Option<Amount>,
}

/// `GET /reports/top-products`
pub async fn show_top(
    request: HttpRequest,
    query: Query<TopQuery>,
    format: Query<FormatQuery>,
    ctx: Ctx,
) -> Result<HttpResponse, ApiError> {
    let TopQuery { by, from, to, limit } = query.0;
    let measure = by.unwrap_or(Measure::Revenue);
    let format = Format::requested(&format.0, &request);
    ctx.answer_table("list_top_products", format, move |conn, scope| {
        let (reading, currency) = open(conn, scope.store)?;
        let period = Period::new(from, to, reading.today)?;
        let found = top::list_top(conn, &reading, measure, period.ends(), limit)?;
        Ok(TopProductsResponse { items: found.into_iter().map(|one| top_product(one, &currency)).collect() })
    })
    .await
}

fn top_product(found: TopVariant, currency: &Currency) -> TopProductResponse {
    let TopVariant { product_id, sku, size, product_name, sums } = found;
    TopProductResponse {
        product_id,
        sku,
        size,
        product_name,
        units: sums.units,
        revenue: currency.total(sums.net()),
        margin: sums.margin().map(|minor| currency.total(minor)),
    }
}

impl Tabular for TopProductsResponse {
    fn table(&self) -> Result<Table, Failure> {
        let mut table = Table::new(&["product_id", "sku", "size", "product_name", "units", "revenue", "margin"])?;
        for item in &self.items {
            table.add(&[
                Cell::number(Some(item.product_id)),
                Cell::text(&item.sku),
                item.size.as_deref().map_or(Cell::Empty, Cell::text),
                Cell::text(&item.product_name),
                Cell::number(Some(item.units)),
                Cell::number(Some(item.revenue)),
                Cell::number(item.margin),
            ])?;
        }
        Ok(table)
    }
}
