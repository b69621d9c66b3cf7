//! Templates of a store.

use super::Office;
use crate::common::{Value, json};

fn path(office: &Office, name: &str, language: &str) -> String {
    format!("/stores/{}/mail-templates/{name}/{language}", office.app.store)
}

fn template(subject: &str) -> Value {
    json!({
        "subject": subject,
        "text": "{% for item in order.items %}{{ item.quantity }} {{ item.name|upper }}\n{% endfor %}",
        "html": "<p>{{ order.customer_name or 'you' }}, {{ store.name }}</p>",
    })
}

#[test]
fn a_store_replaces_a_template_in_its_language() {
    let office = Office::open("templates");
    let app = &office.app;
    let (rice, mara) = (app.product("rice", 10.0, 50), app.customer("mara"));
    let built_in = office.admin.get(&path(&office, "order_placed", "de")).expect(200).json();
    assert_eq!((&built_in["is_custom"], &built_in["language"]), (&json!(false), &json!("de")));
    assert!(built_in["subject"].as_str().unwrap().starts_with("Ihre Bestellung"), "{built_in}");
    let own = office.admin.put(&path(&office, "order_placed", "de"), &template("Danke: {{ order.number }}"));
    assert_eq!(own.expect(200).json()["is_custom"], true);
    mara.buy(&rice, 2);
    let mail = office.deliver().remove(0);
    assert!(mail.subject.starts_with("Your order "), "{}", mail.subject);
    // The language without the region is used, until there is a template for the whole tag.
    app.set_store(&json!({"language": "DE-at"}));
    mara.buy(&rice, 2);
    let mail = office.deliver().remove(0);
    assert!(mail.subject.starts_with("Danke: ORD-") && mail.text.contains("2 RICE"), "{mail:?}");
    office.admin.put(&path(&office, "order_placed", "de-AT"), &template("Servus")).expect(200);
    mara.buy(&rice, 2);
    assert_eq!(office.deliver().remove(0).subject, "Servus");
    office.admin.delete(&path(&office, "order_placed", "de-AT")).expect(204);
    office.admin.delete(&path(&office, "order_placed", "de")).expect(204);
    office.admin.delete(&path(&office, "order_placed", "de")).refused(404, "NOT_FOUND");
    mara.buy(&rice, 2);
    assert!(office.deliver().remove(0).subject.starts_with("Ihre Bestellung ORD-"));
    let audit = office.admin.get("/audit?entity=Store&action=UPDATE").expect(200).json();
    assert!(audit.to_string().contains("mail template order_placed (de-AT)"), "{audit}");
}

#[test]
fn a_template_is_checked_when_it_is_written() {
    let office = Office::open("checked");
    let put = |field: &str, text: &str| {
        let mut body = template("Hello");
        body[field] = json!(text);
        office.admin.put(&path(&office, "order_placed", "en"), &body)
    };
    for (field, text) in [
        ("subject", "{{ order.nothing }}"),
        ("text", "{{ order.number"),
        ("text", "{% set x = 1 %}"),
        ("html", "{{ order.number|safe }}"),
        ("html", "{% autoescape false %}{{ order.number }}{% endautoescape %}"),
        ("html", "{{ 'a' * 100000000 }}"),
        ("html", "{% include 'order_paid.en.jinja' %}"),
        ("subject", &format!("{{{{ {}1 }}}}", "not ".repeat(200))),
        ("text", &format!("{{{{ order.number{} }}}}", "|upper".repeat(3_000))),
        ("html", &format!("{{% if 1 %}}{}{{% endif %}}", "{% elif 1 %}".repeat(1_600))),
        ("text", ""),
        ("text", &"a".repeat(20_001)),
        ("subject", &"a".repeat(1_001)),
    ] {
        put(field, text).refused_field(field);
    }
    assert_eq!(office.admin.get(&path(&office, "order_placed", "en")).expect(200).json()["is_custom"], false);
    for (name, language) in
        [("order_lost", "en"), ("password_reset", "en"), ("order_placed", "EN"), ("order_placed", "english")]
    {
        office.admin.get(&path(&office, name, language)).refused(404, "NOT_FOUND");
        office.admin.put(&path(&office, name, language), &template("Hello")).refused(404, "NOT_FOUND");
    }
}

#[test]
fn a_template_that_fails_with_real_values_does_not_stop_the_mail() {
    let office = Office::open("failing");
    let rice = office.app.product("rice", 10.0, 50);
    // An order of this buyer has no notes, unlike the sample.
    let mut body = template("{{ order.number }}");
    body["text"] = json!("{% for a in order.items %}{% for b in order.notes.x.y %}{{ b }}{% endfor %}{% endfor %}");
    office.admin.put(&path(&office, "order_placed", "en"), &body).refused_field("text");
    body["text"] = json!("{% if not order.discount %}{{ order.items // 1 }}{% endif %}");
    office.admin.put(&path(&office, "order_placed", "en"), &body).expect(200);
    office.app.customer("mara").buy(&rice, 1);
    assert!(office.deliver().remove(0).subject.starts_with("Your order "));
}

/// The JSON of the requests in the guide, by method and path.
fn requests_of_guide() -> Vec<(String, String, Value)> {
    let guide = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/guides/order-confirmations.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let blocks = guide.split("```json\n").skip(1).map(|block| block.split("```").next().unwrap());
    let request = |block: &str| {
        let (line, body) = block.split_once('\n').unwrap();
        let (method, path) = line.split_once(' ').unwrap();
        (method.to_owned(), path.to_owned(), serde_json::from_str(body).unwrap())
    };
    blocks.map(request).collect()
}

#[test]
fn the_guide_to_order_confirmations_works_as_it_is_written() {
    let office = Office::open("guide");
    office.app.sized_product("tee-red", 30.0, &[("M", 10)]);
    let requests = requests_of_guide();
    assert_eq!(requests.len(), 3);
    for (method, path, body) in requests {
        let path = path.replace("/stores/1", &format!("/stores/{}", office.app.store));
        let reply = office.admin.send(&method, &path, Some(&body));
        assert!(matches!(reply.status, 200 | 201), "{}", reply.text());
    }
    let mail = office.deliver().remove(0);
    assert_eq!(mail.to, "mara@example.com");
    assert!(mail.head.contains("Subject: Danke =?utf-8?b?ZsO8cg==?="), "{}", mail.head);
    assert!(mail.text.contains("2 x Tee red: 60.00 INR") && mail.html.contains("<h1>Danke!</h1>"), "{mail:?}");
}
