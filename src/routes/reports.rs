//! The reports on sales, demand and stock.

use crate::auth::{Access, Permission};
use crate::error::Code;
use crate::openapi::Endpoint;
use crate::openapi::endpoint::get;
use crate::reports::forecast::api::{self as forecast, ForecastQuery, ForecastResponse};
use crate::reports::holds::api as holds;
use crate::reports::sales::api as sales;
use crate::reports::sales::response::SalesReportResponse;
use crate::reports::stock::api::{self as stock, StockReportResponse};

const READ: Access = Access::Permission(Permission::ReportsRead);

pub(super) fn reports() -> Vec<Endpoint> {
    vec![
        get("/reports/sales", READ, sales::show)
            .named("getSalesReport", "Read the sales of a period by day, product and so on, as JSON or CSV")
            .query::<sales::SalesQuery>()
            .answers::<SalesReportResponse>(200)
            .answers_csv_too(),
        get("/reports/top-products", READ, sales::show_top)
            .named("listTopProducts", "List the sizes and products with the most units, revenue or margin of a period")
            .query::<sales::TopQuery>()
            .answers::<sales::TopProductsResponse>(200)
            .answers_csv_too(),
        get("/reports/holds", READ, holds::show)
            .named("getHoldsReport", "Read what carts and payment windows hold, and how their holds ended in a period")
            .query::<holds::HoldsQuery>()
            .answers::<holds::HoldsReportResponse>(200)
            .answers_csv_too(),
        get("/reports/forecast", READ, forecast::show)
            .named("getForecast", "Forecast the demand of a product or size, from its own past")
            .query::<ForecastQuery>()
            .answers::<ForecastResponse>(200)
            .errors(&[Code::ProductNotFound, Code::SizeNotFound, Code::SizeRequired]),
        get("/reports/stock", READ, stock::list)
            .named("reportStock", "Report how fast each product or size sells, and how long its stock lasts")
            .sorted_by(&stock::SORTS, stock::FIRST_BY_VARIANT)
            .lists::<StockReportResponse>()
            .answers_csv_too(),
    ]
}
