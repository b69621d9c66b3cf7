//! The SQL of carts. Every write locks the cart's header row first.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::dsl::{AsSelect, auto_type};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Timestamptz};

use crate::db::schema::{cart_items, carts};
use crate::db::{self, Failure, OnLocked};
use crate::kernel::id::{CartId, CartItemId, StoreId, UserId, VariantId};

/// A cart's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = carts)]
#[diesel(check_for_backend(Pg))]
pub struct Cart {
    pub id: CartId,
    pub user_id: UserId,
    /// The number of earlier orders of this cart. Each order ends a round: it empties the cart and increases the
    /// number.
    pub round: i64,
}

/// A line of a cart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, QueryableByName)]
pub struct CartLine {
    #[diesel(sql_type = BigInt)]
    pub id: CartItemId,
    #[diesel(sql_type = BigInt)]
    pub cart_id: CartId,
    #[diesel(sql_type = BigInt)]
    pub variant_id: VariantId,
    #[diesel(sql_type = BigInt)]
    pub quantity: i64,
    /// True if its cart holds stock, of this line or others.
    #[diesel(sql_type = Bool)]
    pub cart_holds: bool,
}

/// Locks the carts of these customers, in the one order of all transactions. A customer without a cart is left out.
pub fn lock_for_update(conn: &mut PgConnection, store: StoreId, users: &[UserId]) -> QueryResult<Vec<Cart>> {
    of_users(store, users).for_update().load(conn)
}

/// Reads the carts without a lock.
pub fn find(conn: &mut PgConnection, store: StoreId, users: &[UserId]) -> QueryResult<Vec<Cart>> {
    of_users(store, users).load(conn)
}

#[auto_type]
fn of_users<'a>(store: StoreId, users: &'a [UserId]) -> _ {
    let header: AsSelect<Cart, Pg> = Cart::as_select();
    carts::table.filter(carts::store_id.eq(store)).filter(carts::user_id.eq_any(users)).order(carts::id).select(header)
}

/// Locks the customer's cart. Creates it if it does not exist.
pub fn get_for_update(conn: &mut PgConnection, store: StoreId, user: UserId, at: DateTime<Utc>) -> QueryResult<Cart> {
    if let Some(cart) = lock_for_update(conn, store, &[user])?.pop() {
        return Ok(cart);
    }
    diesel::insert_into(carts::table)
        .values((carts::store_id.eq(store), carts::user_id.eq(user), carts::created_at.eq(at)))
        .on_conflict_do_nothing()
        .execute(conn)?;
    lock_for_update(conn, store, &[user])?.pop().ok_or(diesel::result::Error::NotFound)
}

/// The lines of a set of carts, by cart, oldest first. The order within is explained at `holds::list_active`.
/// The DSL has no LATERAL.
pub fn list_lines(
    conn: &mut PgConnection,
    store: StoreId,
    carts: &[CartId],
) -> QueryResult<HashMap<CartId, Vec<CartLine>>> {
    let lines: Vec<CartLine> = db::sql(
        "SELECT i.*, c.holds AS cart_holds \
         FROM (SELECT w.id, h.id IS NOT NULL AS holds FROM unnest($2::int8[]) AS w (id) LEFT JOIN LATERAL \
                    (SELECT id FROM stock_holds WHERE store_id = $1 AND holder_kind = 'cart' AND holder_id = w.id \
                       AND state = 'active' ORDER BY variant_id, location_id LIMIT 1) h ON true OFFSET 0) c \
         CROSS JOIN LATERAL \
              (SELECT id, cart_id, variant_id, quantity FROM cart_items \
               WHERE store_id = $1 AND cart_id = c.id OFFSET 0) i ORDER BY i.id",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(carts)
    .load(conn)?;
    let mut by_cart: HashMap<CartId, Vec<CartLine>> = HashMap::new();
    for line in lines {
        by_cart.entry(line.cart_id).or_default().push(line);
    }
    Ok(by_cart)
}

/// A new line of a locked cart.
#[derive(Clone, Copy, Debug)]
pub struct NewLine {
    pub cart: CartId,
    pub variant: VariantId,
    pub quantity: i64,
}

pub fn insert_line(conn: &mut PgConnection, store: StoreId, line: NewLine, at: DateTime<Utc>) -> QueryResult<()> {
    let NewLine { cart, variant, quantity } = line;
    diesel::insert_into(cart_items::table)
        .values((
            cart_items::store_id.eq(store),
            cart_items::cart_id.eq(cart),
            cart_items::variant_id.eq(variant),
            cart_items::quantity.eq(quantity),
            cart_items::created_at.eq(at),
            cart_items::updated_at.eq(at),
        ))
        .execute(conn)
        .map(drop)
}

/// Sets the quantity of a line of a locked cart.
pub fn update_line(
    conn: &mut PgConnection,
    store: StoreId,
    line: &CartLine,
    quantity: i64,
    at: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(cart_items::table)
        .filter(cart_items::store_id.eq(store))
        .filter(cart_items::id.eq(line.id))
        .set((cart_items::quantity.eq(quantity), cart_items::updated_at.eq(at)))
        .execute(conn)
        .map(drop)
}

/// Deletes exactly these lines, of locked carts.
pub fn delete_lines(conn: &mut PgConnection, store: StoreId, lines: &[CartItemId]) -> QueryResult<usize> {
    let lines = cart_items::table.filter(cart_items::store_id.eq(store)).filter(cart_items::id.eq_any(lines));
    diesel::delete(lines).execute(conn)
}

/// A locked cart after orders of its lines.
#[derive(Clone, Debug)]
pub struct OrderedCart {
    pub id: CartId,
    /// The number of its orders. Each one ended a round.
    pub orders: i64,
    /// The number of lines that were ordered in full.
    pub bought_lines: usize,
    /// The lines with units that no order got, and the quantities of these.
    pub left: Vec<CartLine>,
}

/// Removes the ordered units from locked carts, and ends their rounds. The carts must have exactly the lines that were
/// loaded, so exactly these lines are deleted. The DSL has no WITH.
pub fn clear_ordered(conn: &mut PgConnection, store: StoreId, carts: &[OrderedCart]) -> Result<(), Failure> {
    let left = || carts.iter().flat_map(|cart| &cart.left);
    let cleared = db::sql(
        "WITH ended AS (UPDATE carts c SET round = round + (SELECT o.orders \
                FROM unnest($2::int8[], $3::int8[]) AS o (id, orders) WHERE o.id = c.id) \
             WHERE store_id = $1 AND id = ANY($2)) \
         DELETE FROM cart_items i USING (SELECT unnest($2::int8[]) AS id LIMIT $4) c \
         WHERE i.store_id = $1 AND i.cart_id = c.id AND i.id <> ALL($5::int8[])",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(carts.iter().map(|cart| cart.id).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(carts.iter().map(|cart| cart.orders).collect::<Vec<_>>())
    .bind::<BigInt, _>(db::count(carts.len()))
    .bind::<Array<BigInt>, _>(left().map(|line| line.id).collect::<Vec<_>>())
    .execute(conn)?;
    let bought = carts.iter().map(|cart| cart.bought_lines).sum();
    db::expect_rows(cleared, bought, "lines of carts were cleared")
}

/// Sets the quantities of lines of locked carts.
pub fn update_lines(
    conn: &mut PgConnection,
    store: StoreId,
    lines: &[CartLine],
    at: DateTime<Utc>,
) -> Result<(), Failure> {
    let updated = db::sql(
        "UPDATE cart_items i SET quantity = n.quantity, updated_at = $2 \
         FROM (SELECT unnest($3::int8[]) AS id, unnest($4::int8[]) AS quantity LIMIT $5) n \
         WHERE i.store_id = $1 AND i.id = n.id",
    )
    .bind::<BigInt, _>(store)
    .bind::<Timestamptz, _>(at)
    .bind::<Array<BigInt>, _>(lines.iter().map(|line| line.id).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(lines.iter().map(|line| line.quantity).collect::<Vec<_>>())
    .bind::<BigInt, _>(db::count(lines.len()))
    .execute(conn)?;
    db::expect_rows(updated, lines.len(), "lines of carts were updated")
}

/// Locks carts by id, ascending.
pub fn lock_by_id(
    conn: &mut PgConnection,
    store: StoreId,
    carts: &[CartId],
    on_locked: OnLocked,
) -> QueryResult<Vec<CartId>> {
    let query = carts::table
        .filter(carts::store_id.eq(store))
        .filter(carts::id.eq_any(carts))
        .order(carts::id)
        .select(carts::id)
        .for_update();
    match on_locked {
        OnLocked::Wait => query.load(conn),
        OnLocked::Skip => query.skip_locked().load(conn),
    }
}
