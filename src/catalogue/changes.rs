//! What a PATCH may change of a product, apart from any database.

use super::product::{NewVariant, Product, ProductStatus, Variant};
use super::sku;
use crate::error::FieldError;
use crate::kernel::money::Money;

/// The most sizes of a product.
pub const MAX_SIZES: usize = 50;

/// Changes of a product; `None` leaves a value as it is.
#[derive(Clone, Debug, Default)]
pub struct ProductChanges {
    pub name: Option<String>,
    pub description: Option<Option<String>>,
    pub category: Option<Option<String>>,
    pub brand: Option<Option<String>>,
    pub barcode: Option<Option<String>>,
    pub price: Option<Money>,
    pub mrp: Option<Option<Money>>,
    pub cost_price: Option<Option<Money>>,
    pub unit: Option<Option<String>>,
    pub status: Option<ProductStatus>,
    pub min_stock_level: Option<i64>,
    pub max_stock_level: Option<Option<i64>>,
    pub sizes: Vec<SizeChange>,
}

/// A new size, or another price or barcode of one that is there.
#[derive(Clone, Debug, Default)]
pub struct SizeChange {
    pub size: String,
    pub sku: Option<String>,
    pub barcode: Option<Option<String>>,
    pub price: Option<Option<Money>>,
    pub initial_stock: Option<i64>,
}

/// Variants after a change: those that differ, and those that are new.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ChangedVariants {
    pub changed: Vec<Variant>,
    pub new: Vec<NewVariant>,
}

impl ProductChanges {
    /// The product as it will be.
    pub fn apply(&self, product: &Product) -> Result<Product, FieldError> {
        let Self { name, description, category, brand, barcode, price, mrp, cost_price, unit, .. } = self.clone();
        let changed = Product {
            name: name.unwrap_or_else(|| product.name.clone()),
            description: description.unwrap_or_else(|| product.description.clone()),
            category: category.unwrap_or_else(|| product.category.clone()),
            brand: brand.unwrap_or_else(|| product.brand.clone()),
            barcode: barcode.unwrap_or_else(|| product.barcode.clone()),
            price: price.unwrap_or(product.price),
            mrp: mrp.unwrap_or(product.mrp),
            cost_price: cost_price.unwrap_or(product.cost_price),
            unit: unit.unwrap_or_else(|| product.unit.clone()),
            status: self.status.unwrap_or(product.status),
            min_stock_level: self.min_stock_level.unwrap_or(product.min_stock_level),
            max_stock_level: self.max_stock_level.unwrap_or(product.max_stock_level),
            ..product.clone()
        };
        if changed.max_stock_level.is_some_and(|most| most < changed.min_stock_level) {
            return Err(FieldError::new("max_stock_level", "must not be under min_stock_level"));
        }
        Ok(changed)
    }

    /// What becomes of the variants.
    pub fn apply_to_sizes(&self, product: &Product, variants: &[Variant]) -> Result<ChangedVariants, FieldError> {
        let mut after = ChangedVariants::default();
        if !self.sizes.is_empty() && !product.has_sizes {
            return Err(FieldError::new("sizes", "must not be given: the product has no sizes"));
        }
        for (index, change) in self.sizes.iter().enumerate() {
            match variants.iter().find(|variant| variant.size.as_ref() == Some(&change.size)) {
                Some(variant) => after.changed.extend(change.apply(index, variant)?),
                None => after.new.push(change.to_new(&product.sku)),
            }
        }
        if variants.len().saturating_add(after.new.len()) > MAX_SIZES {
            return Err(FieldError::new("sizes", format!("must not be more than {MAX_SIZES} in all")));
        }
        Ok(after)
    }
}

impl SizeChange {
    fn apply(&self, index: usize, variant: &Variant) -> Result<Option<Variant>, FieldError> {
        for (name, given) in [("initial_stock", self.initial_stock.is_some()), ("sku", self.sku.is_some())] {
            if given {
                let message = "must not be given for a size that is there already";
                return Err(FieldError::new(format!("sizes[{index}].{name}"), message));
            }
        }
        let changed = Variant {
            barcode: self.barcode.clone().unwrap_or_else(|| variant.barcode.clone()),
            price: self.price.unwrap_or(variant.price),
            ..variant.clone()
        };
        Ok((changed != *variant).then_some(changed))
    }

    fn to_new(&self, product_sku: &str) -> NewVariant {
        let Self { size, sku, barcode, price, initial_stock } = self.clone();
        NewVariant {
            sku: sku.unwrap_or_else(|| sku::of_size(product_sku, &size)),
            size: Some(size),
            barcode: barcode.flatten(),
            price: price.flatten(),
            initial_stock: initial_stock.unwrap_or(0),
        }
    }
}

/// The names of the values that differ, for the audit.
#[must_use]
pub fn changed_fields(before: &Product, after: &Product) -> Vec<&'static str> {
    let fields = [
        ("name", before.name != after.name),
        ("description", before.description != after.description),
        ("category", before.category != after.category),
        ("brand", before.brand != after.brand),
        ("barcode", before.barcode != after.barcode),
        ("price", before.price != after.price),
        ("mrp", before.mrp != after.mrp),
        ("cost_price", before.cost_price != after.cost_price),
        ("unit", before.unit != after.unit),
        ("status", before.status != after.status),
        ("min_stock_level", before.min_stock_level != after.min_stock_level),
        ("max_stock_level", before.max_stock_level != after.max_stock_level),
    ];
    fields.into_iter().filter_map(|(name, differs)| differs.then_some(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::id::{ProductId, VariantId};
    use chrono::Utc;

    fn product() -> Product {
        Product {
            id: ProductId(1),
            sku: "tee-red".into(),
            name: "T-Shirt Red".into(),
            description: Some("Cotton".into()),
            category: None,
            brand: None,
            barcode: None,
            price: Money(3_000),
            mrp: None,
            cost_price: None,
            unit: None,
            has_sizes: true,
            status: ProductStatus::Active,
            min_stock_level: 5,
            max_stock_level: None,
            created_at: Utc::now(),
            updated_at: Utc::now(),
        }
    }

    fn medium() -> Variant {
        let sku = "tee-red-M".into();
        Variant { id: VariantId(2), size: Some("M".into()), sku, barcode: None, price: None }
    }

    #[test]
    fn absent_is_not_null() {
        let before = product();
        let untouched = ProductChanges::default().apply(&before).unwrap();
        assert_eq!(changed_fields(&before, &untouched), [""; 0]);
        let changes = ProductChanges { description: Some(None), price: Some(Money(3_500)), ..Default::default() };
        let after = changes.apply(&before).unwrap();
        assert_eq!(changed_fields(&before, &after), ["description", "price"]);
        let too_low = ProductChanges { max_stock_level: Some(Some(4)), ..Default::default() };
        assert_eq!(too_low.apply(&before).unwrap_err().field, "max_stock_level");
    }

    #[test]
    fn a_size_is_added_or_changed() {
        let size = |size: &str| SizeChange { size: size.into(), price: Some(Some(Money(1))), ..Default::default() };
        let changes = ProductChanges { sizes: vec![size("M"), size("XL")], ..Default::default() };
        let after = changes.apply_to_sizes(&product(), &[medium()]).unwrap();
        assert_eq!(after.changed, [Variant { price: Some(Money(1)), ..medium() }]);
        assert_eq!(after.new.iter().map(|new| new.sku.as_str()).collect::<Vec<_>>(), ["tee-red-XL"]);
    }

    #[test]
    fn a_size_that_is_there_takes_no_initial_stock() {
        let size = SizeChange { size: "M".into(), initial_stock: Some(3), ..Default::default() };
        let changes = ProductChanges { sizes: vec![size], ..Default::default() };
        let refused = changes.apply_to_sizes(&product(), &[medium()]).unwrap_err();
        assert_eq!(refused.field, "sizes[0].initial_stock");
        let without_sizes = Product { has_sizes: false, ..product() };
        assert_eq!(changes.apply_to_sizes(&without_sizes, &[medium()]).unwrap_err().field, "sizes");
    }
}
