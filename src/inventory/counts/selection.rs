//! The choice of the variants of a count.

use chrono::NaiveDate;
use utoipa::ToSchema;

use crate::kernel::id::ProductId;
use crate::kernel::json_column::json_column;
use crate::kernel::text_enum::text_enum;

json_column! {
    /// The variants that have a line when a count is opened. Exactly one field has a value.
    #[derive(Default, ToSchema)]
    #[schema(as = CountScope)]
    pub struct CountSelection {
        /// The variants with stock at the location, or on sale with a stock row there.
        pub all: Option<bool>,
        /// Those of one category.
        #[schema(max_length = 100)]
        pub category: Option<String>,
        /// All sizes of these products.
        #[schema(max_items = 500)]
        pub products: Option<Vec<ProductId>>,
        /// Those with a stock row at the location that are at or under their minimum.
        pub under_minimum: Option<bool>,
        /// Those whose last posted count at the location is before this day.
        pub not_counted_since: Option<NaiveDate>,
    }
}

text_enum! {
    /// The treatment of lines that nobody counted.
    #[derive(serde::Serialize, serde::Deserialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    #[strum(serialize_all = "snake_case")]
    pub enum Uncounted {
        /// Their stock stays.
        Leave,
        /// They are counted as 0 when the count is submitted.
        Zero,
    }
}

text_enum! {
    /// The part of a location that is counted.
    #[derive(serde::Serialize, serde::Deserialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    #[strum(serialize_all = "snake_case")]
    pub enum Condition {
        /// The units for sale, and sold units that are not shipped.
        Sellable,
        Quarantine,
    }
}
