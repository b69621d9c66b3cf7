//! The changes that a PATCH makes to a product. They are pure and use no database.

use super::codes::CodeKind;
use super::product::{NewVariant, Product, ProductStatus, Variant};
use super::{size, sku};
use crate::error::FieldError;
use crate::kernel::id::VariantId;
use crate::kernel::money::Money;

/// The maximal number of sizes of a product.
pub const MAX_SIZES: usize = 50;

/// Changes to a product. `None` leaves a value unchanged.
#[derive(Clone, Debug, Default)]
pub struct ProductChanges {
    pub sku: Option<String>,
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

/// A new size, or changes to an existing one.
#[derive(Clone, Debug, Default)]
pub struct SizeChange {
    pub size: String,
    pub sku: Option<String>,
    pub barcode: Option<Option<String>>,
    pub price: Option<Option<Money>>,
    pub min_stock_level: Option<Option<i64>>,
    pub status: Option<ProductStatus>,
    pub initial_stock: Option<i64>,
}

/// The variants that a change modifies or creates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangedVariants {
    pub changed: Vec<Variant>,
    pub new: Vec<NewVariant>,
}

impl ChangedVariants {
    /// The SKUs and barcodes that the change may set.
    pub fn codes(&self) -> impl Iterator<Item = (CodeKind, &str)> {
        self.changed.iter().flat_map(Variant::codes).chain(self.new.iter().flat_map(NewVariant::codes))
    }

    /// The variants that give their SKU to another one of the same change. `before` are the unchanged variants.
    #[must_use]
    pub fn swapped(&self, before: &[Variant]) -> Vec<VariantId> {
        let old_sku = |id| before.iter().find(|variant| variant.id == id).map(|variant| &variant.sku);
        let gives = |giver: &&Variant| {
            let old = old_sku(giver.id);
            old != Some(&giver.sku) && self.changed.iter().any(|taker| old == Some(&taker.sku))
        };
        self.changed.iter().filter(gives).map(|variant| variant.id).collect()
    }
}

impl ProductChanges {
    /// Returns the changed product.
    pub fn apply(&self, product: &Product) -> Result<Product, FieldError> {
        let Self { sku, name, description, category, brand, barcode, price, mrp, cost_price, unit, .. } = self.clone();
        let changed = Product {
            sku: sku.unwrap_or_else(|| product.sku.clone()),
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

    /// Returns the changes to the variants of a product. `product` is the changed product.
    pub fn apply_to_variants(&self, product: &Product, variants: &[Variant]) -> Result<ChangedVariants, FieldError> {
        if !product.has_sizes {
            return self.apply_to_single(product, variants);
        }
        let mut after = ChangedVariants::default();
        for (index, change) in self.sizes.iter().enumerate() {
            match variants.iter().find(|variant| size::is_same(variant.size.as_deref(), Some(&change.size))) {
                Some(variant) => after.changed.extend(change.apply(index, variant)?),
                None => after
                    .new
                    .push(change.to_new(&product.sku).map_err(|error| error.within(&format!("sizes[{index}]")))?),
            }
        }
        if variants.len().saturating_add(after.new.len()) > MAX_SIZES {
            return Err(FieldError::new("sizes", format!("must not be more than {MAX_SIZES} in all")));
        }
        Ok(after)
    }

    /// The only variant has the SKU of its product.
    fn apply_to_single(&self, product: &Product, variants: &[Variant]) -> Result<ChangedVariants, FieldError> {
        if !self.sizes.is_empty() {
            return Err(FieldError::new("sizes", "must not be given: the product has no sizes"));
        }
        let renamed = variants.iter().filter(|variant| self.sku.is_some() && variant.sku != product.sku);
        let changed = renamed.map(|variant| Variant { sku: product.sku.clone(), ..variant.clone() }).collect();
        Ok(ChangedVariants { changed, new: Vec::new() })
    }
}

impl SizeChange {
    fn apply(&self, index: usize, variant: &Variant) -> Result<Option<Variant>, FieldError> {
        if self.initial_stock.is_some() {
            let message = "must not be given for a size that is there already";
            return Err(FieldError::new(format!("sizes[{index}].initial_stock"), message));
        }
        let changed = Variant {
            sku: self.sku.clone().unwrap_or_else(|| variant.sku.clone()),
            barcode: self.barcode.clone().unwrap_or_else(|| variant.barcode.clone()),
            price: self.price.unwrap_or(variant.price),
            min_stock_level: self.min_stock_level.unwrap_or(variant.min_stock_level),
            status: self.status.unwrap_or(variant.status),
            ..variant.clone()
        };
        Ok((changed != *variant).then_some(changed))
    }

    /// The new size of a product with this SKU.
    pub fn to_new(&self, product_sku: &str) -> Result<NewVariant, FieldError> {
        let Self { size, sku, barcode, price, min_stock_level, status, initial_stock } = self.clone();
        if status == Some(ProductStatus::Archived) {
            let message = format!("must not be archived: there is no size '{size}'");
            return Err(FieldError::new("status", message));
        }
        Ok(NewVariant {
            sku: sku.unwrap_or_else(|| sku::for_size(product_sku, &size)),
            size: Some(size),
            barcode: barcode.flatten(),
            price: price.flatten(),
            min_stock_level: min_stock_level.flatten(),
            initial_stock: initial_stock.unwrap_or(0),
        })
    }
}

/// The names of the changed fields, for the audit.
#[must_use]
pub fn changed_fields(before: &Product, after: &Product) -> Vec<&'static str> {
    let fields = [
        ("sku", before.sku != after.sku),
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
pub mod tests {
    use super::*;
    use crate::kernel::id::ProductId;
    use chrono::Utc;

    pub fn product() -> Product {
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

    pub fn medium() -> Variant {
        Variant {
            id: VariantId(2),
            size: Some("M".into()),
            sku: "tee-red-M".into(),
            barcode: None,
            price: None,
            min_stock_level: None,
            status: ProductStatus::Active,
        }
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
    fn a_size_is_added_or_changed_in_any_spelling() {
        let size = |size: &str| SizeChange { size: size.into(), price: Some(Some(Money(1))), ..Default::default() };
        let changes = ProductChanges { sizes: vec![size("m"), size("XL")], ..Default::default() };
        let after = changes.apply_to_variants(&product(), &[medium()]).unwrap();
        assert_eq!(after.changed, [Variant { price: Some(Money(1)), ..medium() }]);
        assert_eq!(after.new.iter().map(|new| new.sku.as_str()).collect::<Vec<_>>(), ["tee-red-XL"]);
    }

    #[test]
    fn a_size_can_be_archived_but_a_new_one_cannot() {
        let archived =
            |size: &str| SizeChange { size: size.into(), status: Some(ProductStatus::Archived), ..Default::default() };
        let changes = ProductChanges { sizes: vec![archived("M")], ..Default::default() };
        let after = changes.apply_to_variants(&product(), &[medium()]).unwrap();
        assert_eq!(after.changed, [Variant { status: ProductStatus::Archived, ..medium() }]);
        let unknown = ProductChanges { sizes: vec![archived("XL")], ..Default::default() };
        let refused = unknown.apply_to_variants(&product(), &[medium()]).unwrap_err();
        assert_eq!(refused.field, "sizes[0].status");
    }

    #[test]
    fn the_only_variant_is_renamed_with_its_product() {
        let changes = ProductChanges { sku: Some("tee-blue".into()), ..Default::default() };
        let only = Variant { size: None, sku: "tee-red".into(), ..medium() };
        let after = changes.apply(&Product { has_sizes: false, ..product() }).unwrap();
        let variants = changes.apply_to_variants(&after, std::slice::from_ref(&only)).unwrap();
        assert_eq!(variants.changed, [Variant { sku: "tee-blue".into(), ..only }]);
        let sized = changes.apply(&product()).unwrap();
        let variants = changes.apply_to_variants(&sized, &[medium()]).unwrap();
        assert_eq!((sized.sku.as_str(), variants), ("tee-blue", ChangedVariants::default()));
    }

    #[test]
    fn only_variants_whose_sku_is_wanted_by_another_are_swapped() {
        let variant = |id, sku: &str| Variant { id: VariantId(id), sku: sku.into(), ..medium() };
        let before = [variant(1, "a"), variant(2, "b"), variant(3, "c")];
        let swapped =
            |changed: &[Variant]| ChangedVariants { changed: changed.to_vec(), new: Vec::new() }.swapped(&before);
        assert_eq!(swapped(&[variant(1, "b"), variant(2, "a")]), [VariantId(1), VariantId(2)]);
        assert_eq!(swapped(&[variant(1, "b"), variant(2, "d")]), [VariantId(2)]);
        assert_eq!(swapped(&[variant(1, "b"), variant(2, "b"), variant(3, "d")]), []);
    }

    #[test]
    fn an_existing_size_takes_no_initial_stock() {
        let size = SizeChange { size: "M".into(), initial_stock: Some(3), ..Default::default() };
        let changes = ProductChanges { sizes: vec![size], ..Default::default() };
        let refused = changes.apply_to_variants(&product(), &[medium()]).unwrap_err();
        assert_eq!(refused.field, "sizes[0].initial_stock");
        let without_sizes = Product { has_sizes: false, ..product() };
        assert_eq!(changes.apply_to_variants(&without_sizes, &[medium()]).unwrap_err().field, "sizes");
    }
}
