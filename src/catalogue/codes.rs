//! The SKUs and barcodes of a product and its variants. Each code is unique within its store.

use std::borrow::Cow;
use std::collections::HashSet;

use super::product::{Product, Variant};
use crate::error::{ApiError, Code};
use crate::kernel::id::VariantId;
use crate::kernel::text::code_key;
use crate::kernel::text_enum::text_enum;

text_enum! {
    /// The kind of a code.
    #[strum(serialize_all = "snake_case")]
    pub enum CodeKind {
        Sku,
        Barcode,
    }
}

impl CodeKind {
    /// 409 of a code that is taken.
    #[must_use]
    pub fn taken(self, code: &str) -> ApiError {
        let kind = match self {
            Self::Sku => "SKU",
            Self::Barcode => "barcode",
        };
        ApiError::new(Code::Duplicate, format!("The {kind} '{code}' is taken."))
    }
}

/// A code, and the variant that it identifies. Without a variant it identifies the product with all its sizes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProductCode {
    pub kind: CodeKind,
    pub code: String,
    pub variant: Option<VariantId>,
}

/// The codes that a change removes, and the codes that it adds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeChange {
    pub removed: Vec<ProductCode>,
    pub added: Vec<ProductCode>,
}

impl CodeChange {
    /// Compares a product's codes. Refuses a change that would give one code to the product and a variant, or to two
    /// variants.
    pub fn between(before: &[ProductCode], after: &[ProductCode]) -> Result<Self, ApiError> {
        let lacks = |codes: &[ProductCode], code: &&ProductCode| !codes.contains(code);
        let added: Vec<ProductCode> = after.iter().filter(|code| lacks(before, code)).cloned().collect();
        let mut given = HashSet::new();
        for code in after {
            if !given.insert((code.kind, code.key())) && added.iter().any(|added| added.is_same(code)) {
                return Err(code.kind.taken(&code.code));
            }
        }
        Ok(Self { removed: before.iter().filter(|code| lacks(after, code)).cloned().collect(), added })
    }
}

impl ProductCode {
    /// The key by which it is unique.
    #[must_use]
    pub fn key(&self) -> Cow<'_, str> {
        code_key(&self.code)
    }

    fn is_same(&self, other: &Self) -> bool {
        self.kind == other.kind && self.key() == other.key()
    }
}

/// The codes of a product. The codes of a product without sizes identify its only variant, which has the product's
/// SKU.
#[must_use]
pub fn of_product(product: &Product, variants: &[Variant]) -> Vec<ProductCode> {
    let only = variants.iter().find(|variant| variant.size.is_none()).map(|variant| variant.id);
    let mut codes = of_one(&product.sku, product.barcode.as_deref(), only);
    for variant in variants {
        let of_variant = of_one(&variant.sku, variant.barcode.as_deref(), Some(variant.id));
        codes.extend(of_variant.into_iter().filter(|code| only.is_none() || !codes.contains(code)).collect::<Vec<_>>());
    }
    codes
}

fn of_one(sku: &str, barcode: Option<&str>, variant: Option<VariantId>) -> Vec<ProductCode> {
    let code = |kind, code: &str| ProductCode { kind, code: code.to_owned(), variant };
    let barcode = barcode.map(|barcode| code(CodeKind::Barcode, barcode));
    std::iter::once(code(CodeKind::Sku, sku)).chain(barcode).collect()
}

#[cfg(test)]
mod tests {
    use super::super::changes::tests::{medium, product};
    use super::*;

    fn sku(code: &str, variant: Option<i64>) -> ProductCode {
        ProductCode { kind: CodeKind::Sku, code: code.into(), variant: variant.map(VariantId) }
    }

    #[test]
    fn a_product_and_its_only_variant_share_a_sku() {
        let only = Variant { size: None, sku: "tee-red".into(), ..medium() };
        let plain = Product { has_sizes: false, ..product() };
        assert_eq!(of_product(&plain, &[only]), [sku("tee-red", Some(2))]);
        assert_eq!(of_product(&product(), &[medium()]), [sku("tee-red", None), sku("tee-red-M", Some(2))]);
    }

    #[test]
    fn a_code_names_one_thing() {
        let (before, after) = ([sku("a", None), sku("b", Some(2))], [sku("a", None), sku("c", Some(2))]);
        let change = CodeChange::between(&before, &after).unwrap();
        assert_eq!((change.removed, change.added), (vec![sku("b", Some(2))], vec![sku("c", Some(2))]));
        let twice = [sku("a", None), sku("\u{ff41}", Some(2))];
        assert_eq!(CodeChange::between(&before, &twice).unwrap_err().code, Code::Duplicate);
        // Codes that were duplicates before the change do not block other changes.
        assert!(CodeChange::between(&twice, &twice).is_ok());
    }
}
