use super::rice;
use crate::common::{TestApp, json};

#[test]
fn queries_that_make_no_sense_are_refused() {
    let app = TestApp::start();
    rice(&app);
    let reader = app.staff(&["inventory:read"]);
    for (query, field) in [
        ("method=lifo", "method"),
        ("as_of=yesterday", "as_of"),
        ("as_of=", "as_of"),
        ("as_of=2999-01-01T00:00:00Z", "as_of"),
        ("sort=value", "sort"),
        ("limit=101", "limit"),
        ("page=0", "page"),
    ] {
        let problem = reader.get(&format!("/inventory/valuation?{query}")).expect(422).json();
        assert_eq!(
            (&problem["code"], &problem["errors"][0]["field"]),
            (&json!("VALIDATION_FAILED"), &json!(field)),
            "{query}"
        );
    }
    assert_eq!(reader.get("/inventory/valuation?from=1").expect(422).json()["code"], "VALIDATION_FAILED");
    app.guest().get("/inventory/valuation").expect(401);
    app.customer("mara").get("/inventory/valuation").expect(403);
}

#[test]
fn before_the_first_run_of_the_job_nothing_is_valued() {
    let app = TestApp::start();
    rice(&app);
    let answer = app.staff(&["inventory:read"]).get("/inventory/valuation").expect(200).json();
    assert_eq!((&answer["items"][0]["quantity"], &answer["totals"]["paid"]), (&json!(0), &json!(0.0)));
}
