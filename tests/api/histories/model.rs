//! The model: plain figures, and the documents that are open.

use chrono::{DateTime, Utc};

pub const PRODUCTS: usize = 5;
pub const PLACES: usize = 3;

/// The units of a product at a place, at its quarantine, on the road to it, and expected from suppliers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StockLevel {
    pub stock: i64,
    pub reserved: i64,
    pub committed: i64,
    pub quarantined: i64,
    pub in_transit: i64,
    pub expected: i64,
}

impl StockLevel {
    pub const fn available(self) -> i64 {
        self.stock - self.reserved
    }

    pub const fn on_hand(self) -> i64 {
        self.stock + self.committed
    }

    /// The units that are not sold.
    pub const fn owned(self) -> i64 {
        self.stock + self.quarantined + self.in_transit
    }

    /// The figures in the order of [`super::play::FIGURES`].
    pub const fn figures(self) -> [i64; 8] {
        [
            self.stock,
            self.reserved,
            self.available(),
            self.committed,
            self.on_hand(),
            self.quarantined,
            self.in_transit,
            self.in_transit + self.expected,
        ]
    }
}

pub type StockLevels = [[StockLevel; PLACES]; PRODUCTS];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferState {
    Ready,
    Sent,
    Withdrawn,
}

#[derive(Clone, Debug)]
pub struct Transfer {
    pub id: i64,
    pub from: usize,
    pub to: usize,
    pub state: TransferState,
    pub lines: Vec<TransferLine>,
    /// The receipts that are not reversed.
    pub receipts: Vec<Receipt>,
}

impl Transfer {
    pub fn is_ready(&self) -> bool {
        self.state == TransferState::Ready
    }

    pub fn is_on_the_road(&self) -> bool {
        self.state == TransferState::Sent && self.lines.iter().any(|line| line.outstanding > 0)
    }
}

#[derive(Clone, Copy, Debug)]
pub struct TransferLine {
    pub id: i64,
    pub product: usize,
    pub planned: i64,
    pub outstanding: i64,
}

#[derive(Clone, Debug)]
pub struct Receipt {
    pub number: String,
    pub line: usize,
    pub accepted: i64,
    pub rejected: i64,
    /// The units that were not sent.
    pub over: i64,
}

#[derive(Clone, Debug)]
pub struct Purchase {
    pub id: i64,
    pub to: usize,
    pub lines: Vec<PurchaseLine>,
    pub receipts: Vec<PurchaseReceipt>,
}

impl Purchase {
    pub fn is_open(&self) -> bool {
        self.lines.iter().any(|line| line.outstanding > 0)
    }

    /// True if a receipt is not reversed.
    pub fn has_receipt(&self) -> bool {
        self.receipts.iter().any(|receipt| !receipt.is_reversed)
    }

    pub fn status(&self) -> &'static str {
        let has_arrived = self.lines.iter().any(|line| line.accepted + line.rejected > 0);
        match (self.is_open(), has_arrived) {
            (true, false) => "ordered",
            (true, true) => "partially_received",
            (false, true) => "received",
            (false, false) => "cancelled",
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub struct PurchaseLine {
    pub id: i64,
    pub product: usize,
    pub unit_cost: i64,
    pub quantity: i64,
    pub over: i64,
    pub accepted: i64,
    pub rejected: i64,
    pub cancelled: i64,
    pub outstanding: i64,
}

impl PurchaseLine {
    /// The figures in the order of [`super::purchases::FATES`].
    pub const fn fates(self) -> [i64; 5] {
        [self.over, self.accepted, self.rejected, self.cancelled, self.outstanding]
    }
}

#[derive(Clone, Debug)]
pub struct PurchaseReceipt {
    pub number: String,
    pub line: usize,
    pub accepted: i64,
    pub rejected: i64,
    pub quarantined: i64,
    pub over: i64,
    pub is_reversed: bool,
    /// The position of its cost among the costs of all receipts.
    pub cost: usize,
}

#[derive(Clone, Debug)]
pub struct Count {
    pub id: i64,
    pub place: usize,
    pub is_quarantine: bool,
    pub products: Vec<usize>,
    pub zero: bool,
    pub opened_at: DateTime<Utc>,
    pub lines: Vec<CountLine>,
}

impl Count {
    pub fn has(&self, status: &str) -> bool {
        self.lines.iter().any(|line| line.status == status)
    }

    pub fn status(&self) -> &'static str {
        let states =
            [("cancelled", "cancelled"), ("open", "open"), ("submitted", "submitted"), ("refused", "submitted")];
        states.iter().find(|(line, _)| self.has(line)).map_or("posted", |(_, count)| count)
    }

    pub fn is_pending(&self) -> bool {
        matches!(self.status(), "open" | "submitted")
    }
}

#[derive(Clone, Debug)]
pub struct CountLine {
    pub number: i64,
    pub product: usize,
    pub status: &'static str,
    /// Earlier looks do not count.
    pub opened_at: DateTime<Utc>,
    pub entries: Vec<CountEntry>,
    pub look: Option<Look>,
    /// The units that were on hand at the time of the look, as they were known at the posting.
    pub expected: Option<i64>,
}

impl CountLine {
    pub fn new(number: i64, product: usize, opened_at: DateTime<Utc>) -> Self {
        Self { number, product, status: "open", opened_at, entries: Vec::new(), look: None, expected: None }
    }

    /// Plays the entries again in the order of their looks.
    pub fn look_again(&mut self) {
        let mut entries: Vec<_> = self.entries.iter().filter(|entry| entry.at >= self.opened_at).collect();
        entries.sort_by_key(|entry| entry.at);
        self.look = None;
        for CountEntry { quantity, is_added, at } in entries {
            let before = self.look.map_or(0, |look| look.counted);
            self.look = Some(Look { counted: if *is_added { before + quantity } else { *quantity }, at: *at });
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub struct CountEntry {
    pub quantity: i64,
    pub is_added: bool,
    pub at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug)]
pub struct Look {
    pub counted: i64,
    pub at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderState {
    Held,
    Sold,
    Ended,
}

#[derive(Clone, Debug)]
pub struct Order {
    pub id: i64,
    pub state: OrderState,
    pub items: Vec<Item>,
}

impl Order {
    pub fn is_held(&self) -> bool {
        self.state == OrderState::Held
    }

    pub fn can_be_shipped(&self) -> bool {
        self.state == OrderState::Sold && self.items.iter().any(|item| item.unshipped() > 0)
    }

    pub fn is_shipped_in_part(&self) -> bool {
        self.items.iter().any(|item| item.shipped.iter().sum::<i64>() > 0)
    }
}

#[derive(Clone, Debug)]
pub struct Item {
    pub id: i64,
    pub product: usize,
    /// The units from each place.
    pub parts: [i64; PLACES],
    pub shipped: [i64; PLACES],
}

impl Item {
    pub fn quantity(&self) -> i64 {
        self.parts.iter().sum()
    }

    pub fn unshipped(&self) -> i64 {
        self.quantity() - self.shipped.iter().sum::<i64>()
    }
}

/// The smallest number of places that have the demanded units together.
pub fn fewest_places(levels: &StockLevels, lines: &[(usize, i64)]) -> Option<u32> {
    let sets = 1_u32..1 << PLACES;
    let covers = |set: &u32| {
        lines.iter().all(|(product, quantity)| {
            let of_set = (0..PLACES).filter(|place| set & (1 << place) != 0);
            of_set.map(|place| levels[*product][place].available()).sum::<i64>() >= *quantity
        })
    };
    sets.filter(covers).map(u32::count_ones).min()
}
