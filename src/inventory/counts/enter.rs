//! Enters units that somebody counted, now or earlier.

use std::collections::HashSet;

use crate::audit::document::{DocumentChange, Target};
use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::document::LockedCount;
use super::open::MAX_COUNT_LINES;
use super::queries::documents::Count;
use super::queries::entries::{self, NewCountEntry};
use super::queries::lines;
use super::status::{CountStatus, LineStatus};
use crate::audit::words::Action;
use crate::auth::Scope;
use crate::catalogue::barcode;
use crate::catalogue::lines::{RequestedVariant, find_variants};
use crate::catalogue::queries::scanned::{self, Scanned};
use crate::db;
use crate::error::{Abort, ApiError, Code};
use crate::inventory::observation::is_ahead_of_clock;
use crate::kernel::id::{CountId, ProductRef, StoreId, VariantId};
use crate::kernel::quantity::MAX_STOCK;

/// The name of an entry's product.
#[derive(Clone, Debug)]
pub enum EntryName {
    Product(ProductRef),
    Barcode(String),
}

/// Units that somebody counted.
#[derive(Clone, Debug)]
pub struct EnteredUnits {
    pub name: EntryName,
    pub size: Option<String>,
    pub quantity: i64,
    /// The time of the observation. Now if None.
    pub counted_at: Option<DateTime<Utc>>,
    /// True if the units are added to those of the observations before.
    pub is_added: bool,
}

/// Units of a variant.
struct Counted {
    variant: VariantId,
    quantity: i64,
}

/// Enters observations, all or none. A variant without a line gets one. Returns the lines.
pub fn enter(
    conn: &mut PgConnection,
    scope: &Scope,
    target: &Target<CountId>,
    entries: &[EnteredUnits],
) -> Result<(CountId, Vec<i64>), Abort> {
    let mut document = LockedCount::lock(conn, scope, target)?;
    document.count.status.require(&[CountStatus::Open], "counted")?;
    let now = db::clock(conn)?;
    let times = read_times(&document.count, entries, now)?;
    let counted = resolve(conn, scope.store, entries)?;
    let of_entries = find_lines(conn, scope, &mut document.count, &counted)?;
    let new: Vec<NewCountEntry> = (entries.iter().zip(&counted).zip(&times).zip(&of_entries))
        .map(|(((entry, counted), at), line)| NewCountEntry {
            line: *line,
            quantity: counted.quantity,
            is_added: entry.is_added,
            counted_at: *at,
        })
        .collect();
    let id = document.count.id;
    entries::insert(conn, scope.store, id, &new, (&scope.actor(), now))?;
    let mut seen = HashSet::new();
    let distinct: Vec<i64> = of_entries.iter().copied().filter(|line| seen.insert(*line)).collect();
    refuse_too_much(&lines::apply_entries(conn, scope.store, id, &distinct)?, &of_entries)?;
    document.write(
        conn,
        scope,
        &DocumentChange { action: Action::Update, done: "counted", reason: None, event: None },
        now,
    )?;
    Ok((id, distinct))
}

/// The times of the observations. An observation that is slightly ahead of the clock is one of now.
fn read_times(count: &Count, entries: &[EnteredUnits], now: DateTime<Utc>) -> Result<Vec<DateTime<Utc>>, ApiError> {
    let read = |(index, entry): (usize, &EnteredUnits)| {
        let at = entry.counted_at.unwrap_or(now);
        let refuse = |message: &str| Err(ApiError::field(format!("entries[{index}].counted_at"), message));
        if is_ahead_of_clock(at, now) {
            return refuse("must not be in the future");
        }
        if at < count.created_at {
            return refuse(&format!("must not be before {}, when the count was opened", count.created_at.to_rfc3339()));
        }
        Ok(at.min(now))
    };
    entries.iter().enumerate().map(read).collect()
}

/// The product that an entry names, and its number of units.
struct NamedProduct {
    product: ProductRef,
    /// The one that a barcode names, unless it names all sizes of the product.
    variant: Option<VariantId>,
    units: i64,
}

/// The variants of the entries, and their units. The code of a case has the units of the case.
fn resolve(conn: &mut PgConnection, store: StoreId, entries: &[EnteredUnits]) -> Result<Vec<Counted>, Abort> {
    let named = resolve_names(conn, store, entries)?;
    let mut quantities = Vec::with_capacity(entries.len());
    for (index, (entry, named)) in entries.iter().zip(&named).enumerate() {
        let quantity = entry.quantity.saturating_mul(named.units);
        if quantity > MAX_STOCK {
            return Err(too_much(index).into());
        }
        quantities.push(quantity);
    }
    let needs_size = |entry: &EnteredUnits, named: &NamedProduct| named.variant.is_none() || entry.size.is_some();
    let requested: Vec<RequestedVariant<'_>> = entries
        .iter()
        .zip(&named)
        .filter(|(entry, named)| needs_size(entry, named))
        .map(|(entry, named)| RequestedVariant { product: &named.product, size: entry.size.as_deref(), quantity: 0 })
        .collect();
    let mut found = find_variants(conn, store, &requested)?.into_iter();
    let mut counted = Vec::with_capacity(entries.len());
    for ((entry, named), quantity) in entries.iter().zip(&named).zip(quantities) {
        let variant = if needs_size(entry, named) { found.next() } else { named.variant };
        let variant = variant.filter(|variant| named.variant.is_none_or(|own| own == *variant));
        let variant = variant.ok_or_else(|| wrong_size(entry))?;
        counted.push(Counted { variant, quantity });
    }
    Ok(counted)
}

fn resolve_names(
    conn: &mut PgConnection,
    store: StoreId,
    entries: &[EnteredUnits],
) -> Result<Vec<NamedProduct>, Abort> {
    let barcodes = entries.iter().filter_map(|entry| match &entry.name {
        EntryName::Barcode(barcode) => Some(barcode.as_str()),
        EntryName::Product(_) => None,
    });
    let mut found = scanned::resolve(conn, store, &barcodes.collect::<Vec<_>>())?.into_iter();
    let mut named = Vec::with_capacity(entries.len());
    for (index, entry) in entries.iter().enumerate() {
        named.push(match &entry.name {
            EntryName::Product(product) => NamedProduct { product: product.clone(), variant: None, units: 1 },
            EntryName::Barcode(barcode) => {
                let scanned = found.next().flatten().filter(|_| barcode.is_ascii() || barcode::check(barcode).is_ok());
                let Scanned { product_id, variant_id, units, .. } =
                    scanned.ok_or_else(|| unknown_barcode(index, barcode))?;
                NamedProduct { product: ProductRef::Id(product_id), variant: variant_id, units }
            }
        });
    }
    Ok(named)
}

/// The lines of the variants. Adds those that are missing, and refuses those that are not open. Looks since the opening of
/// the count are valid for a new line, too: an entry may arrive long after its look.
fn find_lines(
    conn: &mut PgConnection,
    scope: &Scope,
    count: &mut Count,
    counted: &[Counted],
) -> Result<Vec<i64>, Abort> {
    let variants: Vec<VariantId> = counted.iter().map(|counted| counted.variant).collect();
    let mut known = lines::find(conn, scope.store, count.id, &variants)?;
    let mut missing: Vec<VariantId> = Vec::new();
    for variant in &variants {
        match known.get(variant) {
            Some((_, LineStatus::Open)) => {}
            Some((line, status)) => return Err(not_open(*line, *status).into()),
            None => {
                let line = count.line_count.saturating_add(db::count(missing.len())).saturating_add(1);
                known.insert(*variant, (line, LineStatus::Open));
                missing.push(*variant);
            }
        }
    }
    let last = count.line_count;
    count.line_count = last.saturating_add(db::count(missing.len()));
    if count.line_count > MAX_COUNT_LINES {
        return Err(ApiError::field("entries", format!("would make more than {MAX_COUNT_LINES} lines")).into());
    }
    lines::insert(conn, scope.store, (count.id, last), &missing, count.created_at)?;
    Ok(variants.iter().filter_map(|variant| known.get(variant).map(|(line, _)| *line)).collect())
}

fn refuse_too_much(sums: &[(i64, i64)], of_entries: &[i64]) -> Result<(), ApiError> {
    let full = sums.iter().find(|(_, quantity)| *quantity > MAX_STOCK).map(|(line, _)| *line);
    match full.and_then(|full| of_entries.iter().position(|line| *line == full)) {
        Some(index) => Err(too_much(index)),
        None => Ok(()),
    }
}

fn too_much(index: usize) -> ApiError {
    ApiError::field(format!("entries[{index}].quantity"), format!("makes more than {MAX_STOCK} units"))
}

/// The scanner may have misread a GTIN. Otherwise no product has the code.
fn unknown_barcode(index: usize, barcode: &str) -> ApiError {
    match barcode::check(barcode) {
        Err(message) => {
            ApiError { code: Code::InvalidBarcode, ..ApiError::field(format!("entries[{index}].barcode"), message) }
        }
        Ok(()) => ApiError::not_found(Code::ProductNotFound, format_args!("A product with the barcode '{barcode}'")),
    }
}

fn wrong_size(entry: &EnteredUnits) -> ApiError {
    let size = entry.size.as_deref().unwrap_or_default();
    ApiError::not_found(Code::SizeNotFound, format_args!("Size '{size}' of the scanned product"))
}

fn not_open(line: i64, status: LineStatus) -> ApiError {
    let detail = format!("Line {line} is '{}'. Open it again to count it (recount).", status.as_str());
    ApiError::new(Code::InvalidTransition, detail)
}
