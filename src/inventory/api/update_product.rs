//! Changes and archives products.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use super::answers::ProductResponses;
use super::requests::{Prices, barcode_of, check_barcode, check_count, check_digits, check_distinct, check_sku};
use crate::catalogue::changes::{MAX_SIZES, ProductChanges, SizeChange};
use crate::catalogue::product::ProductStatus;
use crate::catalogue::size;
use crate::error::ApiError;
use crate::idempotency::command::NoBody;
use crate::idempotency::{Answer, Command};
use crate::inventory::change_product::{archive_product, change_product};
use crate::kernel::id::ProductRef;
use crate::kernel::money::{AmountInput, Currency};
use crate::kernel::quantity::StockQuantity;
use crate::kernel::text::{self, some};

/// The changes to a product. An absent field stays unchanged, null clears the field. Existing orders and sizes keep
/// their SKUs if the product's SKU changes.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[validate(schema(function = "check_sizes"))]
pub struct UpdateProductRequest {
    /// Without invisible characters, except joiners. Codes that look the same are the same (Unicode form NFKC).
    #[serde(default, deserialize_with = "some")]
    #[validate(custom(function = "check_sku"))]
    #[schema(
        min_length = 1,
        max_length = 100,
        nullable = false,
        pattern = r"^(\d*[^\d\s/]([^/]*[^\s/])?|\d+[^\d/][^/]*[^\s/])$"
    )]
    pub sku: Option<String>,
    /// At least one visible character.
    #[serde(default, deserialize_with = "some")]
    #[schema(nullable = false)]
    #[validate(length(max = 255, message = "must have at most 255 characters"))]
    #[validate(custom(function = "text::check_visible"))]
    #[schema(min_length = 1, max_length = 255, pattern = r"\S")]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "some")]
    #[validate(length(max = 5000, message = "must have at most 5000 characters"))]
    #[schema(max_length = 5000)]
    #[schema(value_type = Option<String>)]
    pub description: Option<Option<String>>,
    /// At least one visible character.
    #[serde(default, deserialize_with = "some")]
    #[validate(length(max = 100, message = "must have at most 100 characters"))]
    #[validate(custom(function = "text::check_visible"))]
    #[schema(min_length = 1, max_length = 100, pattern = r"\S")]
    #[schema(value_type = Option<String>)]
    pub category: Option<Option<String>>,
    /// At least one visible character.
    #[serde(default, deserialize_with = "some")]
    #[validate(length(max = 100, message = "must have at most 100 characters"))]
    #[validate(custom(function = "text::check_visible"))]
    #[schema(min_length = 1, max_length = 100, pattern = r"\S")]
    #[schema(value_type = Option<String>)]
    pub brand: Option<Option<String>>,
    /// The first barcode, which replaces the one before. With null, the next barcode becomes the first.
    #[serde(default, deserialize_with = "some")]
    #[validate(length(min = 1, max = 100, message = "must have 1 to 100 characters"))]
    #[validate(custom(function = "check_barcode"))]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    pub barcode: Option<Option<String>>,
    #[serde(default, deserialize_with = "some")]
    #[schema(nullable = false)]
    pub price: Option<AmountInput>,
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = Option<AmountInput>)]
    pub mrp: Option<Option<AmountInput>>,
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = Option<AmountInput>)]
    pub cost_price: Option<Option<AmountInput>>,
    /// At least one visible character.
    #[serde(default, deserialize_with = "some")]
    #[validate(length(max = 50, message = "must have at most 50 characters"))]
    #[validate(custom(function = "text::check_visible"))]
    #[schema(min_length = 1, max_length = 50, pattern = r"\S")]
    #[schema(value_type = Option<String>)]
    pub unit: Option<Option<String>>,
    #[serde(default, deserialize_with = "some")]
    #[schema(nullable = false)]
    pub status: Option<ProductStatus>,
    #[serde(default, deserialize_with = "some")]
    #[schema(nullable = false)]
    pub min_stock_level: Option<StockQuantity>,
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = Option<StockQuantity>)]
    pub max_stock_level: Option<Option<StockQuantity>>,
    /// New sizes, and changes to existing sizes.
    #[serde(default, deserialize_with = "some")]
    #[schema(nullable = false)]
    #[validate(nested)]
    #[schema(min_items = 1, max_items = 50)]
    pub sizes: Option<Vec<ChangedSizeRequest>>,
}

/// A size of the product, or a new one. `initial_stock` is for new sizes.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangedSizeRequest {
    #[validate(custom(function = "size::validate"))]
    #[schema(min_length = 1, max_length = 50, pattern = r"\S")]
    pub size: String,
    /// Without invisible characters, except joiners. Codes that look the same are the same (Unicode form NFKC).
    #[serde(default, deserialize_with = "some")]
    #[validate(custom(function = "check_sku"))]
    #[schema(
        min_length = 1,
        max_length = 100,
        nullable = false,
        pattern = r"^(\d*[^\d\s/]([^/]*[^\s/])?|\d+[^\d/][^/]*[^\s/])$"
    )]
    pub sku: Option<String>,
    /// The first barcode, which replaces the one before. With null, the next barcode becomes the first.
    #[serde(default, deserialize_with = "some")]
    #[validate(length(min = 1, max = 100, message = "must have 1 to 100 characters"))]
    #[validate(custom(function = "check_barcode"))]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    pub barcode: Option<Option<String>>,
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = Option<AmountInput>)]
    pub price: Option<Option<AmountInput>>,
    /// Overrides the product's minimum.
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = Option<StockQuantity>)]
    pub min_stock_level: Option<Option<StockQuantity>>,
    /// `archived` takes the size off sale, `active` puts it back on sale. Its stock stays.
    #[serde(default, deserialize_with = "some")]
    #[schema(nullable = false)]
    pub status: Option<ProductStatus>,
    pub initial_stock: Option<StockQuantity>,
}

fn check_sizes(request: &UpdateProductRequest) -> Result<(), ValidationError> {
    let Some(sizes) = &request.sizes else { return Ok(()) };
    check_count("sizes", sizes, MAX_SIZES)?;
    check_distinct(sizes.iter().map(|size| size::key(&size.size)), "size")
}

impl UpdateProductRequest {
    fn check_barcodes(&self) -> Result<(), ApiError> {
        let of_sizes = self.sizes.iter().flatten().enumerate();
        let of_sizes =
            of_sizes.filter_map(|(index, size)| Some((barcode_of(index), size.barcode.as_ref()?.as_deref()?)));
        let own = self.barcode.iter().flatten().map(|barcode| ("barcode".to_owned(), barcode.as_str()));
        check_digits(own.chain(of_sizes))
    }

    /// The changes with amounts in this currency.
    pub fn to_changes(&self, currency: &Currency) -> Result<ProductChanges, ApiError> {
        self.check_barcodes()?;
        let mut prices = Prices::new(currency);
        let sizes = self.sizes.as_deref().unwrap_or_default();
        let changes = ProductChanges {
            sku: self.sku.clone(),
            name: self.name.clone(),
            description: self.description.clone(),
            category: self.category.clone(),
            brand: self.brand.clone(),
            barcode: self.barcode.clone(),
            price: self.price.map(|price| prices.read("price", price)),
            mrp: self.mrp.map(|mrp| mrp.map(|mrp| prices.read("mrp", mrp))),
            cost_price: self.cost_price.map(|cost| cost.map(|cost| prices.read("cost_price", cost))),
            unit: self.unit.clone(),
            status: self.status,
            min_stock_level: self.min_stock_level.map(StockQuantity::get),
            max_stock_level: self.max_stock_level.map(|most| most.map(StockQuantity::get)),
            sizes: sizes.iter().enumerate().map(|(index, size)| size.read(index, &mut prices)).collect(),
        };
        prices.finish()?;
        Ok(changes)
    }
}

impl ChangedSizeRequest {
    /// The change of a single size, with amounts in this currency.
    pub fn to_change(&self, currency: &Currency) -> Result<SizeChange, ApiError> {
        check_digits(self.barcode.iter().flatten().map(|barcode| (barcode_of(0), barcode.as_str())))?;
        let mut prices = Prices::new(currency);
        let change = self.read(0, &mut prices);
        prices.finish()?;
        Ok(change)
    }

    fn read(&self, index: usize, prices: &mut Prices<'_>) -> SizeChange {
        let price = self.price.map(|price| price.map(|price| prices.read(format!("sizes[{index}].price"), price)));
        SizeChange {
            size: size::tidy(&self.size),
            sku: self.sku.clone(),
            barcode: self.barcode.clone(),
            price,
            min_stock_level: self.min_stock_level.map(|least| least.map(StockQuantity::get)),
            status: self.status,
            initial_stock: self.initial_stock.map(StockQuantity::get),
        }
    }
}

pub async fn update(path: web::Path<String>, command: Command<UpdateProductRequest>) -> Result<HttpResponse, ApiError> {
    command.body.check_barcodes()?;
    let name = ProductRef::from_path(&path);
    command
        .run("update_product", move |conn, scope, body| {
            let reader = ProductResponses::load_for_key_share(conn, scope)?;
            let changes = body.to_changes(&reader.currency)?;
            let product = change_product(conn, scope, &name, &changes)?;
            Ok(Answer::ok(&reader.get(conn, &ProductRef::Id(product))?)?)
        })
        .await
}

/// Archives the product, or the one size with that SKU. It cannot be sold any more, and its history stays.
pub async fn archive(path: web::Path<String>, command: Command<NoBody>) -> Result<HttpResponse, ApiError> {
    let name = ProductRef::from_path(&path);
    command
        .run("archive_product", move |conn, scope, _| {
            let product = archive_product(conn, scope, &name)?;
            Ok(Answer::ok(&ProductResponses::load(conn, scope)?.get(conn, &ProductRef::Id(product))?)?)
        })
        .await
}
