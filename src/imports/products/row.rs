//! The values of a row: those of a product, or those of a size.

use serde::Deserialize;
use validator::Validate;

use crate::catalogue::changes::{ProductChanges, SizeChange};
use crate::error::{ApiError, FieldError};
use crate::imports::input_row::{Columns, InputRow};
use crate::imports::outcome::errors_of;
use crate::inventory::api::update_product::{ChangedSizeRequest, UpdateProductRequest};
use crate::kernel::money::Currency;
use crate::kernel::quantity::StockQuantity;

/// The values of a row.
#[derive(Clone, Debug)]
pub enum ProductRow {
    Product(Box<ProductChanges>, InitialStock),
    Size(Box<SizeChange>),
}

/// The stock of a new product without sizes.
#[derive(Clone, Copy, Debug, Default, Deserialize, Validate)]
pub struct InitialStock {
    pub initial_stock: Option<StockQuantity>,
}

/// The columns of a product's own row, with the fields of the request that have their values.
const OF_PRODUCT: [(&str, &str); 12] = [
    ("name", "name"),
    ("description", "description"),
    ("category", "category"),
    ("brand", "brand"),
    ("barcode", "barcode"),
    ("price", "price"),
    ("mrp", "mrp"),
    ("cost_price", "cost_price"),
    ("unit", "unit"),
    ("status", "status"),
    ("min_stock_level", "min_stock_level"),
    ("max_stock_level", "max_stock_level"),
];

const OF_SIZE: [(&str, &str); 7] = [
    ("size", "size"),
    ("size_sku", "sku"),
    ("barcode", "barcode"),
    ("price", "price"),
    ("min_stock_level", "min_stock_level"),
    ("status", "status"),
    ("initial_stock", "initial_stock"),
];

impl ProductRow {
    /// Reads the row of a product, or of a size if it has one.
    pub fn read(columns: &Columns, row: &InputRow, currency: &Currency) -> Result<Self, Vec<FieldError>> {
        let has_size = columns.text(row, "size").is_some();
        let (fields, stray): (&[(&str, &str)], _) = match has_size {
            true => (&OF_SIZE, "belongs to the row of the product, which has no size"),
            false => (&OF_PRODUCT, "needs a size"),
        };
        let belongs = |column: &&str| {
            matches!(*column, "sku" | "initial_stock") || fields.iter().any(|(known, _)| known == column)
        };
        let stray_columns = columns.given(row).filter(|column| !belongs(column));
        let errors: Vec<FieldError> = stray_columns.map(|column| FieldError::new(column, stray)).collect();
        if !errors.is_empty() {
            return Err(errors);
        }
        if has_size {
            let request: ChangedSizeRequest = columns.read(row, &OF_SIZE)?;
            return Ok(Self::Size(Box::new(request.to_change(currency).map_err(|refusal| in_columns(refusal, true))?)));
        }
        let request: UpdateProductRequest = columns.read(row, &OF_PRODUCT)?;
        let initial: InitialStock = columns.read(row, &[("initial_stock", "initial_stock")])?;
        let changes = request.to_changes(currency).map_err(|refusal| in_columns(refusal, false))?;
        Ok(Self::Product(Box::new(changes), initial))
    }
}

fn in_columns(refusal: ApiError, is_size: bool) -> Vec<FieldError> {
    errors_of(refusal, "").into_iter().map(|error| in_column(error, is_size)).collect()
}

/// The error with the column of its field: `sizes[0].sku` is the column `size_sku`.
pub fn in_column(error: FieldError, is_size: bool) -> FieldError {
    let field = error.field.rsplit("].").next().unwrap_or_default();
    let column = match field {
        "sizes" => "size",
        "sku" if is_size => "size_sku",
        other => other,
    };
    FieldError::new(column, error.message)
}
