//! Goods arrive: purchase orders to the shop and the warehouse, and transfers from the warehouse to the shops.

use chrono::{DateTime, Datelike, Duration, NaiveDate, Utc, Weekday};
use diesel::PgConnection;

use super::Shop;
use super::agenda::Task;
use super::calendar;
use super::goods::{self, PROFILES, Profile, SELLERS, Source};
use super::shelves::{Shelves, read_shelves};
use crate::audit::document::Target;
use crate::demo::purchasing::draft_line;
use crate::error::Abort;
use crate::inventory::inbounds::arrival::{ReceivedLine, Surplus};
use crate::inventory::inbounds::draft::Header;
use crate::inventory::inbounds::draft_line::DraftLine;
use crate::inventory::inbounds::queries::lines;
use crate::inventory::inbounds::receive::{self, ReceivedUnits};
use crate::inventory::transfers::draft::{self as transfer_draft, NewTransfer};
use crate::inventory::transfers::lifecycle::{self as transfers, Sending};
use crate::kernel::document_ref::DocumentRef;
use crate::kernel::id::{InboundId, LocationId};
use crate::purchasing::purchase_orders::draft::{self, NewPurchaseOrder};
use crate::purchasing::purchase_orders::lifecycle;
use crate::purchasing::purchase_orders::lines::PurchaseLine;
use crate::purchasing::purchase_orders::receive::{self as purchases, ReceivedPurchase, ReceivedPurchaseLine};

/// The first delivery to the warehouse, and the goods of the shop in Mumbai.
pub(super) fn stock_warehouse(shop: &mut Shop, conn: &mut PgConnection) -> Result<(), Abort> {
    let opening = shop.calendar.opening();
    for source in [Source::Mills, Source::Traders] {
        let of_source = PROFILES.iter().filter(|profile| profile.source == source);
        let lines = of_source.map(|profile| (profile.sku, profile.cover(24))).filter(|line| line.1 > 0);
        if let Some(purchase) = shop.order(conn, source, None, &lines.collect::<Vec<_>>())? {
            shop.agenda.add(opening + Duration::minutes(40), Task::Unload { purchase, is_first: false });
        }
    }
    let (to, expected_on) = (shop.places.mumbai, calendar::day_of(opening) + Duration::days(1));
    shop.agenda.add(opening + Duration::minutes(90), Task::Transfer { to, cover_days: 9, expected_on });
    Ok(())
}

impl Shop {
    /// Orders the goods that are getting low: vegetables and dairy daily for the shop, the rest twice a week for the warehouse.
    pub fn reorder(&mut self, conn: &mut PgConnection, day: NaiveDate) -> Result<(), Abort> {
        let shelves = read_shelves(conn, &self.scope)?;
        for (source, seller) in SELLERS {
            let is_day = match source {
                Source::Farms | Source::Dairy => day.weekday() != Weekday::Sun,
                Source::Mills | Source::Traders => matches!(day.weekday(), Weekday::Mon | Weekday::Thu),
            };
            let lines = if is_day { self.needed(&shelves, source, day) } else { Vec::new() };
            let Some(purchase) = self.order(conn, source, None, &lines)? else { continue };
            let hour = if matches!(source, Source::Farms | Source::Dairy) { 7 } else { 15 };
            let arrives = calendar::at(day, hour, 20) + Duration::days(seller.lead_time_days);
            self.agenda.add(arrives, Task::Unload { purchase, is_first: true });
        }
        Ok(())
    }

    /// The products of a supplier that are low, with the units to order.
    fn needed(&self, shelves: &Shelves, source: Source, day: NaiveDate) -> Vec<(&'static str, i64)> {
        let days_ago = self.calendar.days_ago(day);
        let line = |profile: &Profile| {
            let (place, least, most) = match profile.goes_to_the_warehouse() {
                true => (self.places.warehouse, 12, 26),
                false => (self.places.main, 3, 6),
            };
            let expected = shelves.available(profile.sku, place) + shelves.incoming(profile.sku, place);
            let packs = (profile.cover(most) - expected).max(0) / goods::pack(source) + 1;
            let is_low = expected < profile.cover(least) && !profile.is_scarce(days_ago);
            is_low.then_some((profile.sku, packs * goods::pack(source)))
        };
        PROFILES.iter().filter(|profile| profile.source == source).filter_map(line).collect()
    }

    /// Sends a purchase order. None without lines.
    fn order(
        &self,
        conn: &mut PgConnection,
        source: Source,
        expected_on: Option<NaiveDate>,
        lines: &[(&str, i64)],
    ) -> Result<Option<InboundId>, Abort> {
        let supplier = self.suppliers.iter().find(|(known, _)| *known == source).map(|(_, id)| *id);
        let Some(supplier) = supplier.filter(|_| !lines.is_empty()) else { return Ok(None) };
        let is_fresh = matches!(source, Source::Farms | Source::Dairy);
        let to = if is_fresh { self.places.main } else { self.places.warehouse };
        let line = |(sku, quantity): &(&str, i64)| PurchaseLine {
            draft: draft_line(sku, *quantity),
            unit_cost: None,
            expected_on: None,
        };
        let header = Header { expected_on, ..Header::new(supplier, to) };
        let new = NewPurchaseOrder { header, lines: lines.iter().map(line).collect() };
        let id = draft::create(conn, &self.scope, &new)?;
        lifecycle::order(conn, &self.scope, &target(id)).map(Some)
    }

    /// A delivery that is expected today.
    pub fn order_for_today(&mut self, conn: &mut PgConnection) -> Result<(), Abort> {
        let lines = [("prod_001", 24), ("prod_007", 12)];
        self.order(conn, Source::Mills, Some(self.calendar.today()), &lines).map(drop)
    }

    /// Receives a purchase order. Some deliveries are short: the rest comes later, or never.
    pub fn unload(
        &mut self,
        conn: &mut PgConnection,
        at: DateTime<Utc>,
        purchase: InboundId,
        is_first: bool,
    ) -> Result<(), Abort> {
        let is_late = !is_first && at - self.calendar.opening() > Duration::days(1);
        if is_late && self.chance.percent(35) {
            return lifecycle::close(conn, &self.scope, &target(purchase), "The supplier has no more").map(drop);
        }
        let is_short = is_first && self.chance.percent(12);
        let is_damaged = is_first && self.chance.percent(8);
        let mut lines: Vec<ReceivedPurchaseLine> = Vec::new();
        for line in lines::list(conn, self.scope.store, purchase)? {
            let outstanding = line.counts.outstanding;
            let missing = if is_short && lines.is_empty() { outstanding * 3 / 10 } else { 0 };
            let rejected = i64::from(is_damaged && lines.is_empty() && outstanding > 1);
            if outstanding > 0 {
                lines.push(ReceivedPurchaseLine {
                    line: line.id,
                    accepted: outstanding - missing - rejected,
                    rejected,
                    keep_rejected: false,
                    reject_reason: (rejected > 0).then(|| "Crushed on the way".to_owned()),
                    unit_cost: None,
                });
            }
        }
        let reference = Some(format!("DN-{}", self.chance.between(10_000, 99_999)));
        let arrivals = ReceivedPurchase { lines, reference, allow_surplus: false };
        purchases::receive(conn, &self.scope, &target(purchase), &arrivals)?;
        if is_short {
            self.agenda.add(at + Duration::days(2), Task::Unload { purchase, is_first: false });
        }
        Ok(())
    }

    /// Sends goods of the warehouse to a shop that has less of them than it sells in this number of days.
    pub fn transfer(
        &mut self,
        conn: &mut PgConnection,
        to: LocationId,
        cover_days: i64,
        expected_on: NaiveDate,
    ) -> Result<(), Abort> {
        let shelves = read_shelves(conn, &self.scope)?;
        let from = self.places.warehouse;
        let line = |profile: &Profile| {
            let needed =
                profile.cover(cover_days) - shelves.available(profile.sku, to) - shelves.incoming(profile.sku, to);
            let quantity = needed.min(shelves.available(profile.sku, from));
            (quantity >= 3).then(|| draft_line(profile.sku, quantity))
        };
        let lines: Vec<DraftLine> =
            PROFILES.iter().filter(|profile| profile.goes_to_the_warehouse()).filter_map(line).collect();
        if lines.is_empty() {
            return Ok(());
        }
        let header = Header { expected_on: Some(expected_on), ..Header::new(from, to) };
        let id = transfer_draft::create(conn, &self.scope, &NewTransfer { header, lines })?;
        transfers::hold(conn, &self.scope, &target(id))?;
        let tracking = Some(format!("EE{}IN", self.chance.between(100_000_000, 999_999_999)));
        transfers::send(conn, &self.scope, &target(id), &Sending { lines: None, tracking })?;
        // The user of the store receives what is expected today.
        if expected_on != self.calendar.today() {
            self.agenda.add(calendar::at(expected_on, 10, 30), Task::Unpack(id));
        }
        Ok(())
    }

    /// Receives a transfer. Sometimes a unit was damaged on the road.
    pub fn unpack(&mut self, conn: &mut PgConnection, transfer: InboundId) -> Result<(), Abort> {
        let mut lines = Vec::new();
        for line in lines::list(conn, self.scope.store, transfer)? {
            let rejected = i64::from(self.chance.percent(3));
            lines.push(ReceivedLine {
                line: line.id,
                accepted: line.counts.outstanding - rejected,
                rejected,
                keep_rejected: true,
                reject_reason: (rejected > 0).then(|| "The bag is torn".to_owned()),
                unit_cost: None,
            });
        }
        let arrivals = ReceivedUnits { lines, reference: None, surplus: Surplus::Refuse };
        receive::receive::<LocationId>(conn, &self.scope, &target(transfer), &arrivals).map(drop)
    }
}

fn target(id: InboundId) -> Target<InboundId> {
    Target { name: DocumentRef::Id(id), expected_version: None }
}
