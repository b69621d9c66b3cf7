//! The SKUs and barcodes that rows take, and their owners.

use std::collections::{HashMap, HashSet};

use diesel::PgConnection;

use super::group::ProductGroup;
use super::plan::Plan;
use crate::catalogue::codes::CodeKind;
use crate::catalogue::product::{NewProduct, NewVariant};
use crate::catalogue::queries::codes::{self, OwnedCode};
use crate::error::FieldError;
use crate::kernel::id::{ProductId, StoreId};

type CodeKey = (CodeKind, String);

/// The owners of the codes that plans take.
pub struct CodeClaims {
    owned: HashMap<CodeKey, OwnedCode>,
    /// The codes that earlier rows take.
    claimed: HashMap<CodeKey, String>,
}

impl CodeClaims {
    pub fn load(conn: &mut PgConnection, store: StoreId, plans: &[Plan]) -> Result<Self, diesel::result::Error> {
        let wanted: Vec<_> = plans.iter().flat_map(Plan::new_codes).collect();
        let owned = codes::list_owners(conn, store, &wanted)?;
        let owned = owned.into_iter().map(|owned| ((owned.kind, owned.key.clone()), owned)).collect();
        Ok(Self { owned, claimed: HashMap::new() })
    }

    /// The first code that another product or size has, with the error of its row.
    pub fn find_conflict(&self, plan: &Plan, group: &ProductGroup) -> Option<(String, FieldError)> {
        let own = group.existing.as_ref().map(|existing| existing.product.id);
        let of_others = plan.new_codes().into_iter().find_map(|(kind, code)| {
            let key = (kind, kind.key(code).into_owned());
            Some((kind, code, self.error_of(&key, (code, own))?))
        });
        let given_twice = || {
            let (kind, code) = plan.codes_given_twice().into_iter().next()?;
            Some((kind, code, kind.taken_by(code, &group.sku).detail))
        };
        let (kind, code, error) = of_others.or_else(given_twice)?;
        let column = match kind {
            CodeKind::Barcode => "barcode",
            CodeKind::Sku if code == group.sku => "sku",
            CodeKind::Sku => "size_sku",
        };
        Some((code.to_owned(), FieldError::new(column, error)))
    }

    fn error_of(&self, key: &CodeKey, (code, own): (&str, Option<ProductId>)) -> Option<String> {
        let (kind, _) = key;
        if let Some(other) = self.claimed.get(key) {
            return Some(format!("{} A row of {other} takes it.", kind.taken(code).detail));
        }
        let owned = self.owned.get(key).filter(|owned| Some(owned.product) != own)?;
        Some(kind.taken_by(&owned.code, &owned.owner).detail)
    }

    /// Records that a plan takes its codes.
    pub fn claim(&mut self, plan: &Plan) {
        let owner = plan.sku().unwrap_or_default();
        for (kind, code) in plan.new_codes() {
            self.claimed.insert((kind, kind.key(code).into_owned()), owner.to_owned());
        }
    }
}

impl Plan {
    fn sku(&self) -> Option<&str> {
        match self {
            Self::Nothing => None,
            Self::Create(new) => Some(&new.sku),
            Self::Change(change) => Some(change.sku()),
        }
    }

    /// The codes that the plan takes.
    pub fn new_codes(&self) -> Vec<(CodeKind, &str)> {
        match self {
            Self::Nothing => Vec::new(),
            Self::Create(new) => codes_of(new),
            Self::Change(change) => change.new_codes(),
        }
    }

    /// The codes that the plan would give to the product and to a size, or to two sizes.
    fn codes_given_twice(&self) -> Vec<(CodeKind, &str)> {
        match self {
            Self::Nothing => Vec::new(),
            Self::Change(change) => change.codes_given_twice(),
            Self::Create(new) => {
                let mut seen = HashSet::new();
                let is_again = |(kind, code): &(CodeKind, &str)| !seen.insert((*kind, kind.key(code).into_owned()));
                codes_of(new).into_iter().filter(is_again).collect()
            }
        }
    }
}

/// A product without sizes has the SKU of its only variant, which has no other code.
fn codes_of(new: &NewProduct) -> Vec<(CodeKind, &str)> {
    let variants = new.variants.iter().filter(|variant| variant.size.is_some());
    new.own_codes().chain(variants.flat_map(NewVariant::codes)).collect()
}
