//! The model: plain figures, and the documents that are open.

pub const PRODUCTS: usize = 5;
pub const PLACES: usize = 3;

/// The units of a product at a place, at its quarantine, and on the road to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Level {
    pub stock: i64,
    pub reserved: i64,
    pub committed: i64,
    pub quarantined: i64,
    pub in_transit: i64,
}

impl Level {
    pub const fn available(self) -> i64 {
        self.stock - self.reserved
    }

    /// The figures in the order of [`super::play::FIGURES`].
    pub const fn figures(self) -> [i64; 8] {
        [
            self.stock,
            self.reserved,
            self.available(),
            self.committed,
            self.stock + self.committed,
            self.quarantined,
            self.in_transit,
            self.in_transit,
        ]
    }
}

pub type Levels = [[Level; PLACES]; PRODUCTS];

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
    /// Those that are not reversed.
    pub receipts: Vec<Receipt>,
}

impl Transfer {
    pub fn outstanding(&self) -> i64 {
        self.lines.iter().map(|line| line.outstanding).sum()
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
    pub fn unshipped(&self) -> i64 {
        self.parts.iter().sum::<i64>() - self.shipped.iter().sum::<i64>()
    }
}

/// The smallest number of places that have the demanded units together.
pub fn fewest_places(levels: &Levels, lines: &[(usize, i64)]) -> Option<u32> {
    let sets = 1_u32..1 << PLACES;
    let covers = |set: &u32| {
        lines.iter().all(|(product, quantity)| {
            let of_set = (0..PLACES).filter(|place| set & (1 << place) != 0);
            of_set.map(|place| levels[*product][place].available()).sum::<i64>() >= *quantity
        })
    };
    sets.filter(covers).map(u32::count_ones).min()
}
