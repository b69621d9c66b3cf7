//! Two who add the same code at the same time.

use super::{add, barcodes};
use crate::common::race::repetitions;
use crate::common::{TestApp, json, race};
use std::thread;
use std::time::Duration;

/// Two spellings of one GTIN. The second request starts up to 16 ms later than the first.
#[test]
fn two_who_add_a_code_at_once_get_one_of_them_refused_with_the_owner() {
    let app = TestApp::start();
    let (ann, ben) = (app.staff(&["products:write"]), app.staff(&["products:write"]));
    let admin = app.admin();
    app.product("one", 1.0, 1);
    app.product("two", 1.0, 1);
    let (products, codes) = (["one", "two"], ["012345678905", "00012345678905"]);
    for round in 0..repetitions().div_ceil(10) {
        let gap = u64::try_from(round % 5).unwrap() * 4;
        let replies = race(2, |n| {
            thread::sleep(Duration::from_millis(gap * u64::try_from(n).unwrap()));
            add([&ann, &ben][n], products[n], &json!({"code": codes[n]}))
        });
        let winner = replies.iter().position(|reply| reply.status == 201).expect("nobody has the code");
        let (owner, code) = (products[winner], codes[winner]);
        let refusal = replies.into_iter().nth(1 - winner).unwrap().refused(409, "DUPLICATE");
        assert_eq!(refusal["detail"], format!("The barcode '{code}' is taken by '{owner}'."));
        assert_eq!(barcodes(&admin, owner).len(), 1);
        assert_eq!(barcodes(&admin, products[1 - winner]).len(), 0);
        admin.delete(&format!("/inventory/products/{owner}/barcodes/{code}")).expect(204);
    }
}

/// Both requests wait for the locks of the same product, one after the other.
#[test]
fn codes_that_are_added_to_a_product_at_once_have_an_order() {
    let app = TestApp::start();
    let admin = app.admin();
    for round in 0..repetitions().div_ceil(20) {
        let sku = format!("product-{round}");
        app.product(&sku, 1.0, 1);
        race(4, |n| add(&admin, &sku, &json!({"code": format!("{round}-{n}")})).expect(201));
        let all = barcodes(&admin, &sku);
        assert_eq!(all.len(), 4);
        assert_eq!(all.iter().filter(|one| one[3] == json!(true)).count(), 1, "{all:?}");
        let product = admin.get(&format!("/inventory/products/{sku}")).expect(200).json();
        assert_eq!(product["barcode"], all[0][0]);
    }
}
