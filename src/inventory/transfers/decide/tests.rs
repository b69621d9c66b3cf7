use super::*;
use crate::kernel::id::{ProductId, VariantId};

const RICE: InboundLineId = InboundLineId(1);
const DAL: InboundLineId = InboundLineId(2);

/// A transfer of 10 units of rice and 4 of dal.
fn planned() -> Vec<TransferLine> {
    let line = |id: InboundLineId, name: &str, planned| TransferLine {
        id,
        variant_id: VariantId(id.0),
        product_id: ProductId(id.0),
        sku: name.to_lowercase(),
        product_name: name.to_owned(),
        size: None,
        counts: LineCounts::of_plan(planned),
    };
    vec![line(RICE, "Rice", 10), line(DAL, "Dal", 4)]
}

fn sent() -> Vec<TransferLine> {
    let mut lines = planned();
    send(&mut lines, None).unwrap();
    lines
}

fn arrival(line: InboundLineId, accepted: i64, rejected: i64) -> Arrival {
    Arrival { line, accepted, rejected, reject_reason: None }
}

#[test]
fn the_requested_units_are_sent_and_the_rest_of_the_plan_is_not() {
    let units = |line, quantity| LineUnits { line, quantity };
    for (requested, result) in [
        (None, Ok([10, 4])),
        (Some(vec![units(RICE, 7)]), Ok([7, 0])),
        (Some(vec![units(RICE, 3), units(DAL, 4), units(RICE, 2)]), Ok([5, 4])),
        (Some(vec![units(RICE, 11)]), Err(Code::QuantityExceeded)),
        (Some(vec![units(RICE, 6), units(RICE, 5)]), Err(Code::QuantityExceeded)),
        (Some(vec![units(RICE, i64::MAX), units(RICE, i64::MAX)]), Err(Code::QuantityExceeded)),
        (Some(vec![units(InboundLineId(3), 1)]), Err(Code::ValidationFailed)),
    ] {
        let mut lines = planned();
        let done = send(&mut lines, requested.as_deref());
        let sent = done.map(|()| [lines[0].counts.sent, lines[1].counts.sent]).map_err(|refusal| refusal.code);
        assert_eq!(sent, result, "{requested:?}");
    }
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
        let result = receive(&mut lines, &arrivals, Surplus::Refuse);
        assert_eq!(result.err().map(|refusal| refusal.code), refused, "{arrivals:?}");
        if refused != Some(Code::ValidationFailed) {
            let mut lines = sent();
            receive(&mut lines, &arrivals, Surplus::Accept).unwrap();
            assert_eq!([lines[0].counts.accepted, lines[0].counts.over], accepted, "{arrivals:?}");
        }
    }
}

#[test]
fn an_over_receipt_names_the_outstanding_units() {
    let mut lines = sent();
    receive(&mut lines, &[arrival(RICE, 3, 0)], Surplus::Refuse).unwrap();
    let refusal = receive(&mut lines, &[arrival(RICE, 8, 0)], Surplus::Refuse).unwrap_err();
    assert_eq!((refusal.code, refusal.extra.outstanding_quantity), (Code::OverReceipt, Some(7)));
    assert_eq!(refusal.detail, "Of 'Rice', 7 units are outstanding, not 8.");
}

#[test]
fn only_outstanding_units_can_be_settled() {
    let settlement = |quantity, outcome| Settlement { line: RICE, quantity, outcome };
    let mut lines = sent();
    settle(&mut lines, &[settlement(6, Outcome::Lost), settlement(4, Outcome::Returned)]).unwrap();
    assert_eq!((lines[0].counts.lost, lines[0].counts.returned, lines[0].counts.outstanding), (6, 4, 0));
    let refusal = settle(&mut lines, &[settlement(1, Outcome::Lost)]).unwrap_err();
    assert_eq!(refusal.code, Code::QuantityExceeded);
}

#[test]
fn a_reversal_is_the_exact_counterpart() {
    let before = sent();
    let mut lines = before.clone();
    let receipt = receive(&mut lines, &[arrival(RICE, 11, 1), arrival(DAL, 1, 2)], Surplus::Accept).unwrap();
    let reversed = reverse(&mut lines, &receipt).unwrap();
    assert_eq!(lines, before);
    assert_eq!(reversed[0].arrived, Arrived { accepted: -11, rejected: -1, over: -2 });
    assert_eq!(reverse(&mut lines, &receipt), None);
}
