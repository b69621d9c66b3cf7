//! Buyers, their addresses and their carts. They are inserted as sets, before the measured time of a round.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::Outcome;
use crate::data::FIRST_STORE_PRODUCTS;
use crate::scenario::Scenario;

/// The id of the first buyer. Each buyer has an address with the same id.
pub const FIRST_BUYER: i64 = 10_000_001;

/// The account that requests the reports.
pub const ADMIN: i64 = FIRST_BUYER - 1;

/// The product in every cart of the hot load.
pub const HOT_PRODUCT: i64 = 1;

pub fn insert_admin(conn: &mut PgConnection) -> Outcome<()> {
    diesel::sql_query(
        "INSERT INTO users (id, email, password_hash, role, permissions, created_at, updated_at, search_text)
         VALUES ($1, 'admin@example.com', '-', 'admin', '[]', now(), now(), 'admin@example.com')",
    )
    .bind::<BigInt, _>(ADMIN)
    .execute(conn)?;
    Ok(())
}

/// Inserts buyers until there are so many.
pub fn provide_buyers(conn: &mut PgConnection, buyers: u64) -> Outcome<()> {
    let last = FIRST_BUYER + i64::try_from(buyers)? - 1;
    diesel::sql_query(
        "INSERT INTO users (id, email, password_hash, role, permissions, created_at, updated_at, search_text)
         SELECT b, format('buyer-%s@example.com', b), '-', 'customer', '[]', now(), now(),
                format('buyer-%s@example.com', b)
         FROM generate_series($1, $2) AS b ON CONFLICT DO NOTHING",
    )
    .bind::<BigInt, _>(FIRST_BUYER)
    .bind::<BigInt, _>(last)
    .execute(conn)?;
    diesel::sql_query(
        "INSERT INTO addresses (store_id, id, user_id, full_name, phone, line1, city, state, postal_code, country,
                created_at, updated_at)
         SELECT 1, b, b, format('Buyer %s', b), '+91 98450 12345', format('%s Lake View Road', b % 1000), 'Bengaluru',
                'KA', '560001', 'IN', now(), now()
         FROM generate_series($1, $2) AS b ON CONFLICT DO NOTHING",
    )
    .bind::<BigInt, _>(FIRST_BUYER)
    .bind::<BigInt, _>(last)
    .execute(conn)?;
    Ok(conn.batch_execute("VACUUM (ANALYZE) users, addresses")?)
}

/// Removes all carts, then gives each of so many buyers a full one.
pub fn fill(conn: &mut PgConnection, scenario: Scenario, buyers: u64) -> Outcome<()> {
    empty(conn)?;
    if scenario == Scenario::NoCart {
        return Ok(());
    }
    insert_headers(conn, buyers)?;
    // The step and the number of products have no common divisor. So the lines of a cart have different products
    // that are far apart.
    let hot = i64::from(scenario == Scenario::Hot);
    diesel::sql_query(
        "INSERT INTO cart_items (store_id, cart_id, variant_id, quantity, created_at, updated_at)
         SELECT 1, c.id,
                CASE WHEN l.line < $1 THEN $3
                     ELSE 1 + $1 + (abs(hashint8(c.user_id)::int8) + l.line * 3331) % ($4 - $1) END,
                1, now(), now()
         FROM carts c CROSS JOIN generate_series(0, $2 - 1) AS l (line) ORDER BY c.id",
    )
    .bind::<BigInt, _>(hot)
    .bind::<BigInt, _>(i64::from(scenario.lines()))
    .bind::<BigInt, _>(HOT_PRODUCT)
    .bind::<BigInt, _>(FIRST_STORE_PRODUCTS)
    .execute(conn)?;
    settle(conn)
}

/// Removes all carts, then gives each of so many buyers a cart with one unit of one product.
pub fn fill_with(conn: &mut PgConnection, variant: i64, buyers: u64) -> Outcome<()> {
    empty(conn)?;
    insert_headers(conn, buyers)?;
    diesel::sql_query(
        "INSERT INTO cart_items (store_id, cart_id, variant_id, quantity, created_at, updated_at)
         SELECT 1, c.id, $1, 1, now(), now() FROM carts c ORDER BY c.id",
    )
    .bind::<BigInt, _>(variant)
    .execute(conn)?;
    settle(conn)
}

fn empty(conn: &mut PgConnection) -> Outcome<()> {
    Ok(conn.batch_execute("TRUNCATE carts, cart_items")?)
}

fn insert_headers(conn: &mut PgConnection, buyers: u64) -> Outcome<()> {
    diesel::sql_query(
        "INSERT INTO carts (store_id, user_id, created_at) SELECT 1, b, now() FROM generate_series($1, $2) AS b",
    )
    .bind::<BigInt, _>(FIRST_BUYER)
    .bind::<BigInt, _>(FIRST_BUYER + i64::try_from(buyers)? - 1)
    .execute(conn)?;
    Ok(())
}

fn settle(conn: &mut PgConnection) -> Outcome<()> {
    Ok(conn.batch_execute("VACUUM (ANALYZE) carts, cart_items")?)
}
