//! Rows of suppliers.

use std::collections::HashMap;

use diesel::PgConnection;

use super::input_row::{Columns, InputRow};
use super::outcome::{Outcome, RowAction, WriteMode, retry_if_refused};
use crate::auth::Scope;
use crate::db;
use crate::error::{Abort, FieldError};
use crate::kernel::text;
use crate::purchasing::api::suppliers::SupplierPatchRequest;
use crate::purchasing::queries::suppliers::{self as rows_of, Supplier, SupplierSettings};
use crate::purchasing::suppliers::{self, SupplierChange};

const FIELDS: [(&str, &str); 6] = [
    ("name", "name"),
    ("email", "email"),
    ("phone", "phone"),
    ("lead_time_days", "lead_time_days"),
    ("notes", "notes"),
    ("active", "active"),
];

/// Decides on the rows, and writes their changes if the mode allows it.
pub fn apply(
    conn: &mut PgConnection,
    scope: &Scope,
    (columns, rows): (&Columns, &[InputRow]),
    mode: WriteMode,
) -> Result<Vec<Outcome>, Abort> {
    let codes: Vec<String> =
        rows.iter().filter_map(|row| columns.text(row, "code")).map(str::to_ascii_uppercase).collect();
    let locked = rows_of::list_by_code_for_update(conn, scope.store, &codes)?;
    let locked: HashMap<String, Supplier> =
        locked.into_iter().map(|supplier| (supplier.settings.code.clone(), supplier)).collect();
    let at = db::clock(conn)?;
    let (mut outcomes, mut new, mut changed) = (Vec::with_capacity(rows.len()), Vec::new(), Vec::new());
    for row in rows {
        outcomes.push(match decide(columns, row, &locked) {
            Err(errors) => Outcome::refused(errors),
            Ok(Decided::Unchanged) => Outcome::new(RowAction::Unchanged),
            Ok(Decided::New(settings)) => {
                new.push(settings);
                Outcome::new(RowAction::Created)
            }
            Ok(Decided::Changed(supplier)) => {
                changed.push(Supplier { updated_at: at, ..supplier });
                Outcome::new(RowAction::Updated)
            }
        });
    }
    if mode.writes(&outcomes) && !(new.is_empty() && changed.is_empty()) {
        suppliers::write(conn, scope, (&new, &changed), at).map_err(retry_if_refused)?;
    }
    Ok(outcomes)
}

enum Decided {
    Unchanged,
    New(SupplierSettings),
    Changed(Supplier),
}

fn decide(columns: &Columns, row: &InputRow, locked: &HashMap<String, Supplier>) -> Result<Decided, Vec<FieldError>> {
    let refused = |column: &str, message: &str| vec![FieldError::new(column, message)];
    let code = columns.text(row, "code").ok_or_else(|| refused("code", "is required"))?.to_ascii_uppercase();
    text::check_short_code(&code)
        .map_err(|error| refused("code", error.message.as_deref().unwrap_or("is not valid")))?;
    let change = SupplierChange::from(columns.read::<SupplierPatchRequest>(row, &FIELDS)?);
    let Some(supplier) = locked.get(&code) else {
        let name = change.name.clone().ok_or_else(|| refused("name", "is required for a new supplier"))?;
        let (email, phone, lead_time_days, notes) = (None, None, None, None);
        let empty = SupplierSettings { code, name, email, phone, lead_time_days, notes, active: true };
        return Ok(Decided::New(change.apply(&empty)));
    };
    let settings = change.apply(&supplier.settings);
    Ok(match settings == supplier.settings {
        true => Decided::Unchanged,
        false => Decided::Changed(Supplier { settings, ..supplier.clone() }),
    })
}
