use super::*;
use crate::kernel::id::{ProductId, VariantId};
use crate::kernel::money::Money;

pub const RICE: InboundLineId = InboundLineId(1);
pub const DAL: InboundLineId = InboundLineId(2);

/// A transfer of 10 units of rice and 4 of dal.
pub fn planned() -> Vec<InboundLine> {
    let line = |id: InboundLineId, name: &str, planned| InboundLine {
        id,
        variant_id: VariantId(id.0),
        product_id: ProductId(id.0),
        sku: name.to_lowercase(),
        product_name: name.to_owned(),
        size: None,
        counts: LineCounts::planned(planned),
        unit_cost: None,
        expected_on: None,
    };
    vec![line(RICE, "Rice", 10), line(DAL, "Dal", 4)]
}

pub fn sent() -> Vec<InboundLine> {
    let mut lines = planned();
    for line in &mut lines {
        line.counts = line.counts.send(line.counts.planned).unwrap();
    }
    lines
}

fn arrival(line: InboundLineId, accepted: i64, rejected: i64) -> ReceivedLine {
    ReceivedLine { line, accepted, rejected, keep_rejected: true, reject_reason: None, unit_cost: None }
}

#[test]
fn a_surplus_is_refused_or_counted() {
    for (arrivals, refused, accepted) in [
        (vec![arrival(RICE, 10, 0)], None, [10, 0]),
        (vec![arrival(RICE, 4, 1), arrival(RICE, 5, 0), arrival(DAL, 0, 4)], None, [9, 0]),
        (vec![arrival(RICE, 8, 3)], Some(Code::OverReceipt), [8, 1]),
        (vec![arrival(RICE, 6, 0), arrival(RICE, 6, 0)], Some(Code::OverReceipt), [12, 2]),
        (vec![arrival(RICE, 0, 0)], Some(Code::ValidationFailed), [0, 0]),
        (vec![arrival(InboundLineId(9), 1, 0)], Some(Code::ValidationFailed), [0, 0]),
    ] {
        let mut lines = sent();
        let result = apply_receipt(&mut lines, &arrivals, Surplus::Refuse);
        assert_eq!(result.err().map(|refusal| refusal.code), refused, "{arrivals:?}");
        if refused != Some(Code::ValidationFailed) {
            let mut lines = sent();
            apply_receipt(&mut lines, &arrivals, Surplus::Accept).unwrap();
            assert_eq!([lines[0].counts.accepted, lines[0].counts.surplus], accepted, "{arrivals:?}");
        }
    }
}

#[test]
fn an_over_receipt_names_the_outstanding_units() {
    let mut lines = sent();
    apply_receipt(&mut lines, &[arrival(RICE, 3, 0)], Surplus::Refuse).unwrap();
    let refusal = apply_receipt(&mut lines, &[arrival(RICE, 8, 0)], Surplus::Refuse).unwrap_err();
    assert_eq!((refusal.code, refusal.extra.outstanding_quantity), (Code::OverReceipt, Some(7)));
    assert_eq!(refusal.detail, "Of 'Rice', at most 7 units can be received, not 8.");
}

#[test]
fn a_reversal_is_the_exact_counterpart() {
    let before = sent();
    let mut lines = before.clone();
    let receipt = apply_receipt(&mut lines, &[arrival(RICE, 11, 1), arrival(DAL, 1, 2)], Surplus::Accept).unwrap();
    let reversed = apply_reversal(&mut lines, &receipt).unwrap();
    assert_eq!(lines, before);
    assert_eq!(reversed[0].counts, ReceivedCounts { accepted: -11, rejected: -1, quarantined: -1, surplus: -2 });
    assert_eq!(apply_reversal(&mut lines, &receipt), None);
}

#[test]
fn a_surplus_within_the_percentage_needs_no_approval() {
    for (percent, arrivals, refused) in [
        (20, vec![arrival(RICE, 12, 0)], None),
        (20, vec![arrival(RICE, 11, 2)], Some(Code::OverReceipt)),
        (19, vec![arrival(RICE, 12, 0)], Some(Code::OverReceipt)),
        (24, vec![arrival(DAL, 5, 0)], Some(Code::OverReceipt)),
        (25, vec![arrival(DAL, 5, 0)], None),
        (0, vec![arrival(DAL, 4, 0)], None),
        (0, vec![arrival(DAL, 5, 0)], Some(Code::OverReceipt)),
    ] {
        let result = apply_receipt(&mut sent(), &arrivals, Surplus::UpTo { percent });
        assert_eq!(result.err().map(|refusal| refusal.code), refused, "{percent}% {arrivals:?}");
    }
    let mut lines = sent();
    apply_receipt(&mut lines, &[arrival(RICE, 11, 0)], Surplus::UpTo { percent: 20 }).unwrap();
    apply_receipt(&mut lines, &[arrival(RICE, 1, 0)], Surplus::UpTo { percent: 20 }).unwrap();
    let refusal = apply_receipt(&mut lines, &[arrival(RICE, 1, 0)], Surplus::UpTo { percent: 20 }).unwrap_err();
    assert_eq!(
        refusal.detail,
        "Of 'Rice', at most 0 units can be received, not 1. A surplus above 20% needs the permission inventory:approve."
    );
}

#[test]
fn refused_units_are_not_kept_and_each_line_has_one_cost() {
    let mut lines = sent();
    lines[0].unit_cost = Some(Money(700));
    let refused = ReceivedLine { keep_rejected: false, ..arrival(RICE, 0, 2) };
    let receipt = apply_receipt(&mut lines, &[arrival(RICE, 3, 1), refused], Surplus::Refuse).unwrap();
    assert_eq!(receipt[0].counts, ReceivedCounts { accepted: 3, rejected: 3, quarantined: 1, surplus: 0 });
    assert_eq!(receipt[0].unit_cost, Some(Money(700)));
    let at = |cost| ReceivedLine { unit_cost: Some(Money(cost)), ..arrival(RICE, 1, 0) };
    let receipt = apply_receipt(&mut lines, &[arrival(RICE, 1, 0), at(650)], Surplus::Refuse).unwrap();
    assert_eq!(receipt[0].unit_cost, Some(Money(650)));
    let refusal = apply_receipt(&mut lines, &[at(650), at(651)], Surplus::Refuse).unwrap_err();
    assert_eq!(refusal.extra.errors[0].field, "lines[1].unit_cost");
}
