//! Reading products.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use utoipa::IntoParams;
use validator::Validate;

use super::answers::Reader;
use crate::access::Ctx;
use crate::catalogue::product::ProductStatus;
use crate::error::ApiError;
use crate::inventory::stocked::StockStatus;
use crate::inventory::store::listing::{self, ProductFilter, ProductSort};
use crate::kernel::id::ProductRef;
use crate::kernel::money::{AmountInput, Currency, Money};
use crate::kernel::page::PageQuery;
use crate::kernel::text;
use crate::web::Query;

/// What the products of a list have in common, and their order.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ProductsQuery {
    /// Words in name, SKU, description, brand or barcode.
    #[validate(length(max = 255, message = "must have at most 255 characters"))]
    q: Option<String>,
    category: Option<String>,
    brand: Option<String>,
    /// `active` unless given.
    #[param(inline)]
    status: Option<ProductStatus>,
    #[param(inline)]
    stock_status: Option<StockStatus>,
    #[param(value_type = Option<f64>)]
    min_price: Option<String>,
    #[param(value_type = Option<f64>)]
    max_price: Option<String>,
    /// `id`, `name`, `sku`, `price`, `created_at` or `stock`; with `-` before it, descending.
    sort: Option<String>,
}

/// A query that is fit to be asked, but for the currency of its prices.
struct Wanted {
    query: ProductsQuery,
    min_price: Option<AmountInput>,
    max_price: Option<AmountInput>,
    sort: ProductSort,
}

impl Wanted {
    fn parse(query: ProductsQuery) -> Result<Self, ApiError> {
        let sort = ProductSort::parse(query.sort.as_deref().unwrap_or("id"));
        let sort = sort.map_err(|message| ApiError::field("sort", message))?;
        let min_price = parse_price("min_price", query.min_price.as_deref())?;
        let max_price = parse_price("max_price", query.max_price.as_deref())?;
        Ok(Self { query, min_price, max_price, sort })
    }

    fn filter(&self, currency: &Currency) -> Result<ProductFilter, ApiError> {
        let money = |field: &str, price: Option<AmountInput>| -> Result<Option<Money>, ApiError> {
            price
                .map(|price| price.in_currency(currency).map_err(|message| ApiError::field(field, message)))
                .transpose()
        };
        Ok(ProductFilter {
            pattern: self.query.q.as_deref().map(text::contains_pattern),
            category: self.query.category.clone(),
            brand: self.query.brand.clone(),
            status: self.query.status.or(Some(ProductStatus::Active)),
            stock_status: self.query.stock_status,
            min_price: money("min_price", self.min_price)?,
            max_price: money("max_price", self.max_price)?,
        })
    }
}

fn parse_price(field: &str, text: Option<&str>) -> Result<Option<AmountInput>, ApiError> {
    text.map(|text| AmountInput::parse(text).map_err(|message| ApiError::field(field, message))).transpose()
}

pub async fn list(query: Query<ProductsQuery>, page: Query<PageQuery>, ctx: Ctx) -> Result<HttpResponse, ApiError> {
    let wanted = Wanted::parse(query.0)?;
    let list = ctx
        .read("list_products", move |conn, scope| {
            let reader = Reader::of(conn, scope)?;
            let filter = wanted.filter(&reader.currency)?;
            let products = listing::list_products(conn, scope.store, &filter, wanted.sort, &page.0)?;
            reader.list(conn, products)
        })
        .await?;
    Ok(HttpResponse::Ok().json(list))
}

/// At or under their minimum, worst first.
pub async fn list_low_stock(page: Query<PageQuery>, ctx: Ctx) -> Result<HttpResponse, ApiError> {
    let list = ctx
        .read("list_low_stock", move |conn, scope| {
            let products = listing::list_low_stock(conn, scope.store, &page.0)?;
            Reader::of(conn, scope)?.list(conn, products)
        })
        .await?;
    Ok(HttpResponse::Ok().json(list))
}

pub async fn show(path: web::Path<String>, ctx: Ctx) -> Result<HttpResponse, ApiError> {
    let name = ProductRef::from_path(&path);
    let product = ctx.read("get_product", move |conn, scope| Reader::of(conn, scope)?.get(conn, &name)).await?;
    Ok(HttpResponse::Ok().json(product))
}

/// The same with the store in the path.
pub async fn show_in_store(path: web::Path<(String, String)>, ctx: Ctx) -> Result<HttpResponse, ApiError> {
    let (store, product) = path.into_inner();
    show(web::Path::from(product), ctx.in_store(&store)).await
}
