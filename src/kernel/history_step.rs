//! The history of a document or an order, as it is stored and in responses.

use chrono::{DateTime, Utc};
use diesel::Queryable;

/// A change from one status to another.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct HistoryStep<S> {
    /// The status before. None for the first one.
    pub from: Option<S>,
    pub to: S,
    pub reason: Option<String>,
    pub actor: String,
    pub at: DateTime<Utc>,
}

/// Declares the response for the steps of a history. This is not one generic type, because the OpenAPI document would
/// then name its schemas after their parameters, and generated clients would lose the names that they know.
macro_rules! history_response {
    ($(#[$attribute:meta])* pub struct $name:ident($status:ty);) => {
        $(#[$attribute])*
        #[derive(Debug, serde::Serialize, utoipa::ToSchema)]
        pub struct $name {
            /// The status before; null for the first one.
            pub from: Option<$status>,
            pub to: $status,
            pub at: chrono::DateTime<chrono::Utc>,
            /// `user:<id>`, `guest` or `system`.
            #[schema(max_length = 100)]
            pub actor: String,
            #[schema(max_length = 500)]
            pub reason: Option<String>,
        }

        impl From<$crate::kernel::history_step::HistoryStep<$status>> for $name {
            fn from(step: $crate::kernel::history_step::HistoryStep<$status>) -> Self {
                let $crate::kernel::history_step::HistoryStep { from, to, reason, actor, at } = step;
                Self { from, to, at, actor, reason }
            }
        }
    };
}

pub(crate) use history_response;
