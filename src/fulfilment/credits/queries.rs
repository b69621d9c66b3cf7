//! The SQL of credits. Sets of rows are bound as arrays, which the DSL cannot insert.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz};

use super::credit::{Credit, CreditKind, CreditLine};
use super::rest::{CreditedSums, ItemAmounts};
use super::shares::Shares;
use crate::db::schema::{credit_lines, credits, order_items};
use crate::db::{self, Failure, outbox};
use crate::kernel::id::{CreditId, OrderId, OrderItemId, ProductId, ReturnId, StoreId, VariantId};
use crate::kernel::money::Money;

/// Inserts credits with their lines. Returns the ids of the credits by their numbers.
pub fn insert(
    conn: &mut PgConnection,
    store: StoreId,
    new: &[Credit],
    at: DateTime<Utc>,
) -> QueryResult<HashMap<String, i64>> {
    let ids: Vec<i64> = db::sql("SELECT nextval('ledger_id_seq') FROM generate_series(1, $1)")
        .bind::<BigInt, _>(db::count(new.len()))
        .columns::<BigInt>()
        .load(conn)?;
    let amounts = |value: fn(&Credit) -> Money| new.iter().map(value).collect::<Vec<Money>>();
    let lines = || new.iter().flat_map(|new| new.lines.iter().map(move |line| (new, line)));
    let of_lines = |value: fn(&CreditLine) -> Money| lines().map(|(_, line)| value(line)).collect::<Vec<Money>>();
    db::sql(
        "WITH given AS ( \
             INSERT INTO credits (store_id, id, credit_number, order_id, kind, return_id, reason, actor, subtotal, \
                    discount_amount, tax_amount, included_tax_amount, shipping_amount, shipping_tax_amount, \
                    shipping_included_tax_amount, fee, total_amount, used_amount, refunded_amount, created_at) \
             SELECT $1, unnest($27::int8[]), unnest($3::text[]), unnest($4::int8[]), unnest($5::text[]), unnest($6::int8[]), \
                    unnest($7::text[]), unnest($8::text[]), unnest($9::int8[]), unnest($10::int8[]), \
                    unnest($11::int8[]), unnest($12::int8[]), unnest($13::int8[]), unnest($14::int8[]), \
                    unnest($15::int8[]), unnest($16::int8[]), unnest($17::int8[]), unnest($18::int8[]), 0, $2 \
             RETURNING id, credit_number) \
         INSERT INTO credit_lines (store_id, credit_id, variant_id, quantity, subtotal, discount_amount, tax_amount, \
                included_tax_amount, fee) \
         SELECT $1, g.id, l.variant_id, l.quantity, l.subtotal, l.discount, l.tax, l.included_tax, l.fee \
         FROM unnest($19::text[], $20::int8[], $21::int8[], $22::int8[], $23::int8[], $24::int8[], $25::int8[], $26::int8[]) \
              AS l (credit_number, variant_id, quantity, subtotal, discount, tax, included_tax, fee) \
         JOIN given g USING (credit_number)",
    )
    .bind::<BigInt, _>(store)
    .bind::<Timestamptz, _>(at)
    .bind::<Array<Text>, _>(new.iter().map(|new| new.credit_number.as_str()).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(new.iter().map(|new| new.order).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(new.iter().map(|new| new.kind).collect::<Vec<_>>())
    .bind::<Array<Nullable<BigInt>>, _>(new.iter().map(|new| new.return_id).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(new.iter().map(|new| new.reason.as_deref()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(new.iter().map(|new| new.actor.as_str()).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(amounts(|new| new.goods().subtotal))
    .bind::<Array<BigInt>, _>(amounts(|new| new.goods().discount))
    .bind::<Array<BigInt>, _>(amounts(|new| new.goods().plus(new.delivery).tax))
    .bind::<Array<BigInt>, _>(amounts(|new| new.goods().plus(new.delivery).included_tax))
    .bind::<Array<BigInt>, _>(amounts(|new| new.delivery.subtotal))
    .bind::<Array<BigInt>, _>(amounts(|new| new.delivery.tax))
    .bind::<Array<BigInt>, _>(amounts(|new| new.delivery.included_tax))
    .bind::<Array<BigInt>, _>(amounts(Credit::fee))
    .bind::<Array<BigInt>, _>(amounts(Credit::total))
    .bind::<Array<BigInt>, _>(amounts(|new| new.used_amount))
    .bind::<Array<Text>, _>(lines().map(|(new, _)| new.credit_number.as_str()).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(lines().map(|(_, line)| line.variant).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(lines().map(|(_, line)| line.quantity).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(of_lines(|line| line.shares.subtotal))
    .bind::<Array<BigInt>, _>(of_lines(|line| line.shares.discount))
    .bind::<Array<BigInt>, _>(of_lines(|line| line.shares.tax))
    .bind::<Array<BigInt>, _>(of_lines(|line| line.shares.included_tax))
    .bind::<Array<BigInt>, _>(of_lines(|line| line.fee))
    .bind::<Array<BigInt>, _>(&ids)
    .execute(conn)?;
    outbox::note(store, |appended| appended.entries.extend(&ids));
    Ok(new.iter().map(|new| new.credit_number.clone()).zip(ids).collect())
}

/// Adds refunds to credits. The rest of each credit was checked under the lock of its order.
pub fn add_refunds(conn: &mut PgConnection, store: StoreId, refunds: &[(CreditId, Money)]) -> Result<(), Failure> {
    let (ids, amounts): (Vec<CreditId>, Vec<Money>) = refunds.iter().copied().unzip();
    let updated = db::sql(
        "UPDATE credits c SET refunded_amount = c.refunded_amount + r.amount \
         FROM (SELECT id, SUM(amount)::int8 AS amount FROM unnest($2::int8[], $3::int8[]) AS r (id, amount) \
               GROUP BY id LIMIT $4) r \
         WHERE c.store_id = $1 AND c.id = r.id AND c.used_amount + c.refunded_amount + r.amount <= c.total_amount",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(&ids)
    .bind::<Array<BigInt>, _>(amounts)
    .bind::<BigInt, _>(db::count(ids.len()))
    .execute(conn)?;
    let distinct: std::collections::BTreeSet<CreditId> = ids.into_iter().collect();
    db::expect_rows(updated, distinct.len(), "credits were refunded")
}

#[derive(QueryableByName)]
struct SumRow {
    #[diesel(sql_type = BigInt)]
    order_id: OrderId,
    /// None for the delivery.
    #[diesel(sql_type = Nullable<BigInt>)]
    variant_id: Option<VariantId>,
    #[diesel(sql_type = BigInt)]
    subtotal: Money,
    #[diesel(sql_type = BigInt)]
    discount: Money,
    #[diesel(sql_type = BigInt)]
    tax: Money,
    #[diesel(sql_type = BigInt)]
    included_tax: Money,
    #[diesel(sql_type = BigInt)]
    fee: Money,
}

/// The sums of the credits of orders. The DSL has no sums of integers as integers. Lines are looked up by their whole key
/// (OFFSET 0 keeps it so).
pub fn sums(
    conn: &mut PgConnection,
    store: StoreId,
    orders: &[OrderId],
) -> QueryResult<HashMap<OrderId, CreditedSums>> {
    let rows: Vec<SumRow> = db::sql(
        "SELECT c.order_id, l.variant_id, SUM(l.subtotal)::int8 AS subtotal, SUM(l.discount_amount)::int8 AS discount, \
                SUM(l.tax_amount)::int8 AS tax, SUM(l.included_tax_amount)::int8 AS included_tax, SUM(l.fee)::int8 AS fee \
         FROM credits c \
         CROSS JOIN LATERAL (SELECT * FROM credit_lines WHERE store_id = $1 AND credit_id = c.id OFFSET 0) l \
         WHERE c.store_id = $1 AND c.order_id = ANY($2) GROUP BY c.order_id, l.variant_id \
         UNION ALL \
         SELECT c.order_id, NULL, SUM(c.shipping_amount)::int8, 0, SUM(c.shipping_tax_amount)::int8, \
                SUM(c.shipping_included_tax_amount)::int8, 0 \
         FROM credits c WHERE c.store_id = $1 AND c.order_id = ANY($2) GROUP BY c.order_id",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(orders)
    .load(conn)?;
    let mut sums: HashMap<OrderId, CreditedSums> = HashMap::new();
    for SumRow { order_id, variant_id, subtotal, discount, tax, included_tax, fee } in rows {
        let (shares, sums) = (Shares { subtotal, discount, tax, included_tax }, sums.entry(order_id).or_default());
        match variant_id {
            Some(variant) => drop(sums.items.insert(variant, ItemAmounts { shares, fee })),
            None => sums.delivery = shares,
        }
    }
    Ok(sums)
}

/// The part of each credit of some orders that is neither used nor refunded. Read it under the orders' locks.
pub fn list_unspent(
    conn: &mut PgConnection,
    store: StoreId,
    orders: &[OrderId],
) -> QueryResult<HashMap<(OrderId, CreditId), Money>> {
    let rows: Vec<(OrderId, CreditId, Money, Money, Money)> = credits::table
        .filter(credits::store_id.eq(store))
        .filter(credits::order_id.eq_any(orders))
        .select((credits::order_id, credits::id, credits::total_amount, credits::used_amount, credits::refunded_amount))
        .load(conn)?;
    let unspent = |(order, id, total, used, refunded): (OrderId, CreditId, Money, Money, Money)| {
        ((order, id), Money(total.0.saturating_sub(used.0).saturating_sub(refunded.0)))
    };
    Ok(rows.into_iter().map(unspent).collect())
}

/// A credit as it is stored.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = credits)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct StoredCredit {
    pub id: CreditId,
    pub credit_number: String,
    pub order_id: OrderId,
    pub kind: CreditKind,
    pub return_id: Option<ReturnId>,
    pub reason: Option<String>,
    pub subtotal: Money,
    pub discount_amount: Money,
    pub tax_amount: Money,
    pub included_tax_amount: Money,
    pub shipping_amount: Money,
    pub fee: Money,
    pub total_amount: Money,
    pub used_amount: Money,
    pub refunded_amount: Money,
    pub actor: String,
    pub created_at: DateTime<Utc>,
}

/// A line of a credit, with the data of its order item.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = credit_lines)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct StoredLine {
    pub credit_id: CreditId,
    pub variant_id: VariantId,
    pub quantity: i64,
    pub subtotal: Money,
    pub discount_amount: Money,
    pub tax_amount: Money,
    pub included_tax_amount: Money,
    pub fee: Money,
    #[diesel(select_expression = order_items::id)]
    pub item_id: OrderItemId,
    #[diesel(select_expression = order_items::product_id)]
    pub product_id: ProductId,
    #[diesel(select_expression = order_items::sku)]
    pub sku: String,
    #[diesel(select_expression = order_items::product_name)]
    pub product_name: String,
    #[diesel(select_expression = order_items::size)]
    pub size: Option<String>,
}

impl StoredLine {
    #[must_use]
    pub const fn shares(&self) -> Shares {
        let Self { subtotal, discount_amount, tax_amount, included_tax_amount, .. } = self;
        Shares { subtotal: *subtotal, discount: *discount_amount, tax: *tax_amount, included_tax: *included_tax_amount }
    }
}

/// The number of credits of an order.
pub fn count(conn: &mut PgConnection, store: StoreId, order: OrderId) -> QueryResult<i64> {
    credits::table.filter(credits::store_id.eq(store)).filter(credits::order_id.eq(order)).count().get_result(conn)
}

/// Some credits of an order.
#[derive(Clone, Copy, Debug)]
pub enum Which<'a> {
    All,
    /// The credits of these returns.
    OfReturns(&'a [ReturnId]),
    Numbered(&'a str),
}

/// Credits of an order with their lines, the oldest first.
pub fn list(
    conn: &mut PgConnection,
    store: StoreId,
    order: OrderId,
    which: Which<'_>,
) -> QueryResult<Vec<(StoredCredit, Vec<StoredLine>)>> {
    let query = credits::table
        .filter(credits::store_id.eq(store))
        .filter(credits::order_id.eq(order))
        .order(credits::id)
        .select(StoredCredit::as_select())
        .into_boxed();
    let query = match which {
        Which::All => query,
        Which::OfReturns(returns) => query.filter(credits::return_id.eq_any(returns)),
        Which::Numbered(number) => query.filter(credits::credit_number.eq(number)),
    };
    let found: Vec<StoredCredit> = query.load(conn)?;
    with_lines(conn, store, found)
}

/// These credits with their lines.
pub fn list_by_id(
    conn: &mut PgConnection,
    store: StoreId,
    ids: &[CreditId],
) -> QueryResult<Vec<(StoredCredit, Vec<StoredLine>)>> {
    let found: Vec<StoredCredit> = credits::table
        .filter(credits::store_id.eq(store))
        .filter(credits::id.eq_any(ids))
        .select(StoredCredit::as_select())
        .load(conn)?;
    with_lines(conn, store, found)
}

fn with_lines(
    conn: &mut PgConnection,
    store: StoreId,
    found: Vec<StoredCredit>,
) -> QueryResult<Vec<(StoredCredit, Vec<StoredLine>)>> {
    let is_credit = credits::store_id.eq(credit_lines::store_id).and(credits::id.eq(credit_lines::credit_id));
    let is_item = order_items::store_id
        .eq(credit_lines::store_id)
        .and(order_items::order_id.eq(credits::order_id))
        .and(order_items::variant_id.eq(credit_lines::variant_id));
    let lines: Vec<StoredLine> = credit_lines::table
        .inner_join(credits::table.on(is_credit))
        .inner_join(order_items::table.on(is_item))
        .filter(credit_lines::store_id.eq(store))
        .filter(credit_lines::credit_id.eq_any(found.iter().map(|credit| credit.id)))
        .order((credit_lines::credit_id, order_items::id))
        .select(StoredLine::as_select())
        .load(conn)?;
    let mut of_credit: HashMap<CreditId, Vec<StoredLine>> = HashMap::new();
    for line in lines {
        of_credit.entry(line.credit_id).or_default().push(line);
    }
    let with_lines = |credit: StoredCredit| {
        let lines = of_credit.remove(&credit.id).unwrap_or_default();
        (credit, lines)
    };
    Ok(found.into_iter().map(with_lines).collect())
}
