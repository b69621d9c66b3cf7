//! The suppliers of the demo store, and an open purchase order. Costs are in paise.

use diesel::PgConnection;

use crate::audit::document::Target;
use crate::auth::Scope;
use crate::error::Abort;
use crate::inventory::inbounds::draft::Header;
use crate::inventory::inbounds::draft_line::DraftLine;
use crate::inventory::queries::locations;
use crate::kernel::document_ref::DocumentRef;
use crate::kernel::id::{ProductRef, SupplierId};
use crate::kernel::money::Money;
use crate::purchasing::purchase_orders::draft::{self, NewPurchaseOrder};
use crate::purchasing::purchase_orders::lifecycle;
use crate::purchasing::purchase_orders::lines::PurchaseLine;
use crate::purchasing::queries::items::ItemTerms;
use crate::purchasing::queries::suppliers::SupplierSettings;
use crate::purchasing::suppliers;

pub(super) struct Seller<'a> {
    pub code: &'static str,
    pub name: &'static str,
    pub email: &'static str,
    pub lead_time_days: i64,
    /// SKU, cost of a unit, units in a pack.
    pub items: &'a [(&'static str, i64, i64)],
}

const FARMS: Seller<'static> = Seller {
    code: "FRESHO",
    name: "Fresho Farms",
    email: "orders@fresho.example",
    lead_time_days: 2,
    items: &[("prod_005", 2_600, 10), ("prod_006", 2_900, 10)],
};

const MILLS: Seller<'static> = Seller {
    code: "DECCAN",
    name: "Deccan Mills",
    email: "sales@deccan.example",
    lead_time_days: 7,
    items: &[("prod_001", 11_800, 12), ("prod_002", 14_600, 12), ("prod_007", 9_400, 6), ("prod_008", 4_300, 24)],
};

/// Adds two suppliers, and orders tomatoes, of which there are none.
pub fn add(conn: &mut PgConnection, scope: &Scope) -> Result<(), Abort> {
    let farms = add_seller(conn, scope, &FARMS)?;
    add_seller(conn, scope, &MILLS)?;
    let line = PurchaseLine { draft: draft_line("prod_006", 40), unit_cost: None, expected_on: None };
    let to = locations::get_location(conn, scope.store, None)?;
    let header = Header::new(farms, to);
    let order = draft::create(conn, scope, &NewPurchaseOrder { header, lines: vec![line] })?;
    lifecycle::order(conn, scope, &Target { name: DocumentRef::Id(order), expected_version: None }).map(drop)
}

pub(super) fn draft_line(sku: &str, quantity: i64) -> DraftLine {
    DraftLine { product: ProductRef::Sku(sku.to_owned()), size: None, quantity }
}

pub(super) fn add_seller(conn: &mut PgConnection, scope: &Scope, seller: &Seller<'_>) -> Result<SupplierId, Abort> {
    let Seller { code, name, email, lead_time_days, items } = seller;
    let settings = SupplierSettings {
        code: (*code).to_owned(),
        name: (*name).to_owned(),
        email: Some((*email).to_owned()),
        phone: None,
        lead_time_days: Some(*lead_time_days),
        notes: None,
        active: true,
    };
    let supplier = suppliers::create(conn, scope, &settings)?.id;
    for (sku, unit_cost, pack_quantity) in *items {
        let product = ProductRef::Sku((*sku).to_owned());
        let terms = ItemTerms {
            supplier_sku: None,
            unit_cost: Money(*unit_cost),
            pack_quantity: *pack_quantity,
            min_quantity: 1,
            lead_time_days: None,
        };
        suppliers::add_item(conn, scope, supplier, (&product, None), &terms)?;
    }
    Ok(supplier)
}
