//! Lists and the history of orders.

use super::{Shop, id, ids};
use crate::common::{Value, json};

#[test]
fn lists_are_paged_sorted_and_filtered() {
    let shop = Shop::open();
    let orders: Vec<Value> = [3, 1, 2, 5, 4].into_iter().map(|quantity| shop.order(quantity)).collect();
    let noor = shop.app.customer("noor");
    let body = json!({"items": [{"product_id": "rice", "quantity": 6}], "customer_name": "Noor 100%_Khan",
                      "customer_phone": "+91 5550"});
    let hers = noor.post("/orders", &body).expect(201).json();
    shop.set_status(&orders[0], "processing").expect(200);
    shop.cancel(&orders[1]).expect(200);

    let all = shop.list("");
    assert_eq!(
        (&all["total"], &all["page"], &all["limit"], &all["pages"]),
        (&json!(6), &json!(1), &json!(20), &json!(1))
    );
    let newest: Vec<i64> = orders.iter().chain([&hers]).rev().map(id).collect();
    assert_eq!(ids(&all), newest);
    let second = shop.list("page=2&limit=4");
    assert_eq!((ids(&second), &second["pages"]), (newest[4..].to_vec(), &json!(2)));
    assert_eq!(ids(&shop.list("page=9&limit=4")), Vec::<i64>::new());
    assert_eq!(ids(&shop.list("sort=created_at")), newest.iter().rev().copied().collect::<Vec<_>>());
    let dearest: Vec<i64> = [&hers, &orders[3], &orders[4], &orders[0], &orders[2], &orders[1]].map(id).to_vec();
    assert_eq!(ids(&shop.list("sort=-total_amount")), dearest);
    assert_eq!(ids(&shop.list("sort=total_amount&limit=1")), [id(&orders[1])]);

    assert_eq!(ids(&shop.list("status=processing")), [id(&orders[0])]);
    assert_eq!(ids(&shop.list("status=cancelled&payment_status=pending")), [id(&orders[1])]);
    assert_eq!(ids(&shop.list("payment_status=paid")), Vec::<i64>::new());
    assert_eq!(ids(&shop.list(&format!("user_id={}", noor.user.unwrap()))), [id(&hers)]);
    let number = orders[2]["order_number"].as_str().unwrap();
    for (q, found) in
        [(number, &orders[2]), (&number.to_lowercase()[6..], &orders[2]), ("100%25_kha", &hers), ("5550", &hers)]
    {
        assert_eq!(ids(&shop.list(&format!("q={q}"))), [id(found)], "{q}");
    }
    // No character of a search text is a pattern.
    assert_eq!(ids(&shop.list("q=1_0%25")), Vec::<i64>::new());
    let moment = orders[2]["created_at"].as_str().unwrap();
    assert_eq!(ids(&shop.list(&format!("from={moment}&sort=created_at")))[0], id(&orders[2]));
    assert_eq!(ids(&shop.list(&format!("to={moment}"))), [id(&orders[1]), id(&orders[0])]);

    assert_eq!(shop.mara.get("/orders/me").expect(200).json()["total"], 5);
    assert_eq!(ids(&noor.get("/orders/me").expect(200).json()), [id(&hers)]);
    assert_eq!(all["items"][0], noor.get(&format!("/orders/{}", hers["id"])).expect(200).json());
    for wrong in ["page=0", "limit=101", "limit=0", "sort=price", "status=lost", "user_id=x", "from=yesterday"] {
        shop.clerk.get(&format!("/orders?{wrong}")).refused(422, "VALIDATION_FAILED");
    }
}

#[test]
fn the_history_has_every_status_with_actor_and_reason() {
    let shop = Shop::open();
    let order = shop.order(1);
    shop.set_status(&order, "processing").expect(200);
    shop.mara.post(&format!("/orders/{}/cancel", order["id"]), &json!({"reason": "Too late"})).expect(200);
    let (path, me) = (format!("/orders/{}/history", order["id"]), format!("user:{}", shop.mara.user.unwrap()));
    let history = shop.mara.get(&path).expect(200).json();
    let shown: Vec<_> = history
        .as_array()
        .unwrap()
        .iter()
        .map(|step| {
            assert!(step["at"].as_str().unwrap().ends_with('Z'));
            json!([step["from"], step["to"], step["actor"], step["reason"]])
        })
        .collect();
    let clerk = format!("user:{}", shop.clerk.user.unwrap());
    assert_eq!(
        shown,
        [
            json!([null, "pending", me, null]),
            json!(["pending", "processing", clerk, null]),
            json!(["processing", "cancelled", me, "Too late"]),
        ]
    );
    assert_eq!(shop.clerk.get(&path).expect(200).json(), history);
    let by_query = shop.order(1);
    shop.clerk.post_nothing(&format!("/orders/{}/cancel?reason=Broken%20jar", by_query["id"])).expect(200);
    let steps = shop.mara.get(&format!("/orders/{}/history", by_query["id"])).expect(200).json();
    assert_eq!(steps[1]["reason"], "Broken jar");
}

#[test]
fn an_order_is_named_by_its_number_in_any_case() {
    let shop = Shop::open();
    let order = shop.order(1);
    let number = order["order_number"].as_str().unwrap().to_lowercase();
    assert_eq!(shop.mara.get(&format!("/orders/{number}")).expect(200).id(), id(&order));
    shop.mara.get(&format!("/orders/{number}/history")).expect(200);
    shop.clerk.put(&format!("/orders/{number}"), &json!({"notes": "x"})).expect(200);
    let paid = json!({"payment_reference": "pay"});
    shop.clerk.post(&format!("/orders/{number}/payment/confirm"), &paid).expect(200);
    shop.mara.post_nothing(&format!("/orders/{number}/cancel")).expect(200);
    shop.clerk.post(&format!("/orders/{number}/refund"), &json!({"refund_reference": "back"})).expect(200);
}
