//! Rows of barcodes, each with its product or size and its units.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diesel::PgConnection;

use super::input_row::{Columns, InputRow};
use super::outcome::{Outcome, RowAction, WriteMode, retry_if_refused};
use super::variants;
use crate::auth::Scope;
use crate::catalogue::barcode;
use crate::catalogue::codes::{CodeChange, CodeKind, ProductCode};
use crate::catalogue::queries::codes::{self, OwnedCode};
use crate::error::{Abort, FieldError};
use crate::inventory::api::barcodes::NewBarcodeRequest;
use crate::inventory::change_barcodes::{BarcodeChange, MAX_BARCODES, added, write_changes};
use crate::inventory::locked_product::LockedProduct;
use crate::kernel::id::{ProductId, StoreId, VariantId};
use crate::kernel::quantity::Quantity;

/// A product with the changes of its barcodes.
struct Changing {
    change: BarcodeChange,
    /// Its barcodes after the changes.
    barcodes: Vec<ProductCode>,
}

/// Decides on the rows, and writes their changes if the mode allows it.
pub fn apply(
    conn: &mut PgConnection,
    scope: &Scope,
    (columns, rows): (&Columns, &[InputRow]),
    mode: WriteMode,
) -> Result<Vec<Outcome>, Abort> {
    let skus: Vec<&str> = rows.iter().map(|row| columns.text(row, "sku").unwrap_or_default()).collect();
    let products = codes::find_products(conn, scope.store, &skus)?;
    let mut changing = lock(conn, scope.store, &products)?;
    let resolved = variants::resolve(conn, scope.store, (columns, rows))?;
    let owners = owners(conn, scope.store, (columns, rows))?;
    let decide = |((row, product), resolved): ((&InputRow, Option<ProductId>), Result<VariantId, FieldError>)| {
        let product = product.and_then(|product| changing.get_mut(&product));
        match decide((columns, row), (product, resolved), &owners) {
            Ok(action) => Outcome::new(action),
            Err(errors) => Outcome::refused(errors),
        }
    };
    let outcomes: Vec<Outcome> = rows.iter().zip(products).zip(resolved).map(decide).collect();
    if mode.writes(&outcomes) {
        let changes = changing.into_values().map(|changing| changing.change);
        let changes: Vec<BarcodeChange> = changes.filter(|change| !change.done.is_empty()).collect();
        if !changes.is_empty() {
            write_changes(conn, scope, changes).map_err(retry_if_refused)?;
        }
    }
    Ok(outcomes)
}

fn lock(
    conn: &mut PgConnection,
    store: StoreId,
    products: &[Option<ProductId>],
) -> Result<BTreeMap<ProductId, Changing>, Abort> {
    let ids: BTreeSet<ProductId> = products.iter().flatten().copied().collect();
    let locked = LockedProduct::lock_all(conn, store, &ids.into_iter().collect::<Vec<_>>())?;
    let changing = |locked: LockedProduct| {
        let barcodes = locked.barcodes().cloned().collect();
        let change = BarcodeChange { change: CodeChange::default(), done: Vec::new(), locked };
        (change.locked.product.id, Changing { change, barcodes })
    };
    Ok(locked.into_iter().map(changing).collect())
}

/// The owners of the barcodes that exist, by their keys.
fn owners(
    conn: &mut PgConnection,
    store: StoreId,
    (columns, rows): (&Columns, &[InputRow]),
) -> Result<HashMap<String, OwnedCode>, Abort> {
    let wanted: Vec<_> = rows.iter().filter_map(|row| Some((CodeKind::Barcode, columns.text(row, "code")?))).collect();
    let owned = codes::list_owners(conn, store, &wanted)?;
    Ok(owned.into_iter().map(|owned| (owned.key.clone(), owned)).collect())
}

fn decide(
    (columns, row): (&Columns, &InputRow),
    (changing, resolved): (Option<&mut Changing>, Result<VariantId, FieldError>),
    owners: &HashMap<String, OwnedCode>,
) -> Result<RowAction, Vec<FieldError>> {
    let refused = |column: &str, message: String| vec![FieldError::new(column, message)];
    let fields = [("code", "code"), ("size", "size"), ("units", "units")];
    let NewBarcodeRequest { code, size, units } = columns.read(row, &fields)?;
    barcode::check(&code).map_err(|message| refused("code", message))?;
    let Some(changing) = changing else {
        let error = resolved.err().unwrap_or_else(|| FieldError::new("sku", "is required"));
        return Err(vec![error]);
    };
    let key = barcode::key(&code).into_owned();
    let product = changing.change.locked.product.id;
    if let Some(owner) = owners.get(&key).filter(|owner| owner.product != product) {
        return Err(refused("code", CodeKind::Barcode.taken_by(&owner.code, &owner.owner).detail));
    }
    let known = changing.barcodes.iter().find(|known| known.key() == key).cloned();
    // A barcode may belong to a product with all its sizes. A row without a size then keeps its owner.
    let is_of_product = size.is_none() && known.as_ref().is_some_and(|known| known.variant.is_none());
    let variant = match is_of_product {
        true => None,
        false => Some(resolved.map_err(|error| vec![error])?),
    };
    let units = units.map(Quantity::get);
    match known {
        Some(known) if known.variant != variant => {
            Err(refused("code", CodeKind::Barcode.taken_by(&known.code, &changing.change.locked.product.sku).detail))
        }
        Some(known) if units.is_none_or(|units| units == known.units) => Ok(RowAction::Unchanged),
        Some(known) => {
            changing.replace(&known, units.unwrap_or(known.units));
            Ok(RowAction::Updated)
        }
        None if changing.barcodes.len() >= MAX_BARCODES => {
            Err(refused("code", format!("must not be more than {MAX_BARCODES} of a product")))
        }
        None => {
            changing.add(code, variant, units.unwrap_or(1));
            Ok(RowAction::Created)
        }
    }
}

impl Changing {
    fn replace(&mut self, known: &ProductCode, units: i64) {
        let changed = ProductCode { units, ..known.clone() };
        self.change.change.removed.push(known.clone());
        self.change.change.added.push(changed.clone());
        self.change.done.push(format!("barcode {} of {units} units", known.code));
        self.barcodes.retain(|code| code != known);
        self.barcodes.push(changed);
    }

    fn add(&mut self, code: String, variant: Option<VariantId>, units: i64) {
        let last = self.barcodes.iter().filter(|code| code.variant == variant).map(|code| code.position).max();
        let position = last.map_or(0, |last| last.saturating_add(1));
        self.change.done.push(added(&code, units));
        let new = ProductCode { kind: CodeKind::Barcode, code, variant, units, position };
        self.change.change.added.push(new.clone());
        self.barcodes.push(new);
    }
}
