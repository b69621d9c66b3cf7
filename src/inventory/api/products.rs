//! Reads products.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use utoipa::{IntoParams, PartialSchema};
use validator::Validate;

use super::answers::ProductResponses;
use crate::auth::Ctx;
use crate::catalogue::product::ProductStatus;
use crate::db::tx::Mode;
use crate::error::ApiError;
use crate::inventory::product_with_stock::StockStatus;
use crate::kernel::id::ProductRef;
use crate::kernel::money::{AmountInput, Currency, Money};
use crate::kernel::page::{PageQuery, Sort};

use crate::http::{Query, SortQuery};
use crate::inventory::queries::listing::{self, ProductFilter};
use crate::inventory::queries::low_stock;
use crate::kernel::{folded_text, text_enum};

pub use crate::inventory::queries::listing::SORTS;
pub use crate::inventory::queries::low_stock::SORTS as LOW_STOCK_SORTS;

/// The order of products without `?sort=`.
pub const FIRST_BY_ID: &str = "id";

/// The order of low stock without `?sort=`.
pub const WORST_FIRST: &str = "above_minimum";

/// Pages with more rows before them than this count as slow.
const CHEAP_OFFSET: i64 = 1_000;

/// The filter for a list of products.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ProductsQuery {
    /// Words of name, SKU, description, category, brand or barcode, also those of sizes. The words may be in any
    /// order, without regard to case and accents.
    #[validate(length(max = 255, message = "must have at most 255 characters"))]
    #[param(max_length = 255)]
    q: Option<String>,
    /// Products of this category.
    #[validate(length(max = 100, message = "must have at most 100 characters"))]
    #[param(max_length = 100)]
    category: Option<String>,
    /// Products of this brand.
    #[validate(length(max = 100, message = "must have at most 100 characters"))]
    #[param(max_length = 100)]
    brand: Option<String>,
    /// `active` by default.
    #[serde(default, deserialize_with = "text_enum::in_query")]
    status: Option<ProductStatus>,
    /// Products with this stock status.
    #[serde(default, deserialize_with = "text_enum::in_query")]
    stock_status: Option<StockStatus>,
    /// At least one size on sale has this price or a higher one.
    #[param(schema_with = AmountInput::schema)]
    min_price: Option<String>,
    /// At least one size on sale has this price or a lower one. With `min_price`, the same size must satisfy both.
    #[param(schema_with = AmountInput::schema)]
    max_price: Option<String>,
}

/// A parsed query. Its prices are not yet checked against the currency.
struct ParsedQuery {
    query: ProductsQuery,
    min_price: Option<AmountInput>,
    max_price: Option<AmountInput>,
}

impl ParsedQuery {
    fn parse(query: ProductsQuery) -> Result<Self, ApiError> {
        let min_price = parse_price("min_price", query.min_price.as_deref())?;
        let max_price = parse_price("max_price", query.max_price.as_deref())?;
        Ok(Self { query, min_price, max_price })
    }

    /// Searches, lists by price or stock, and most sort orders compare every product of the store. A late page reads
    /// the pages before it. A product has all its sizes in a list.
    fn mode(&self, sort: Sort, page: &PageQuery) -> Mode {
        let ProductsQuery { q, category: _, brand: _, status: _, stock_status, min_price, max_price } = &self.query;
        let compares = q.is_some() || stock_status.is_some() || min_price.is_some() || max_price.is_some();
        let is_sorted = ["id", "sku"].contains(&sort.column);
        let is_large = page.is_long() || page.offset() > CHEAP_OFFSET;
        if compares || !is_sorted || is_large { Mode::List } else { Mode::Read }
    }

    fn filter(&self, currency: &Currency) -> Result<ProductFilter, ApiError> {
        let money = |field: &str, price: Option<AmountInput>| -> Result<Option<Money>, ApiError> {
            price
                .map(|price| price.in_currency(currency).map_err(|message| ApiError::field(field, message)))
                .transpose()
        };
        Ok(ProductFilter {
            patterns: self.query.q.as_deref().map(folded_text::search_patterns).unwrap_or_default(),
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

pub async fn list(
    query: Query<ProductsQuery>,
    page: Query<PageQuery>,
    sort: Query<SortQuery>,
    ctx: Ctx,
) -> Result<HttpResponse, ApiError> {
    let sort = sort.0.among(&SORTS, FIRST_BY_ID)?;
    let parsed = ParsedQuery::parse(query.0)?;
    ctx.answer_in("list_products", parsed.mode(sort, &page.0), move |conn, scope| {
        let reader = ProductResponses::load(conn, scope)?;
        let filter = parsed.filter(&reader.currency)?;
        let products = listing::list_products(conn, scope.store, &filter, sort, &page.0)?;
        reader.list(conn, products)
    })
    .await
}

/// Lists products at or under their minimum, lowest first.
pub async fn list_low_stock(
    page: Query<PageQuery>,
    sort: Query<SortQuery>,
    ctx: Ctx,
) -> Result<HttpResponse, ApiError> {
    let sort = sort.0.among(&LOW_STOCK_SORTS, WORST_FIRST)?;
    ctx.answer_in("list_low_stock", Mode::List, move |conn, scope| {
        let products = low_stock::list(conn, scope.store, sort, &page.0)?;
        ProductResponses::load(conn, scope)?.list(conn, products)
    })
    .await
}

pub async fn show(path: web::Path<String>, ctx: Ctx) -> Result<HttpResponse, ApiError> {
    let name = ProductRef::from_path(&path);
    ctx.answer("get_product", move |conn, scope| ProductResponses::load(conn, scope)?.get(conn, &name)).await
}

/// The same for the store in the path.
pub async fn show_in_store(path: web::Path<(String, String)>, ctx: Ctx) -> Result<HttpResponse, ApiError> {
    let (store, product) = path.into_inner();
    show(web::Path::from(product), ctx.in_store(&store)).await
}
