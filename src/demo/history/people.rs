//! The buyers of the history.

use diesel::PgConnection;

use super::chance::Chance;
use crate::auth::permission::Permissions;
use crate::auth::principal::Account;
use crate::auth::{Principal, Role, Scope};
use crate::customers::create_address::create_address;
use crate::customers::queries::AddressText;
use crate::demo::{self, CUSTOMER};
use crate::error::Abort;
use crate::kernel::id::{AddressId, StoreId, UserId};

/// A customer with an account.
#[derive(Clone, Debug)]
pub(super) struct Customer {
    pub scope: Scope,
    pub id: UserId,
    pub address: AddressId,
    pub name: &'static str,
    pub phone: String,
}

struct Person {
    email: &'static str,
    name: &'static str,
    line1: &'static str,
    city: (&'static str, &'static str, &'static str, f64, f64),
}

const BENGALURU: (&str, &str, &str, f64, f64) = ("Bengaluru", "Karnataka", "560038", 12.9784, 77.6408);
const PUNE: (&str, &str, &str, f64, f64) = ("Pune", "Maharashtra", "411001", 18.5204, 73.8567);
const MUMBAI: (&str, &str, &str, f64, f64) = ("Mumbai", "Maharashtra", "400050", 19.0596, 72.8295);
const HYDERABAD: (&str, &str, &str, f64, f64) = ("Hyderabad", "Telangana", "500034", 17.4126, 78.4482);
const CHENNAI: (&str, &str, &str, f64, f64) = ("Chennai", "Tamil Nadu", "600004", 13.0339, 80.2619);

/// The first one is the customer of every demo store. The others join one after the other.
const PEOPLE: [Person; 14] = [
    Person { email: CUSTOMER, name: "Demo customer", line1: "12 Lake Road", city: PUNE },
    Person { email: "asha.rao@example.com", name: "Asha Rao", line1: "4 Hundred Feet Road", city: BENGALURU },
    Person { email: "vikram.shetty@example.com", name: "Vikram Shetty", line1: "27 Museum Road", city: BENGALURU },
    Person { email: "priya.menon@example.com", name: "Priya Menon", line1: "8 Hill Road", city: MUMBAI },
    Person { email: "arjun.reddy@example.com", name: "Arjun Reddy", line1: "31 Banjara Hills", city: HYDERABAD },
    Person { email: "lakshmi.iyer@example.com", name: "Lakshmi Iyer", line1: "15 Luz Church Road", city: CHENNAI },
    Person { email: "rohan.desai@example.com", name: "Rohan Desai", line1: "2 Carter Road", city: MUMBAI },
    Person { email: "meera.nair@example.com", name: "Meera Nair", line1: "9 Residency Road", city: BENGALURU },
    Person { email: "imran.khan@example.com", name: "Imran Khan", line1: "44 Jubilee Hills", city: HYDERABAD },
    Person { email: "kavya.gowda@example.com", name: "Kavya Gowda", line1: "18 Richmond Road", city: BENGALURU },
    Person { email: "sneha.kulkarni@example.com", name: "Sneha Kulkarni", line1: "6 Koregaon Park", city: PUNE },
    Person { email: "joseph.dsouza@example.com", name: "Joseph D'Souza", line1: "21 Chapel Road", city: MUMBAI },
    Person { email: "ananya.das@example.com", name: "Ananya Das", line1: "3 Brigade Road", city: BENGALURU },
    Person { email: "harpreet.singh@example.com", name: "Harpreet Singh", line1: "11 Cubbon Road", city: BENGALURU },
];

pub(super) const CUSTOMERS: usize = PEOPLE.len();

/// Opens the account of a customer, and stores the address.
pub(super) fn join(conn: &mut PgConnection, store: StoreId, number: usize) -> Result<Option<Customer>, Abort> {
    let Some(person) = PEOPLE.get(number) else { return Ok(None) };
    let id = demo::find_or_create(conn, person.email, (person.name, Role::Customer))?;
    let account = Account { id, role: Role::Customer, permissions: Permissions::default(), store: None };
    let scope = Scope { store, principal: Principal::User(account) };
    let phone = format!("+91 98450 {:05}", 12_345 + 1_111 * number);
    let (city, state, postal_code, latitude, longitude) = person.city;
    let text = AddressText {
        full_name: person.name.to_owned(),
        phone: phone.clone(),
        line1: person.line1.to_owned(),
        line2: None,
        city: city.to_owned(),
        state: Some(state.to_owned()),
        postal_code: postal_code.to_owned(),
        country: "IN".to_owned(),
        latitude: Some(latitude),
        longitude: Some(longitude),
    };
    let address = create_address(conn, &scope, &text)?.id;
    Ok(Some(Customer { scope, id, address, name: person.name, phone }))
}

const FIRST_NAMES: [&str; 16] = [
    "Aarav", "Bhavna", "Chetan", "Deepa", "Esha", "Farhan", "Gauri", "Harish", "Indira", "Jatin", "Kiran", "Lata",
    "Manoj", "Nisha", "Omkar", "Pooja",
];
const LAST_NAMES: [&str; 12] = [
    "Agarwal",
    "Bhat",
    "Chopra",
    "Fernandes",
    "Hegde",
    "Joshi",
    "Kapoor",
    "Mishra",
    "Patel",
    "Pillai",
    "Sharma",
    "Verma",
];
const STREETS: [&str; 8] = [
    "Church Street",
    "Infantry Road",
    "Lavelle Road",
    "St Marks Road",
    "Cunningham Road",
    "Palace Road",
    "Race Course Road",
    "Commercial Street",
];

/// A buyer without an account: name, phone and address.
pub(super) fn guest(chance: &mut Chance) -> (String, String, String) {
    let mut word = |words: &[&'static str]| chance.pick(words).copied().unwrap_or_default();
    let (first, last, street) = (word(&FIRST_NAMES), word(&LAST_NAMES), word(&STREETS));
    let phone = format!("+91 9{} {:05}", chance.between(1_000, 9_999), chance.between(0, 99_999));
    (format!("{first} {last}"), phone, format!("{} {street}, Bengaluru 560001", chance.between(1, 120)))
}
