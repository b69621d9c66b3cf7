//! Adds barcodes to a product, and removes them. The stock rows are locked as for any change of a product.

use diesel::PgConnection;

use super::change_product::lock_variants;
use super::create_product::write_listing_keys;
use crate::audit::queries::{self as audit, NewAuditEntry};
use crate::audit::words::{Action, Entity};
use crate::auth::Scope;
use crate::catalogue::codes::{CodeChange, CodeKind, ProductCode, second_barcode};
use crate::catalogue::lines::{RequestedVariant, find_variants};
use crate::catalogue::product::{Product, Variant};
use crate::catalogue::queries::{codes, products, variants};
use crate::db;
use crate::error::{Abort, ApiError, Code};
use crate::kernel::id::ProductRef;

/// The maximal number of barcodes of a product with all its sizes.
pub const MAX_BARCODES: usize = 200;

/// A barcode to add.
#[derive(Clone, Debug)]
pub struct NewBarcode {
    pub code: String,
    pub size: Option<String>,
    pub units: i64,
}

/// A product with its codes. The locks of its stock rows protect them.
struct LockedProduct {
    product: Product,
    variants: Vec<Variant>,
    registered: Vec<ProductCode>,
}

impl LockedProduct {
    fn lock(conn: &mut PgConnection, scope: &Scope, name: &ProductRef) -> Result<Self, Abort> {
        let id = products::get_product(conn, scope.store, name)?.id;
        let variants = lock_variants(conn, scope.store, id)?;
        let product = products::get_product(conn, scope.store, &ProductRef::Id(id))?;
        Ok(Self { product, variants, registered: codes::list(conn, scope.store, id)? })
    }

    fn barcodes(&self) -> impl Iterator<Item = &ProductCode> {
        self.registered.iter().filter(|code| code.kind == CodeKind::Barcode)
    }

    /// Writes the change, the column of a first barcode that changed, the listing keys and an audit entry.
    fn write(self, conn: &mut PgConnection, scope: &Scope, change: &CodeChange, done: &str) -> Result<(), Abort> {
        let Self { mut product, mut variants, .. } = self;
        let at = db::clock(conn)?;
        codes::apply(conn, scope.store, product.id, change)?;
        if let Some(owner) = change.removed.iter().chain(&change.added).find(|code| code.position == 0) {
            let first = change.added.iter().find(|code| code.position == 0).map(|code| code.code.clone());
            match variants.iter_mut().find(|variant| Some(variant.id) == owner.variant && product.has_sizes) {
                Some(variant) => {
                    variant.barcode = first;
                    variants::update_variants(conn, scope.store, std::slice::from_ref(variant), at)?;
                }
                None => product.barcode = first,
            }
        }
        products::update_product(conn, scope.store, &product, at)?;
        let registered = codes::list(conn, scope.store, product.id)?;
        write_listing_keys(conn, scope.store, (&product, &variants), &registered)?;
        let detail = format!("Product {} changed: {done}", product.sku);
        let entry = NewAuditEntry { entity: Entity::Product, entity_id: product.id.0, action: Action::Update, detail };
        Ok(audit::append(conn, scope, &entry, at)?)
    }
}

/// Adds a barcode. The first one of a variant is its `barcode`.
pub fn add_barcode(conn: &mut PgConnection, scope: &Scope, name: &ProductRef, new: &NewBarcode) -> Result<(), Abort> {
    let locked = LockedProduct::lock(conn, scope, name)?;
    let named = RequestedVariant { product: name, size: new.size.as_deref(), quantity: 1 };
    let variant = find_variants(conn, scope.store, &[named])?.first().copied();
    codes::refuse_taken(conn, scope.store, &[(CodeKind::Barcode, &new.code)], None)?;
    if locked.barcodes().count() >= MAX_BARCODES {
        return Err(ApiError::field("code", format!("must not be more than {MAX_BARCODES} in all")).into());
    }
    let last = locked.barcodes().filter(|code| code.variant == variant).map(|code| code.position).max();
    let position = last.map_or(0, |last| last.saturating_add(1));
    let kind = CodeKind::Barcode;
    let added = vec![ProductCode { kind, code: new.code.clone(), variant, units: new.units, position }];
    let done = format!("barcode {} of {} units added", new.code, new.units);
    locked.write(conn, scope, &CodeChange { removed: Vec::new(), added }, &done)
}

/// Removes a barcode in any spelling. If it was the first one of its variant, the next one becomes the first.
pub fn remove_barcode(conn: &mut PgConnection, scope: &Scope, name: &ProductRef, code: &str) -> Result<(), Abort> {
    let locked = LockedProduct::lock(conn, scope, name)?;
    let wanted = ProductCode { kind: CodeKind::Barcode, code: code.to_owned(), variant: None, units: 1, position: 0 };
    let removed = locked.registered.iter().find(|known| known.is_same(&wanted)).cloned();
    let missing = || ApiError::not_found(Code::NotFound, format_args!("Barcode '{code}' of product {name}"));
    let removed = removed.ok_or_else(missing)?;
    let next = second_barcode(&locked.registered, removed.variant).filter(|_| removed.position == 0).cloned();
    let done = format!("barcode {} removed", removed.code);
    let promoted = next.iter().map(|next| ProductCode { position: 0, ..next.clone() });
    let change = CodeChange { added: promoted.collect(), removed: std::iter::once(removed).chain(next).collect() };
    locked.write(conn, scope, &change, &done)
}
