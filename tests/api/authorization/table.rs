//! Every operation of the OpenAPI document with every kind of caller, compared with `table.txt`.
//!
//! A line is `METHOD path | guest | customer | other customer | staff- | staff+ | other store | admin`.
//! The path names objects of the customer in the first store. `staff+` has only the (first) permission that the
//! operation needs, and `staff-` has every other permission. If it needs none, `staff-` has none and `staff+` has all. Staff of
//! another store have every permission. Their cell has two statuses: with the first store in `X-Store-Id`, and
//! without the header.
//!
//! `WRITE_AUTHORIZATION=1 cargo test --test api authorization` writes the table. Compare each changed cell with the
//! contract, because the test proves only that the table is up to date.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use super::calls::Call;
use super::{World, is_of_the_api, permissions_of};
use crate::common::{Client, Reply, Value};
use stockroom::auth::Permission;
use strum::VariantArray;

impl World {
    /// The statuses of a line, in the order of the columns.
    fn line(&self, operation: &str, needed: &[Permission]) -> String {
        let (staff_without, staff_with) = self.staff(needed);
        let everything: Vec<_> = Permission::VARIANTS.iter().map(|permission| permission.as_str()).collect();
        // With a new token for each call, because some calls end sessions.
        let outsider = || self.app.staff_of(self.other_store, &everything);
        let outsider_here = outsider().in_store(&self.app.store.to_string());
        let noor = self.app.customer("noor");
        let status = |client: &Client| self.status(operation, client);
        format!(
            "{operation} | {} | {} | {} | {} | {} | {} {} | {}",
            status(&self.app.guest()),
            status(&self.customer),
            status(&noor),
            status(&staff_without),
            status(&staff_with),
            status(&outsider_here),
            status(&outsider()),
            status(&self.admin),
        )
    }

    fn staff(&self, needed: &[Permission]) -> (Client, Client) {
        let those = |keep: &dyn Fn(Permission) -> bool| {
            let kept: Vec<_> = Permission::VARIANTS.iter().filter(|one| keep(**one)).map(|one| one.as_str()).collect();
            self.app.staff(&kept)
        };
        match needed.first() {
            Some(first) => (those(&|one| !needed.contains(&one)), those(&|one| one == *first)),
            None => (those(&|_| false), those(&|_| true)),
        }
    }

    fn status(&self, operation: &str, client: &Client) -> u16 {
        let call = self.call(operation);
        let reply = call.send(client);
        match reply.status {
            403 => {
                reply.clone().refused(403, "FORBIDDEN");
            }
            404 => self.assert_answered_as_an_absent_one(operation, &call, client, &reply),
            _ => {}
        }
        reply.status
    }

    /// An object of another caller is answered like one that does not exist.
    fn assert_answered_as_an_absent_one(&self, operation: &str, call: &Call, client: &Client, reply: &Reply) {
        const ABSENT: &str = "999999999";
        let named = ["{id}", "{product_id}"].into_iter().find(|name| operation.contains(name));
        let Some(position) = named.and_then(|name| operation.split('/').position(|part| part == name)) else { return };
        let mut parts: Vec<&str> = call.path.split('/').collect();
        let id = std::mem::replace(&mut parts[position], ABSENT);
        let absent = Call { path: parts.join("/"), body: call.body.clone(), method: call.method }.send(client);
        let outcome = |reply: &Reply, id: &str| {
            let problem = reply.json();
            let detail = problem["detail"].as_str().unwrap().replace(id, "#");
            (reply.status, problem["code"].clone(), problem["title"].clone(), detail)
        };
        let (of_other, of_none) = (outcome(reply, id), outcome(&absent, ABSENT));
        let same = of_other == of_none || reply.json()["detail"] == absent.json()["detail"];
        assert!(same && reply.status == absent.status, "{operation}: {of_other:?} is not {of_none:?}");
    }
}

/// Every operation of the document, with the permission that its description names.
fn operations(document: &Value) -> BTreeMap<String, Vec<Permission>> {
    let paths = document["paths"].as_object().unwrap();
    let each = paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().iter().filter(|(_, operation)| is_of_the_api(operation));
        methods.map(move |(method, operation)| (format!("{} {path}", method.to_uppercase()), permissions_of(operation)))
    });
    each.collect()
}

fn table() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/api/authorization/table.txt")
}

/// The table's head, which is kept when it is written anew, and its lines.
fn read_table() -> (String, BTreeMap<String, String>) {
    let text = fs::read_to_string(table()).unwrap();
    let (head, lines): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| line.starts_with('#'));
    let by_operation = |line: &str| (line.split(" | ").next().unwrap_or_default().to_owned(), line.to_owned());
    let known = lines.into_iter().filter(|line| !line.is_empty()).map(by_operation).collect();
    (head.join("\n"), known)
}

#[test]
fn every_operation_answers_every_caller_as_the_table_says() {
    let world = World::new();
    let operations = operations(&world.app.root().get("/openapi.json").expect(200).json());
    let line = |operation: &str, needed: &[Permission]| match operation {
        // It ends the tokens of its callers.
        "DELETE /auth/sessions" => World::new().line(operation, needed),
        _ => world.line(operation, needed),
    };
    let found: BTreeMap<String, String> =
        operations.iter().map(|(name, needed)| (name.clone(), line(name, needed))).collect();
    let (head, known) = read_table();
    if std::env::var_os("WRITE_AUTHORIZATION").is_some() {
        let lines: Vec<&str> = found.values().map(String::as_str).collect();
        fs::write(table(), format!("{head}\n\n{}\n", lines.join("\n"))).unwrap();
        return;
    }
    let mut wrong = Vec::new();
    for (operation, line) in &found {
        match known.get(operation) {
            Some(expected) if expected == line => {}
            Some(expected) => wrong.push(format!("in the table: {expected}\n    answered: {line}")),
            None => wrong.push(format!("not in the table: {line}")),
        }
    }
    let gone = known.keys().filter(|operation| !found.contains_key(*operation));
    wrong.extend(gone.map(|operation| format!("in the table, but no operation: {operation}")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
