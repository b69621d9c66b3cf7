//! The reports on sales.

use crate::auth::{Access, Permission};
use crate::openapi::Endpoint;
use crate::openapi::endpoint::get;
use crate::reports::holds::api as holds;
use crate::reports::sales::api as sales;
use crate::reports::sales::response::SalesReportResponse;

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
    ]
}
