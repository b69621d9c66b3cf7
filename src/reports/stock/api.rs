//! The stock report.

use actix_web::{HttpRequest, HttpResponse};
use chrono::{Duration, NaiveDate};
use diesel::PgConnection;
use serde::Serialize;
use utoipa::ToSchema;

use super::class::{AbcClass, XyzClass};
use super::queries::{self, StockRow};
use crate::auth::Ctx;
use crate::db;
use crate::db::Failure;
use crate::error::ApiError;
use crate::forecasting::queries::runs;
use crate::http::csv::{Cell, Format, FormatQuery, Table, Tabular};
use crate::http::{Query, SortQuery};
use crate::kernel::id::{ProductId, StoreId};
use crate::kernel::page::{List, PageQuery};
use crate::reports::rounded::{rounded, rounded_to};
use crate::stores::queries::{self as stores, time_zones};

pub use super::queries::SORTS;

/// The order of the report without `?sort=`.
pub const FIRST_BY_VARIANT: &str = "variant_id";

/// The days without a sale after which stock is dead.
const DEAD_DAYS: i64 = 90;

/// How fast a size, or a product without sizes, sells. The days are those of the store before the present one.
#[derive(Debug, Serialize, ToSchema)]
pub struct StockReportResponse {
    product_id: ProductId,
    #[schema(max_length = 151)]
    sku: String,
    #[schema(max_length = 50)]
    size: Option<String>,
    /// The units sold on a day of the last 7, without days out of stock. Null if all of them were.
    velocity_7: Option<f64>,
    /// The same of the last 30 days.
    velocity_30: Option<f64>,
    /// The same of the last 90 days.
    velocity_90: Option<f64>,
    /// The available units divided by `velocity_30`. Null if nothing was sold.
    days_of_cover: Option<f64>,
    /// The units sold in the last 90 days and today, divided by these units and the available ones. Null without any.
    sell_through: Option<f64>,
    /// The class by the revenue of the last 90 days: `A` has the first 80 percent, `B` the next 15, `C` the others.
    abc: AbcClass,
    /// The class by the variation of the weekly sales of the last 12 weeks, which is the standard deviation divided by the
    /// mean: `X` up to 0.5, `Y` up to 1, `Z` above. Null without sales in at least 4 weeks with stock.
    xyz: Option<XyzClass>,
    /// The days of the last 90 of which it was out of stock for at least half.
    days_out_of_stock: i64,
    /// The estimate of the units that were not sold on these days: their number times `velocity_90`.
    lost_units: Option<f64>,
    /// True if units are available, and none was sold in the last 90 days and today.
    dead: bool,
}

impl From<StockRow> for StockReportResponse {
    fn from(row: StockRow) -> Self {
        Self {
            product_id: row.product_id,
            sku: row.sku,
            size: row.size,
            velocity_7: row.velocity_7.map(rounded),
            velocity_30: row.velocity_30.map(rounded),
            velocity_90: row.velocity_90.map(rounded),
            days_of_cover: row.days_of_cover.map(|days| rounded_to(1, days)),
            sell_through: row.sell_through.map(|share| rounded_to(4, share)),
            abc: row.abc,
            xyz: row.variation.map(XyzClass::new),
            days_out_of_stock: row.days_out_of_stock,
            lost_units: row.lost_units.map(|units| rounded_to(1, units)),
            dead: row.dead,
        }
    }
}

/// `GET /reports/stock`
pub async fn list(
    request: HttpRequest,
    Query(page): Query<PageQuery>,
    Query(sort): Query<SortQuery>,
    Query(format): Query<FormatQuery>,
    ctx: Ctx,
) -> Result<HttpResponse, ApiError> {
    let sort = sort.among(&SORTS, FIRST_BY_VARIANT)?;
    let format = Format::requested(&format, &request);
    ctx.answer_table("report_stock", format, move |conn, scope| {
        let now = db::clock(conn)?;
        let since = now.checked_sub_signed(Duration::days(DEAD_DAYS)).unwrap_or(now);
        let open_day = find_open_day(conn, scope.store)?;
        let (rows, total) = queries::list(conn, scope.store, (since, open_day), sort, (page.limit, page.offset()))?;
        Ok(page.list(rows, total).map(StockReportResponse::from))
    })
    .await
}

/// The first day whose sales are not in the stored figures. Before the first figures, all sales of the period are not.
fn find_open_day(conn: &mut PgConnection, store: StoreId) -> Result<NaiveDate, Failure> {
    if let Some(run) = runs::find(conn, store)? {
        return Ok(run.first_day_without_figures());
    }
    let zone = stores::get_store(conn, store)?.time_zone;
    let (today, _) = time_zones::today(conn, &zone)?;
    Ok(today.checked_sub_signed(Duration::days(DEAD_DAYS)).unwrap_or(today))
}

const COLUMNS: [&str; 13] = [
    "product_id",
    "sku",
    "size",
    "velocity_7",
    "velocity_30",
    "velocity_90",
    "days_of_cover",
    "sell_through",
    "abc",
    "xyz",
    "days_out_of_stock",
    "lost_units",
    "dead",
];

impl Tabular for List<StockReportResponse> {
    fn table(&self) -> Result<Table, Failure> {
        let mut table = Table::new(&COLUMNS)?;
        for item in &self.items {
            table.add(&[
                Cell::number(Some(item.product_id)),
                Cell::text(&item.sku),
                item.size.as_deref().map_or(Cell::Empty, Cell::text),
                Cell::number(item.velocity_7),
                Cell::number(item.velocity_30),
                Cell::number(item.velocity_90),
                Cell::number(item.days_of_cover),
                Cell::number(item.sell_through),
                Cell::text(item.abc.as_str()),
                item.xyz.map_or(Cell::Empty, |class| Cell::text(class.as_str())),
                Cell::number(Some(item.days_out_of_stock)),
                Cell::number(item.lost_units),
                Cell::text(if item.dead { "true" } else { "false" }),
            ])?;
        }
        Ok(table)
    }
}
