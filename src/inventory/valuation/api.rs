//! The value of the stock.

use actix_web::HttpResponse;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::VariantArray;
use utoipa::openapi::schema::ObjectBuilder;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::queries::hours;
use super::queries::report::{self, VariantValue};
use super::row::ValueTotals;
use super::value::share;
use super::value_by_place::value_by_place;
use crate::auth::Ctx;
use crate::db;
use crate::error::ApiError;
use crate::kernel::id::{LocationId, ProductId};
use crate::kernel::moment;
use crate::kernel::money::{Amount, Currency};
use crate::kernel::page::PageQuery;
use crate::kernel::schema;
use crate::kernel::text_enum::{self, text_enum};
use crate::stores::queries as stores;

use crate::http::{Query, SortQuery};

pub use super::queries::report::SORTS;

/// The order of the values without `?sort=`.
pub const FIRST_BY_VARIANT: &str = "variant_id";

text_enum! {
    /// The way in which units that go out are valued.
    #[derive(Default, Serialize)]
    #[serde(rename_all = "snake_case")]
    #[strum(serialize_all = "snake_case")]
    pub enum Method {
        #[default]
        Average,
        Fifo,
    }
}

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ValuationQuery {
    #[serde(default, deserialize_with = "text_enum::in_query")]
    #[param(schema_with = method_filter)]
    method: Option<Method>,
    /// The values at this time. Without it, the newest ones.
    #[serde(default, deserialize_with = "moment::in_query")]
    as_of: Option<DateTime<Utc>>,
}

fn methods() -> ObjectBuilder {
    schema::string_enum(Method::VARIANTS.iter().map(|method| method.as_str()))
}

fn method_filter() -> ObjectBuilder {
    methods().description(Some("`average`: the moving average, the default. `fifo`: first in, first out."))
}

/// The value of the stock, and what was paid for all stock that came in: `paid` = `value` + `cost_of_goods_sold` +
/// `written_off`.
#[derive(Debug, Serialize, ToSchema)]
pub struct ValuationResponse {
    /// The time of the values. Movements are valued within a minute.
    as_of: DateTime<Utc>,
    #[schema(schema_with = methods)]
    method: Method,
    items: Vec<ValuedItemResponse>,
    total: i64,
    page: i64,
    limit: i64,
    pages: i64,
    totals: ValuationTotalsResponse,
}

/// The units of a size, or of a product without sizes, at all places, with those in quarantine and in transit. Sold units
/// are not among them, even before they are shipped.
#[derive(Debug, Serialize, ToSchema)]
pub struct ValuedItemResponse {
    product_id: ProductId,
    #[schema(max_length = 151)]
    sku: String,
    #[schema(max_length = 50)]
    size: Option<String>,
    quantity: i64,
    value: Amount,
    /// The value divided by the quantity, rounded. Null without units.
    #[schema(required)]
    unit_cost: Option<Amount>,
    /// The shares of the locations, which add up to the item.
    locations: Vec<LocationValueResponse>,
}

/// Units at a location, in its quarantine and on the road to it.
#[derive(Debug, Serialize, ToSchema)]
pub struct LocationValueResponse {
    location_id: LocationId,
    quantity: i64,
    value: Amount,
}

/// Sums over all items of the store, not only those of the page.
#[derive(Debug, Serialize, ToSchema)]
pub struct ValuationTotalsResponse {
    value: Amount,
    /// The cost of the units that were sold and did not come back.
    cost_of_goods_sold: Amount,
    /// The cost of the units that were lost, scrapped or removed, with differences of reversed receipts.
    written_off: Amount,
    /// The cost of all units that came in without a sale, without reversed receipts.
    paid: Amount,
}

/// `GET /inventory/valuation`
pub async fn show(
    query: Query<ValuationQuery>,
    page: Query<PageQuery>,
    sort: Query<SortQuery>,
    ctx: Ctx,
) -> Result<HttpResponse, ApiError> {
    let sort = sort.0.among(&SORTS, FIRST_BY_VARIANT)?;
    let ValuationQuery { method, as_of } = query.0;
    let method = method.unwrap_or_default();
    ctx.answer("get_valuation", move |conn, scope| {
        let store = stores::get_store(conn, scope.store)?;
        if as_of > Some(db::clock(conn)?) {
            return Err(ApiError::field("as_of", "must not be in the future").into());
        }
        let folded_until = report::find_folded_until(conn, scope.store)?.unwrap_or(store.created_at);
        let past = as_of.filter(|as_of| *as_of < folded_until);
        let values = report::list_values(conn, scope.store, past, sort, &page.0)?;
        let totals = totals(hours::sum(conn, scope.store, past)?, method, &store.currency);
        let values = values.map(|value| item(value, method, &store.currency));
        let (as_of, total, pages) = (past.unwrap_or(folded_until), values.total, values.pages);
        let (page, limit) = (values.page, values.limit);
        Ok(ValuationResponse { as_of, method, items: values.items, total, page, limit, pages, totals })
    })
    .await
}

fn item(row: VariantValue, method: Method, currency: &Currency) -> ValuedItemResponse {
    let value = match method {
        Method::Average => row.average.0,
        Method::Fifo => row.fifo.0,
    };
    let locations = value_by_place(row.quantity, value, &row.places).into_iter().map(|at| LocationValueResponse {
        location_id: LocationId(at.place),
        quantity: at.quantity,
        value: currency.total(at.value),
    });
    ValuedItemResponse {
        product_id: row.product_id,
        sku: row.sku,
        size: row.size,
        quantity: row.quantity,
        value: currency.total(value),
        unit_cost: (row.quantity > 0).then(|| currency.total(share(value, 1, row.quantity))),
        locations: locations.collect(),
    }
}

fn totals(totals: ValueTotals, method: Method, currency: &Currency) -> ValuationTotalsResponse {
    let ValueTotals { paid, average_value, average_sold, fifo_value, fifo_sold } = totals;
    let (value, sold) = match method {
        Method::Average => (average_value, average_sold),
        Method::Fifo => (fifo_value, fifo_sold),
    };
    ValuationTotalsResponse {
        value: currency.total(value),
        cost_of_goods_sold: currency.total(sold),
        written_off: currency.total(paid - value - sold),
        paid: currency.total(paid),
    }
}
