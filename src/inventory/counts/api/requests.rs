//! The bodies of requests about counts.

use std::borrow::Cow;

use serde::Deserialize;
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use crate::catalogue::size;
use crate::inventory::api::requests::{check_count, refuse};
use crate::inventory::counts::enter::{EnteredUnits, EntryName};
use crate::inventory::counts::open::NewCount;
use crate::inventory::counts::selection::{Condition, CountSelection, Uncounted};
use crate::kernel::document_text::CancelReason;
use crate::kernel::expected_version::ExpectedVersion;
use crate::kernel::id::{LocationId, ProductRef};
use crate::kernel::moment::{Day, Moment};
use crate::kernel::quantity::{MAX_DOCUMENT_LINES, StockQuantity};
use crate::kernel::text;

/// A count to open.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCountRequest {
    /// A place, or the quarantine of one.
    pub location_id: LocationId,
    /// The part of the place. By default the one that the location is.
    pub condition: Option<Condition>,
    #[validate(nested)]
    pub scope: CountScopeRequest,
    /// True if callers with only `inventory:count` do not see the expected quantities until they submit.
    #[serde(default)]
    pub blind: bool,
    /// `leave` by default.
    #[serde(default = "leave")]
    pub uncounted: Uncounted,
}

const fn leave() -> Uncounted {
    Uncounted::Leave
}

/// The variants that get a line. Exactly one field has a value.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[validate(schema(function = "check_scope"))]
pub struct CountScopeRequest {
    /// True: the variants with stock at the location, or on sale with a stock row there.
    pub all: Option<bool>,
    /// Those of one category.
    #[validate(custom(function = "text::check_visible"))]
    #[validate(length(min = 1, max = 100, message = "must have 1 to 100 characters"))]
    #[schema(min_length = 1, max_length = 100, pattern = r"\S")]
    pub category: Option<String>,
    /// All sizes of these products.
    #[schema(min_items = 1, max_items = 500)]
    pub products: Option<Vec<ProductRef>>,
    /// True: those with a stock row at the location that are at or under their minimum.
    pub under_minimum: Option<bool>,
    /// Those whose last posted count at the location is before this day, or that were never counted.
    pub not_counted_since: Option<Day>,
}

fn check_scope(scope: &CountScopeRequest) -> Result<(), ValidationError> {
    let CountScopeRequest { all, category, products, under_minimum, not_counted_since } = scope;
    let chosen =
        [all.is_some(), category.is_some(), products.is_some(), under_minimum.is_some(), not_counted_since.is_some()];
    if chosen.iter().filter(|is_chosen| **is_chosen).count() != 1 {
        let message = "must have exactly one of all, category, products, under_minimum and not_counted_since";
        return Err(refuse("all", message));
    }
    for (name, flag) in [("all", all), ("under_minimum", under_minimum)] {
        if *flag == Some(false) {
            return Err(refuse(name, "must be true"));
        }
    }
    products.as_ref().map_or(Ok(()), |products| check_count("products", products, MAX_DOCUMENT_LINES))
}

/// Units that were counted.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[validate(schema(function = "check_entries"))]
pub struct CountEntriesRequest {
    #[validate(nested)]
    #[schema(min_items = 1, max_items = 500)]
    pub entries: Vec<CountEntryRequest>,
    pub expected_version: Option<ExpectedVersion>,
}

fn check_entries(request: &CountEntriesRequest) -> Result<(), ValidationError> {
    check_count("entries", &request.entries, MAX_DOCUMENT_LINES)
}

/// The units of one product or size. It is named by `product_id` or by `barcode`.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[validate(schema(function = "check_name"))]
pub struct CountEntryRequest {
    pub product_id: Option<ProductRef>,
    #[validate(custom(function = "check_barcode"))]
    #[schema(min_length = 1, max_length = 100, pattern = r"\S")]
    pub barcode: Option<String>,
    #[validate(custom(function = "size::validate"))]
    #[schema(min_length = 1, max_length = 50)]
    pub size: Option<String>,
    /// The counted units. With the barcode of a case, the counted cases.
    pub quantity: StockQuantity,
    /// The time of the look: not before the count was opened, and at most 60 seconds in the future. Now if absent.
    pub counted_at: Option<Moment>,
    /// True if the units are added to those that were counted before, scan by scan.
    #[serde(default)]
    pub add: bool,
}

fn check_name(entry: &CountEntryRequest) -> Result<(), ValidationError> {
    if entry.product_id.is_some() == entry.barcode.is_some() {
        return Err(refuse("product_id", "must be given, or a barcode instead"));
    }
    Ok(())
}

fn check_barcode(barcode: &str) -> Result<(), ValidationError> {
    let message = text::check_code(barcode.trim()).err();
    message.map_or(Ok(()), |message| Err(ValidationError::new("barcode").with_message(Cow::Borrowed(message))))
}

/// The body of acts without details.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CountVersionRequest {
    pub expected_version: Option<ExpectedVersion>,
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelCountRequest {
    pub reason: Option<CancelReason>,
    pub expected_version: Option<ExpectedVersion>,
}

/// The lines to post.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[validate(schema(function = "check_lines"))]
pub struct PostCountRequest {
    /// The numbers of the lines. All lines if absent.
    #[schema(min_items = 1, max_items = 500)]
    pub lines: Option<Vec<i64>>,
    pub expected_version: Option<ExpectedVersion>,
}

fn check_lines(request: &PostCountRequest) -> Result<(), ValidationError> {
    request.lines.as_ref().map_or(Ok(()), |lines| check_count("lines", lines, MAX_DOCUMENT_LINES))
}

impl From<NewCountRequest> for NewCount {
    fn from(request: NewCountRequest) -> Self {
        let NewCountRequest { location_id, condition, scope, blind, uncounted } = request;
        let CountScopeRequest { all, category, products, under_minimum, not_counted_since } = scope;
        let not_counted_since = not_counted_since.map(|day| day.0);
        let selection = CountSelection { all, category, products: None, under_minimum, not_counted_since };
        Self { location: location_id, condition, selection, products, blind, uncounted }
    }
}

impl From<CountEntryRequest> for EnteredUnits {
    fn from(request: CountEntryRequest) -> Self {
        let CountEntryRequest { product_id, barcode, size, quantity, counted_at, add } = request;
        let name = match product_id {
            Some(product) => EntryName::Product(product),
            None => EntryName::Barcode(barcode.unwrap_or_default()),
        };
        Self { name, size, quantity: quantity.get(), counted_at: counted_at.map(|moment| moment.0), is_added: add }
    }
}
