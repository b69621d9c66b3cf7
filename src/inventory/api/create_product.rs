//! Creates products.

use actix_web::HttpResponse;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use super::answers::ProductResponses;
use super::requests::{
    Prices, barcode_of, check_barcode, check_count, check_digits, check_distinct, check_sku, refuse,
};
use crate::catalogue::changes::MAX_SIZES;
use crate::catalogue::product::{NewProduct, NewVariant};
use crate::catalogue::{size, sku};
use crate::error::ApiError;
use crate::idempotency::{Answer, Command};
use crate::inventory::create_product::create_product;
use crate::kernel::id::ProductRef;
use crate::kernel::money::{AmountInput, Currency};
use crate::kernel::quantity::StockQuantity;
use crate::kernel::text;

/// A new product. With `sizes`, each size becomes a variant. `initial_stock` is for products without sizes.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[validate(schema(function = "check_product"))]
pub struct NewProductRequest {
    /// Without invisible characters, except joiners. Codes that look the same are the same (Unicode form NFKC).
    #[validate(custom(function = "check_sku"))]
    #[schema(min_length = 1, max_length = 100, pattern = r"^(\d*[^\d\s/]([^/]*[^\s/])?|\d+[^\d/][^/]*[^\s/])$")]
    pub sku: String,
    /// At least one visible character.
    #[validate(length(max = 255, message = "must have at most 255 characters"))]
    #[validate(custom(function = "text::check_visible"))]
    #[schema(min_length = 1, max_length = 255, pattern = r"\S")]
    pub name: String,
    #[validate(length(max = 5000, message = "must have at most 5000 characters"))]
    #[schema(max_length = 5000)]
    pub description: Option<String>,
    /// At least one visible character.
    #[validate(length(max = 100, message = "must have at most 100 characters"))]
    #[validate(custom(function = "text::check_visible"))]
    #[schema(min_length = 1, max_length = 100, pattern = r"\S")]
    pub category: Option<String>,
    /// At least one visible character.
    #[validate(length(max = 100, message = "must have at most 100 characters"))]
    #[validate(custom(function = "text::check_visible"))]
    #[schema(min_length = 1, max_length = 100, pattern = r"\S")]
    pub brand: Option<String>,
    /// Digits of 8, 12, 13 or 14 are a GTIN with a check digit. Leading zeros do not count, so a UPC is also an EAN.
    /// Other codes are taken as they are.
    #[validate(length(min = 1, max = 100, message = "must have 1 to 100 characters"))]
    #[validate(custom(function = "check_barcode"))]
    #[schema(min_length = 1, max_length = 100)]
    pub barcode: Option<String>,
    pub price: AmountInput,
    pub mrp: Option<AmountInput>,
    pub cost_price: Option<AmountInput>,
    /// At least one visible character.
    #[validate(length(max = 50, message = "must have at most 50 characters"))]
    #[validate(custom(function = "text::check_visible"))]
    #[schema(min_length = 1, max_length = 50, pattern = r"\S")]
    pub unit: Option<String>,
    pub min_stock_level: Option<StockQuantity>,
    pub max_stock_level: Option<StockQuantity>,
    pub initial_stock: Option<StockQuantity>,
    #[validate(nested)]
    #[schema(min_items = 1, max_items = 50)]
    pub sizes: Option<Vec<NewSizeRequest>>,
}

/// A size. Without a SKU it gets the product's SKU, followed by the size.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSizeRequest {
    #[validate(custom(function = "size::validate"))]
    #[schema(min_length = 1, max_length = 50, pattern = r"\S")]
    pub size: String,
    /// Without invisible characters, except joiners. Codes that look the same are the same (Unicode form NFKC).
    #[validate(custom(function = "check_sku"))]
    #[schema(min_length = 1, max_length = 100, pattern = r"^(\d*[^\d\s/]([^/]*[^\s/])?|\d+[^\d/][^/]*[^\s/])$")]
    pub sku: Option<String>,
    /// Digits of 8, 12, 13 or 14 are a GTIN with a check digit. Leading zeros do not count, so a UPC is also an EAN.
    /// Other codes are taken as they are.
    #[validate(length(min = 1, max = 100, message = "must have 1 to 100 characters"))]
    #[validate(custom(function = "check_barcode"))]
    #[schema(min_length = 1, max_length = 100)]
    pub barcode: Option<String>,
    pub initial_stock: Option<StockQuantity>,
    /// Overrides the product's price.
    pub price: Option<AmountInput>,
    /// Overrides the product's minimum.
    pub min_stock_level: Option<StockQuantity>,
}

fn check_product(request: &NewProductRequest) -> Result<(), ValidationError> {
    let minimum = request.min_stock_level.unwrap_or_default();
    if request.max_stock_level.is_some_and(|most| most < minimum) {
        return Err(refuse("max_stock_level", "must not be under min_stock_level"));
    }
    let Some(sizes) = &request.sizes else { return Ok(()) };
    if request.initial_stock.is_some() {
        return Err(refuse("initial_stock", "must be given for each size, not beside sizes"));
    }
    check_count("sizes", sizes, MAX_SIZES)?;
    check_distinct(sizes.iter().map(|size| size::key(&size.size)), "size")?;
    check_distinct(sizes.iter().map(|size| text::code_key(&size.sku(&request.sku)).into_owned()), "sku")
}

impl NewSizeRequest {
    fn sku(&self, product: &str) -> String {
        self.sku.clone().unwrap_or_else(|| sku::for_size(product, &size::tidy(&self.size)))
    }
}

impl NewProductRequest {
    fn check_barcodes(&self) -> Result<(), ApiError> {
        let of_sizes = self.sizes.iter().flatten().enumerate();
        let of_sizes = of_sizes.filter_map(|(index, size)| Some((barcode_of(index), size.barcode.as_deref()?)));
        let own = self.barcode.as_deref().map(|barcode| ("barcode".to_owned(), barcode));
        check_digits(own.into_iter().chain(of_sizes))
    }

    fn read(&self, currency: &Currency) -> Result<NewProduct, ApiError> {
        let mut prices = Prices::new(currency);
        let new = NewProduct {
            sku: self.sku.clone(),
            name: self.name.clone(),
            description: self.description.clone(),
            category: self.category.clone(),
            brand: self.brand.clone(),
            barcode: self.barcode.clone(),
            price: prices.read("price", self.price),
            mrp: self.mrp.map(|mrp| prices.read("mrp", mrp)),
            cost_price: self.cost_price.map(|cost| prices.read("cost_price", cost)),
            unit: self.unit.clone(),
            min_stock_level: self.min_stock_level.unwrap_or_default().get(),
            max_stock_level: self.max_stock_level.map(StockQuantity::get),
            variants: self.read_variants(&mut prices),
        };
        prices.finish()?;
        Ok(new)
    }

    fn read_variants(&self, prices: &mut Prices<'_>) -> Vec<NewVariant> {
        let Some(sizes) = &self.sizes else {
            let initial_stock = self.initial_stock.unwrap_or_default().get();
            return vec![NewVariant::only(&self.sku, initial_stock)];
        };
        let variant = |(index, size): (usize, &NewSizeRequest)| NewVariant {
            size: Some(size::tidy(&size.size)),
            sku: size.sku(&self.sku),
            barcode: size.barcode.clone(),
            price: size.price.map(|price| prices.read(format!("sizes[{index}].price"), price)),
            min_stock_level: size.min_stock_level.map(StockQuantity::get),
            initial_stock: size.initial_stock.unwrap_or_default().get(),
        };
        sizes.iter().enumerate().map(variant).collect()
    }
}

pub async fn create(command: Command<NewProductRequest>) -> Result<HttpResponse, ApiError> {
    command.body.check_barcodes()?;
    command
        .run("create_product", |conn, scope, body| {
            let reader = ProductResponses::load_for_key_share(conn, scope)?;
            let new = body.read(&reader.currency)?;
            let product = create_product(conn, scope, &new)?;
            Ok(Answer::created(&reader.get(conn, &ProductRef::Id(product))?)?)
        })
        .await
}
