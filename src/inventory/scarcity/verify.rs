//! Compares the stored figures with the ones that are computed now.

use std::collections::HashMap;

use diesel::PgConnection;

use super::queries::{progress, scarce_variants};
use crate::db::Failure;
use crate::kernel::id::{StoreId, VariantId};

/// The maximal number of differences that are found.
const MAX_DIFFERENCES: usize = 20;

/// Computes the figures of all variants that are not outdated, and returns a description of each difference. Finds
/// nothing if readers do not use the stored figures.
pub fn find_differences(conn: &mut PgConnection, store: StoreId) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    let Some(until) = progress::find_complete(conn, store)? else { return Ok(found) };
    let mut last = VariantId(0);
    loop {
        let (variants, next) = progress::list_current(conn, store, until, last)?;
        let computed: HashMap<_, _> =
            scarce_variants::compute(conn, store, &variants)?.into_iter().map(|row| (row.variant_id, row)).collect();
        let stored: HashMap<_, _> =
            scarce_variants::list(conn, store, &variants)?.into_iter().map(|row| (row.variant_id, row)).collect();
        for variant in &variants {
            let (computed, stored) = (computed.get(variant), stored.get(variant));
            if computed != stored && found.len() < MAX_DIFFERENCES {
                found.push(format!("variant {variant}: {stored:?} instead of {computed:?}"));
            }
        }
        let Some(next) = next else { return Ok(found) };
        last = next;
    }
}
