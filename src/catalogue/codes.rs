//! The SKUs and barcodes of a product and its variants. Each code is unique within its store.

use std::borrow::Cow;
use std::collections::HashSet;

use super::barcode;
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
    /// The key by which codes of this kind are unique.
    #[must_use]
    pub fn key(self, code: &str) -> Cow<'_, str> {
        match self {
            Self::Sku => code_key(code),
            Self::Barcode => barcode::key(code),
        }
    }

    /// The 409 error for a code that is in use.
    #[must_use]
    pub fn taken(self, code: &str) -> ApiError {
        ApiError::new(Code::Duplicate, format!("The {} '{code}' is taken.", self.name()))
    }

    /// The same with the SKU of its owner.
    #[must_use]
    pub fn taken_by(self, code: &str, owner: &str) -> ApiError {
        ApiError::new(Code::Duplicate, format!("The {} '{code}' is taken by '{owner}'.", self.name()))
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Sku => "SKU",
            Self::Barcode => "barcode",
        }
    }
}

/// A code, and the variant that it identifies. Without a variant it identifies the product with all its sizes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProductCode {
    pub kind: CodeKind,
    pub code: String,
    pub variant: Option<VariantId>,
    /// The units that a scan of the code counts: 12 for a case of 12.
    pub units: i64,
    /// The order of the barcodes of a variant. Its first barcode, at 0, is in its column, too.
    pub position: i64,
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
        self.kind.key(&self.code)
    }

    /// True if the other code is the same, perhaps with another spelling.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.kind == other.kind && self.key() == other.key()
    }
}

/// The codes of a product: those in its columns and in those of its variants, and the further barcodes among the
/// registered codes. The codes of a product without sizes identify its only variant, which has the product's SKU.
#[must_use]
pub fn product_codes(product: &Product, variants: &[Variant], registered: &[ProductCode]) -> Vec<ProductCode> {
    let only = only_variant(variants);
    let mut codes = sku_and_barcode(&product.sku, product.barcode.as_deref(), only);
    for variant in variants {
        let of_variant = sku_and_barcode(&variant.sku, variant.barcode.as_deref(), Some(variant.id));
        codes.extend(of_variant.into_iter().filter(|code| only.is_none() || !codes.contains(code)).collect::<Vec<_>>());
    }
    for code in &mut codes {
        let known = registered.iter().find(|known| known.is_same(code) && known.variant == code.variant);
        code.units = known.map_or(code.units, |known| known.units);
    }
    let is_further = |known: &&ProductCode| known.position > 0 && !codes.iter().any(|code| code.is_same(known));
    let further: Vec<_> = registered.iter().filter(is_further).cloned().collect();
    codes.extend(further);
    codes
}

/// The variant of a product without sizes.
#[must_use]
pub fn only_variant(variants: &[Variant]) -> Option<VariantId> {
    variants.iter().find(|variant| variant.size.is_none()).map(|variant| variant.id)
}

/// The barcode that follows the first one of a variant, or of a product with all its sizes.
#[must_use]
pub fn second_barcode(registered: &[ProductCode], variant: Option<VariantId>) -> Option<&ProductCode> {
    let of_variant = registered.iter().filter(|code| code.position > 0 && code.variant == variant);
    of_variant.min_by_key(|code| code.position)
}

fn sku_and_barcode(sku: &str, barcode: Option<&str>, variant: Option<VariantId>) -> Vec<ProductCode> {
    let code = |kind, code: &str| ProductCode { kind, code: code.to_owned(), variant, units: 1, position: 0 };
    let barcode = barcode.map(|barcode| code(CodeKind::Barcode, barcode));
    std::iter::once(code(CodeKind::Sku, sku)).chain(barcode).collect()
}

#[cfg(test)]
mod tests {
    use super::super::changes::tests::{medium, product};
    use super::*;

    fn new_code(kind: CodeKind, code: &str, variant: Option<i64>, (units, position): (i64, i64)) -> ProductCode {
        ProductCode { kind, code: code.into(), variant: variant.map(VariantId), units, position }
    }

    fn sku(code: &str, variant: Option<i64>) -> ProductCode {
        new_code(CodeKind::Sku, code, variant, (1, 0))
    }

    #[test]
    fn a_product_and_its_only_variant_share_a_sku() {
        let only = Variant { size: None, sku: "tee-red".into(), ..medium() };
        let plain = Product { has_sizes: false, ..product() };
        assert_eq!(product_codes(&plain, &[only], &[]), [sku("tee-red", Some(2))]);
        assert_eq!(product_codes(&product(), &[medium()], &[]), [sku("tee-red", None), sku("tee-red-M", Some(2))]);
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

    #[test]
    fn a_first_barcode_keeps_its_units_and_the_further_ones_stay() {
        let barcode = |code: &str, units, position| new_code(CodeKind::Barcode, code, Some(2), (units, position));
        let registered = [barcode("012345678905", 6, 0), barcode("case", 12, 1), barcode("pallet", 144, 3)];
        let with = |code: Option<&str>| Variant { barcode: code.map(Into::into), ..medium() };
        let codes = |first| product_codes(&product(), &[with(first)], &registered)[2..].to_vec();
        let [_, case, pallet] = registered.clone();
        assert_eq!(
            codes(Some("0012345678905")),
            [barcode("0012345678905", 6, 0), case.clone(), pallet.clone()],
            "another spelling"
        );
        assert_eq!(codes(Some("new")), [barcode("new", 1, 0), case.clone(), pallet.clone()], "another code");
        assert_eq!(codes(Some("pallet")), [barcode("pallet", 144, 0), case.clone()], "a further one becomes the first");
        assert_eq!(second_barcode(&registered, Some(VariantId(2))), Some(&case));
        assert_eq!(second_barcode(&registered, None), None);
    }
}
