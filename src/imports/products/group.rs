//! The rows of one product and its sizes.

use std::collections::HashMap;

use super::row::{InitialStock, ProductRow};
use crate::catalogue::changes::{ProductChanges, SizeChange};
use crate::catalogue::{size, sku};
use crate::error::FieldError;
use crate::imports::input_row::{Columns, InputRow};
use crate::imports::outcome::Outcome;
use crate::inventory::locked_product::LockedProduct;
use crate::kernel::money::Currency;
use crate::kernel::text::{code_key, is_same_code};

/// The rows of a product. Each has its index among all rows.
#[derive(Clone, Debug)]
pub struct ProductGroup {
    pub sku: String,
    /// The locked product, if it exists.
    pub existing: Option<LockedProduct>,
    pub product: Option<(usize, ProductChanges, InitialStock)>,
    pub sizes: Vec<(usize, SizeChange)>,
    /// True if there are rows of sizes of the product, refused or not.
    pub has_sizes: bool,
    /// True if the row of the product itself was refused.
    pub is_product_refused: bool,
    /// True if the main location, which gets the initial stock, is closed.
    pub is_main_closed: bool,
}

/// Reads the rows, and groups them by their product. Sets the outcomes of refused rows.
pub fn read_groups(
    (columns, rows): (&Columns, &[InputRow]),
    currency: &Currency,
    outcomes: &mut [Option<Outcome>],
) -> Vec<ProductGroup> {
    let (mut groups, mut by_sku): (Vec<ProductGroup>, HashMap<String, usize>) = (Vec::new(), HashMap::new());
    for ((index, row), outcome) in rows.iter().enumerate().zip(outcomes) {
        let Some(sku) = columns.text(row, "sku") else {
            *outcome = Some(Outcome::refused(vec![FieldError::new("sku", "is required")]));
            continue;
        };
        let found = *by_sku.entry(code_key(sku).into_owned()).or_insert(groups.len());
        if found == groups.len() {
            groups.push(ProductGroup::new(sku));
        }
        let Some(group) = groups.get_mut(found) else { continue };
        let is_size = columns.text(row, "size").is_some();
        group.has_sizes |= is_size;
        match ProductRow::read(columns, row, currency) {
            Ok(ProductRow::Product(changes, initial)) => group.product = Some((index, *changes, initial)),
            Ok(ProductRow::Size(change)) => group.sizes.push((index, *change)),
            Err(errors) => {
                group.is_product_refused |= !is_size;
                *outcome = Some(Outcome::refused(errors));
            }
        }
    }
    groups
}

/// Notes the refused rows in the groups of their products. A new product whose sizes are refused must not become one
/// without sizes.
pub fn note_refused((columns, refused): (&Columns, &[InputRow]), groups: &mut [ProductGroup]) {
    let mut rows: HashMap<String, (bool, bool)> = HashMap::new();
    for row in refused {
        let Some(sku) = columns.text(row, "sku") else { continue };
        let (has_sizes, is_product_refused) = rows.entry(code_key(sku).into_owned()).or_default();
        match columns.text(row, "size") {
            Some(_) => *has_sizes = true,
            None => *is_product_refused = true,
        }
    }
    for group in groups {
        if let Some((has_sizes, is_product_refused)) = rows.get(code_key(&group.sku).as_ref()) {
            group.has_sizes |= has_sizes;
            group.is_product_refused |= is_product_refused;
        }
    }
}

impl ProductGroup {
    fn new(sku: &str) -> Self {
        Self {
            sku: sku.to_owned(),
            existing: None,
            product: None,
            sizes: Vec::new(),
            has_sizes: false,
            is_product_refused: false,
            is_main_closed: false,
        }
    }

    /// Refuses a row, and removes it from the group.
    pub fn refuse(&mut self, index: usize, error: FieldError, outcomes: &mut [Option<Outcome>]) {
        if let Some(outcome) = outcomes.get_mut(index) {
            *outcome = Some(Outcome::refused(vec![error]));
        }
        self.sizes.retain(|(known, _)| *known != index);
        if self.product.as_ref().is_some_and(|(known, ..)| *known == index) {
            self.product = None;
            self.is_product_refused = true;
        }
    }

    /// The indexes of the rows that were not refused.
    pub fn rows(&self) -> Vec<usize> {
        let product = self.product.iter().map(|(index, ..)| *index);
        product.chain(self.sizes.iter().map(|(index, _)| *index)).collect()
    }

    /// The row that sets a code: that of a size, or else that of the product.
    pub fn row_of_code(&self, code: &str) -> usize {
        let sets = |change: &SizeChange| {
            let barcode = change.barcode.iter().flatten().any(|barcode| barcode == code);
            let own = change.sku.as_deref().is_some_and(|own| is_same_code(own, code));
            let default =
                change.sku.is_none() && is_same_code(&sku::for_size(&self.sku, &size::tidy(&change.size)), code);
            barcode || own || default
        };
        // The last row with the code is refused, because an earlier one has taken it.
        let of_size = self.sizes.iter().rev().find(|(_, change)| sets(change)).map(|(index, _)| *index);
        let of_product = self.product.as_ref().map(|(index, ..)| *index);
        of_size.or(of_product).or_else(|| self.rows().first().copied()).unwrap_or(usize::MAX)
    }
}
