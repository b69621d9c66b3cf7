//! Counts in responses.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::OpenItem;
use crate::inventory::counts::line::CountLine;
use crate::inventory::counts::queries::documents::Count;
use crate::inventory::counts::queries::entries::{CountEntry, CountedVariant};
use crate::inventory::counts::selection::{CountSelection, Uncounted};
use crate::inventory::counts::status::{CountStatus, LineStatus, LineTotals};
use crate::kernel::history_step::{HistoryStep, history_response};
use crate::kernel::id::{CountEntryId, CountId, LocationId, ProductId, VariantId};
use crate::kernel::money::Amount;

/// A count in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountSummaryResponse {
    pub id: CountId,
    #[schema(pattern = "^CNT-[0-9]{8}-[0-9A-Z]+$", max_length = 50)]
    pub count_number: String,
    pub status: CountStatus,
    /// A place, or the quarantine of one.
    pub location_id: LocationId,
    pub scope: CountSelection,
    pub blind: bool,
    pub uncounted: Uncounted,
    /// The number of lines.
    pub total_lines: i64,
    pub version: i64,
    /// `user:<id>` or `system`.
    #[schema(max_length = 100)]
    pub actor: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A count with lines and its history.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountResponse {
    pub id: CountId,
    #[schema(pattern = "^CNT-[0-9]{8}-[0-9A-Z]+$", max_length = 50)]
    pub count_number: String,
    /// It follows from the status of the lines.
    pub status: CountStatus,
    /// A place, or the quarantine of one.
    pub location_id: LocationId,
    pub scope: CountSelection,
    /// True if callers with only `inventory:count` do not see the expected quantities until they submit.
    pub blind: bool,
    pub uncounted: Uncounted,
    /// Every request that changes the count increases it by one.
    pub version: i64,
    pub line_totals: LineTotals,
    /// At most 500 lines: a page of all lines, or those that the request concerns.
    #[schema(max_items = 500)]
    pub lines: Vec<CountLineResponse>,
    pub history: Vec<CountHistoryResponse>,
    /// `user:<id>` or `system`.
    #[schema(max_length = 100)]
    pub actor: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A variant of a count.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountLineResponse {
    /// From 1, in the order of the SKUs; later ones for variants that were found besides.
    pub line: i64,
    pub product_id: ProductId,
    pub variant_id: VariantId,
    #[schema(max_length = 151)]
    pub sku: String,
    #[schema(max_length = 255)]
    pub product_name: String,
    #[schema(max_length = 50)]
    pub size: Option<String>,
    pub status: LineStatus,
    /// The units on the shelf at the time of the look, or now if nobody has counted yet: units for sale, and sold units
    /// that are not shipped. Null in a blind count.
    pub expected_quantity: Option<i64>,
    /// The units of the newest look. Null if nobody has counted yet.
    pub counted_quantity: Option<i64>,
    pub counted_at: Option<DateTime<Utc>>,
    #[schema(max_length = 100)]
    pub counted_by: Option<String>,
    /// The counted units less the expected ones.
    pub variance: Option<i64>,
    /// The value of the variance at the average cost of the units in stock, or without one at the cost price, or at the
    /// selling price. Null without the permission `inventory:read`.
    pub value: Option<Amount>,
    /// True if units moved within 10 minutes of the look, so that it may be wrong.
    pub touched: Option<bool>,
    /// The promised units, because of which the line was refused. At most 20 holders.
    #[schema(max_items = 20)]
    pub promises: Vec<OpenItem>,
}

/// Units that somebody entered. Only the last entries of a line make its `counted_quantity`.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountEntryResponse {
    pub id: CountEntryId,
    pub line: i64,
    pub product_id: ProductId,
    pub variant_id: VariantId,
    #[schema(max_length = 151)]
    pub sku: String,
    #[schema(max_length = 255)]
    pub product_name: String,
    #[schema(max_length = 50)]
    pub size: Option<String>,
    /// In units, also if cases were scanned.
    pub quantity: i64,
    /// True if the units were added to those that were counted before.
    pub add: bool,
    /// The time of the look.
    pub counted_at: DateTime<Utc>,
    /// `user:<id>` or `system`.
    #[schema(max_length = 100)]
    pub actor: String,
    /// The time at which the entry arrived.
    pub created_at: DateTime<Utc>,
}

history_response! {
    /// A status that the count has had.
    pub struct CountHistoryResponse(CountStatus);
}

impl From<Count> for CountSummaryResponse {
    fn from(count: Count) -> Self {
        Self {
            id: count.id,
            count_number: count.count_number,
            status: count.status,
            location_id: count.location_id,
            scope: count.scope,
            blind: count.blind,
            uncounted: count.uncounted,
            total_lines: count.line_count,
            version: count.version,
            actor: count.actor,
            created_at: count.created_at,
            updated_at: count.updated_at,
        }
    }
}

impl CountResponse {
    pub fn new(
        count: Count,
        line_totals: LineTotals,
        lines: Vec<CountLineResponse>,
        history: Vec<HistoryStep<CountStatus>>,
    ) -> Self {
        Self {
            id: count.id,
            count_number: count.count_number,
            status: count.status,
            location_id: count.location_id,
            scope: count.scope,
            blind: count.blind,
            uncounted: count.uncounted,
            version: count.version,
            line_totals,
            lines,
            history: history.into_iter().map(CountHistoryResponse::from).collect(),
            actor: count.actor,
            created_at: count.created_at,
            updated_at: count.updated_at,
        }
    }
}

impl From<CountEntry> for CountEntryResponse {
    fn from(entry: CountEntry) -> Self {
        let CountEntry { id, line, variant, quantity, is_added, counted_at, actor, created_at } = entry;
        let CountedVariant { product_id, variant_id, sku, product_name, size } = variant;
        Self {
            id,
            line,
            product_id,
            variant_id,
            sku,
            product_name,
            size,
            quantity,
            add: is_added,
            counted_at,
            actor,
            created_at,
        }
    }
}

/// The figures of a line that a blind count hides.
#[derive(Debug, Default)]
pub struct ExpectedUnits {
    pub expected: Option<i64>,
    pub variance: Option<i64>,
    pub value: Option<Amount>,
    pub touched: Option<bool>,
}

impl CountLineResponse {
    pub fn new(line: CountLine, figures: ExpectedUnits, promises: Vec<OpenItem>) -> Self {
        let ExpectedUnits { expected, variance, value, touched } = figures;
        Self {
            line: line.line,
            product_id: line.product_id,
            variant_id: line.variant_id,
            sku: line.sku,
            product_name: line.product_name,
            size: line.size,
            status: line.status,
            expected_quantity: expected,
            counted_quantity: line.observation.map(|observation| observation.counted),
            counted_at: line.observation.map(|observation| observation.at),
            counted_by: line.counted_by,
            variance,
            value,
            touched,
            promises,
        }
    }
}
