//! The rows of one order, and their effect.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::{Known, OrderRow};
use crate::error::FieldError;
use crate::imports::input_row::{Columns, InputRow};
use crate::imports::outcome::{Outcome, RowAction, errors_of};
use crate::inventory::inbounds::draft::Header;
use crate::inventory::inbounds::line::{InboundLine, LineCounts};
use crate::inventory::inbounds::queries::lines::NewLine;
use crate::inventory::inbounds::status::InboundStatus;
use crate::kernel::id::{InboundId, SupplierId, VariantId};
use crate::kernel::quantity::MAX_DOCUMENT_LINES;
use crate::kernel::text;
use crate::purchasing::purchase_orders::draft::require_active;
use crate::purchasing::purchase_orders::{LockedPurchaseOrder, PurchaseOrder};
use crate::purchasing::queries::suppliers::Supplier;

/// The rows of an order.
pub struct OrderGroup {
    pub number: Option<String>,
    pub reference: Option<String>,
    /// The locked order, if it exists.
    pub existing: Option<LockedPurchaseOrder>,
    /// None while the order does not exist.
    pub id: Option<InboundId>,
    pub rows: Vec<OrderRow>,
    /// The indexes of the rows that are about a line, with the line.
    rows_of_lines: Vec<(usize, VariantId)>,
    header: Option<Header<SupplierId>>,
    /// The values that earlier rows have given.
    expected_on: Option<Option<NaiveDate>>,
    notes: Option<Option<String>>,
    lines: Vec<NewLine>,
    is_changed: bool,
}

/// The write that the rows of an order need.
pub enum OrderWrite {
    Create(Header<SupplierId>, Vec<NewLine>),
    Change(Box<PurchaseOrder>, Vec<NewLine>),
}

type Refused = Vec<FieldError>;

fn refused(column: &str, message: impl Into<String>) -> Refused {
    vec![FieldError::new(column, message)]
}

impl OrderGroup {
    pub fn new(number: Option<String>, reference: Option<String>) -> Self {
        Self {
            number,
            reference,
            existing: None,
            id: None,
            rows: Vec::new(),
            rows_of_lines: Vec::new(),
            header: None,
            expected_on: None,
            notes: None,
            lines: Vec::new(),
            is_changed: false,
        }
    }

    /// Adds rows that name the same order in another way.
    pub fn add_rows(&mut self, other: Self) {
        self.rows.extend(other.rows);
        self.rows.sort_unstable_by_key(|row| row.index);
    }

    /// The name of a line of the order. A row that names it in another way is about the same line.
    fn target(&self, variant: VariantId) -> String {
        match (self.id, &self.reference) {
            (Some(id), _) => format!("{id}/{variant}"),
            (None, reference) => {
                format!("new {}/{variant}", text::code_key(reference.as_deref().unwrap_or_default()))
            }
        }
    }

    /// The lines that the rows are about, as far as they are known.
    pub fn targets(&self, resolved: &[Result<VariantId, FieldError>]) -> Vec<String> {
        let variants = self.rows.iter().filter_map(|row| resolved.get(row.index)?.as_ref().ok());
        variants.map(|variant| self.target(*variant)).collect()
    }

    /// Notes in the results of rows the lines that they are about. A new order must have its id, if it was written.
    pub fn note_targets(&self, outcomes: &mut [Outcome]) {
        for (index, variant) in &self.rows_of_lines {
            if let Some(outcome) = outcomes.get_mut(*index) {
                outcome.target = Some(self.target(*variant));
            }
        }
    }

    /// Decides on the rows of the order. Refused rows change nothing.
    pub fn plan(
        &mut self,
        (columns, inputs): (&Columns, &[InputRow]),
        resolved: &[Result<VariantId, FieldError>],
        known: &Known,
        outcomes: &mut [Outcome],
    ) {
        self.load_existing();
        let mut seen = BTreeSet::new();
        for row in std::mem::take(&mut self.rows) {
            let index = row.index;
            let (Some(input), Some(variant), Some(outcome)) =
                (inputs.get(index), resolved.get(index), outcomes.get_mut(index))
            else {
                continue;
            };
            let given = (self.expected_on, self.notes.clone(), self.is_changed);
            let values = self.header.as_ref().map(|header| (header.expected_on, header.notes.clone()));
            let decided = variant.clone().map_err(|error| vec![error]).and_then(|variant| {
                let changes_header = self.plan_header((columns, input), &row, known)?;
                if known.earlier.contains_key(&self.target(variant)) || !seen.insert(variant) {
                    return Err(refused("sku", "is in an earlier row of the order"));
                }
                self.rows_of_lines.push((index, variant));
                self.plan_line(&row, variant, known, changes_header)
            });
            if decided.is_err() {
                // A refused row changes nothing. A new order keeps the supplier and the location that it names.
                (self.expected_on, self.notes, self.is_changed) = given;
                if let Some(header) = &mut self.header {
                    (header.expected_on, header.notes) = values.unwrap_or_default();
                }
            }
            *outcome = decided.map_or_else(Outcome::refused, Outcome::new);
        }
    }

    fn load_existing(&mut self) {
        let Some(LockedPurchaseOrder { inbound, lines, .. }) = &self.existing else { return };
        self.header = Some(Header {
            origin: inbound.origin,
            to: inbound.to_location_id,
            reference: inbound.reference.clone(),
            expected_on: inbound.expected_on,
            notes: inbound.notes.clone(),
        });
        let line = |line: &InboundLine| NewLine {
            variant: line.variant_id,
            counts: LineCounts::purchased(line.counts.planned),
            unit_cost: line.unit_cost,
            expected_on: line.expected_on,
        };
        self.lines = lines.iter().map(line).collect();
    }

    /// Decides on the values that a row gives to the whole order. Returns true if they change it.
    fn plan_header(
        &mut self,
        (columns, input): (&Columns, &InputRow),
        row: &OrderRow,
        known: &Known,
    ) -> Result<bool, Refused> {
        let mut header = match self.header.clone() {
            Some(header) => header,
            None => self.new_header((columns, input), known)?,
        };
        let reference = columns.text(input, "reference").filter(|_| columns.text(input, "number").is_some());
        if reference.is_some() && reference != header.reference.as_deref() {
            return Err(refused("reference", "must be that of the order of this number"));
        }
        if columns.text(input, "supplier").is_some() && find_supplier((columns, input), known)?.id != header.origin {
            return Err(refused("supplier", "must be the supplier of the order"));
        }
        let has_place = columns.text(input, "location").is_some();
        if has_place && known.places.find(columns, input).map_err(|error| vec![error])?.id != header.to {
            return Err(refused("location", "must be the location of the order"));
        }
        let before = (header.expected_on, header.notes.clone());
        set_once(&mut header.expected_on, &mut self.expected_on, row.expected_on, "expected_on")?;
        set_once(&mut header.notes, &mut self.notes, row.notes.clone(), "notes")?;
        let is_changed = before != (header.expected_on, header.notes.clone());
        if is_changed {
            self.require_draft()?;
            self.is_changed = true;
        }
        self.header = Some(header);
        Ok(is_changed)
    }

    fn new_header(
        &self,
        (columns, input): (&Columns, &InputRow),
        known: &Known,
    ) -> Result<Header<SupplierId>, Refused> {
        if let Some(number) = &self.number {
            return Err(refused("number", format!("'{number}' is no purchase order")));
        }
        let supplier = find_supplier((columns, input), known)?;
        require_active(supplier).map_err(|refusal| errors_of(refusal, "supplier"))?;
        let to = known.places.find_open(columns, input).map_err(|error| vec![error])?;
        Ok(Header { reference: self.reference.clone(), ..Header::new(supplier.id, to) })
    }

    fn require_draft(&self) -> Result<(), Refused> {
        let Some(order) = &self.existing else { return Ok(()) };
        order.require(&[InboundStatus::Draft], "changed in this way").map_err(|refusal| {
            let column = if self.number.is_some() { "number" } else { "reference" };
            errors_of(refusal, column)
        })
    }

    fn plan_line(
        &mut self,
        row: &OrderRow,
        variant: VariantId,
        known: &Known,
        changes_header: bool,
    ) -> Result<RowAction, Refused> {
        let index = self.lines.iter().position(|line| line.variant == variant);
        let before = index.and_then(|index| self.lines.get(index));
        let given = row.unit_cost.map(|cost| cost.in_currency(&known.currency)).transpose();
        let given = given.map_err(|message| refused("unit_cost", message))?;
        let of_supplier = self.header.as_ref().and_then(|header| known.costs.get(&(header.origin, variant)).copied());
        let unit_cost = given.or(before.and_then(|line| line.unit_cost)).or(of_supplier);
        let unit_cost =
            Some(unit_cost.ok_or_else(|| refused("unit_cost", "is required, because the supplier has none"))?);
        let expected_on = row.line_expected_on.unwrap_or_else(|| before.and_then(|line| line.expected_on));
        let line = NewLine { variant, counts: LineCounts::purchased(row.quantity), unit_cost, expected_on };
        let is_same = before.is_some_and(|before| {
            (before.counts.planned, before.unit_cost, before.expected_on) == (row.quantity, unit_cost, expected_on)
        });
        if is_same {
            return Ok(if changes_header { RowAction::Updated } else { RowAction::Unchanged });
        }
        self.require_draft()?;
        if index.is_none() && self.lines.len() >= MAX_DOCUMENT_LINES {
            return Err(refused("sku", format!("makes more than {MAX_DOCUMENT_LINES} lines")));
        }
        self.is_changed = true;
        match index.and_then(|index| self.lines.get_mut(index)) {
            Some(known) => {
                *known = line;
                Ok(RowAction::Updated)
            }
            None => {
                self.lines.push(line);
                Ok(RowAction::Created)
            }
        }
    }

    /// The write that the rows need. Nothing is written for an order that keeps its values, or that has no lines.
    pub fn take_write(&mut self) -> Option<OrderWrite> {
        if !self.is_changed || self.lines.is_empty() {
            return None;
        }
        let (header, lines) = (self.header.take()?, std::mem::take(&mut self.lines));
        let Some(order) = self.existing.take() else { return Some(OrderWrite::Create(header, lines)) };
        let Header { expected_on, notes, .. } = header;
        Some(OrderWrite::Change(Box::new(PurchaseOrder { expected_on, notes, ..order.inbound }), lines))
    }
}

fn find_supplier<'a>((columns, input): (&Columns, &InputRow), known: &'a Known) -> Result<&'a Supplier, Refused> {
    let code = columns.text(input, "supplier").ok_or_else(|| refused("supplier", "is required for a new order"))?;
    let supplier = known.suppliers.get(&code.to_ascii_uppercase());
    supplier.ok_or_else(|| refused("supplier", format!("'{code}' is no supplier")))
}

/// Sets a value of the order. All rows that give it must give the same.
fn set_once<T: Clone + PartialEq>(
    value: &mut Option<T>,
    given: &mut Option<Option<T>>,
    new: Option<Option<T>>,
    column: &str,
) -> Result<(), Refused> {
    let Some(new) = new else { return Ok(()) };
    if given.as_ref().is_some_and(|given| *given != new) {
        return Err(refused(column, "must be that of the rows before of the same order"));
    }
    *given = Some(new.clone());
    *value = new;
    Ok(())
}
