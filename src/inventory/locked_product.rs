//! Products with their variants and codes, under the locks of their stock rows.

use std::collections::{BTreeSet, HashMap};

use diesel::PgConnection;

use super::queries::levels;
use crate::catalogue::codes::{CodeKind, ProductCode};
use crate::catalogue::product::{Product, Variant};
use crate::catalogue::queries::{codes, products, variants};
use crate::error::Abort;
use crate::kernel::id::{ProductId, ProductRef, StoreId, VariantId};

/// A product with its variants and its registered codes. The locks of its stock rows protect them.
#[derive(Clone, Debug)]
pub struct LockedProduct {
    pub product: Product,
    pub variants: Vec<Variant>,
    pub registered: Vec<ProductCode>,
}

impl LockedProduct {
    /// Locks the product of that name, or refuses with 404.
    pub fn lock(conn: &mut PgConnection, store: StoreId, name: &ProductRef) -> Result<Self, Abort> {
        let id = products::get_product(conn, store, name)?.id;
        Ok(Self::lock_all(conn, store, &[id])?.pop().ok_or_else(|| products::not_found(name))?)
    }

    /// Locks products, in the order of their ids.
    pub fn lock_all(conn: &mut PgConnection, store: StoreId, ids: &[ProductId]) -> Result<Vec<Self>, Abort> {
        let mut of_products: HashMap<ProductId, (Vec<Variant>, Vec<ProductCode>)> = HashMap::new();
        for (product, variant) in lock_variants(conn, store, ids)? {
            of_products.entry(product).or_default().0.push(variant);
        }
        let mut locked = products::list(conn, store, &ids.iter().copied().collect())?;
        locked.sort_unstable_by_key(|product| product.id);
        for (product, code) in codes::list_of_products(conn, store, ids)? {
            of_products.entry(product).or_default().1.push(code);
        }
        let with_parts = |product: Product| {
            let (variants, registered) = of_products.remove(&product.id).unwrap_or_default();
            Self { product, variants, registered }
        };
        Ok(locked.into_iter().map(with_parts).collect())
    }

    /// Its barcodes.
    pub fn barcodes(&self) -> impl Iterator<Item = &ProductCode> {
        self.registered.iter().filter(|code| code.kind == CodeKind::Barcode)
    }
}

/// Locks the stock rows of every variant. Sizes that were added during the wait are locked too. After that no size can
/// be added, because adding one needs these locks.
fn lock_variants(
    conn: &mut PgConnection,
    store: StoreId,
    products: &[ProductId],
) -> Result<Vec<(ProductId, Variant)>, Abort> {
    let known = ids(&variants::list_of_products(conn, store, products)?);
    levels::lock_for_update(conn, store, &known.iter().copied().collect::<Vec<_>>())?;
    let variants = variants::list_of_products(conn, store, products)?;
    let added: Vec<VariantId> = ids(&variants).difference(&known).copied().collect();
    if !added.is_empty() {
        levels::lock_for_update(conn, store, &added)?;
    }
    Ok(variants)
}

fn ids(variants: &[(ProductId, Variant)]) -> BTreeSet<VariantId> {
    variants.iter().map(|(_, variant)| variant.id).collect()
}
