//! The places of the demo store: a shop with all stock for sale, a new shop, and a warehouse. The goods for the new
//! shop are on the road. They are not for sale yet, so the figures of the products do not contain them.

use diesel::PgConnection;

use crate::audit::document::Target;
use crate::auth::Scope;
use crate::error::Abort;
use crate::inventory::change_stock::{MovementType, StockChange, change_stock};
use crate::inventory::inbounds::draft::Header;
use crate::inventory::inbounds::draft_line::DraftLine;
use crate::inventory::queries::locations::get_location;
use crate::inventory::transfers::draft::{self, NewTransfer};
use crate::inventory::transfers::lifecycle::{self, Sending};
use crate::kernel::document_ref::DocumentRef;
use crate::kernel::id::{LocationId, ProductRef};
use crate::stores::change_location::{change_location, create_location};
use crate::stores::location::LocationChange;
use crate::stores::queries::locations::LocationSettings;

/// The goods on the road: product, size and units.
const ON_THE_ROAD: [(&str, Option<&str>, i64); 3] =
    [("prod_001", None, 24), ("prod_003", None, 12), ("tee-red", Some("M"), 10)];

/// Opens the places, and sends the goods for the new shop.
pub(super) fn open(conn: &mut PgConnection, scope: &Scope) -> Result<(), Abort> {
    let Places { main: _, warehouse, mumbai } = create(conn, scope)?;
    send_goods(conn, scope, warehouse, mumbai)
}

/// The places of the demo store.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places {
    pub main: LocationId,
    pub warehouse: LocationId,
    pub mumbai: LocationId,
}

pub(super) fn create(conn: &mut PgConnection, scope: &Scope) -> Result<Places, Abort> {
    let main = get_location(conn, scope.store, None)?;
    change_location(conn, scope, main, &first_shop())?;
    let warehouse = create_location(conn, scope, &warehouse())?.id;
    Ok(Places { main, warehouse, mumbai: create_location(conn, scope, &new_shop())?.id })
}

fn first_shop() -> LocationChange {
    LocationChange {
        name: Some("Shop Bengaluru, MG Road".to_owned()),
        priority: Some(10),
        latitude: Some(Some(12.9756)),
        longitude: Some(Some(77.6066)),
        country: Some(Some("IN".to_owned())),
        region: Some(Some("Karnataka".to_owned())),
        postal_code: Some(Some("560001".to_owned())),
        pickup_enabled: Some(true),
        pickup_instructions: Some(Some("At the counter, from 9 to 21".to_owned())),
        ..LocationChange::default()
    }
}

fn warehouse() -> LocationSettings {
    LocationSettings {
        priority: 30,
        latitude: Some(17.4399),
        longitude: Some(78.4983),
        country: Some("IN".to_owned()),
        region: Some("Telangana".to_owned()),
        postal_code: Some("500003".to_owned()),
        ..LocationSettings::new("warehouse".to_owned(), "Warehouse Hyderabad".to_owned())
    }
}

fn new_shop() -> LocationSettings {
    LocationSettings {
        priority: 20,
        latitude: Some(19.0544),
        longitude: Some(72.8402),
        country: Some("IN".to_owned()),
        region: Some("Maharashtra".to_owned()),
        postal_code: Some("400050".to_owned()),
        pickup_enabled: true,
        pickup_instructions: Some("At the counter, from 10 to 20".to_owned()),
        ..LocationSettings::new("mumbai".to_owned(), "Shop Mumbai, Bandra".to_owned())
    }
}

fn send_goods(conn: &mut PgConnection, scope: &Scope, from: LocationId, to: LocationId) -> Result<(), Abort> {
    for (sku, size, quantity) in ON_THE_ROAD {
        let received = StockChange {
            movement_type: MovementType::In,
            quantity,
            on_hand: None,
            expected_stock: None,
            size: size.map(ToOwned::to_owned),
            location: Some(from),
            reason: "Delivered for the new shop".to_owned(),
            reference_id: None,
        };
        change_stock(conn, scope, &ProductRef::Sku(sku.to_owned()), &received)?;
    }
    let line = |(sku, size, quantity): (&str, Option<&str>, i64)| DraftLine {
        product: ProductRef::Sku(sku.to_owned()),
        size: size.map(ToOwned::to_owned),
        quantity,
    };
    let reference = Some("Opening of the new shop".to_owned());
    let lines = ON_THE_ROAD.map(line).into();
    let header = Header { reference, ..Header::new(from, to) };
    let id = draft::create(conn, scope, &NewTransfer { header, lines })?;
    let target = Target { name: DocumentRef::Id(id), expected_version: None };
    lifecycle::hold(conn, scope, &target)?;
    lifecycle::send(conn, scope, &target, &Sending { lines: None, tracking: Some("EE987654321IN".to_owned()) })?;
    Ok(())
}
