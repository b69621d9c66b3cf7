//! The decision about a presented refresh token. It is pure and uses no database.

use chrono::{DateTime, Utc};

use crate::auth::queries::sessions::Session;

/// The decision about a request to exchange a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The token is valid: exchange it.
    Rotate,
    /// The token was exchanged before. Two clients have it, so one may have stolen it: revoke the family.
    Reused,
    /// The token has expired or was revoked.
    Dead,
}

impl Session {
    pub fn judge(&self, now: DateTime<Utc>) -> Verdict {
        if self.rotated_at.is_some() {
            Verdict::Reused
        } else if self.revoked_at.is_some() || self.expires_at <= now {
            Verdict::Dead
        } else {
            Verdict::Rotate
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::id::UserId;

    #[test]
    fn a_token_is_good_once_and_until_it_expires() {
        let now = DateTime::from_timestamp(1_000, 0).unwrap();
        let later = DateTime::from_timestamp(2_000, 0).unwrap();
        let good = Session { id: 1, family: 1, user: UserId(1), expires_at: later, rotated_at: None, revoked_at: None };
        assert_eq!(good.judge(now), Verdict::Rotate);
        assert_eq!(good.judge(later), Verdict::Dead);
        assert_eq!(Session { revoked_at: Some(now), ..good.clone() }.judge(now), Verdict::Dead);
        assert_eq!(Session { rotated_at: Some(now), ..good.clone() }.judge(now), Verdict::Reused);
        assert_eq!(Session { rotated_at: Some(now), revoked_at: Some(now), ..good }.judge(later), Verdict::Reused);
    }
}
