//! The one type with which a use case stops early.

use super::ApiError;
use crate::db::{End, Failure};
use crate::kernel::id::{StoreId, VariantId};

#[derive(Clone, Debug)]
pub enum Abort {
    /// The request is refused, and the transaction is rolled back.
    Refused(ApiError),
    /// The request is refused, but the transaction is committed, because it recorded something: a late payment, the
    /// expiry of an order, or the revocation of a session.
    Recorded(ApiError),
    /// The request is refused only because of overdue holds. After they have expired, a second attempt may succeed.
    Overdue(ApiError, Overdue),
    /// The database failed.
    Failed(Failure),
}

/// Variants of a store that have overdue holds.
#[derive(Clone, Debug)]
pub struct Overdue {
    pub store: StoreId,
    pub variants: Vec<VariantId>,
}

impl Abort {
    /// Converts to the end of the transaction.
    pub fn into_end<T>(self) -> Result<End<Result<T, Self>>, Failure> {
        match self {
            Self::Failed(failure) => Err(failure),
            Self::Recorded(_) => Ok(End::Commit(Err(self))),
            Self::Refused(_) | Self::Overdue(..) => Ok(End::RollBack(Err(self))),
        }
    }

    /// Converts the violation of a named constraint into its refusal.
    #[must_use]
    pub fn or_refuse(error: diesel::result::Error, constraint: &str, refusal: impl FnOnce() -> ApiError) -> Self {
        let failure = Failure::from(error);
        if failure.violates(constraint) { refusal().into() } else { Self::Failed(failure) }
    }
}

impl From<Abort> for ApiError {
    fn from(abort: Abort) -> Self {
        match abort {
            Abort::Refused(refusal) | Abort::Recorded(refusal) | Abort::Overdue(refusal, _) => refusal,
            Abort::Failed(failure) => failure.into(),
        }
    }
}

impl From<ApiError> for Abort {
    fn from(refusal: ApiError) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Failure> for Abort {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<diesel::result::Error> for Abort {
    fn from(error: diesel::result::Error) -> Self {
        Self::Failed(Failure::from(error))
    }
}
