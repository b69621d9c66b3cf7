//! The opening of the store, and the plan of its days.

use chrono::{Datelike, Duration, NaiveDate, Weekday};
use diesel::PgConnection;

use super::agenda::{Agenda, Task};
use super::calendar::{self, Calendar, at, busyness};
use super::chance::Chance;
use super::goods::{self, SELLERS};
use super::people::{self, CUSTOMERS};
use super::sale::Sale;
use super::{Shop, supply};
use crate::db::Failure;
use crate::demo::purchasing::{Seller, add_seller};
use crate::demo::{new_store, open as open_store, places};
use crate::error::Abort;
use crate::kernel::money::Money;
use crate::kernel::rate::Rate;
use crate::stores::change_store::replace_tax_rates;
use crate::stores::settings::NewStore;
use crate::stores::tax_rates::TaxRate;
use crate::stores::time_zone::TimeZone;

const SEED: u64 = 2_026;
const DELIVERY: Money = Money(4_000);

/// Opens the store with its places, suppliers, taxes and first deliveries. Returns None if it exists.
pub(super) fn open(conn: &mut PgConnection, calendar: Calendar) -> Result<Option<Shop>, Abort> {
    let unreadable = |error: &str| Failure::Internal(format!("the demo store: {error}"));
    let time_zone = TimeZone::parse(calendar::TIME_ZONE).map_err(unreadable)?;
    let (new, goods) = (NewStore { time_zone, shipping_flat_rate: DELIVERY, ..new_store()? }, goods::all());
    let Some(scope) = open_store(conn, &new, &goods)? else { return Ok(None) };
    replace_tax_rates(conn, &scope, &tax_rates())?;
    let places = places::create(conn, &scope)?;
    let mut suppliers = Vec::with_capacity(SELLERS.len());
    for (source, seller) in SELLERS {
        let items = goods::items_of(source, &goods);
        suppliers.push((source, add_seller(conn, &scope, &Seller { items: &items, ..seller })?));
    }
    let mut shop = Shop {
        agenda: Agenda::new(calendar.opening(), calendar.end),
        chance: Chance::new(SEED),
        customers: people::join(conn, scope.store, 0)?.into_iter().collect(),
        orders: Default::default(),
        unshipped: Default::default(),
        delivered_to_demo: Vec::new(),
        returns: 0,
        scope,
        calendar,
        places,
        goods,
        suppliers,
    };
    supply::stock_warehouse(&mut shop, conn)?;
    Ok(Some(shop))
}

/// Fresh vegetables and staples are free of tax.
fn tax_rates() -> Vec<TaxRate> {
    let rate = |(category, percent, name): (&str, i64, &str)| TaxRate {
        country: None,
        region: None,
        category: Some(category.to_owned()),
        percent: Rate(percent * 10_000),
        name: name.to_owned(),
    };
    [("Dairy", 5, "GST 5%"), ("Oils and Spices", 5, "GST 5%"), ("Drinks", 12, "GST 12%"), ("Home", 18, "GST 18%")]
        .map(rate)
        .into()
}

/// Plans the tasks that do not follow from others.
pub(super) fn plan(shop: &mut Shop) {
    for (number, day) in shop.calendar.all_days().enumerate() {
        plan_orders(shop, number, day);
        plan_work(shop, day);
    }
    for number in 1..CUSTOMERS {
        let days = shop.calendar.days * i64::try_from(number * 7 / 8).unwrap_or(0) / 12;
        let joined = shop.calendar.opening() + Duration::days(days) + Duration::minutes(100);
        shop.agenda.add(joined, Task::Join);
    }
    plan_present(shop);
}

/// The hours of orders: most people order in the evening.
const HOURS: [i64; 16] = [8, 9, 10, 10, 11, 11, 12, 14, 16, 17, 18, 18, 19, 19, 20, 21];

/// The orders of a day. The store grows.
fn plan_orders(shop: &mut Shop, number: usize, day: NaiveDate) {
    let growth = 9 * i64::try_from(number).unwrap_or(0) / shop.calendar.days.max(1);
    let orders = (11 + growth) * busyness(day) / 100 + shop.chance.between(-2, 2);
    for _ in 0..orders {
        let hour = shop.chance.pick(&HOURS).copied().unwrap_or(12);
        let second = shop.chance.between(0, 59);
        let time = at(day, hour, shop.chance.between(0, 59)) + Duration::seconds(second);
        shop.agenda.add(time, Task::Sell(Sale::Usual));
    }
}

/// The work of a day.
fn plan_work(shop: &mut Shop, day: NaiveDate) {
    let (main, mumbai) = (shop.places.main, shop.places.mumbai);
    let transfer = |to, cover_days| Task::Transfer { to, cover_days, expected_on: day + Duration::days(1) };
    let agenda = &mut shop.agenda;
    agenda.add(at(day, 8, 30), Task::Reorder(day));
    agenda.add(at(day, 17, 30), Task::Ship(day));
    match day.weekday() {
        Weekday::Mon | Weekday::Thu => agenda.add(at(day, 11, 30), transfer(mumbai, 5)),
        Weekday::Tue | Weekday::Fri => agenda.add(at(day, 11, 0), transfer(main, 12)),
        Weekday::Wed | Weekday::Sat => agenda.add(at(day, 21, 30), Task::Spoil),
        Weekday::Sun => agenda.add(at(day, 21, 15), Task::Count(i64::from(day.iso_week().week()))),
    }
    let days_ago = shop.calendar.days_ago(day);
    if days_ago == shop.calendar.days / 3 {
        agenda.add(at(day, 7, 45), Task::RaisePrice);
    }
    if days_ago == shop.calendar.days / 30 + 1 {
        agenda.add(at(day, 7, 50), Task::FreeDelivery);
    }
}

const PAYMENT_WINDOW_SECONDS: i64 = 900;
const LONG_PAYMENT_WINDOW_SECONDS: i64 = 6 * 3_600;

/// Plans the open work of the present. It is there at every time of a day.
fn plan_present(shop: &mut Shop) {
    let (mumbai, today, end) = (shop.places.mumbai, shop.calendar.today(), shop.calendar.end);
    let mut before = |minutes, task| shop.agenda.add(end - Duration::minutes(minutes), task);
    before(26 * 60, Task::OrderForToday);
    before(22 * 60, Task::Transfer { to: mumbai, cover_days: 10, expected_on: today });
    before(6 * 60, Task::AskForReturn);
    before(5 * 60, Task::Sell(Sale::Regretted));
    before(4 * 60, Task::SellOut);
    for minutes in [105, 84, 66, 47, 29, 13] {
        before(minutes, Task::Sell(Sale::ToShip));
    }
    before(20, Task::OpenCount);
    before(2, Task::Sell(Sale::Unpaid { window_seconds: LONG_PAYMENT_WINDOW_SECONDS }));
    before(1, Task::Sell(Sale::Unpaid { window_seconds: PAYMENT_WINDOW_SECONDS }));
}
