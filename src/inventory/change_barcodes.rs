//! Adds barcodes to products, and removes them. The stock rows are locked as for any change of a product.

use std::collections::HashMap;

use diesel::PgConnection;

use super::create_product::listing_keys;
use super::locked_product::LockedProduct;
use crate::audit::queries::{self as audit, NewAuditEntry};
use crate::audit::words::{Action, Entity};
use crate::auth::Scope;
use crate::catalogue::codes::{CodeChange, CodeKind, ProductCode, second_barcode};
use crate::catalogue::lines::{RequestedVariant, find_variants};
use crate::catalogue::product::{Product, Variant};
use crate::catalogue::queries::{codes, products, variants};
use crate::db;
use crate::error::{Abort, ApiError, Code};
use crate::kernel::id::{ProductId, ProductRef};

/// The maximal number of barcodes of a product with all its sizes.
pub const MAX_BARCODES: usize = 200;

/// A barcode to add.
#[derive(Clone, Debug)]
pub struct NewBarcode {
    pub code: String,
    pub size: Option<String>,
    pub units: i64,
}

/// Changes of the barcodes of a product, each with its words for the audit.
pub struct BarcodeChange {
    pub locked: LockedProduct,
    pub change: CodeChange,
    pub done: Vec<String>,
}

/// Writes changes of different products: the codes, the columns of first barcodes, the listing keys and the audit entries.
pub fn write_changes(conn: &mut PgConnection, scope: &Scope, changes: Vec<BarcodeChange>) -> Result<(), Abort> {
    let at = db::clock(conn)?;
    let (mut code_changes, mut locked, mut entries) = (Vec::new(), Vec::new(), Vec::new());
    for BarcodeChange { locked: mut product, change, done } in changes {
        entries.extend(done.iter().map(|done| audit_entry(&product.product, done)));
        set_first_barcodes(&mut product, &change);
        code_changes.push((product.product.id, change));
        locked.push(product);
    }
    codes::apply(conn, scope.store, &code_changes)?;
    let variants: Vec<Variant> = locked.iter().flat_map(|locked| locked.variants.iter().cloned()).collect();
    variants::update_variants(conn, scope.store, &variants, at)?;
    products::update_products(conn, scope.store, &locked.iter().map(|locked| &locked.product).collect::<Vec<_>>(), at)?;
    write_listing_keys(conn, scope, &locked)?;
    Ok(audit::append_all(conn, scope, &entries, at)?)
}

/// Sets the columns of first barcodes. The variants without a changed one are left out.
fn set_first_barcodes(locked: &mut LockedProduct, change: &CodeChange) {
    let LockedProduct { product, variants, .. } = locked;
    let before = variants.clone();
    let removed = change.removed.iter().map(|code| (code, None));
    let added = change.added.iter().map(|code| (code, Some(code.code.clone())));
    for (owner, first) in removed.chain(added).filter(|(code, _)| code.position == 0) {
        match variants.iter_mut().find(|variant| Some(variant.id) == owner.variant && product.has_sizes) {
            Some(variant) => variant.barcode = first,
            None => product.barcode = first,
        }
    }
    variants.retain(|variant| !before.contains(variant));
}

fn write_listing_keys(conn: &mut PgConnection, scope: &Scope, locked: &[LockedProduct]) -> Result<(), Abort> {
    let ids: Vec<ProductId> = locked.iter().map(|locked| locked.product.id).collect();
    let mut of_products: HashMap<ProductId, (Vec<Variant>, Vec<ProductCode>)> = HashMap::new();
    for (product, code) in codes::list_of_products(conn, scope.store, &ids)? {
        of_products.entry(product).or_default().1.push(code);
    }
    for (product, variant) in variants::list_of_products(conn, scope.store, &ids)? {
        of_products.entry(product).or_default().0.push(variant);
    }
    let keys = locked.iter().map(|LockedProduct { product, .. }| {
        let (variants, codes) = of_products.remove(&product.id).unwrap_or_default();
        (product.id, listing_keys(product, &variants, &codes))
    });
    products::write_listing_keys(conn, scope.store, &keys.collect::<Vec<_>>())?;
    Ok(())
}

fn audit_entry(product: &Product, done: &str) -> NewAuditEntry {
    let detail = format!("Product {} changed: {done}", product.sku);
    NewAuditEntry { entity: Entity::Product, entity_id: product.id.0, action: Action::Update, detail }
}

/// The words of the audit for a new barcode.
#[must_use]
pub fn added(code: &str, units: i64) -> String {
    format!("barcode {code} of {units} units added")
}

/// Adds a barcode. The first one of a variant is its `barcode`.
pub fn add_barcode(conn: &mut PgConnection, scope: &Scope, name: &ProductRef, new: &NewBarcode) -> Result<(), Abort> {
    let locked = LockedProduct::lock(conn, scope.store, name)?;
    let named = RequestedVariant { product: name, size: new.size.as_deref(), quantity: 1 };
    let variant = find_variants(conn, scope.store, &[named])?.first().copied();
    codes::refuse_taken(conn, scope.store, &[(CodeKind::Barcode, &new.code)], None)?;
    if locked.barcodes().count() >= MAX_BARCODES {
        return Err(ApiError::field("code", format!("must not be more than {MAX_BARCODES} in all")).into());
    }
    let last = locked.barcodes().filter(|code| code.variant == variant).map(|code| code.position).max();
    let position = last.map_or(0, |last| last.saturating_add(1));
    let kind = CodeKind::Barcode;
    let codes = vec![ProductCode { kind, code: new.code.clone(), variant, units: new.units, position }];
    let change = CodeChange { removed: Vec::new(), added: codes };
    write_changes(conn, scope, vec![BarcodeChange { locked, change, done: vec![added(&new.code, new.units)] }])
}

/// Removes a barcode in any spelling. If it was the first one of its variant, the next one becomes the first.
pub fn remove_barcode(conn: &mut PgConnection, scope: &Scope, name: &ProductRef, code: &str) -> Result<(), Abort> {
    let locked = LockedProduct::lock(conn, scope.store, name)?;
    let wanted = ProductCode { kind: CodeKind::Barcode, code: code.to_owned(), variant: None, units: 1, position: 0 };
    let removed = locked.registered.iter().find(|known| known.is_same(&wanted)).cloned();
    let missing = || ApiError::not_found(Code::NotFound, format_args!("Barcode '{code}' of product {name}"));
    let removed = removed.ok_or_else(missing)?;
    let next = second_barcode(&locked.registered, removed.variant).filter(|_| removed.position == 0).cloned();
    let done = format!("barcode {} removed", removed.code);
    let promoted = next.iter().map(|next| ProductCode { position: 0, ..next.clone() });
    let change = CodeChange { added: promoted.collect(), removed: std::iter::once(removed).chain(next).collect() };
    write_changes(conn, scope, vec![BarcodeChange { locked, change, done: vec![done] }])
}
