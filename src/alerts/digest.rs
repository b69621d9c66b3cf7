//! Sends the alerts that were collected for a digest, in one mail.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diesel::PgConnection;
use serde_json::{Value, json};

use super::mails::Outgoing;
use super::queries::notices::{self, Waiting};
use super::queries::{progress, rules};
use super::rule::AlertKind;
use crate::db::{self, End, Failure};
use crate::kernel::id::{AlertId, StoreId, SupplierId};
use crate::kernel::page::Sort;
use crate::purchasing::proposal::ReorderProposal;
use crate::purchasing::queries::proposals::{self, ProposalFilter};
use crate::purchasing::queries::suppliers;

/// The largest number of alerts that one transaction sends.
const MAX_NOTICES: i64 = 5_000;

/// The largest number of proposals that are read for a digest. Those with the most units come first.
const MAX_PROPOSALS: i64 = 500;

/// The proposal for a variant: the units to order, and the name of the supplier.
pub type Suggestions = HashMap<i64, (i64, Option<String>)>;

/// The proposals for the variants of the store. This is a slow read, so it is done only if digests are due.
pub fn find_suggestions(conn: &mut PgConnection, store: StoreId) -> Result<Suggestions, Failure> {
    let most = Sort { column: "needed", descending: true };
    let (found, _) = proposals::list(conn, store, ProposalFilter::default(), most, (MAX_PROPOSALS, 0))?;
    let ids: BTreeSet<SupplierId> = found.iter().filter_map(|proposal| Some(proposal.offer?.supplier)).collect();
    let names = suppliers::list_by_id(conn, store, &ids.into_iter().collect::<Vec<_>>())?;
    let names: HashMap<SupplierId, String> = names.into_iter().map(|row| (row.id, row.settings.name)).collect();
    let suggestion = |proposal: &ReorderProposal| {
        let supplier = proposal.offer.and_then(|offer| names.get(&offer.supplier).cloned());
        (proposal.variant_id.0, (proposal.quantity(), supplier))
    };
    Ok(found.iter().filter(|proposal| proposal.quantity() > 0).map(suggestion).collect())
}

/// Writes a mail for each rule whose digest is due. Returns the number of alerts. Nothing happens while another server
/// writes alerts of the store, or while too many mails wait.
pub fn send_digests(
    conn: &mut PgConnection,
    store: StoreId,
    suggestions: &Suggestions,
    sends_mail: bool,
) -> Result<End<usize>, Failure> {
    if progress::lock(conn, store)?.is_none() {
        return Ok(End::RollBack(0));
    }
    let at = db::clock(conn)?;
    let due = notices::list_due(conn, store, at, MAX_NOTICES)?;
    let ids: Vec<i64> = due.iter().map(|notice| notice.id).collect();
    let mut of_rules: BTreeMap<AlertId, Vec<Waiting>> = BTreeMap::new();
    for notice in due {
        of_rules.entry(notice.alert).or_default().push(notice);
    }
    let mut outgoing = Outgoing::default();
    for rule in rules::list_active(conn, store)? {
        let Some(waiting) = of_rules.remove(&rule.id) else { continue };
        let first = waiting.first().map_or(0, |notice| notice.id);
        let suggests = matches!(rule.kind, AlertKind::LowStock | AlertKind::OutOfStock);
        let listed = waiting.into_iter().map(|notice| match suggests {
            true => with_suggestion(notice.data, suggestions),
            false => notice.data,
        });
        outgoing.add(&rule, &format!("digest:{first}"), listed.collect(), sends_mail);
    }
    if !outgoing.write(conn, store, at)? {
        return Ok(End::RollBack(0));
    }
    notices::delete(conn, store, &ids)?;
    Ok(End::Commit(ids.len()))
}

fn with_suggestion(mut data: Value, suggestions: &Suggestions) -> Value {
    let found = data.get("variant_id").and_then(Value::as_i64).and_then(|variant| suggestions.get(&variant));
    if let (Some((quantity, supplier)), Some(fields)) = (found, data.as_object_mut()) {
        fields.insert("reorder_quantity".to_owned(), json!(quantity));
        fields.insert("supplier".to_owned(), json!(supplier));
    }
    data
}
