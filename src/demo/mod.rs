//! The demo store: a small grocery with two shops and a warehouse, two accounts, shirts in three sizes, two suppliers, and
//! a count and an order of last week. With a history, it has months of orders, deliveries, counts and returns instead.

mod counts;
mod goods;
mod history;
mod orders;
mod places;
mod purchasing;

use chrono::Duration;
use diesel::PgConnection;

use crate::accounts::queries::users;
use crate::accounts::{NewAccount, create_user};
use crate::audit::queries::{self as audit, NewAuditEntry};
use crate::audit::words::{Action, Entity};
use crate::auth::permission::Permissions;
use crate::auth::principal::{Account, SYSTEM};
use crate::auth::{Principal, Role, Scope};
use crate::catalogue::product::NewProduct;
use crate::db::tx::{self, Mode};
use crate::db::{self, End, Failure, clock};
use crate::error::{Abort, Code};
use crate::inventory::change_barcodes::{NewBarcode, add_barcode};
use crate::inventory::create_product::create_product;
use crate::kernel::id::{ProductRef, UserId};
use crate::kernel::language::Language;
use crate::kernel::money::{Currency, Money};
use crate::kernel::quantity::ServiceLevel;
use crate::kernel::rate::Rate;
use crate::settings::Secret;
use crate::stores::code::StoreCode;
use crate::stores::count_tolerance::CountTolerance;
use crate::stores::payment_methods::PaymentMethods;
use crate::stores::queries::{self as stores, Store, scarcity_changes};
use crate::stores::settings::{DEFAULT_RETURN_WINDOW_DAYS, NewStore};
use crate::stores::tax_rates::ShippingTax;
use crate::stores::time_zone::TimeZone;

pub const STORE: &str = "STORE-DEMO";
/// The password of both accounts. They are for a server that only this machine can reach.
pub const PASSWORD: &str = "stockroom-demo";
pub const ADMIN: &str = "admin@example.com";
pub const CUSTOMER: &str = "customer@example.com";

/// Loads the demo store in one transaction, with a history of this number of days. Returns false and changes nothing if the
/// store already exists.
///
/// If the server is killed, the transaction leaves no half of a history, and the next start begins anew.
pub fn load(conn: &mut PgConnection, history_days: i64) -> Result<bool, Failure> {
    let fill = if history_days > 0 { history::fill } else { fill };
    tx::run(conn, Mode::Write, |conn| match fill(conn, history_days) {
        Ok(true) => Ok(End::Commit(true)),
        Ok(false) => Ok(End::RollBack(false)),
        Err(Abort::Refused(refusal) | Abort::Recorded(refusal) | Abort::Overdue(refusal, _)) => {
            Err(Failure::Internal(format!("the demo data was refused: {refusal}")))
        }
        Err(Abort::Failed(failure)) => Err(failure),
    })
}

/// The age of the store when it is loaded, and that of its count.
const AGE: Duration = Duration::days(8);
const AGE_OF_COUNT: Duration = Duration::days(7);

/// Everything is created in the same way as by the API, and in the order of its time.
fn fill(conn: &mut PgConnection, _history_days: i64) -> Result<bool, Abort> {
    let (store, goods) = (new_store()?, goods::all());
    let Some(scope) = clock::earlier(AGE, || open(conn, &store, &goods))? else { return Ok(false) };
    clock::earlier(AGE_OF_COUNT, || counts::post(conn, &scope))?;
    orders::add(conn, &scope)?;
    places::open(conn, &scope)?;
    purchasing::add(conn, &scope)?;
    // Its movements have times before the last run of the job.
    scarcity_changes::note_store(conn, scope.store)?;
    Ok(true)
}

/// Creates the store with its accounts and its goods. Returns None if it exists.
fn open(conn: &mut PgConnection, new: &NewStore, goods: &[NewProduct]) -> Result<Option<Scope>, Abort> {
    if stores::find_by_code(conn, STORE)?.is_some() {
        return Ok(None);
    }
    let at = db::clock(conn)?;
    let store = match stores::insert_store(conn, new, at) {
        // Another server created the store at the same time.
        Err(Abort::Refused(refusal)) if refusal.code == Code::Duplicate => return Ok(None),
        result => result?,
    };
    let detail = format!("Store {STORE} created");
    let entry = NewAuditEntry { entity: Entity::Store, entity_id: store.id.0, action: Action::Create, detail };
    audit::append_by(conn, store.id, SYSTEM, &entry, at)?;
    let admin = find_or_create(conn, ADMIN, ("Demo admin", Role::Admin))?;
    find_or_create(conn, CUSTOMER, ("Demo customer", Role::Customer))?;
    let scope = scope_of(&store, admin);
    goods.iter().try_for_each(|new| create_product(conn, &scope, new).map(drop))?;
    goods::CASES.iter().try_for_each(|case| add_case(conn, &scope, *case))?;
    Ok(Some(scope))
}

fn add_case(conn: &mut PgConnection, scope: &Scope, (sku, code, units): (&str, &str, i64)) -> Result<(), Abort> {
    let new = NewBarcode { code: code.to_owned(), size: None, units };
    add_barcode(conn, scope, &ProductRef::Sku(sku.to_owned()), &new)
}

fn new_store() -> Result<NewStore, Failure> {
    let unreadable = |error: &str| Failure::Internal(format!("the demo store: {error}"));
    Ok(NewStore {
        code: StoreCode::parse(STORE).map_err(unreadable)?,
        name: "Stockroom Demo Store".to_owned(),
        currency: Currency::parse("INR").map_err(unreadable)?,
        tax_rate: Rate(0),
        shipping_flat_rate: Money(0),
        guest_orders: true,
        hold_cart_items: false,
        payment_methods: PaymentMethods::default(),
        count_tolerance: CountTolerance::default(),
        over_receipt_percent: 0,
        prices_include_tax: false,
        shipping_tax: ShippingTax::None,
        return_window_days: Some(DEFAULT_RETURN_WINDOW_DAYS),
        time_zone: TimeZone::default(),
        language: Language::default(),
        order_mails: true,
        service_level: ServiceLevel::default().get(),
    })
}

/// An existing account with that address stays unchanged, whatever its password.
fn find_or_create(conn: &mut PgConnection, email: &str, (name, role): (&str, Role)) -> Result<UserId, Abort> {
    if let Some(user) = users::find_by_email(conn, email)? {
        return Ok(user.id);
    }
    let account = NewAccount {
        email,
        password: Secret::new(PASSWORD.to_owned()),
        full_name: Some(name.to_owned()),
        role,
        permissions: Permissions::default(),
        store: Some(STORE),
    };
    Ok(create_user(conn, &account)?.id)
}

/// The demo admin is the actor of these changes.
fn scope_of(store: &Store, admin: UserId) -> Scope {
    let account = Account { id: admin, role: Role::Admin, permissions: Permissions::all(), store: None };
    Scope { store: store.id, principal: Principal::User(account) }
}
