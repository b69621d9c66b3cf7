//! Requests that are refused.

use super::Shop;

#[test]
fn a_report_needs_the_permission() {
    let shop = Shop::open();
    for path in ["/reports/sales", "/reports/top-products"] {
        shop.app.guest().get(path).refused(401, "UNAUTHENTICATED");
        shop.mara.get(path).refused(403, "FORBIDDEN");
        shop.clerk.get(path).refused(403, "FORBIDDEN");
        shop.app.staff(&["reports:read"]).get(path).expect(200);
    }
}

#[test]
fn days_and_words_that_make_no_sense_are_refused() {
    let shop = Shop::open();
    let reader = shop.app.staff(&["reports:read"]);
    for path in ["/reports/sales", "/reports/top-products"] {
        for (query, field) in [
            ("from=2027-02-02&to=2027-02-01", "from"),
            ("from=2024-01-01&to=2027-02-01", "from"),
            ("from=2027-02-30", "from"),
            ("to=today", "to"),
            ("from=", "from"),
            ("to=99999-01-01", "to"),
            ("from=1999-12-31", "from"),
            ("to=2027-02-01T00:00:00Z", "to"),
            ("from=9999-12-31", "from"),
            ("format=xml", "format"),
            ("day=2027-02-01", "day"),
        ] {
            reader.get(&format!("{path}?{query}")).refused_field(field);
        }
        reader.get(&format!("{path}?from=9999-12-31&to=9999-12-31")).expect(200);
        reader.get(&format!("{path}?from=2000-01-01&to=2000-01-01")).expect(200);
    }
    for (path, field) in [
        ("/reports/sales?group_by=year", "group_by"),
        ("/reports/sales?compare=next", "compare"),
        ("/reports/sales?group_by=day&group_by=week", "group_by"),
        ("/reports/top-products?by=sales", "by"),
        ("/reports/top-products?limit=0", "limit"),
        ("/reports/top-products?limit=1001", "limit"),
    ] {
        reader.get(path).refused_field(field);
    }
}

#[test]
fn a_store_sees_its_own_sales_only() {
    let shop = Shop::open();
    shop.app.other_store("OTHER");
    shop.order(&shop.mara, &[(&shop.rice, 1)]);
    for _ in 0..2 {
        let found = shop.app.admin().in_store("OTHER").get("/reports/sales").expect(200).json();
        assert_eq!(found["totals"]["orders"], 0);
        shop.app.fold_sales();
    }
}
