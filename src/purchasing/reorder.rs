//! Creates draft purchase orders for the variants that need units.

use std::collections::BTreeMap;

use diesel::PgConnection;

use super::proposal::ReorderProposal;
use super::queries::proposals::{self, ProposalFilter};
use super::suppliers::get_supplier;
use crate::auth::Scope;
use crate::error::Abort;
use crate::inventory::inbounds::draft::{self, Header};
use crate::inventory::inbounds::line::LineCounts;
use crate::inventory::inbounds::queries::lines::NewLine;
use crate::inventory::queries::locations;
use crate::kernel::id::{InboundId, SupplierId};
use crate::kernel::page::Sort;
use crate::kernel::quantity::{MAX_DOCUMENT_LINES, MAX_STOCK};

/// The maximal number of variants in one request. The greatest proposals come first.
const MAX_VARIANTS: i64 = 5000;

/// Creates a draft for each supplier. A draft with too many lines becomes several. Variants without a supplier are left
/// out.
pub fn reorder(conn: &mut PgConnection, scope: &Scope, filter: ProposalFilter) -> Result<Vec<InboundId>, Abort> {
    if let Some(supplier) = filter.supplier {
        get_supplier(conn, scope, supplier)?;
    }
    let to = locations::get_location(conn, scope.store, filter.location)?;
    let most = Sort { column: "needed", descending: true };
    let (proposals, _) = proposals::list(conn, scope.store, filter, most, (MAX_VARIANTS, 0))?;
    let mut drafts = Vec::new();
    for (supplier, lines) in by_supplier(&proposals) {
        let parts = lines.chunks(MAX_DOCUMENT_LINES);
        drafts.extend(parts.map(|lines| (Header::new(supplier, to), lines.to_vec())));
    }
    if !drafts.is_empty() {
        locations::lock_open_location(conn, scope.store, Some(to))?;
    }
    draft::create_all(conn, scope, drafts)
}

fn by_supplier(proposals: &[ReorderProposal]) -> BTreeMap<SupplierId, Vec<NewLine>> {
    let mut lines: BTreeMap<SupplierId, Vec<NewLine>> = BTreeMap::new();
    for proposal in proposals {
        let quantity = proposal.quantity().min(MAX_STOCK);
        let Some(offer) = proposal.offer.filter(|_| quantity > 0) else { continue };
        lines.entry(offer.supplier).or_default().push(NewLine {
            variant: proposal.variant_id,
            counts: LineCounts::purchased(quantity),
            unit_cost: Some(offer.unit_cost),
            expected_on: None,
        });
    }
    lines
}
