//! Why a use case stops early, and how its transaction ends then.

use super::ApiError;
use crate::db::{End, Failure};
use crate::kernel::id::{StoreId, VariantId};

/// It is refused, or the database failed.
#[derive(Debug)]
pub enum Halt {
    Refused(ApiError),
    /// Refused, but what was written so far stays: money that came too late.
    Recorded(ApiError),
    /// Refused only because of holds past their deadline: it may be done once these have been ended.
    Overdue(ApiError, Overdue),
    Failed(Failure),
}

/// Variants of a store with holds past their deadline.
#[derive(Clone, Debug)]
pub struct Overdue {
    pub store: StoreId,
    pub variants: Vec<VariantId>,
}

/// A refusal on its way out of a transaction.
#[derive(Debug)]
pub struct Rejected {
    pub refusal: ApiError,
    /// What has to be ended before another try.
    pub overdue: Option<Overdue>,
}

impl Halt {
    /// How the transaction ends that stopped here.
    pub fn into_end<T>(self) -> Result<End<Result<T, Rejected>>, Failure> {
        let rejected = |refusal, overdue| Err(Rejected { refusal, overdue });
        match self {
            Self::Refused(refusal) => Ok(End::RollBack(rejected(refusal, None))),
            Self::Recorded(refusal) => Ok(End::Commit(rejected(refusal, None))),
            Self::Overdue(refusal, overdue) => Ok(End::RollBack(rejected(refusal, Some(overdue)))),
            Self::Failed(failure) => Err(failure),
        }
    }

    /// Turns the violation of a named constraint into the refusal that it stands for.
    #[must_use]
    pub fn or_refuse(error: diesel::result::Error, constraint: &str, refusal: impl FnOnce() -> ApiError) -> Self {
        let failure = Failure::from(error);
        if failure.violates(constraint) { refusal().into() } else { Self::Failed(failure) }
    }
}

impl From<Rejected> for ApiError {
    fn from(rejected: Rejected) -> Self {
        rejected.refusal
    }
}

impl From<ApiError> for Halt {
    fn from(refusal: ApiError) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Failure> for Halt {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<diesel::result::Error> for Halt {
    fn from(error: diesel::result::Error) -> Self {
        Self::Failed(Failure::from(error))
    }
}
