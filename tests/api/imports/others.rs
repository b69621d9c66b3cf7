//! Rows of barcodes and of suppliers.

use super::{audit_details, counts, export, import, imported, results};
use crate::common::{TestApp, json};

#[test]
fn barcodes_are_added_with_their_units() {
    let app = TestApp::start();
    let admin = app.admin();
    app.product("rice", 1.0, 1);
    app.create_product(&json!({"sku": "tee", "name": "Tee", "price": 1, "barcode": "whole", "sizes": [{"size": "S"}]}));
    let rows = "\
sku,size,code,units
rice,,96385074,
rice,,case-12,12
tee,S,4006381333931,1
tee,,whole,
";
    assert_eq!(imported(&admin, "kind=barcodes", rows), [3, 0, 1, 0]);
    let rice = admin.get("/inventory/products/rice").expect(200).json();
    assert_eq!(rice["barcode"], "96385074");
    let scanned = admin.get("/inventory/scan/case-12").expect(200).json();
    assert_eq!((&scanned["units"], &scanned["product"]["sku"]), (&json!(12), &json!("rice")));
    assert_eq!(admin.get("/inventory/products?q=4006381333931").expect(200).json()["total"], 1);
    assert!(audit_details(&app).contains(&"Product rice changed: barcode case-12 of 12 units added".to_owned()));
    assert_eq!(imported(&admin, "kind=barcodes", rows), [0, 0, 4, 0]);
    let changed = "sku,size,code,units\nrice,,case-12,10\nrice,,00000096385074,1\n";
    assert_eq!(imported(&admin, "kind=barcodes", changed), [0, 1, 1, 0]);
    assert_eq!(admin.get("/inventory/scan/case-12").expect(200).json()["units"], 10);
    let file = export(&admin, "kind=barcodes");
    assert_eq!(file.lines().count(), 5, "{file}");
    assert_eq!(imported(&admin, "kind=barcodes", &file), [0, 0, 4, 0]);
}

#[test]
fn wrong_barcodes_are_refused() {
    let app = TestApp::start();
    let admin = app.admin();
    app.product("rice", 1.0, 1);
    app.create_product(&json!({"sku": "tee", "name": "Tee", "price": 1, "sizes": [{"size": "S", "barcode": "taken"}]}));
    let rows = "\
sku,size,code,units
rice,,96385075,
rice,,taken,
rice,,units,0
rice,,power,1e1
none,,free,
tee,,free-2,
tee,L,free-3,
rice,,,
rice,,good,
rice,,good,
";
    let report = import(&admin, "kind=barcodes&on_error=skip", rows).expect(201).json();
    let columns: Vec<_> = results(&admin, &report).into_iter().map(|row| row[2].clone()).collect();
    let expected = ["code", "code", "units", "units", "sku", "size", "size", "code", "", "code"];
    let expected = expected.map(|column| if column.is_empty() { json!(null) } else { json!(column) });
    assert_eq!(columns, expected);
    let rows = admin.get(&format!("/imports/{}/rows", report["id"])).expect(200).json();
    let message = rows["items"][1]["errors"][0]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("taken by 'tee-S'"), "{message}");
}

#[test]
fn suppliers_are_created_and_changed() {
    let app = TestApp::start();
    let admin = app.admin();
    let rows = "\
code,name,email,phone,lead_time_days,notes,active
acme,Acme,sales@acme.example,'+49 30 1,5,,
beta,Beta,,,,\"Two
lines\",false
";
    assert_eq!(imported(&admin, "kind=suppliers", rows), [2, 0, 0, 0]);
    let list = admin.get("/suppliers?sort=code").expect(200).json();
    let acme = &list["items"][0];
    assert_eq!(
        (&acme["code"], &acme["phone"], &acme["lead_time_days"]),
        (&json!("ACME"), &json!("+49 30 1"), &json!(5))
    );
    assert_eq!((&list["items"][1]["active"], &list["items"][1]["notes"]), (&json!(false), &json!("Two\nlines")));
    assert_eq!(imported(&admin, "kind=suppliers", rows), [0, 0, 2, 0]);
    let changes = "code,name,email,phone,lead_time_days,notes,active\nACME,Acme Ltd,-,,,,\nbeta,,,,,,true\n";
    assert_eq!(imported(&admin, "kind=suppliers", changes), [0, 2, 0, 0]);
    let acme = admin.get(&format!("/suppliers/{}", acme["id"])).expect(200).json();
    assert_eq!((&acme["name"], &acme["email"], &acme["lead_time_days"]), (&json!("Acme Ltd"), &json!(null), &json!(5)));
    let details = audit_details(&app);
    for detail in ["Supplier ACME created", "Supplier ACME updated", "Supplier BETA updated"] {
        assert_eq!(details.iter().filter(|known| *known == detail).count(), 1, "{detail} in {details:?}");
    }
    let file = export(&admin, "kind=suppliers");
    assert!(file.contains("'+49 30 1"), "{file}");
    assert_eq!(imported(&admin, "kind=suppliers", &file), [0, 0, 2, 0]);
}

#[test]
fn wrong_suppliers_are_refused() {
    let app = TestApp::start();
    let admin = app.admin();
    let rows = "\
code,name,email,lead_time_days,active
a b,Name,,,
new,,,,
mail,Name,no address,,
days,Name,,1001,
days-2,Name,,2.5,
flag,Name,,,yes
good,Name,,0,true
GOOD,Name,,0,true
";
    let report = import(&admin, "kind=suppliers&on_error=skip", rows).expect(201).json();
    assert_eq!(counts(&report), [1, 0, 0, 7]);
    let columns: Vec<_> = results(&admin, &report).into_iter().map(|row| row[2].clone()).collect();
    let expected = ["code", "name", "email", "lead_time_days", "lead_time_days", "active", "", "code"];
    let expected = expected.map(|column| if column.is_empty() { json!(null) } else { json!(column) });
    assert_eq!(columns, expected);
}
