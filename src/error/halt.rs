//! How a use case ends that does not reach its answer.

use super::ApiError;
use crate::db::Failure;

/// Why a use case stops early: it is refused, or the database failed.
#[derive(Debug)]
pub enum Halt {
    Refused(ApiError),
    /// Refused, but what was written so far stays: money that came too late.
    Recorded(ApiError),
    Failed(Failure),
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

impl Halt {
    /// Turns the violation of a named constraint into the refusal that it stands for.
    #[must_use]
    pub fn or_refuse(error: diesel::result::Error, constraint: &str, refusal: impl FnOnce() -> ApiError) -> Self {
        let failure = Failure::from(error);
        if failure.violates(constraint) { refusal().into() } else { Self::Failed(failure) }
    }
}
