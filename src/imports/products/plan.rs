//! The effect of the rows of a product.

use super::group::ProductGroup;
use super::row::in_column;
use crate::catalogue::changes::{MAX_SIZES, ProductChanges, SizeChange, changed_fields};
use crate::catalogue::codes::{only_variant, second_barcode};
use crate::catalogue::product::{NewProduct, NewVariant, Product, ProductStatus, Variant};
use crate::catalogue::{size, sku};
use crate::error::FieldError;
use crate::imports::outcome::{Outcome, RowAction};
use crate::inventory::change_product::PlannedChange;
use crate::inventory::locked_product::LockedProduct;

/// The write that the rows of a product need.
#[derive(Clone, Debug)]
pub enum Plan {
    Nothing,
    Create(Box<NewProduct>),
    Change(Box<PlannedChange>),
}

const OTHER_BARCODES: &str = "must not be cleared, because there are further barcodes; remove these first";
const MAIN_CLOSED: &str = "must be 0, because the main location is closed";

/// Decides on the rows of a product. Refused rows are removed from the group. All rows get their outcomes.
pub fn plan(group: &mut ProductGroup, outcomes: &mut [Option<Outcome>]) -> Plan {
    match group.existing.take() {
        Some(existing) => {
            let plan = plan_change(group, &existing, outcomes);
            group.existing = Some(existing);
            plan
        }
        None => plan_new(group, outcomes),
    }
}

fn set(outcomes: &mut [Option<Outcome>], index: usize, action: RowAction) {
    if let Some(outcome) = outcomes.get_mut(index) {
        *outcome = Some(Outcome::new(action));
    }
}

fn plan_change(group: &mut ProductGroup, existing: &LockedProduct, outcomes: &mut [Option<Outcome>]) -> Plan {
    if !crate::kernel::text::is_same_code(&existing.product.sku, &group.sku) {
        let message = format!("is the SKU of a size; name the product {}, and the size", existing.product.sku);
        refuse_all(group, &FieldError::new("sku", message), outcomes);
        return Plan::Nothing;
    }
    let (mut changes, after) = plan_product(group, existing, outcomes);
    for (index, mut change) in group.sizes.clone() {
        let is_there = |variant: &Variant| size::is_same(variant.size.as_deref(), Some(&change.size));
        let has_stock = change.initial_stock.is_some_and(|units| units > 0);
        if group.is_main_closed && has_stock && !existing.variants.iter().any(is_there) {
            group.refuse(index, FieldError::new("initial_stock", MAIN_CLOSED), outcomes);
            continue;
        }
        match plan_size((&mut changes, &after), existing, &mut change) {
            Ok(action) => set(outcomes, index, action),
            Err(error) => group.refuse(index, error, outcomes),
        }
    }
    // Each part was checked above.
    let planned = PlannedChange::new(existing.clone(), &changes).ok().flatten();
    planned.map_or(Plan::Nothing, |planned| Plan::Change(Box::new(planned)))
}

/// The changes of the product itself, and the changed product.
fn plan_product(
    group: &mut ProductGroup,
    existing: &LockedProduct,
    outcomes: &mut [Option<Outcome>],
) -> (ProductChanges, Product) {
    let before = &existing.product;
    let Some((index, changes, _)) = group.product.clone() else { return (ProductChanges::default(), before.clone()) };
    let keeps_first = changes.barcode != Some(None)
        || second_barcode(&existing.registered, only_variant(&existing.variants)).is_none();
    let applied = match keeps_first {
        true => changes.apply(before),
        false => Err(FieldError::new("barcode", OTHER_BARCODES)),
    };
    match applied {
        Ok(after) => {
            let is_same = changed_fields(before, &after).is_empty();
            set(outcomes, index, if is_same { RowAction::Unchanged } else { RowAction::Updated });
            (changes, after)
        }
        Err(error) => {
            group.refuse(index, error, outcomes);
            (ProductChanges::default(), before.clone())
        }
    }
}

/// Adds the change of a size to those of its product.
fn plan_size(
    (changes, after): (&mut ProductChanges, &Product),
    existing: &LockedProduct,
    change: &mut SizeChange,
) -> Result<RowAction, FieldError> {
    let is_meant = |variant: &&Variant| size::is_same(variant.size.as_deref(), Some(&change.size));
    let known = existing.variants.iter().find(is_meant).map(|variant| variant.id);
    if let Some(variant) = known.filter(|_| after.has_sizes) {
        // Initial stock is ignored for a size that exists.
        change.initial_stock = None;
        if change.barcode == Some(None) && second_barcode(&existing.registered, Some(variant)).is_some() {
            return Err(FieldError::new("barcode", OTHER_BARCODES));
        }
    }
    changes.sizes.push(change.clone());
    let applied = changes.apply_to_variants(after, &existing.variants);
    match (applied, known) {
        (Err(error), _) => {
            changes.sizes.pop();
            Err(in_column(error, true))
        }
        (Ok(_), None) => Ok(RowAction::Created),
        (Ok(applied), Some(variant)) => {
            let is_changed = applied.changed.iter().any(|changed| changed.id == variant);
            Ok(if is_changed { RowAction::Updated } else { RowAction::Unchanged })
        }
    }
}

fn refuse_all(group: &mut ProductGroup, error: &FieldError, outcomes: &mut [Option<Outcome>]) {
    for index in group.rows() {
        group.refuse(index, error.clone(), outcomes);
    }
}

fn plan_new(group: &mut ProductGroup, outcomes: &mut [Option<Outcome>]) -> Plan {
    let surplus: Vec<usize> = group.sizes.iter().skip(MAX_SIZES).map(|(index, _)| *index).collect();
    for index in surplus {
        let message = format!("must not be more than {MAX_SIZES} of a product");
        group.refuse(index, FieldError::new("size", message), outcomes);
    }
    let new = match new_product(group) {
        Ok(new) => new,
        Err(error) => {
            if let Some((index, ..)) = group.product {
                group.refuse(index, error, outcomes);
            }
            let why = match group.is_product_refused {
                true => "the row of the product is refused",
                false => "there is no product of this SKU, and no row of it before its sizes",
            };
            refuse_all(group, &FieldError::new("sku", why), outcomes);
            return Plan::Nothing;
        }
    };
    for index in group.rows() {
        set(outcomes, index, RowAction::Created);
    }
    Plan::Create(Box::new(new))
}

fn new_product(group: &ProductGroup) -> Result<NewProduct, FieldError> {
    let no_row = || FieldError::new("sku", "has no row of the product");
    let (_, changes, initial) = group.product.as_ref().ok_or_else(no_row)?;
    sku::check(&group.sku).map_err(|message| FieldError::new("sku", message))?;
    let required = |column: &str| FieldError::new(column, "is required for a new product");
    if changes.status == Some(ProductStatus::Archived) {
        return Err(FieldError::new("status", "must not be archived: there is no product of this SKU"));
    }
    let min_stock_level = changes.min_stock_level.unwrap_or(0);
    let max_stock_level = changes.max_stock_level.flatten();
    if max_stock_level.is_some_and(|most| most < min_stock_level) {
        return Err(FieldError::new("max_stock_level", "must not be under min_stock_level"));
    }
    if group.has_sizes && initial.initial_stock.is_some() {
        return Err(FieldError::new("initial_stock", "must be given for each size"));
    }
    let variants = match group.has_sizes {
        true => group.sizes.iter().map(|(_, change)| change.to_new(&group.sku)).collect::<Result<Vec<_>, _>>()?,
        false => vec![NewVariant::only(&group.sku, initial.initial_stock.unwrap_or_default().get())],
    };
    if variants.is_empty() {
        return Err(FieldError::new("sku", "none of its sizes is valid"));
    }
    if group.is_main_closed && variants.iter().any(|variant| variant.initial_stock > 0) {
        return Err(FieldError::new("initial_stock", MAIN_CLOSED));
    }
    let changes = changes.clone();
    Ok(NewProduct {
        sku: group.sku.clone(),
        name: changes.name.ok_or_else(|| required("name"))?,
        description: changes.description.flatten(),
        category: changes.category.flatten(),
        brand: changes.brand.flatten(),
        barcode: changes.barcode.flatten(),
        price: changes.price.ok_or_else(|| required("price"))?,
        mrp: changes.mrp.flatten(),
        cost_price: changes.cost_price.flatten(),
        unit: changes.unit.flatten(),
        min_stock_level,
        max_stock_level,
        variants,
    })
}
