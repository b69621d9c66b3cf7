//! The columns by which lists find, filter and sort products.

use super::product::{Product, ProductStatus, Variant};
use crate::kernel::folded_text::search_text;
use crate::kernel::money::Money;
use crate::kernel::sort_key::sort_key;

/// Values derived from a product and its variants, and stored with the product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListingKeys {
    pub name_key: String,
    pub search_text: String,
    /// The lowest and the highest price of the sizes on sale. None if every size has the product's price.
    pub prices: Option<(Money, Money)>,
}

impl ListingKeys {
    /// `further` are the barcodes that are not in the columns.
    #[must_use]
    pub fn new(product: &Product, variants: &[Variant], further: &[&str]) -> Self {
        let texts = [&product.description, &product.category, &product.brand, &product.barcode];
        let product_codes = [&product.name, &product.sku].into_iter().chain(texts.into_iter().flatten());
        let of_variants =
            variants.iter().flat_map(|variant| std::iter::once(&variant.sku).chain(variant.barcode.as_ref()));
        Self {
            name_key: sort_key(&product.name),
            search_text: search_text(
                product_codes.chain(of_variants).map(String::as_str).chain(further.iter().copied()),
            ),
            prices: price_range(product, variants),
        }
    }
}

fn price_range(product: &Product, variants: &[Variant]) -> Option<(Money, Money)> {
    let on_sale = variants.iter().filter(|variant| variant.status == ProductStatus::Active);
    let prices = on_sale.map(|variant| variant.price.unwrap_or(product.price));
    let (lowest, highest) = prices.fold(None, |range: Option<(Money, Money)>, price| match range {
        None => Some((price, price)),
        Some((lowest, highest)) => Some((lowest.min(price), highest.max(price))),
    })?;
    (lowest != product.price || highest != product.price).then_some((lowest, highest))
}

#[cfg(test)]
mod tests {
    use super::super::changes::tests::{medium, product};
    use super::*;

    #[test]
    fn a_product_is_found_by_all_names_and_codes_of_itself_and_its_sizes() {
        let shirt = Product { name: "Hemd Größe".into(), brand: Some("Äpfel".into()), ..product() };
        let keys = ListingKeys::new(&shirt, &[Variant { barcode: Some("4006381".into()), ..medium() }], &["case"]);
        assert_eq!(keys.name_key, sort_key("Hemd Größe"));
        assert_eq!(keys.search_text, "hemd grosse\ntee-red\ncotton\napfel\ntee-red-m\n4006381\ncase");
    }

    #[test]
    fn a_price_range_covers_the_sizes_on_sale() {
        let size = |price: Option<i64>, status| Variant { price: price.map(Money), status, ..medium() };
        let range = |variants: &[Variant]| ListingKeys::new(&product(), variants, &[]).prices;
        assert_eq!(range(&[size(None, ProductStatus::Active)]), None);
        let (small, large) = (size(Some(2_000), ProductStatus::Active), size(None, ProductStatus::Active));
        assert_eq!(range(&[small.clone(), large]), Some((Money(2_000), Money(3_000))));
        assert_eq!(range(&[small.clone(), size(None, ProductStatus::Archived)]), Some((Money(2_000), Money(2_000))));
        assert_eq!(range(&[Variant { status: ProductStatus::Archived, ..small }]), None);
    }
}
