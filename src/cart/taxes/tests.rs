//! Tables of orders and their taxes, and the sums of random orders.

use proptest::prelude::*;

use super::*;
use crate::stores::tax_rates::{Destination, TaxRate};

fn rate(category: &str, millionths: i64) -> TaxRate {
    TaxRate {
        country: None,
        region: None,
        category: Some(category.to_owned()),
        percent: Rate(millionths),
        name: format!("Tax on {category}"),
    }
}

/// Amounts with the categories "a", "b", and others.
type Lines<'a> = &'a [(i128, &'a str)];

fn with_taxes<T>(
    (default, rates): (i64, &[TaxRate]),
    (prices_include_tax, shipping_tax): (bool, ShippingTax),
    lines: Lines<'_>,
    shipping: i128,
    read: impl FnOnce(&Taxes<'_>) -> T,
) -> T {
    let rates = RatesAt::new(rates, Rate(default), Destination::default());
    let rules = TaxRules { rates, prices_include_tax, shipping_tax };
    let lines = lines.iter().map(|(amount, category)| TaxedAmount { amount: *amount, category: Some(*category) });
    read(&Taxes::new(&rules, &lines.collect::<Vec<_>>(), shipping))
}

struct Row {
    name: &'static str,
    default: i64,
    flags: (bool, ShippingTax),
    lines: Lines<'static>,
    shipping: i128,
    /// Base and tax of each rate.
    rates: &'static [(i128, i128)],
    shares: &'static [i128],
}

const ADDED: (bool, ShippingTax) = (false, ShippingTax::None);
const INCLUDED: (bool, ShippingTax) = (true, ShippingTax::None);

#[test]
fn each_rate_is_rounded_once_and_shared() {
    // The rates are 19 % for "a" and 7 % for "b".
    let rates = [rate("a", 190_000), rate("b", 70_000)];
    let as_goods = ShippingTax::AsGoods;
    for Row { name, default, flags, lines, shipping, rates: by_rate, shares } in [
        Row {
            name: "the rate of the store",
            default: 50_000,
            flags: ADDED,
            lines: &[(1_400, ""), (1_400, "")],
            shipping: 2_000,
            rates: &[(2_800, 140)],
            shares: &[70, 70],
        },
        // Each line alone has a tax of 0.5, which would be rounded to 1.
        Row {
            name: "rounded once",
            default: 50_000,
            flags: ADDED,
            lines: &[(10, ""), (10, ""), (10, "")],
            shipping: 0,
            rates: &[(30, 2)],
            shares: &[1, 0, 1],
        },
        Row {
            name: "three at 9.99 with 19 % included",
            default: 0,
            flags: INCLUDED,
            lines: &[(2_997, "a")],
            shipping: 500,
            rates: &[(2_518, 479)],
            shares: &[479],
        },
        Row {
            name: "two rates, and goods without tax",
            default: 0,
            flags: ADDED,
            lines: &[(1_000, "a"), (500, "b"), (333, ""), (1_000, "a")],
            shipping: 100,
            rates: &[(2_000, 380), (500, 35)],
            shares: &[190, 35, 0, 190],
        },
        // The delivery is shared 400 to 200. Its tax is what the lines leave of 456 and 84.
        Row {
            name: "the delivery as the goods",
            default: 0,
            flags: (false, as_goods),
            lines: &[(2_000, "a"), (1_000, "b")],
            shipping: 600,
            rates: &[(2_400, 456), (1_200, 84)],
            shares: &[380, 70],
        },
        Row {
            name: "the delivery as the goods, included",
            default: 0,
            flags: (true, as_goods),
            lines: &[(1_190, "a"), (1_070, "b")],
            shipping: 226,
            rates: &[(1_100, 209), (1_100, 77)],
            shares: &[190, 70],
        },
        Row {
            name: "the delivery of goods that cost nothing",
            default: 0,
            flags: (false, as_goods),
            lines: &[(0, "b"), (0, "a")],
            shipping: 100,
            rates: &[(100, 7), (0, 0)],
            shares: &[0, 0],
        },
        Row { name: "nothing", default: 50_000, flags: ADDED, lines: &[], shipping: 0, rates: &[], shares: &[] },
    ] {
        with_taxes((default, &rates), flags, lines, shipping, |taxes| {
            let found: Vec<(i128, i128)> = taxes.by_rate().map(|line| (line.base, line.tax)).collect();
            assert_eq!((found.as_slice(), taxes.shares().as_slice()), (by_rate, shares), "{name}");
            assert_eq!(taxes.total(), by_rate.iter().map(|(_, tax)| tax).sum(), "{name}");
        });
    }
}

#[test]
fn rates_with_one_name_and_percentage_are_rounded_together() {
    let named = |category| TaxRate { name: "Reduced".to_owned(), ..rate(category, 70_000) };
    with_taxes((0, &[named("a"), named("b")]), ADDED, &[(50, "a"), (50, "b")], 0, |taxes| {
        let expected = RateTax { name: "Reduced", percent: Rate(70_000), base: 100, tax: 7, included: false };
        assert_eq!(taxes.by_rate().collect::<Vec<_>>(), [expected]);
        assert_eq!(taxes.shares(), [4, 3]);
    });
}

#[test]
fn a_configured_rate_of_0_percent_is_listed() {
    with_taxes((0, &[rate("a", 0)]), ADDED, &[(50, "a"), (50, "b")], 0, |taxes| {
        let listed: Vec<(&str, i128, i128)> = taxes.by_rate().map(|line| (line.name, line.base, line.tax)).collect();
        assert_eq!(listed, [("Tax on a", 50, 0)]);
        assert_eq!(taxes.places(), [Some(0), None]);
    });
}

#[test]
fn each_line_has_the_place_of_its_rate_among_the_listed_ones() {
    let lines = &[(10, ""), (10, "b"), (10, "a"), (10, "b")];
    with_taxes((0, &[rate("a", 190_000), rate("b", 70_000)]), ADDED, lines, 0, |taxes| {
        let names: Vec<&str> = taxes.by_rate().map(|line| line.name).collect();
        assert_eq!(names, ["Tax on b", "Tax on a"]);
        assert_eq!(taxes.places(), [None, Some(0), Some(1), Some(0)]);
    });
}

fn some_terms() -> impl Strategy<Value = (i64, Vec<TaxRate>, (bool, ShippingTax))> {
    let percent = || prop_oneof![Just(0), Just(50_000), Just(190_000), 0..=1_000_000_i64];
    (percent(), percent(), percent(), any::<(bool, bool)>()).prop_map(|(default, a, b, (included, as_goods))| {
        let shipping_tax = if as_goods { ShippingTax::AsGoods } else { ShippingTax::None };
        (default, vec![rate("a", a), rate("b", b)], (included, shipping_tax))
    })
}

fn some_lines() -> impl Strategy<Value = Vec<(i128, &'static str)>> {
    let amount = prop_oneof![0..200_i128, 0..10_i128.pow(15)];
    proptest::collection::vec((amount, prop_oneof![Just("a"), Just("b"), Just("c")]), 0..30)
}

proptest! {
    #[test]
    fn the_sums_of_taxes_are_exact(
        (default, rates, flags) in some_terms(), lines in some_lines(), shipping in 0..100_000_i128,
    ) {
        with_taxes((default, &rates), flags, &lines, shipping, |taxes| {
            let shares = taxes.shares();
            prop_assert_eq!(shares.len(), lines.len());
            for (share, (amount, _)) in shares.iter().zip(&lines) {
                prop_assert!((0..=*amount).contains(share), "{} of {}", share, amount);
            }
            let by_rate: Vec<RateTax<'_>> = taxes.by_rate().collect();
            prop_assert_eq!(by_rate.iter().map(|line| line.tax).sum::<i128>(), taxes.total());
            // The delivery has the rest, which is nothing if it is not taxed.
            let of_delivery = taxes.total() - shares.iter().sum::<i128>();
            let most = if flags.1 == ShippingTax::AsGoods && !lines.is_empty() { shipping } else { 0 };
            prop_assert!((0..=most).contains(&of_delivery), "{} of {}", of_delivery, most);
            for line in &by_rate {
                let taxed = if line.included { line.base + line.tax } else { line.base };
                let exact = if line.included { line.percent.part_within(taxed) } else { line.percent.share_of(taxed) };
                prop_assert_eq!(line.tax, exact);
            }
            Ok(())
        })?;
    }

    #[test]
    fn discounts_lower_the_amounts_that_are_taxed(
        lines in some_lines(), percent in 0..=100_i128, default in 0..=1_000_000_i64,
    ) {
        let subtotal: i128 = lines.iter().map(|(amount, _)| amount).sum();
        let discount = subtotal * percent / 100;
        let mut split = Split::new(discount, subtotal);
        let discounts: Vec<i128> = lines.iter().map(|(amount, _)| split.take(*amount)).collect();
        prop_assert_eq!(discounts.iter().sum::<i128>(), discount);
        for (discount, (amount, _)) in discounts.iter().zip(&lines) {
            prop_assert!((0..=*amount).contains(discount), "{} of {}", discount, amount);
        }
        let reduced: Vec<(i128, &str)> =
            lines.iter().zip(&discounts).map(|((amount, category), discount)| (amount - discount, *category)).collect();
        let total = with_taxes((default, &[]), ADDED, &reduced, 0, |taxes| taxes.total());
        prop_assert_eq!(total, Rate(default).share_of(subtotal - discount));
    }
}
