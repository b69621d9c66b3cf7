//! Rows of products and their sizes. The row of a product has no size; the rows of its sizes follow it.

mod code_claims;
mod group;
mod plan;
mod row;

use std::collections::{BTreeSet, HashMap};

use diesel::PgConnection;

use code_claims::CodeClaims;
use group::ProductGroup;
use plan::Plan;

use super::input_row::{Columns, InputRow};
use super::outcome::{Outcome, WriteMode, retry_if_refused};
use super::places::PlacesByCode;
use crate::auth::Scope;
use crate::catalogue::product::NewProduct;
use crate::catalogue::queries::{codes, variant_counts};
use crate::db::{self, Failure};
use crate::error::Abort;
use crate::inventory::change_product::{PlannedChange, write_changes};
use crate::inventory::create_product::create_products;
use crate::inventory::locked_product::LockedProduct;
use crate::kernel::id::{ProductId, StoreId};
use crate::stores::queries as stores;

/// Decides on the rows, and writes their changes if the mode allows it. `refused` are the rows that were refused when
/// the file arrived. A new product whose sizes are all refused must not become a product without sizes.
pub fn apply(
    conn: &mut PgConnection,
    scope: &Scope,
    (columns, rows, refused): (&Columns, &[InputRow], &[InputRow]),
    mode: WriteMode,
) -> Result<Vec<Outcome>, Abort> {
    let currency = stores::get_store_for_key_share(conn, scope.store)?.currency;
    let mut outcomes: Vec<Option<Outcome>> = vec![None; rows.len()];
    let mut groups = group::read_groups((columns, rows), &currency, &mut outcomes);
    group::note_refused((columns, refused), &mut groups);
    // Places are locked before stock rows.
    let is_main_closed = PlacesByCode::lock(conn, scope.store)?.is_main_closed();
    groups.iter_mut().for_each(|group| group.is_main_closed = is_main_closed);
    load_existing(conn, scope.store, &mut groups)?;
    let mut plans: Vec<Plan> = groups.iter_mut().map(|group| plan::plan(group, &mut outcomes)).collect();
    let mut claims = CodeClaims::load(conn, scope.store, &plans)?;
    for (group, plan) in groups.iter_mut().zip(&mut plans) {
        while let Some((code, error)) = claims.find_conflict(plan, group) {
            group.refuse(group.row_of_code(&code), error, &mut outcomes);
            *plan = plan::plan(group, &mut outcomes);
        }
        claims.claim(plan);
    }
    let outcomes: Option<Vec<Outcome>> = outcomes.into_iter().collect();
    let outcomes = outcomes.ok_or_else(|| Failure::Internal("a row of a product has no result".to_owned()))?;
    // The plans have copies of the texts that they write.
    drop(groups);
    if mode.writes(&outcomes) {
        write(conn, scope, plans).map_err(retry_if_refused)?;
    }
    Ok(outcomes)
}

/// Locks the products that are there already.
fn load_existing(conn: &mut PgConnection, store: StoreId, groups: &mut [ProductGroup]) -> Result<(), Abort> {
    let skus: Vec<&str> = groups.iter().map(|group| group.sku.as_str()).collect();
    let found = codes::find_products(conn, store, &skus)?;
    let ids: BTreeSet<ProductId> = found.iter().flatten().copied().collect();
    if ids.is_empty() {
        return Ok(());
    }
    let locked = LockedProduct::lock_all(conn, store, &ids.into_iter().collect::<Vec<_>>())?;
    let locked: HashMap<ProductId, LockedProduct> =
        locked.into_iter().map(|locked| (locked.product.id, locked)).collect();
    for (group, id) in groups.iter_mut().zip(found) {
        group.existing = id.and_then(|id| locked.get(&id).cloned());
    }
    Ok(())
}

fn write(conn: &mut PgConnection, scope: &Scope, plans: Vec<Plan>) -> Result<(), Abort> {
    let (mut new, mut changes): (Vec<NewProduct>, Vec<PlannedChange>) = (Vec::new(), Vec::new());
    for plan in plans {
        match plan {
            Plan::Nothing => {}
            Plan::Create(product) => new.push(*product),
            Plan::Change(change) => changes.push(*change),
        }
    }
    let at = db::clock(conn)?;
    let mut added = 0_usize;
    if !new.is_empty() {
        create_products(conn, scope, &new.iter().collect::<Vec<_>>(), at)?;
        added = new.iter().map(|product| product.variants.len()).sum();
    }
    if !changes.is_empty() {
        added = added.saturating_add(write_changes(conn, scope, &changes, at)?);
    }
    if added > 0 {
        variant_counts::add(conn, scope.store, added)?;
    }
    Ok(())
}
