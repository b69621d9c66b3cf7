//! The SQL of lists of documents.

use diesel::prelude::*;

use super::documents::{Inbound, Query, Row, of_kind};
use crate::db::Failure;
use crate::db::schema::inbounds;
use crate::inventory::inbounds::origin::Origin;
use crate::inventory::inbounds::status::InboundStatus;
use crate::kernel::id::{LocationId, StoreId, SupplierId};
use crate::kernel::page::{List, PageQuery, Sort};

/// The columns that documents can be sorted by.
pub const SORTS: [&str; 2] = ["id", "created_at"];

/// The documents that a list shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct InboundFilter {
    pub status: Option<InboundStatus>,
    pub supplier: Option<SupplierId>,
    /// The destination.
    pub to: Option<LocationId>,
}

fn matching<'a, O: Origin>(store: StoreId, filter: InboundFilter) -> Query<'a> {
    let InboundFilter { status, supplier, to } = filter;
    let mut query = of_kind::<O>(store);
    if let Some(status) = status {
        query = query.filter(inbounds::status.eq(status));
    }
    if let Some(supplier) = supplier {
        query = query.filter(inbounds::supplier_id.eq(supplier));
    }
    if let Some(to) = to {
        query = query.filter(inbounds::to_location_id.eq(to));
    }
    query
}

/// A page of documents.
pub fn list<O: Origin>(
    conn: &mut PgConnection,
    store: StoreId,
    filter: InboundFilter,
    sort: Sort,
    page: &PageQuery,
) -> Result<List<Inbound<O>>, Failure> {
    let total = matching::<O>(store, filter).count().get_result(conn)?;
    let query = matching::<O>(store, filter);
    let query = match (sort.column, sort.descending) {
        ("created_at", false) => query.order((inbounds::created_at.asc(), inbounds::id.asc())),
        ("created_at", true) => query.order((inbounds::created_at.desc(), inbounds::id.desc())),
        (_, false) => query.order(inbounds::id.asc()),
        (_, true) => query.order(inbounds::id.desc()),
    };
    let rows: Vec<Row> = query.select(Row::as_select()).limit(page.limit).offset(page.offset()).load(conn)?;
    let found: Vec<Inbound<O>> = rows.into_iter().map(Row::into_inbound).collect::<Result<_, _>>()?;
    Ok(page.list(found, total))
}
