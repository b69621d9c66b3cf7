//! Checks and prices single values of a product.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use validator::ValidationError;

use crate::catalogue::{barcode, sku};
use crate::error::{ApiError, Code, FieldError};
use crate::kernel::money::{AmountInput, Currency, Money};
use crate::kernel::text;

pub(super) fn check_sku(sku: &str) -> Result<(), ValidationError> {
    sku::check(sku).map_err(|message| ValidationError::new("sku").with_message(message.into()))
}

pub(super) fn check_barcode(barcode: &str) -> Result<(), ValidationError> {
    let refused = |message: &'static str| ValidationError::new("barcode").with_message(message.into());
    if barcode.trim() != barcode {
        return Err(refused("must not begin or end with a blank"));
    }
    text::check_code(barcode).map_err(refused)
}

/// The field of a size's barcode.
pub(super) fn barcode_of(index: usize) -> String {
    format!("sizes[{index}].barcode")
}

/// Refuses barcodes with wrong digits, each with its field.
pub(super) fn check_digits<'a>(barcodes: impl Iterator<Item = (String, &'a str)>) -> Result<(), ApiError> {
    let wrong = |(field, code): (String, &str)| Some(FieldError::new(field, barcode::check(code).err()?));
    let errors: Vec<FieldError> = barcodes.filter_map(wrong).collect();
    if errors.is_empty() {
        return Ok(());
    }
    Err(ApiError { code: Code::InvalidBarcode, ..ApiError::validation(errors) })
}

/// An error of a check that compares fields, reported for one of them.
pub(in crate::inventory) fn refuse(
    field: impl Into<Cow<'static, str>>,
    message: impl Into<Cow<'static, str>>,
) -> ValidationError {
    ValidationError { code: field.into(), message: Some(message.into()), params: HashMap::new() }
}

/// Requires at least one entry and at most `most`.
pub(in crate::inventory) fn check_count<T>(
    field: &'static str,
    list: &[T],
    most: usize,
) -> Result<(), ValidationError> {
    if (1..=most).contains(&list.len()) {
        return Ok(());
    }
    Err(refuse(field, format!("must have 1 to {most} entries")))
}

/// Requires that no two sizes are equal or have the same SKU.
pub(super) fn check_distinct(names: impl Iterator<Item = String>, field: &str) -> Result<(), ValidationError> {
    let mut seen = HashSet::new();
    match names.enumerate().find(|(_, name)| !seen.insert(name.clone())) {
        Some((index, name)) => Err(refuse(format!("sizes[{index}].{field}"), format!("'{name}' is given twice"))),
        None => Ok(()),
    }
}

/// Reads amounts in a currency, and collects their errors.
pub(super) struct Prices<'a> {
    currency: &'a Currency,
    errors: Vec<FieldError>,
}

impl<'a> Prices<'a> {
    pub(super) fn new(currency: &'a Currency) -> Self {
        Self { currency, errors: Vec::new() }
    }

    pub(super) fn read(&mut self, field: impl Into<String>, input: AmountInput) -> Money {
        input.in_currency(self.currency).unwrap_or_else(|message| {
            self.errors.push(FieldError::new(field, message));
            Money::default()
        })
    }

    pub(super) fn finish(self) -> Result<(), ApiError> {
        if self.errors.is_empty() { Ok(()) } else { Err(ApiError::validation(self.errors)) }
    }
}
