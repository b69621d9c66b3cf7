//! The rules by which a store chooses the places that serve an order.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::kernel::id::LocationId;
use crate::kernel::json_column::json_column;

/// A rule that compares two ways to serve an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoutingRule {
    /// More units from the preferred places.
    Preferred,
    /// Fewer places.
    FewestParcels,
    /// The smaller sum of the distances of all units from the address. A place without coordinates is farther than all
    /// with them. If the address has none, or no place with units has them, equal postal prefixes come first, then the
    /// region, then the country. Countries are compared as text, so an address needs the code of two letters.
    Nearest,
    /// The smaller sum of the priorities of all units' places.
    Priority,
    /// More units from the places with the most stock of the ordered variants.
    MostStock,
}

/// True if several places may serve one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoutingSplit {
    Allow,
    Never,
}

/// The number of rules.
pub const RULES: usize = 5;

json_column! {
    /// The rules that choose the places of an order. The first rule that prefers one of two ways decides. If none does,
    /// the smaller priorities decide, then the smaller ids.
    #[derive(ToSchema)]
    pub struct RoutingPolicy {
        /// Each rule at most once.
        #[schema(max_items = 5)]
        pub rules: Vec<RoutingRule>,
        pub split: RoutingSplit,
        /// The places that the rule `preferred` prefers.
        #[schema(max_items = 50)]
        pub preferred_location_ids: Vec<LocationId>,
    }
}

impl Default for RoutingPolicy {
    fn default() -> Self {
        use RoutingRule::{FewestParcels, MostStock, Nearest, Preferred, Priority};
        Self {
            rules: vec![Preferred, FewestParcels, Nearest, Priority, MostStock],
            split: RoutingSplit::Allow,
            preferred_location_ids: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_written_as_the_migration_writes_it() {
        let text = include_str!("../../migrations/2026-11-28-200000_add_places_and_committed_units/up.sql");
        let written = serde_json::to_string(&RoutingPolicy::default()).unwrap().replace(':', ": ").replace(',', ", ");
        assert!(text.contains(&format!("'{written}'")), "{written}");
    }

    #[test]
    fn a_policy_is_read_as_it_was_written() {
        let text = r#"{"rules":["nearest","most_stock"],"split":"never","preferred_location_ids":[3]}"#;
        let policy: RoutingPolicy = serde_json::from_str(text).unwrap();
        assert_eq!(policy.rules, [RoutingRule::Nearest, RoutingRule::MostStock]);
        assert_eq!(
            (policy.split, policy.preferred_location_ids.as_slice()),
            (RoutingSplit::Never, &[LocationId(3)][..])
        );
        assert_eq!(serde_json::to_string(&policy).unwrap(), text);
    }
}
