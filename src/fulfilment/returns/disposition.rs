//! The conditions in which units of a return arrive.

/// Units by their condition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Disposition {
    /// Added to the stock of the place.
    pub restock: i64,
    /// Added to its quarantine.
    pub quarantine: i64,
    /// Received and removed.
    pub scrap: i64,
    /// Not arrived.
    pub missing: i64,
}

impl Disposition {
    /// The units that came back. They are credited.
    #[must_use]
    pub const fn arrived(self) -> i64 {
        self.restock.saturating_add(self.quarantine).saturating_add(self.scrap)
    }

    /// The units that are not expected any more.
    #[must_use]
    pub const fn settled(self) -> i64 {
        self.arrived().saturating_add(self.missing)
    }

    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            restock: self.restock.saturating_add(other.restock),
            quarantine: self.quarantine.saturating_add(other.quarantine),
            scrap: self.scrap.saturating_add(other.scrap),
            missing: self.missing.saturating_add(other.missing),
        }
    }
}
