//! Groups rows by the order that they name.

use std::collections::HashMap;

use diesel::PgConnection;

use super::order::OrderGroup;
use super::row::OrderRow;
use crate::error::{Abort, FieldError};
use crate::imports::input_row::{Columns, InputRow};
use crate::imports::outcome::Outcome;
use crate::inventory::inbounds::queries::documents;
use crate::kernel::id::{InboundId, StoreId, SupplierId};
use crate::purchasing::purchase_orders::LockedPurchaseOrder;

/// Reads the rows, and groups them by their order. Sets the outcomes of refused rows.
pub fn read_groups((columns, rows): (&Columns, &[InputRow]), outcomes: &mut [Outcome]) -> Vec<OrderGroup> {
    let (mut groups, mut by_key): (Vec<OrderGroup>, HashMap<String, usize>) = (Vec::new(), HashMap::new());
    for ((index, row), outcome) in rows.iter().enumerate().zip(outcomes) {
        let number = columns.text(row, "number").map(str::to_ascii_uppercase);
        let reference = columns.text(row, "reference").map(str::to_owned);
        if number.is_none() && reference.is_none() {
            let message = "is required, or the number of an order that is there already";
            *outcome = Outcome::refused(vec![FieldError::new("reference", message)]);
            continue;
        }
        let key = columns.group(&row.cells);
        match OrderRow::read(columns, row, index) {
            Err(errors) => *outcome = Outcome::refused(errors),
            Ok(order_row) => {
                let found = *by_key.entry(key).or_insert(groups.len());
                if found == groups.len() {
                    groups.push(OrderGroup::new(number, reference));
                }
                if let Some(group) = groups.get_mut(found) {
                    group.rows.push(order_row);
                }
            }
        }
    }
    groups
}

/// Locks the orders that exist, in the order of their ids. Some rows may name an order by its number, and
/// others by its reference: they become one group.
pub fn lock_existing(conn: &mut PgConnection, store: StoreId, groups: &mut Vec<OrderGroup>) -> Result<(), Abort> {
    let numbers: Vec<String> = groups.iter().filter_map(|group| group.number.clone()).collect();
    let references: Vec<String> = groups.iter().filter_map(|group| group.reference.clone()).collect();
    let named = documents::list_named::<SupplierId>(conn, store, (&numbers, &references))?;
    let id_of = |group: &OrderGroup| -> Option<InboundId> {
        let is_meant = |(_, number, reference): &&(InboundId, String, Option<String>)| match &group.number {
            Some(own) => own == number,
            None => group.reference == *reference,
        };
        named.iter().rev().find(is_meant).map(|(id, ..)| *id)
    };
    let ids: Vec<Option<InboundId>> = groups.iter().map(id_of).collect();
    let locked = LockedPurchaseOrder::lock_all(conn, store, &ids.iter().flatten().copied().collect())?;
    let mut locked: HashMap<InboundId, LockedPurchaseOrder> =
        locked.into_iter().map(|order| (order.inbound.id, order)).collect();
    let (mut kept, mut by_id): (Vec<OrderGroup>, HashMap<InboundId, usize>) = (Vec::new(), HashMap::new());
    for (mut group, id) in std::mem::take(groups).into_iter().zip(ids) {
        match id.and_then(|id| by_id.get(&id)).and_then(|index| kept.get_mut(*index)) {
            Some(same) => same.add_rows(group),
            None => {
                by_id.extend(id.map(|id| (id, kept.len())));
                group.existing = id.and_then(|id| locked.remove(&id));
                group.id = id;
                kept.push(group);
            }
        }
    }
    *groups = kept;
    Ok(())
}
