//! The variants that rows name by a SKU and perhaps a size.

use std::collections::HashMap;

use diesel::PgConnection;

use super::input_row::{Columns, InputRow};
use crate::catalogue::lines::{RequestedVariant, unknown};
use crate::catalogue::queries::sellables::{self, ResolvedVariant, Sellable};
use crate::error::{Abort, FieldError};
use crate::kernel::id::{ProductRef, StoreId, VariantId};

/// The variant of each row, in their order, or its error.
pub fn resolve(
    conn: &mut PgConnection,
    store: StoreId,
    (columns, rows): (&Columns, &[InputRow]),
) -> Result<Vec<Result<VariantId, FieldError>>, Abort> {
    let names: Vec<(ProductRef, Option<&str>)> = rows
        .iter()
        .map(|row| {
            (ProductRef::Sku(columns.text(row, "sku").unwrap_or_default().to_owned()), columns.text(row, "size"))
        })
        .collect();
    let names: Vec<(&ProductRef, Option<&str>)> = names.iter().map(|(product, size)| (product, *size)).collect();
    let resolved = sellables::resolve(conn, store, &names)?;
    let variant = |((product, size), resolved): (&(&ProductRef, Option<&str>), ResolvedVariant)| {
        let column = match resolved {
            ResolvedVariant::Variant(variant) => return Ok(variant),
            ResolvedVariant::NoProduct => "sku",
            ResolvedVariant::NoSize | ResolvedVariant::SizeMissing => "size",
        };
        let requested = RequestedVariant { product, size: *size, quantity: 1 };
        Err(FieldError::new(column, unknown(&requested, resolved).detail))
    };
    Ok(names.iter().zip(resolved).map(variant).collect())
}

/// The names of variants.
pub fn load_names(
    conn: &mut PgConnection,
    store: StoreId,
    variants: &[VariantId],
) -> Result<HashMap<VariantId, Sellable>, Abort> {
    let loaded = sellables::load(conn, store, variants)?;
    Ok(loaded.into_iter().map(|sellable| (sellable.variant_id, sellable)).collect())
}
