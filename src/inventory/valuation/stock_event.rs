//! Stock events: the movements of a variant that belong together, at all its places.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::inventory::stock_level::MovementKind;
use crate::kernel::id::{LocationId, MovementId, VariantId};

/// A movement that changes the stock, as it is in the ledger.
#[derive(Clone, Debug)]
pub struct LedgerMovement {
    pub id: MovementId,
    pub variant: VariantId,
    pub location: LocationId,
    /// The place itself, or the place of the quarantine or transit.
    pub place: LocationId,
    pub version: i64,
    pub kind: MovementKind,
    pub quantity: i64,
    pub reference: Option<String>,
    pub created_at: DateTime<Utc>,
}

impl LedgerMovement {
    fn key(&self) -> (VariantId, LocationId) {
        (self.variant, self.location)
    }
}

/// Movements of one kind are one event, even if they are of several places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StockEventKind {
    /// Sold units, and sold units that come back before they are shipped.
    Order,
    /// Shipped units that come back.
    Return,
    Transfer,
    Other,
}

impl From<MovementKind> for StockEventKind {
    fn from(kind: MovementKind) -> Self {
        match kind {
            MovementKind::Fulfil | MovementKind::Restore => Self::Order,
            MovementKind::Return => Self::Return,
            MovementKind::TransferOut | MovementKind::TransferIn => Self::Transfer,
            MovementKind::Receive
            | MovementKind::Remove
            | MovementKind::Adjust
            | MovementKind::Reserve
            | MovementKind::Release
            | MovementKind::Ship => Self::Other,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockEvent {
    pub variant: VariantId,
    pub at: DateTime<Utc>,
    pub kind: StockEventKind,
    pub reference: Option<String>,
    /// The first of its movements.
    pub movement: MovementId,
    /// The change of the stock at all places.
    pub quantity: i64,
    /// The change of the stock at each place.
    pub places: BTreeMap<LocationId, i64>,
}

/// Groups the movements of one transaction, variant and reference. The events of a variant are in the order of posting.
/// Units that only move between a place and its quarantine are no event.
#[must_use]
pub fn group(movements: Vec<LedgerMovement>) -> Vec<StockEvent> {
    let mut events: BTreeMap<(VariantId, DateTime<Utc>, Option<String>, StockEventKind), StockEvent> = BTreeMap::new();
    for movement in movements {
        let LedgerMovement { id, variant, place, kind, quantity, reference, created_at: at, .. } = movement;
        let kind = StockEventKind::from(kind);
        let event = events.entry((variant, at, reference.clone(), kind)).or_insert_with(|| StockEvent {
            variant,
            at,
            kind,
            reference,
            movement: id,
            quantity: 0,
            places: BTreeMap::new(),
        });
        event.movement = event.movement.min(id);
        event.quantity = event.quantity.saturating_add(quantity);
        let at_place = event.places.entry(place).or_default();
        *at_place = at_place.saturating_add(quantity);
    }
    let changes = |event: &StockEvent| event.places.values().any(|quantity| *quantity != 0);
    let mut events: Vec<StockEvent> = events.into_values().filter(changes).collect();
    events.sort_by_key(|event| (event.variant, event.at, event.movement));
    events
}

/// The movements of one stock row that are not valued yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unvalued {
    pub variant: VariantId,
    pub location: LocationId,
    /// The version of the last valued movement.
    pub from: i64,
    /// The version of the stock row, or a smaller one if there are too many movements.
    pub to: i64,
    pub is_shortened: bool,
}

impl Unvalued {
    #[must_use]
    pub fn count(&self) -> i64 {
        self.to.saturating_sub(self.from)
    }
}

/// Takes the first variants that have at most `limit` movements together, and at least one variant. Also returns true
/// if movements are left.
///
/// The rows of a variant that alone has more are shortened to `limit` movements each.
#[must_use]
pub fn take_part(rows: Vec<Unvalued>, limit: i64) -> (Vec<Unvalued>, bool) {
    let Some(first) = rows.first().map(|row| row.variant) else { return (Vec::new(), false) };
    let mut count = 0_i64;
    let mut counts: BTreeMap<VariantId, i64> = BTreeMap::new();
    for row in &rows {
        let of_variant = counts.entry(row.variant).or_default();
        *of_variant = of_variant.saturating_add(row.count());
    }
    let is_taken = |(variant, of_variant): (VariantId, i64)| {
        count = count.saturating_add(of_variant);
        (variant == first || count <= limit).then_some(variant)
    };
    let taken: Vec<VariantId> = counts.into_iter().map_while(is_taken).collect();
    let all = rows.len();
    let mut part: Vec<Unvalued> = rows.into_iter().filter(|row| taken.contains(&row.variant)).collect();
    let mut is_part = part.len() < all;
    for row in part.iter_mut().filter(|row| row.count() > limit) {
        is_part = true;
        row.to = row.from.saturating_add(limit);
        row.is_shortened = true;
    }
    (part, is_part)
}

/// Leaves out the movements after the end of a shortened row, so that those of other rows are not valued before
/// its next ones. Sets the versions of these rows back to the last movement that is left.
///
/// The movements of each row are in the order of their versions.
pub fn cut(movements: &mut Vec<LedgerMovement>, rows: &mut [Unvalued]) {
    let of = |row: Unvalued| move |movement: &&LedgerMovement| movement.key() == (row.variant, row.location);
    let shortened = rows.iter().filter(|row| row.is_shortened);
    let ends = shortened.filter_map(|row| movements.iter().rfind(of(*row))).map(|last| last.created_at);
    let Some(end) = ends.min().filter(|end| movements.iter().any(|movement| movement.created_at < *end)) else {
        return;
    };
    for row in rows.iter_mut() {
        let after = movements.iter().filter(of(*row)).find(|movement| movement.created_at >= end);
        row.to = after.map_or(row.to, |after| after.version.saturating_sub(1));
    }
    let versions: BTreeMap<_, _> = rows.iter().map(|row| ((row.variant, row.location), row.to)).collect();
    movements.retain(|movement| versions.get(&movement.key()).is_some_and(|to| movement.version <= *to));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn movement(id: i64, (variant, location, version): (i64, i64, i64), second: i64) -> LedgerMovement {
        LedgerMovement {
            id: MovementId(id),
            variant: VariantId(variant),
            location: LocationId(location),
            place: LocationId(location % 10),
            version,
            kind: MovementKind::Fulfil,
            quantity: -1,
            reference: Some("ORD-1".to_owned()),
            created_at: DateTime::from_timestamp(second, 0).unwrap(),
        }
    }

    fn of_kind(kind: MovementKind, quantity: i64, movement: LedgerMovement) -> LedgerMovement {
        LedgerMovement { kind, quantity, ..movement }
    }

    #[test]
    fn movements_of_an_order_at_two_places_are_one_act() {
        let events = group(vec![movement(7, (1, 1, 4), 5), movement(8, (1, 2, 9), 5), movement(6, (1, 1, 3), 4)]);
        let shown: Vec<_> = events.iter().map(|event| (event.movement.0, event.quantity, event.places.len())).collect();
        assert_eq!(shown, [(6, -1, 1), (7, -2, 2)]);
    }

    #[test]
    fn a_transfer_changes_places_and_a_quarantine_belongs_to_its_place() {
        let out = of_kind(MovementKind::TransferOut, -3, movement(1, (1, 1, 2), 5));
        let to = |location| of_kind(MovementKind::TransferIn, 3, movement(2, (1, location, 1), 5));
        let events = group(vec![out.clone(), to(12)]);
        assert_eq!((events.len(), events[0].quantity, events[0].kind), (1, 0, StockEventKind::Transfer));
        assert_eq!(events[0].places, BTreeMap::from([(LocationId(1), -3), (LocationId(2), 3)]));
        // Location 11 is the quarantine of place 1.
        assert_eq!(group(vec![out, to(11)]), []);
    }

    fn row(variant: i64, location: i64, from: i64, to: i64) -> Unvalued {
        Unvalued { variant: VariantId(variant), location: LocationId(location), from, to, is_shortened: false }
    }

    #[test]
    fn a_part_has_whole_variants() {
        let rows = vec![row(1, 1, 0, 3), row(1, 2, 5, 6), row(2, 1, 0, 5), row(3, 1, 0, 1)];
        assert_eq!(take_part(rows.clone(), 10), (rows.clone(), false));
        assert_eq!(take_part(rows.clone(), 9), (rows[..3].to_vec(), true));
        assert_eq!(take_part(rows.clone(), 4), (rows[..2].to_vec(), true));
        let shortened = Unvalued { to: 2, is_shortened: true, ..rows[0] };
        assert_eq!(take_part(rows.clone(), 2), (vec![shortened, rows[1]], true));
        assert_eq!(take_part(Vec::new(), 2), (Vec::new(), false));
    }

    #[test]
    fn no_movement_is_valued_before_an_earlier_one_of_a_shortened_row() {
        let mut rows = [Unvalued { is_shortened: true, ..row(1, 1, 0, 2) }, row(1, 2, 0, 2)];
        let all = vec![
            movement(1, (1, 1, 1), 10),
            movement(4, (1, 1, 2), 13),
            movement(2, (1, 2, 1), 11),
            movement(5, (1, 2, 2), 14),
        ];
        let mut movements = all.clone();
        cut(&mut movements, &mut rows);
        assert_eq!(movements.iter().map(|movement| movement.id.0).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(rows.map(|row| row.to), [1, 1]);
        // Movements of one time stay together.
        let mut rows = [Unvalued { is_shortened: true, ..row(1, 1, 0, 1) }, row(1, 2, 0, 2)];
        let mut movements = vec![all[0].clone()];
        cut(&mut movements, &mut rows);
        assert_eq!((movements.len(), rows[0].to), (1, 1));
    }
}
