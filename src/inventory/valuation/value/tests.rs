use super::*;
use proptest::prelude::*;

mod extremes;

fn at(n: usize) -> DateTime<Utc> {
    DateTime::from_timestamp(i64::try_from(n).unwrap(), 0).unwrap()
}

/// The events of a story, a second apart. A return names the index of its sale.
#[derive(Clone, Copy, Debug)]
enum Event {
    Buy(i64, i64),
    Sell(i64),
    Back { units: i64, of: usize, before: i64 },
    Reverse { units: i64, of: usize, unit_cost: i64 },
    Find(i64, Option<i64>),
    Lose(i64),
}

fn entries(events: &[Event]) -> Vec<ValuedEvent> {
    let entry = |(n, event): (usize, &Event)| {
        let receipt = |n: usize| i64::try_from(n).unwrap();
        let (quantity, source) = match *event {
            Event::Buy(units, unit_cost) => (units, CostSource::Purchase { receipt: receipt(n), unit_cost }),
            Event::Sell(units) => (-units, CostSource::Sale),
            Event::Back { units, of, before } => (units, CostSource::Return { sale_at: at(of), before, sale: None }),
            Event::Reverse { units, of, unit_cost } => {
                (-units, CostSource::Reversal { receipt: receipt(of), unit_cost })
            }
            Event::Find(units, unit_cost) => (units, CostSource::Other { unit_cost }),
            Event::Lose(units) => (-units, CostSource::Other { unit_cost: None }),
        };
        ValuedEvent { at: at(n), quantity, source }
    };
    events.iter().enumerate().map(entry).collect()
}

/// Stock, then value and cost of goods sold by the moving average, then the same by FIFO.
type Results = (i64, (i128, i128), (i128, i128));

fn figures(events: &[Event]) -> Vec<Results> {
    let entries = entries(events);
    let outcomes = value_events(&mut ValuationState::default(), &entries);
    let mut sold = (0, 0);
    let mut figures = Vec::new();
    for (entry, outcome) in entries.iter().zip(&outcomes) {
        if matches!(entry.source, CostSource::Sale | CostSource::Return { .. }) {
            sold.0 -= outcome.effect.average;
            sold.1 -= outcome.effect.fifo;
        }
        figures.push((outcome.quantity, (outcome.average, sold.0), (outcome.fifo, sold.1)));
    }
    figures
}

#[test]
fn a_sale_takes_the_average_or_the_oldest_layers() {
    use Event::{Buy, Sell};
    let story = [Buy(10, 100), Buy(5, 130), Sell(4), Sell(8), Sell(3)];
    assert_eq!(
        figures(&story),
        [
            (10, (1_000, 0), (1_000, 0)),
            (15, (1_650, 0), (1_650, 0)),
            // 1650 × 4 / 15 = 440. FIFO: 4 × 100.
            (11, (1_210, 440), (1_250, 400)),
            // 1210 × 8 / 11 = 880. FIFO: 6 × 100 + 2 × 130.
            (3, (330, 1_320), (390, 1_260)),
            (0, (0, 1_650), (0, 1_650)),
        ]
    );
}

#[test]
fn amounts_that_do_not_divide_are_rounded_and_the_last_unit_takes_the_rest() {
    // Three units for 1.00. Half a minor unit is rounded up.
    let (mut state, third) =
        (ValuationState { quantity: 3, average: 100, fifo: 100, ..ValuationState::default() }, CostSource::Sale);
    state.layers.push_back(Layer { units: 3, cost: 100, receipt: None });
    let taken: Vec<_> = (0..3).map(|_| state.take(1, &third)).collect();
    assert_eq!(taken, [(33, 33), (34, 34), (33, 33)]);
    assert_eq!((share(1, 1, 2), share(100, 2, 3), share(100, 1, 3), share(7, 1, 0)), (1, 67, 33, 0));
}

#[test]
fn a_cancel_brings_back_exactly_what_its_sale_took() {
    use Event::{Back, Buy, Sell};
    let before = [Buy(3, 100), Sell(2), Buy(3, 161)];
    // 300 × 2 / 3 = 200 was taken. Then 100 + 483 = 583 for four units.
    assert_eq!(figures(&before).last(), Some(&(4, (583, 200), (583, 200))));
    let cancelled = [Buy(3, 100), Sell(2), Buy(3, 161), Back { units: 2, of: 1, before: 0 }, Sell(2)];
    let after = figures(&cancelled);
    assert_eq!(after[3], (6, (783, 0), (783, 0)));
    // The average is now 130.5 a unit. FIFO sells the units that came back first.
    assert_eq!(after[4], (4, (522, 261), (583, 200)));
}

#[test]
fn partial_returns_add_up_to_the_cost_of_the_sale() {
    use Event::{Back, Buy, Find, Sell};
    let back = |before| Back { units: 1, of: 2, before };
    // 301 for four units: a sale of three takes round(301 × 3 / 4) = 226. FIFO takes 1 + 2 × 100.
    let story = [Find(1, Some(1)), Buy(3, 100), Sell(3), back(0), back(1), back(2)];
    assert_eq!(
        figures(&story)[2..],
        [
            (1, (75, 226), (100, 201)),
            // One, two and three thirds of 226 are 75, 151 and 226. Of 201 they are 67, 134 and 201.
            (2, (150, 151), (167, 134)),
            (3, (226, 75), (234, 67)),
            (4, (301, 0), (301, 0)),
        ]
    );
    let too_many =
        [Find(1, Some(9)), Sell(1), Back { units: 1, of: 1, before: 0 }, Back { units: 1, of: 1, before: 1 }];
    assert_eq!(figures(&too_many)[3], (2, (9, 0), (9, 0)));
}

#[test]
fn a_corrected_cost_changes_everything_after_its_receipt() {
    use Event::{Buy, Sell};
    let at_cost = |unit_cost| figures(&[Buy(10, unit_cost), Sell(5), Buy(5, 200), Sell(6)]);
    // 500 + 1000 = 1500 for ten, of which six take 900. FIFO: 5 × 100 + 200.
    assert_eq!(at_cost(100)[3], (4, (600, 1_400), (800, 1_200)));
    // 600 + 1000 = 1600, of which six take 960. FIFO: 5 × 120 + 200.
    assert_eq!(at_cost(120)[3], (4, (640, 1_560), (800, 1_400)));
}

#[test]
fn a_reversal_takes_out_what_its_receipt_brought_in() {
    use Event::{Buy, Reverse, Sell};
    let reverse = Reverse { units: 5, of: 1, unit_cost: 130 };
    assert_eq!(figures(&[Buy(10, 100), Buy(5, 130), reverse])[2], (10, (1_000, 0), (1_000, 0)));
    // The sale took 110 a unit: 1100. Then 550 is left, and the reversal takes 5 × 130 = 650, but not more than there
    // is.
    let sold = [Buy(10, 100), Buy(5, 130), Sell(10), reverse];
    let outcomes = value_events(&mut ValuationState::default(), &entries(&sold));
    assert_eq!(outcomes[3].effect, Effect { paid: -650, average: -550, fifo: -650 });
    assert_eq!((outcomes[3].quantity, outcomes[3].average, outcomes[3].fifo), (0, 0, 0));
    // FIFO first takes the layer of the receipt, then the oldest.
    let mixed = [Buy(4, 100), Buy(5, 130), Sell(6), Buy(9, 10), reverse];
    let outcomes = value_events(&mut ValuationState::default(), &entries(&mixed));
    // 1050 × 6 / 9 = 700: 350 is left, and 90 came in. FIFO: 400 + 260; the layer of the receipt has three units.
    assert_eq!(outcomes[4].effect, Effect { paid: -650, average: -440, fifo: -410 });
    assert_eq!((outcomes[4].quantity, outcomes[4].average, outcomes[4].fifo), (7, 0, 70));
}

#[test]
fn other_stock_takes_the_given_cost_or_the_average_or_nothing() {
    use Event::{Buy, Find, Lose};
    let story = [Find(2, None), Find(2, Some(50)), Find(2, None), Buy(1, 1), Lose(7)];
    assert_eq!(
        figures(&story),
        [
            (2, (0, 0), (0, 0)),
            (4, (100, 0), (100, 0)),
            (6, (150, 0), (150, 0)),
            (7, (151, 0), (151, 0)),
            (0, (0, 0), (0, 0)),
        ]
    );
}

#[test]
fn units_that_go_out_before_they_come_in_take_no_value() {
    use Event::{Buy, Sell};
    assert_eq!(
        figures(&[Sell(3), Buy(2, 10), Buy(4, 10)]),
        [(-3, (0, 0), (0, 0)), (-1, (0, 0), (0, 0)), (3, (30, 0), (30, 0))]
    );
}

/// Any story in which no unit goes out before it came in, and no sale gets more back than it took.
fn stories() -> impl Strategy<Value = Vec<Event>> {
    let step = (0..6_u8, 1..20_i64, 0..1_000_i64, any::<prop::sample::Index>());
    prop::collection::vec(step, 1..60).prop_map(|steps| {
        let (mut events, mut stock) = (Vec::new(), 0);
        // Units and returned units of sales, units and cost of receipts, by their index.
        let (mut sales, mut receipts) = (Vec::<(usize, i64, i64)>::new(), Vec::<(usize, i64, i64)>::new());
        for (kind, units, cost, index) in steps {
            let n = events.len();
            match kind {
                0 => {
                    receipts.push((n, units, cost));
                    events.push(Event::Buy(units, cost));
                }
                1 => events.push(Event::Find(units, (cost % 2 == 0).then_some(cost))),
                2 if stock >= units => events.push(Event::Lose(units)),
                3 if stock >= units => {
                    sales.push((n, units, 0));
                    events.push(Event::Sell(units));
                }
                4 if !sales.is_empty() => {
                    let (of, sold, returned) = index.get(&sales);
                    let (of, before, units) = (*of, *returned, units.min(sold - returned));
                    if units == 0 {
                        continue;
                    }
                    sales.iter_mut().find(|sale| sale.0 == of).unwrap().2 += units;
                    events.push(Event::Back { units, of, before });
                }
                5 if !receipts.is_empty() => {
                    let (of, units, unit_cost) = receipts.swap_remove(index.index(receipts.len()));
                    if stock < units {
                        continue;
                    }
                    events.push(Event::Reverse { units, of, unit_cost });
                }
                _ => continue,
            }
            stock += entries(&events).last().unwrap().quantity;
        }
        events
    })
}

proptest! {
    #[test]
    fn valuing_in_parts_gives_the_same(events in stories(), cut in any::<prop::sample::Index>()) {
        let entries = entries(&events);
        let mut whole = ValuationState::default();
        let outcomes = value_events(&mut whole, &entries);
        let (first, second) = entries.split_at(cut.index(entries.len() + 1));
        let mut state = ValuationState::default();
        let mut in_parts = value_events(&mut state, first);
        // The value rows keep these figures of the sales in earlier parts.
        let sales: BTreeMap<_, _> = first.iter().zip(&in_parts).map(|(entry, outcome)| {
            let Effect { average, fifo, .. } = outcome.effect;
            (entry.at, SaleCost { quantity: -entry.quantity, average: -average, fifo: -fifo })
        }).collect();
        let second: Vec<ValuedEvent> = second.iter().cloned().map(|mut entry| {
            if let CostSource::Return { sale_at, sale, .. } = &mut entry.source {
                *sale = sales.get(sale_at).copied();
            }
            entry
        }).collect();
        let text = serde_json::to_string(&state).unwrap();
        let mut state: ValuationState = serde_json::from_str(&text).unwrap();
        in_parts.extend(value_events(&mut state, &second));
        prop_assert_eq!(in_parts, outcomes);
        prop_assert_eq!(state, whole);
    }

    #[test]
    fn paid_is_in_stock_or_sold_or_written_off(events in stories()) {
        let entries = entries(&events);
        let mut state = ValuationState::default();
        let (mut paid, mut value, mut stock) = (0, (0, 0), 0);
        let (mut sold, mut written_off) = ((0, 0), (0, 0));
        for (entry, outcome) in entries.iter().zip(value_events(&mut state, &entries)) {
            let Effect { paid: cost, average, fifo } = outcome.effect;
            paid += cost;
            value = (value.0 + average, value.1 + fifo);
            stock += entry.quantity;
            prop_assert_eq!((outcome.quantity, outcome.average, outcome.fifo), (stock, value.0, value.1));
            prop_assert!(outcome.average >= 0 && outcome.fifo >= 0);
            prop_assert!(outcome.quantity > 0 || (outcome.average, outcome.fifo) == (0, 0));
            // Only what comes in without a sale is paid, and both methods value it alike.
            match entry.source {
                CostSource::Purchase { .. } => prop_assert!(cost == average && cost == fifo && cost >= 0),
                CostSource::Sale => prop_assert!(cost == 0 && average <= 0 && fifo <= 0),
                CostSource::Return { .. } => prop_assert!(cost == 0 && average >= 0 && fifo >= 0),
                CostSource::Reversal { .. } => prop_assert!(cost <= 0 && average <= 0 && fifo <= 0),
                CostSource::Other { .. } if entry.quantity < 0 => prop_assert!(cost == 0 && average <= 0 && fifo <= 0),
                CostSource::Other { .. } => prop_assert!(cost == average && cost == fifo && cost >= 0),
                CostSource::Move => {}
            }
            let side = if matches!(entry.source, CostSource::Sale | CostSource::Return { .. }) { &mut sold } else { &mut written_off };
            *side = (side.0 + cost - average, side.1 + cost - fifo);
        }
        prop_assert_eq!((paid, paid), (value.0 + sold.0 + written_off.0, value.1 + sold.1 + written_off.1));
        prop_assert!(sold.0 >= 0 && sold.1 >= 0);
        prop_assert_eq!(state.layers.iter().map(|layer| layer.units).sum::<i64>(), stock);
        prop_assert_eq!(state.layers.iter().map(|layer| layer.cost).sum::<i128>(), state.fifo);
        // The last unit leaves nothing.
        let rest = ValuedEvent { at: at(1_000), quantity: -stock, source: CostSource::Sale };
        let last = value_events(&mut state, &[rest]);
        prop_assert_eq!((last[0].average, last[0].fifo), (0, 0));
    }

    #[test]
    fn every_sale_that_comes_back_whole_costs_nothing(
        (units, costs, parts) in (1..50_i64, prop::collection::vec(0..9_999_i64, 1..6), prop::collection::vec(1..9_i64, 0..9))
    ) {
        let mut events: Vec<Event> = costs.iter().map(|cost| Event::Buy(units, *cost)).collect();
        let (of, mut before) = (events.len(), 0);
        events.push(Event::Sell(units));
        for part in parts.into_iter().chain([units]) {
            let part = part.min(units - before);
            if part > 0 {
                events.push(Event::Back { units: part, of, before });
                before += part;
            }
        }
        let paid: i128 = costs.iter().map(|cost| i128::from(*cost) * i128::from(units)).sum();
        let (_, average, fifo) = *figures(&events).last().unwrap();
        prop_assert_eq!((average, fifo), ((paid, 0), (paid, 0)));
    }
}
