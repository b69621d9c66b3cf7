//! The SQL of suppliers.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;

use crate::db;
use crate::db::schema::suppliers;
use crate::error::{Abort, ApiError, Code};
use crate::kernel::folded_text;
use crate::kernel::id::{StoreId, SupplierId};
use crate::kernel::page::{List, PageQuery, Sort};

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
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = suppliers)]
#[diesel(check_for_backend(Pg))]
#[diesel(treat_none_as_null = true)]
pub struct SupplierSettings {
    pub code: String,
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub lead_time_days: Option<i64>,
    pub notes: Option<String>,
    pub active: bool,
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

pub fn insert(
    conn: &mut PgConnection,
    store: StoreId,
    settings: &SupplierSettings,
    at: DateTime<Utc>,
) -> Result<Supplier, Abort> {
    diesel::insert_into(suppliers::table)
        .values((
            suppliers::store_id.eq(store),
            settings,
            suppliers::folded_name.eq(folded_text::fold(&settings.name)),
            suppliers::created_at.eq(at),
            suppliers::updated_at.eq(at),
        ))
        .returning(Supplier::as_returning())
        .get_result(conn)
        .map_err(|error| code_taken(error, &settings.code))
}

/// Writes a supplier as it is in memory. The row must have been locked.
pub fn update(conn: &mut PgConnection, store: StoreId, supplier: &Supplier) -> Result<(), Abort> {
    let row = suppliers::table.filter(suppliers::store_id.eq(store)).filter(suppliers::id.eq(supplier.id));
    let settings = &supplier.settings;
    let changed = diesel::update(row)
        .set((
            settings,
            suppliers::folded_name.eq(folded_text::fold(&settings.name)),
            suppliers::updated_at.eq(supplier.updated_at),
        ))
        .execute(conn)
        .map_err(|error| code_taken(error, &settings.code))?;
    Ok(db::expect_rows(changed, 1, "suppliers were written")?)
}

fn code_taken(error: diesel::result::Error, code: &str) -> Abort {
    Abort::or_refuse(error, "suppliers_code_key", || {
        ApiError::new(Code::Duplicate, format!("There is a supplier with the code '{code}' already."))
    })
}

/// The columns that suppliers can be sorted by.
pub const SORTS: [&str; 3] = ["id", "code", "name"];

type Query<'a> = suppliers::BoxedQuery<'a, Pg>;

/// A page of suppliers, perhaps only the active or the inactive ones.
pub fn list(
    conn: &mut PgConnection,
    store: StoreId,
    active: Option<bool>,
    sort: Sort,
    page: &PageQuery,
) -> QueryResult<List<Supplier>> {
    let matching = || -> Query<'_> {
        let all = suppliers::table.filter(suppliers::store_id.eq(store)).into_boxed();
        match active {
            Some(active) => all.filter(suppliers::active.eq(active)),
            None => all,
        }
    };
    let total = matching().count().get_result(conn)?;
    let query = match (sort.column, sort.descending) {
        ("code", false) => matching().order(suppliers::code.asc()),
        ("code", true) => matching().order(suppliers::code.desc()),
        ("name", false) => matching().order((suppliers::folded_name.asc(), suppliers::id.asc())),
        ("name", true) => matching().order((suppliers::folded_name.desc(), suppliers::id.desc())),
        (_, false) => matching().order(suppliers::id.asc()),
        (_, true) => matching().order(suppliers::id.desc()),
    };
    let found = query.select(Supplier::as_select()).limit(page.limit).offset(page.offset()).load(conn)?;
    Ok(page.list(found, total))
}
