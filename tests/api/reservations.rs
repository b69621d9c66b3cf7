//! Reservations by other services: create, read, list, confirm, release.

use crate::common::{Client, TestApp, Value, json};

fn state(client: &Client, reservation: &Value) -> String {
    let read = client.get(&format!("/reservations/{}", reservation["id"])).expect(200).json();
    read["state"].as_str().unwrap().to_owned()
}

#[test]
fn a_reservation_is_kept_read_and_sold() {
    let app = TestApp::start();
    let (tee, cap) = (app.sized_product("tee", 30.0, &[("S", 10), ("M", 5)]), app.product("cap", 5.0, 8));
    let service = app.staff(&["inventory:update"]);
    let body = json!({"items": [{"product_id": tee.id, "quantity": 2, "size": "S"},
                                {"product_id": "cap", "quantity": 3},
                                {"product_id": cap.id, "quantity": 1}],
                      "ttl_seconds": 60, "reference_id": "job-7"});
    let made = service.post("/reservations", &body).expect(201).json();
    assert_eq!(
        (&made["state"], &made["reference_id"], &made["ended_at"]),
        (&json!("active"), &json!("job-7"), &json!(null))
    );
    let items = made["items"].as_array().unwrap();
    let shown: Vec<_> =
        items.iter().map(|item| (item["sku"].as_str().unwrap(), item["quantity"].as_i64().unwrap())).collect();
    assert_eq!(shown.len(), 2, "{made}");
    assert_eq!((shown[0].1, shown[1]), (2, ("cap", 4)), "equal lines are added up");
    assert_eq!((app.stock(&tee), app.stock(&cap)), ((15, 2, 0), (8, 4, 0)));

    let path = format!("/reservations/{}", made["id"]);
    assert_eq!(service.get(&path).expect(200).json(), made);
    let list = service.get("/reservations?state=active&reference_id=job-7").expect(200).json();
    assert_eq!((&list["total"], &list["items"][0]), (&json!(1), &made));
    assert_eq!(service.get("/reservations?reference_id=job-8").expect(200).json()["total"], 0);

    let sold = service.post_nothing(&format!("{path}/confirm")).expect(200).json();
    assert_eq!((&sold["state"], &sold["items"]), (&json!("confirmed"), &made["items"]));
    assert!(sold["ended_at"].is_string());
    assert_eq!((app.stock(&tee), app.stock(&cap)), ((13, 0, 2), (4, 0, 4)));
    app.without_effect(|| {
        for verb in ["confirm", "release"] {
            service.post_nothing(&format!("{path}/{verb}")).refused(409, "RESERVATION_CLOSED");
        }
    });
    app.advance(100);
    service.post_nothing(&format!("{path}/release")).refused(409, "RESERVATION_CLOSED");
    assert_eq!(state(&service, &made), "confirmed");
}

#[test]
fn a_reservation_is_found_in_the_ledger_by_its_reference_and_is_in_the_audit() {
    let app = TestApp::start();
    let (tee, cap) = (app.product("tee-red", 30.0, 10), app.product("cap", 5.0, 10));
    let service = app.staff(&["inventory:update", "inventory:read", "audit:read"]);
    // The reference of a reservation may be the number of an order. Both are found, and they are not confused.
    let order = app.customer("mara").order_now(&tee, 1).expect(201).json();
    let number = order["order_number"].as_str().unwrap();
    let make = |reference: &str, quantity: i64| {
        let items = json!([{"product_id": tee.id, "quantity": quantity}]);
        service.post("/reservations", &json!({"items": items, "reference_id": reference})).expect(201).json()
    };
    let made = make("svc-42", 4);
    service.post_nothing(&format!("/reservations/{}/confirm", made["id"])).expect(200);
    let again = make("svc-42", 1);
    service.post_nothing(&format!("/reservations/{}/release", again["id"])).expect(200);
    make(number, 2);
    service.reserve(&cap, 1).expect(201);

    let ledger = |path: &str| service.get(path).expect(200).json();
    for path in ["/inventory/movements", &format!("/inventory/products/{}/movements", tee.id)] {
        let found = ledger(&format!("{path}?reference_id=svc-42"));
        assert_eq!((&found["total"], found["items"].as_array().unwrap().len()), (&json!(4), 4), "{found}");
        for movement in found["items"].as_array().unwrap() {
            assert_eq!(movement["reference_id"], "svc-42", "{movement}");
        }
        assert_eq!(found["items"][3]["reason"], format!("Reservation {}", made["id"]));
        assert_eq!(ledger(&format!("{path}?reference_id=svc-42&kind=fulfil"))["total"], 1);
        assert_eq!(ledger(&format!("{path}?reference_id={number}"))["total"], 2);
        assert_eq!(ledger(&format!("{path}?reference_id=reservation:{}", made["id"]))["total"], 2);
        assert_eq!(ledger(&format!("{path}?reference_id=svc-4"))["total"], 0);
    }
    let audit = service.get("/audit?entity=Inventory&limit=100").expect(200).json();
    let shown: Vec<&str> =
        audit["items"].as_array().unwrap().iter().map(|entry| entry["detail"].as_str().unwrap()).collect();
    let (made, again) = (&made["id"], &again["id"]);
    for detail in [
        format!("Reserve for reservation {made} (svc-42): stock +0, reserved +4. Stock: 9, Reserved: 4"),
        format!("Fulfilled 4 units for reservation {made} (svc-42). Stock: 5, Reserved: 0"),
        format!("Release for reservation {again} (svc-42): stock +0, reserved -1. Stock: 5, Reserved: 0"),
        format!("Fulfilled 1 units for order {number}. Stock: 9, Reserved: 0"),
    ] {
        assert!(shown.contains(&detail.as_str()), "{detail} is not among {shown:#?}");
    }
}

#[test]
fn a_released_reservation_gives_the_stock_back() {
    let app = TestApp::start();
    let tee = app.product("tee-red", 30.0, 10);
    let service = app.staff(&["inventory:update"]);
    let made = service.reserve(&tee, 4).expect(201).json();
    let path = format!("/reservations/{}", made["id"]);
    assert_eq!(app.available(&tee), 6);
    service.post_nothing(&format!("{path}/release")).expect(200);
    assert_eq!((app.stock(&tee), state(&service, &made)), ((10, 0, 0), "released".into()));
    for verb in ["confirm", "release"] {
        service.post_nothing(&format!("{path}/{verb}")).refused(409, "RESERVATION_CLOSED");
    }
}

#[test]
fn past_its_time_a_reservation_can_neither_be_confirmed_nor_released() {
    let app = TestApp::start();
    let tee = app.product("tee-red", 30.0, 10);
    let service = app.staff(&["inventory:update"]);
    let body = json!({"items": [{"product_id": tee.id, "quantity": 4}], "ttl_seconds": 30, "reference_id": "job-1"});
    let made = service.post("/reservations", &body).expect(201).json();
    let path = format!("/reservations/{}", made["id"]);
    app.advance(31);
    for job_ran in [false, true] {
        for verb in ["confirm", "release"] {
            service.post_nothing(&format!("{path}/{verb}")).refused(409, "RESERVATION_EXPIRED");
        }
        assert_eq!((app.stock(&tee), state(&service, &made)), ((10, 0, 0), "expired".into()));
        assert_eq!(app.expire_holds(), usize::from(!job_ran));
    }
}

#[test]
fn all_lines_are_held_or_none_and_every_shortage_is_reported() {
    let app = TestApp::start();
    let (tee, cap, mug) = (app.product("tee", 30.0, 10), app.product("cap", 5.0, 2), app.product("mug", 8.0, 0));
    let service = app.staff(&["inventory:update"]);
    let items = json!([{"product_id": tee.id, "quantity": 4}, {"product_id": cap.id, "quantity": 3},
                       {"product_id": mug.id, "quantity": 1}]);
    let body = json!({"items": items, "reference_id": "job-1"});
    let problem = app.without_effect(|| service.post("/reservations", &body).refused(400, "INSUFFICIENT_STOCK"));
    let short = problem["stock_errors"].as_array().unwrap();
    let shown: Vec<_> =
        short.iter().map(|line| (&line["sku"], &line["available_quantity"], &line["shortage"])).collect();
    assert_eq!(shown, [(&json!("cap"), &json!(2), &json!(1)), (&json!("mug"), &json!(0), &json!(1))]);
    assert_eq!(problem["detail"], "Insufficient stock for 'Cap'. Available: 2, Requested: 3");
}

#[test]
fn what_makes_no_reservation_is_refused() {
    let app = TestApp::start();
    let (tee, shirt) = (app.product("tee", 30.0, 10), app.sized_product("shirt", 30.0, &[("S", 5)]));
    let gone = app.product("gone", 1.0, 5);
    app.archive(&gone);
    let service = app.staff(&["inventory:update"]);
    let line = json!({"product_id": tee.id, "quantity": 1});
    let refused = |body: &Value, status: u16, code: &str| {
        app.without_effect(|| service.post("/reservations", body).refused(status, code))
    };
    for ttl in [json!(0), json!(-1), json!(31_536_000), json!(86_401), json!(1.5), json!("60"), json!(i64::MAX)] {
        refused(&json!({"items": [line], "ttl_seconds": ttl, "reference_id": "r"}), 422, "VALIDATION_FAILED");
    }
    for body in [
        json!({}),
        json!({"items": [], "reference_id": "r"}),
        json!({"items": [line]}),
        json!({"items": [line], "reference_id": ""}),
        json!({"items": [line], "reference_id": "r".repeat(101)}),
        json!({"items": [line], "reference_id": "r", "store_id": 1}),
        json!({"items": vec![line.clone(); 101], "reference_id": "r"}),
        json!({"items": [{"product_id": tee.id, "quantity": 0}], "reference_id": "r"}),
        json!({"items": [{"product_id": tee.id, "quantity": 10_001}], "reference_id": "r"}),
        json!({"items": [{"product_id": tee.id, "quantity": 6_000}, {"product_id": "tee", "quantity": 6_000}],
               "reference_id": "r"}),
    ] {
        refused(&body, 422, "VALIDATION_FAILED");
    }
    let of = |product: Value| json!({"items": [line, product], "reference_id": "r"});
    refused(&of(json!({"product_id": "unknown", "quantity": 1})), 404, "PRODUCT_NOT_FOUND");
    refused(&of(json!({"product_id": shirt.id, "quantity": 1})), 422, "SIZE_REQUIRED");
    refused(&of(json!({"product_id": shirt.id, "quantity": 1, "size": "XXL"})), 404, "SIZE_NOT_FOUND");
    refused(&of(json!({"product_id": tee.id, "quantity": 1, "size": "S"})), 404, "SIZE_NOT_FOUND");
    refused(&of(json!({"product_id": gone.id, "quantity": 1})), 409, "PRODUCT_UNAVAILABLE");
    let longest = json!({"items": [line], "ttl_seconds": 86_400, "reference_id": "r"});
    service.post("/reservations", &longest).expect(201);
    let float = json!({"items": [line], "ttl_seconds": 60.0, "reference_id": "r"});
    service.post("/reservations", &float).expect(201);
}

#[test]
fn reservations_need_their_permission_and_their_store() {
    let app = TestApp::start();
    let other = app.other_store("STORE-TWO");
    let tee = app.product("tee-red", 30.0, 10);
    let service = app.staff(&["inventory:update"]);
    let made = service.reserve(&tee, 4).expect(201).json();
    let path = format!("/reservations/{}", made["id"]);
    let (reader, mara) = (app.staff(&["inventory:read", "reports:read"]), app.customer("mara"));
    let elsewhere = app.staff_of(other, &["inventory:update"]);
    app.without_effect(|| {
        for (client, status, code) in
            [(&app.guest(), 401, "UNAUTHENTICATED"), (&mara, 403, "FORBIDDEN"), (&reader, 403, "FORBIDDEN")]
        {
            client.reserve(&tee, 1).refused(status, code);
            client.get("/reservations").refused(status, code);
            client.get(&path).refused(status, code);
            client.post_nothing(&format!("{path}/confirm")).refused(status, code);
            client.post_nothing(&format!("{path}/release")).refused(status, code);
        }
        for client in [&elsewhere, &app.admin().in_store("STORE-TWO")] {
            client.reserve(&tee, 1).refused(404, "PRODUCT_NOT_FOUND");
            assert_eq!(client.get("/reservations").expect(200).json()["total"], 0);
            client.get(&path).refused(404, "RESERVATION_NOT_FOUND");
            client.post_nothing(&format!("{path}/confirm")).refused(404, "RESERVATION_NOT_FOUND");
            client.post_nothing(&format!("{path}/release")).refused(404, "RESERVATION_NOT_FOUND");
        }
        for id in ["0", "-1", "abc", "99999999999999999999"] {
            service.get(&format!("/reservations/{id}")).refused(404, "RESERVATION_NOT_FOUND");
        }
        service.get("/reservations?state=closed").refused(422, "VALIDATION_FAILED");
    });
}

#[test]
fn a_repeated_key_keeps_the_stock_once() {
    let app = TestApp::start();
    let tee = app.product("tee-red", 30.0, 10);
    let service = app.staff(&["inventory:update"]).with_key("reserve-1");
    let first = service.reserve(&tee, 4).expect(201);
    let again = service.reserve(&tee, 4).expect(201);
    assert_eq!((first.bytes, again.header("Idempotent-Replayed")), (again.bytes.clone(), "true"));
    assert_eq!(app.stock(&tee), (10, 4, 0));
    let confirm = format!("/reservations/{}/confirm", again.id());
    let key = service.with_key("confirm-1");
    let first = key.post_nothing(&confirm).expect(200);
    assert_eq!(key.post_nothing(&confirm).expect(200).bytes, first.bytes);
    assert_eq!(app.stock(&tee), (6, 0, 4));
}

#[test]
fn the_metrics_count_what_is_held_sold_and_expired() {
    let app = TestApp::start();
    let tee = app.product("tee-red", 30.0, 40);
    let (service, mara) = (app.staff(&["inventory:update"]), app.customer("mara"));
    let metrics = |query: &str| {
        let reader = app.staff(&["reports:read"]);
        reader.get(&format!("/inventory/reservations/metrics{query}")).expect(200).json()
    };
    let figure = |query: &str, name: &str| metrics(query)[name].as_f64().unwrap();
    assert_eq!(figure("", "stock_accuracy"), 1.0);
    for name in ["reservation_rate", "conversion_rate", "expiry_rate", "active_reservations", "reserved_units"] {
        assert_eq!(figure("", name), 0.0, "{name}");
    }
    // Two are sold, one is released, one is expired, and two are held.
    let sold = service.reserve(&tee, 4).expect(201).json();
    service.post_nothing(&format!("/reservations/{}/confirm", sold["id"])).expect(200);
    let paid = mara.order_upi(&tee, 4);
    app.cashier().confirm(&paid, "pay-1").expect(200);
    let released = mara.order_upi(&tee, 2);
    mara.cancel(&released).expect(200);
    mara.order_upi(&tee, 2);
    app.advance(901);
    assert_eq!(app.expire_holds(), 1);
    mara.order_upi(&tee, 5);
    service.reserve(&tee, 3).expect(201);
    assert_eq!(figure("", "active_reservations"), 2.0);
    assert_eq!(figure("", "reserved_units"), 8.0);
    assert_eq!(figure("", "reservation_rate"), 0.25, "8 of 32");
    assert_eq!((figure("", "conversion_rate"), figure("", "expiry_rate")), (0.5, 0.25));
    assert_eq!(figure("", "stock_accuracy"), 1.0);
    let past = "?from=2001-01-01T00:00:00Z&to=2002-01-01T00:00:00Z";
    assert_eq!((figure(past, "conversion_rate"), figure(past, "expiry_rate")), (0.0, 0.0));
    assert_eq!(figure(past, "reserved_units"), 8.0, "what is held is held now");
    mara.get("/inventory/reservations/metrics").refused(403, "FORBIDDEN");
    service.get("/inventory/reservations/metrics").refused(403, "FORBIDDEN");
    app.admin().get("/inventory/reservations/metrics?from=yesterday").refused(422, "VALIDATION_FAILED");
    let prometheus = app.root().get("/metrics").expect(200).text();
    for name in ["stockroom_holds_expired_total 1", "stockroom_holds_overdue 0", "stockroom_expiry_lag_seconds 0"] {
        assert!(prometheus.contains(name), "no {name} in {prometheus}");
    }
}
