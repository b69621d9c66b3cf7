//! Computes the forecasts of the variants of a store, a page at a time. The pages are read and written in different
//! transactions, because the computation between them needs a second of the processor.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use diesel::PgConnection;

use super::calendar::Calendar;
use super::choose::{self, MIN_DAYS};
use super::figures::{FIGURE_DAYS, SalesFigures};
use super::forecast::Forecast;
use super::profile::Profile;
use super::queries::demand::{self, TrackedVariant};
use super::queries::figures::{self, NewFigures};
use super::queries::forecasts::{self, NewForecast};
use super::queries::runs::{self, Run};
use super::series::DemandSeries;
use crate::db::{self, Failure};
use crate::inventory::stock_outs;
use crate::kernel::id::{StoreId, VariantId};
use crate::stores::queries::{self as stores, scarcity_changes, time_zones};

/// The number of variants of a page.
const PAGE: i64 = 200;

/// The time after the beginning of a day at which a run begins. The roll-up of sales has the orders of the day before
/// by then.
const DELAY: TimeDelta = TimeDelta::minutes(10);

/// The number of categories whose forecasts one statement reads. A page seldom has more. It bounds the memory.
const CATEGORIES_AT_A_TIME: usize = 50;

/// The largest age of forecasts, in days, from which the profile of a category is computed.
const PROFILE_DAYS: u64 = 7;

/// The pasts of the variants of a page.
pub struct Page {
    /// The progress before this page.
    run: Run,
    variants: Vec<Past>,
    profiles: BTreeMap<VariantId, Profile>,
    /// The first day of the figures.
    figures_since: NaiveDate,
    is_last: bool,
}

/// The past of a variant.
pub struct Past {
    variant: VariantId,
    demand: DemandSeries,
    /// The days without stock among the days of the figures.
    days_out_of_stock: i64,
}

/// The results of a page.
pub struct Computed {
    forecasts: Vec<NewForecast>,
    figures: Vec<NewFigures>,
}

/// The next page of the run of this day. None if the run is complete, or if the roll-ups of sales are not up to date yet,
/// because the run would miss sales.
pub fn read_page(conn: &mut PgConnection, store: StoreId) -> Result<Option<Page>, Failure> {
    let settings = stores::get_store(conn, store)?;
    let today = time_zones::today(conn, &settings.time_zone)?;
    let last = runs::find(conn, store)?;
    let Some(run) = next_run(last, today, settings.service_level, db::clock(conn)?) else { return Ok(None) };
    if runs::lacks_sales(conn, store, today.1)? {
        return Ok(None);
    }
    let calendar = demand::find_calendar(conn, &settings.time_zone)?;
    let at = (run.swept_variant_id, PAGE);
    let tracked = demand::list_next(conn, store, &settings.time_zone, at)?;
    let is_last = db::count(tracked.len()) < PAGE;
    let variants = read_pasts(conn, store, &calendar, &tracked)?;
    let profiles = read_profiles(conn, store, calendar.today(), &tracked, &variants)?;
    Ok(Some(Page { run, variants, profiles, figures_since: calendar.days_ago(FIGURE_DAYS), is_last }))
}

/// The run to continue or to begin. A run begins on a new day, and when the service level has changed. `today` is the
/// present day, and `start` its first instant.
fn next_run(
    last: Option<Run>,
    (today, start): (NaiveDate, DateTime<Utc>),
    service_level: i64,
    now: DateTime<Utc>,
) -> Option<Run> {
    let new = Run::new(today, service_level);
    let Some(last) = last else { return Some(new) };
    let is_new_day = last.day != new.day && now.signed_duration_since(start) >= DELAY;
    if is_new_day || last.service_level != service_level {
        return Some(new);
    }
    (!last.is_complete).then_some(last)
}

fn read_pasts(
    conn: &mut PgConnection,
    store: StoreId,
    calendar: &Calendar,
    tracked: &[TrackedVariant],
) -> Result<Vec<Past>, Failure> {
    let ids: Vec<VariantId> = tracked.iter().map(|variant| variant.id).collect();
    let sold = demand::list_sold(conn, store, &ids, calendar.first())?;
    let periods = stock_outs::queries::list_since(conn, store, &ids, calendar.start())?;
    let (no_sales, no_periods) = (BTreeMap::new(), Vec::new());
    let past = |variant: &TrackedVariant| {
        let sold = sold.get(&variant.id).unwrap_or(&no_sales);
        let periods = periods.get(&variant.id).unwrap_or(&no_periods);
        let since = calendar.days_ago(FIGURE_DAYS);
        let days_out = calendar.days_without_stock(periods).into_iter().filter(|day| *day >= since);
        let days_out_of_stock = db::count(days_out.count());
        Past { variant: variant.id, demand: calendar.demand(variant.since, sold, periods), days_out_of_stock }
    };
    Ok(tracked.iter().map(past).collect())
}

/// The profiles of the categories of variants with a short past.
fn read_profiles(
    conn: &mut PgConnection,
    store: StoreId,
    today: NaiveDate,
    tracked: &[TrackedVariant],
    pasts: &[Past],
) -> Result<BTreeMap<VariantId, Profile>, Failure> {
    let since = today.checked_sub_days(Days::new(PROFILE_DAYS)).unwrap_or(today);
    let mut of_categories: BTreeMap<Option<&str>, Vec<VariantId>> = BTreeMap::new();
    for (variant, past) in tracked.iter().zip(pasts) {
        if past.demand.known_days() < MIN_DAYS {
            of_categories.entry(variant.category.as_deref()).or_default().push(variant.id);
        }
    }
    let categories: Vec<Option<&str>> = of_categories.keys().copied().collect();
    let mut profiles = BTreeMap::new();
    for part in categories.chunks(CATEGORIES_AT_A_TIME) {
        let found = forecasts::list_of_categories(conn, store, part, since)?;
        for (category, forecasts) in part.iter().zip(&found) {
            let Some(profile) = Profile::mean(forecasts) else { continue };
            let variants = of_categories.get(category).into_iter().flatten();
            profiles.extend(variants.map(|variant| (*variant, profile.clone())));
        }
    }
    Ok(profiles)
}

impl Page {
    /// Computes the forecasts and figures, without a database.
    #[must_use]
    pub fn compute(&self) -> Computed {
        let forecasts = self.variants.iter().filter_map(|past| self.forecast(past)).collect();
        let figures = self.variants.iter().map(|Past { variant, demand, days_out_of_stock }| NewFigures {
            variant: *variant,
            sales: SalesFigures::new(demand),
            days_out_of_stock: *days_out_of_stock,
        });
        let has_figures = |row: &NewFigures| row.days_out_of_stock > 0 || row.sales.velocity_90 > Some(0.0);
        Computed { forecasts, figures: figures.filter(has_figures).collect() }
    }

    /// None for a variant without any demand.
    fn forecast(&self, Past { variant, demand, .. }: &Past) -> Option<NewForecast> {
        let profile = self.profiles.get(variant);
        let is_young = demand.known_days() < MIN_DAYS;
        if demand.is_without_demand() && !(is_young && profile.is_some()) {
            return None;
        }
        let forecast = choose::forecast(demand, profile, share(self.run.service_level));
        let units = forecast.units_over_lead_times(self.run.day);
        Some(NewForecast { variant: *variant, lead_time_units: units.into_iter().map(whole).collect(), forecast })
    }

    #[must_use]
    pub fn is_last(&self) -> bool {
        self.is_last
    }
}

/// Writes the results of a page, unless another server has done so. Returns the number of its forecasts.
pub fn write_page(
    conn: &mut PgConnection,
    store: StoreId,
    page: &Page,
    Computed { forecasts, figures }: &Computed,
) -> Result<usize, Failure> {
    let new = Run { swept_variant_id: VariantId(0), is_complete: false, ..page.run };
    let current = runs::lock(conn, store, new)?;
    let begins = page.run.swept_variant_id == VariantId(0);
    if current != page.run && !(begins && (current.day, current.service_level) != (new.day, new.service_level)) {
        return Ok(0);
    }
    let ids: Vec<VariantId> = page.variants.iter().map(|past| past.variant).collect();
    let changed = forecasts::replace(conn, store, &ids, forecasts)?;
    if !changed.is_empty() {
        scarcity_changes::note_variants(conn, store, &changed)?;
    }
    figures::replace(conn, store, &ids, figures)?;
    if page.is_last {
        figures::classify(conn, store, (page.figures_since, page.run.day))?;
    }
    let swept = ids.last().copied().unwrap_or(page.run.swept_variant_id);
    runs::write(conn, store, &Run { swept_variant_id: swept, is_complete: page.is_last, ..page.run })?;
    Ok(forecasts.len())
}

/// The stored forecast of a variant. If it was not computed today, the forecast is computed from the past.
pub fn get_forecast(
    conn: &mut PgConnection,
    store: StoreId,
    calendar: &Calendar,
    variant: &TrackedVariant,
    service_level: i64,
) -> Result<Forecast, Failure> {
    let stored = forecasts::list(conn, store, &[variant.id])?.remove(&variant.id);
    if let Some(stored) = stored.filter(|stored| stored.first_day == calendar.today()) {
        return Ok(stored);
    }
    let tracked = std::slice::from_ref(variant);
    let pasts = read_pasts(conn, store, calendar, tracked)?;
    let profiles = read_profiles(conn, store, calendar.today(), tracked, &pasts)?;
    let past = pasts.into_iter().next().map(|past| past.demand);
    let past = past.unwrap_or_else(|| DemandSeries::new(calendar.today(), []));
    Ok(choose::forecast(&past, profiles.get(&variant.id), share(service_level)))
}

fn share(percent: i64) -> f64 {
    f64::from(i32::try_from(percent).unwrap_or(100)) / 100.0
}

/// A whole number of units. `as` converts a number that is too large to the largest integer.
fn whole(units: f64) -> i64 {
    units as i64
}
