//! The SQL of suppliers.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz};

use crate::db;
use crate::db::schema::suppliers;
use crate::error::{Abort, ApiError, Code};
use crate::kernel::folded_text::{self, PhonePatterns};
use crate::kernel::id::{StoreId, SupplierId};
use crate::kernel::page::{List, PageQuery, Sort};
use crate::kernel::sort_key::sort_key;

/// A supplier as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = suppliers)]
#[diesel(check_for_backend(Pg))]
pub struct Supplier {
    pub id: SupplierId,
    #[diesel(embed)]
    pub settings: SupplierSettings,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// The data of a supplier that staff can change.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = suppliers)]
#[diesel(check_for_backend(Pg))]
#[diesel(treat_none_as_default_value = false)]
pub struct SupplierSettings {
    pub code: String,
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub lead_time_days: Option<i64>,
    pub notes: Option<String>,
    pub active: bool,
}

impl SupplierSettings {
    /// The search text: code, name, e-mail address, and the phone as it was given and by its digits.
    fn search_text(&self) -> String {
        let digits =
            self.phone.as_deref().map(folded_text::digits).filter(|digits| Some(digits) != self.phone.as_ref());
        let texts = [&self.email, &self.phone, &digits].into_iter().flatten();
        folded_text::search_text([&self.code, &self.name].into_iter().chain(texts).map(String::as_str))
    }
}

pub fn find(conn: &mut PgConnection, store: StoreId, id: SupplierId) -> QueryResult<Option<Supplier>> {
    let rows = suppliers::table.filter(suppliers::store_id.eq(store)).filter(suppliers::id.eq(id));
    rows.select(Supplier::as_select()).first(conn).optional()
}

/// The suppliers with these ids.
pub fn list_by_id(conn: &mut PgConnection, store: StoreId, ids: &[SupplierId]) -> QueryResult<Vec<Supplier>> {
    let rows = suppliers::table.filter(suppliers::store_id.eq(store)).filter(suppliers::id.eq_any(ids));
    rows.select(Supplier::as_select()).load(conn)
}

/// Locks a supplier, and so its items.
pub fn find_for_update(conn: &mut PgConnection, store: StoreId, id: SupplierId) -> QueryResult<Option<Supplier>> {
    let rows = suppliers::table.filter(suppliers::store_id.eq(store)).filter(suppliers::id.eq(id));
    rows.select(Supplier::as_select()).for_update().first(conn).optional()
}

/// Locks the suppliers with these codes, in the order of their ids. The lock lets others refer to the suppliers, so
/// their orders can be created in other ways meanwhile.
pub fn list_by_code_for_no_key_update(
    conn: &mut PgConnection,
    store: StoreId,
    codes: &[String],
) -> QueryResult<Vec<Supplier>> {
    let rows = suppliers::table.filter(suppliers::store_id.eq(store)).filter(suppliers::code.eq_any(codes));
    rows.order(suppliers::id).select(Supplier::as_select()).for_no_key_update().load(conn)
}

/// Locks the suppliers with these codes, in the order of their ids.
pub fn list_by_code_for_update(
    conn: &mut PgConnection,
    store: StoreId,
    codes: &[String],
) -> QueryResult<Vec<Supplier>> {
    let rows = suppliers::table.filter(suppliers::store_id.eq(store)).filter(suppliers::code.eq_any(codes));
    rows.order(suppliers::id).select(Supplier::as_select()).for_update().load(conn)
}

/// Inserts suppliers, in the order of their codes.
pub fn insert(
    conn: &mut PgConnection,
    store: StoreId,
    new: &[SupplierSettings],
    at: DateTime<Utc>,
) -> Result<Vec<Supplier>, Abort> {
    if new.is_empty() {
        return Ok(Vec::new());
    }
    let mut new: Vec<&SupplierSettings> = new.iter().collect();
    new.sort_unstable_by(|one, other| one.code.cmp(&other.code));
    let row = |settings: &SupplierSettings| {
        (
            suppliers::store_id.eq(store),
            settings.clone(),
            suppliers::name_key.eq(sort_key(&settings.name)),
            suppliers::search_text.eq(settings.search_text()),
            suppliers::created_at.eq(at),
            suppliers::updated_at.eq(at),
        )
    };
    diesel::insert_into(suppliers::table)
        .values(new.iter().map(|settings| row(settings)).collect::<Vec<_>>())
        .returning(Supplier::as_returning())
        .get_results(conn)
        .map_err(|error| code_taken(error, new.iter().map(|settings| settings.code.as_str())))
}

/// Writes suppliers as they are in memory. The rows must have been locked.
pub fn update(conn: &mut PgConnection, store: StoreId, changed: &[Supplier]) -> Result<(), Abort> {
    if changed.is_empty() {
        return Ok(());
    }
    let texts = |pick: fn(&SupplierSettings) -> Option<&String>| {
        changed.iter().map(|supplier| pick(&supplier.settings)).collect::<Vec<_>>()
    };
    // The DSL cannot join arrays.
    let updated = db::sql(
        "UPDATE suppliers s SET code = n.code, name = n.name, name_key = n.name_key, search_text = n.search_text, \
                email = n.email, phone = n.phone, lead_time_days = n.lead_time_days, notes = n.notes, active = n.active, \
                updated_at = n.updated_at \
         FROM unnest($2::int8[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::int8[], $9::text[], \
                     $10::bool[], $11::timestamptz[], $12::text[]) \
              AS n (id, code, name, name_key, email, phone, lead_time_days, notes, active, updated_at, search_text) \
         WHERE s.store_id = $1 AND s.id = n.id",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(changed.iter().map(|supplier| supplier.id).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(changed.iter().map(|supplier| supplier.settings.code.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(changed.iter().map(|supplier| supplier.settings.name.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(changed.iter().map(|supplier| sort_key(&supplier.settings.name)).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(texts(|settings| settings.email.as_ref()))
    .bind::<Array<Nullable<Text>>, _>(texts(|settings| settings.phone.as_ref()))
    .bind::<Array<Nullable<BigInt>>, _>(
        changed.iter().map(|supplier| supplier.settings.lead_time_days).collect::<Vec<_>>(),
    )
    .bind::<Array<Nullable<Text>>, _>(texts(|settings| settings.notes.as_ref()))
    .bind::<Array<Bool>, _>(changed.iter().map(|supplier| supplier.settings.active).collect::<Vec<_>>())
    .bind::<Array<Timestamptz>, _>(changed.iter().map(|supplier| supplier.updated_at).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(changed.iter().map(|supplier| supplier.settings.search_text()).collect::<Vec<_>>())
    .execute(conn)
    .map_err(|error| code_taken(error, changed.iter().map(|supplier| supplier.settings.code.as_str())))?;
    Ok(db::expect_rows(updated, changed.len(), "suppliers were written")?)
}

/// The constraint does not name the one of several that is taken.
fn code_taken<'a>(error: diesel::result::Error, mut codes: impl Iterator<Item = &'a str>) -> Abort {
    Abort::or_refuse(error, "suppliers_code_key", || match (codes.next(), codes.next()) {
        (Some(code), None) => {
            ApiError::new(Code::Duplicate, format!("There is a supplier with the code '{code}' already."))
        }
        _ => ApiError::new(Code::Duplicate, "There is a supplier with one of the codes already."),
    })
}

/// Sets the search texts and keys of suppliers that have none yet, and returns their number.
pub fn fill_search_text(conn: &mut PgConnection, store: StoreId, limit: i64) -> QueryResult<usize> {
    let found: Vec<Supplier> = suppliers::table
        .filter(suppliers::store_id.eq(store))
        .filter(suppliers::search_text.is_null())
        .order(suppliers::id)
        .limit(limit)
        .select(Supplier::as_select())
        .for_update()
        .load(conn)?;
    let text = |value: fn(&SupplierSettings) -> String| {
        found.iter().map(|supplier| value(&supplier.settings)).collect::<Vec<_>>()
    };
    // The DSL cannot join arrays.
    db::sql(
        "UPDATE suppliers s SET search_text = n.search_text, name_key = n.name_key \
         FROM unnest($2::int8[], $3::text[], $4::text[]) AS n (id, search_text, name_key) \
         WHERE s.store_id = $1 AND s.id = n.id",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(found.iter().map(|supplier| supplier.id).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(text(SupplierSettings::search_text))
    .bind::<Array<Text>, _>(text(|settings| sort_key(&settings.name)))
    .execute(conn)
}

/// The conditions of a list of suppliers.
#[derive(Clone, Debug, Default)]
pub struct SupplierFilter {
    pub active: Option<bool>,
    /// For each word, the patterns of which the search text matches one.
    pub patterns: Vec<PhonePatterns>,
}

/// The columns that suppliers can be sorted by.
pub const SORTS: [&str; 3] = ["id", "code", "name"];

type Query<'a> = suppliers::BoxedQuery<'a, Pg>;

/// A page of the suppliers that the filter leaves.
pub fn list(
    conn: &mut PgConnection,
    store: StoreId,
    filter: &SupplierFilter,
    sort: Sort,
    page: &PageQuery,
) -> QueryResult<List<Supplier>> {
    let matching = || filtered(store, filter);
    let total = matching().count().get_result(conn)?;
    let query = match (sort.column, sort.descending) {
        ("code", false) => matching().order(suppliers::code.asc()),
        ("code", true) => matching().order(suppliers::code.desc()),
        ("name", false) => matching().order((suppliers::name_key.asc(), suppliers::id.asc())),
        ("name", true) => matching().order((suppliers::name_key.desc(), suppliers::id.desc())),
        (_, false) => matching().order(suppliers::id.asc()),
        (_, true) => matching().order(suppliers::id.desc()),
    };
    let found = query.select(Supplier::as_select()).limit(page.limit).offset(page.offset()).load(conn)?;
    Ok(page.list(found, total))
}

fn filtered(store: StoreId, filter: &SupplierFilter) -> Query<'_> {
    let mut query = suppliers::table.filter(suppliers::store_id.eq(store)).into_boxed();
    if let Some(active) = filter.active {
        query = query.filter(suppliers::active.eq(active));
    }
    for PhonePatterns { text, digits } in &filter.patterns {
        let matches_text = suppliers::search_text.assume_not_null().like(text);
        query = match digits {
            None => query.filter(matches_text),
            Some(digits) => query.filter(matches_text.or(suppliers::search_text.assume_not_null().like(digits))),
        };
    }
    query
}
