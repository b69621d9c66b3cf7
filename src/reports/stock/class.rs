//! The classes of variants.

use serde::Serialize;
use utoipa::ToSchema;

use crate::kernel::text_enum::text_enum;

/// The variation up to which a variant sells steadily, and above which it sells irregularly.
const STEADY: f64 = 0.5;
const IRREGULAR: f64 = 1.0;

text_enum! {
    /// The class by revenue.
    #[derive(Serialize, ToSchema)]
    pub enum AbcClass {
        A,
        B,
        C,
    }
}

text_enum! {
    /// The class by variation.
    #[derive(Serialize, ToSchema)]
    pub enum XyzClass {
        X,
        Y,
        Z,
    }
}

impl XyzClass {
    /// The class of a variation.
    #[must_use]
    pub fn new(variation: f64) -> Self {
        match variation {
            steady if steady <= STEADY => Self::X,
            irregular if irregular > IRREGULAR => Self::Z,
            _ => Self::Y,
        }
    }
}
