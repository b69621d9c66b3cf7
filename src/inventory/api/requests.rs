//! Checks and prices single values of a product.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use validator::ValidationError;

use crate::catalogue::sku;
use crate::error::{ApiError, FieldError};
use crate::kernel::money::{AmountInput, Currency, Money};

pub(super) fn check_sku(sku: &str) -> Result<(), ValidationError> {
    sku::check(sku).map_err(|message| ValidationError::new("sku").with_message(message.into()))
}

pub(super) fn check_name(name: &str) -> Result<(), ValidationError> {
    check_words(name, 255, "must have 1 to 255 characters")
}

pub(super) fn check_barcode(barcode: &str) -> Result<(), ValidationError> {
    check_words(barcode, 100, "must have 1 to 100 characters")?;
    let refused = || ValidationError::new("barcode").with_message("must not begin or end with a blank".into());
    if barcode.trim() == barcode { Ok(()) } else { Err(refused()) }
}

pub(super) fn check_reason(reason: &str) -> Result<(), ValidationError> {
    check_words(reason, 500, "must have 1 to 500 characters")
}

fn check_words(text: &str, most: usize, message: &'static str) -> Result<(), ValidationError> {
    let has_words = !text.trim().is_empty() && text.chars().count() <= most;
    if has_words { Ok(()) } else { Err(ValidationError::new("words").with_message(message.into())) }
}

/// An error of a check that compares fields, reported for one of them.
pub(super) fn refuse(field: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> ValidationError {
    ValidationError { code: field.into(), message: Some(message.into()), params: HashMap::new() }
}

/// Requires at least one entry and at most `most`.
pub(super) fn check_count<T>(field: &'static str, list: &[T], most: usize) -> Result<(), ValidationError> {
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
