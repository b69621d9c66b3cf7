//! The SQL of value rows. Sets of rows are bound as arrays, and sums are read as text: the DSL has neither.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Jsonb, Nullable, Text, Timestamptz};

use crate::db::schema::valuation_rows;
use crate::db::{self, Failure};
use crate::inventory::valuation::row::{NewValuedEvent, UnitsByPlace, ValueKind, ValueRow};
use crate::inventory::valuation::value::{CostSource, Effect, EventValue, SaleCost, ValuationState, ValuedEvent};
use crate::kernel::id::{MovementId, StoreId, VariantId};
use crate::kernel::sum::Sum;

/// Writes the rows, or replaces their values if they exist.
pub fn write(conn: &mut PgConnection, store: StoreId, rows: &[ValueRow]) -> Result<(), Failure> {
    if rows.is_empty() {
        return Ok(());
    }
    let amounts = |amount: fn(&ValueRow) -> i128| rows.iter().map(|row| amount(row).to_string()).collect::<Vec<_>>();
    let written = db::sql(
        "INSERT INTO valuation_rows (store_id, variant_id, posted_at, movement_id, kind, quantity, unit_cost, \
                receipt_id, sale_at, returned_before, paid, average_value, fifo_value, quantity_after, average_after, \
                fifo_after, places, state) \
         SELECT $1, unnest($2::int8[]), unnest($3::timestamptz[]), unnest($4::int8[]), unnest($5::text[]), \
                unnest($6::int8[]), unnest($7::int8[]), unnest($8::int8[]), unnest($9::timestamptz[]), \
                unnest($10::int8[]), unnest($11::text[])::numeric, unnest($12::text[])::numeric, \
                unnest($13::text[])::numeric, unnest($14::int8[]), unnest($15::text[])::numeric, \
                unnest($16::text[])::numeric, unnest($17::jsonb[]), unnest($18::jsonb[]) \
         ON CONFLICT (store_id, variant_id, posted_at) DO UPDATE SET unit_cost = EXCLUDED.unit_cost, \
                paid = EXCLUDED.paid, average_value = EXCLUDED.average_value, fifo_value = EXCLUDED.fifo_value, \
                average_after = EXCLUDED.average_after, fifo_after = EXCLUDED.fifo_after, state = EXCLUDED.state",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(rows.iter().map(|row| row.new.variant).collect::<Vec<_>>())
    .bind::<Array<Timestamptz>, _>(rows.iter().map(|row| row.new.entry.at).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(rows.iter().map(|row| row.new.movement).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(rows.iter().map(ValueRow::kind).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(rows.iter().map(|row| row.new.entry.quantity).collect::<Vec<_>>())
    .bind::<Array<Nullable<BigInt>>, _>(rows.iter().map(ValueRow::unit_cost).collect::<Vec<_>>())
    .bind::<Array<Nullable<BigInt>>, _>(rows.iter().map(ValueRow::receipt).collect::<Vec<_>>())
    .bind::<Array<Nullable<Timestamptz>>, _>(rows.iter().map(|row| row.sale().map(|sale| sale.0)).collect::<Vec<_>>())
    .bind::<Array<Nullable<BigInt>>, _>(rows.iter().map(|row| row.sale().map(|sale| sale.1)).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(amounts(|row| row.outcome.effect.paid))
    .bind::<Array<Text>, _>(amounts(|row| row.outcome.effect.average))
    .bind::<Array<Text>, _>(amounts(|row| row.outcome.effect.fifo))
    .bind::<Array<BigInt>, _>(rows.iter().map(|row| row.outcome.quantity).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(amounts(|row| row.outcome.average))
    .bind::<Array<Text>, _>(amounts(|row| row.outcome.fifo))
    .bind::<Array<Jsonb>, _>(rows.iter().map(|row| &row.new.places).collect::<Vec<_>>())
    .bind::<Array<Nullable<Jsonb>>, _>(rows.iter().map(|row| row.outcome.state.as_ref()).collect::<Vec<_>>())
    .execute(conn)?;
    db::expect_rows(written, rows.len(), "value rows were written")
}

/// The last row of the variant before that time from which a run can start.
pub fn find_state_before(
    conn: &mut PgConnection,
    store: StoreId,
    variant: VariantId,
    before: DateTime<Utc>,
) -> QueryResult<Option<(DateTime<Utc>, ValuationState)>> {
    valuation_rows::table
        .filter(valuation_rows::store_id.eq(store))
        .filter(valuation_rows::variant_id.eq(variant))
        .filter(valuation_rows::posted_at.lt(before))
        .filter(valuation_rows::state.is_not_null())
        .select((valuation_rows::posted_at, valuation_rows::state.assume_not_null()))
        .order(valuation_rows::posted_at.desc())
        .first(conn)
        .optional()
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    variant_id: VariantId,
    #[diesel(sql_type = Timestamptz)]
    posted_at: DateTime<Utc>,
    #[diesel(sql_type = BigInt)]
    movement_id: MovementId,
    #[diesel(sql_type = Text)]
    kind: ValueKind,
    #[diesel(sql_type = BigInt)]
    quantity: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    unit_cost: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    receipt_id: Option<i64>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    sale_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<BigInt>)]
    returned_before: Option<i64>,
    #[diesel(sql_type = BigInt)]
    sale_quantity: i64,
    #[diesel(sql_type = Text)]
    sale_average: Sum,
    #[diesel(sql_type = Text)]
    sale_fifo: Sum,
    #[diesel(sql_type = Text)]
    paid: Sum,
    #[diesel(sql_type = Text)]
    average_value: Sum,
    #[diesel(sql_type = Text)]
    fifo_value: Sum,
    #[diesel(sql_type = BigInt)]
    quantity_after: i64,
    #[diesel(sql_type = Text)]
    average_after: Sum,
    #[diesel(sql_type = Text)]
    fifo_after: Sum,
    #[diesel(sql_type = Jsonb)]
    places: UnitsByPlace,
    #[diesel(sql_type = Nullable<Jsonb>)]
    state: Option<ValuationState>,
}

impl Row {
    fn source(&self) -> CostSource {
        let Self { unit_cost, receipt_id: receipt, sale_at, returned_before: before, .. } = *self;
        let sale = SaleCost { quantity: self.sale_quantity, average: self.sale_average.0, fifo: self.sale_fifo.0 };
        match (self.kind, receipt, unit_cost, sale_at, before) {
            (ValueKind::Sale, ..) => CostSource::Sale,
            (ValueKind::Move, ..) => CostSource::Move,
            (ValueKind::Purchase, Some(receipt), Some(unit_cost), ..) => CostSource::Purchase { receipt, unit_cost },
            (ValueKind::Reversal, Some(receipt), Some(unit_cost), ..) => CostSource::Reversal { receipt, unit_cost },
            (ValueKind::Return, _, _, Some(sale_at), Some(before)) => {
                CostSource::Return { sale_at, before, sale: Some(sale) }
            }
            _ => CostSource::Other { unit_cost },
        }
    }
}

impl From<Row> for ValueRow {
    fn from(row: Row) -> Self {
        let entry = ValuedEvent { at: row.posted_at, quantity: row.quantity, source: row.source() };
        Self {
            new: NewValuedEvent { variant: row.variant_id, movement: row.movement_id, entry, places: row.places },
            outcome: EventValue {
                effect: Effect { paid: row.paid.0, average: row.average_value.0, fifo: row.fifo_value.0 },
                quantity: row.quantity_after,
                average: row.average_after.0,
                fifo: row.fifo_after.0,
                state: row.state,
            },
        }
    }
}

/// Value rows after a row of a variant, up to those of another variant, in the order of variants and posting. The
/// costs of their receipts are the newest ones.
pub fn list(
    conn: &mut PgConnection,
    store: StoreId,
    (after_variant, after): (VariantId, DateTime<Utc>),
    to_variant: VariantId,
    limit: i64,
) -> QueryResult<Vec<ValueRow>> {
    let rows: Vec<Row> = db::sql(
        "SELECT r.variant_id, r.posted_at, r.movement_id, r.kind, r.quantity, COALESCE(c.unit_cost, r.unit_cost) AS unit_cost, \
                r.receipt_id, r.sale_at, r.returned_before, COALESCE(-s.quantity, 0) AS sale_quantity, \
                COALESCE(-s.average_value, 0)::text AS sale_average, COALESCE(-s.fifo_value, 0)::text AS sale_fifo, \
                r.paid::text, r.average_value::text, r.fifo_value::text, r.quantity_after, r.average_after::text, \
                r.fifo_after::text, r.places, r.state \
         FROM (SELECT * FROM valuation_rows WHERE store_id = $1 AND (variant_id, posted_at) > ($2, $3) AND variant_id <= $4 \
               ORDER BY variant_id, posted_at LIMIT $5) r \
         LEFT JOIN LATERAL (SELECT quantity, average_value, fifo_value FROM valuation_rows \
              WHERE store_id = $1 AND variant_id = r.variant_id AND posted_at = r.sale_at OFFSET 0) s ON true \
         LEFT JOIN LATERAL (SELECT COALESCE((SELECT unit_cost FROM inbound_receipt_costs WHERE store_id = $1 \
                                               AND receipt_id = b.receipt_id AND line_id = b.line_id \
                                             ORDER BY id DESC LIMIT 1), b.unit_cost) AS unit_cost \
              FROM inbound_receipt_lines b JOIN inbound_lines l ON l.store_id = $1 AND l.id = b.line_id \
              WHERE b.store_id = $1 AND b.receipt_id = r.receipt_id AND l.variant_id = r.variant_id OFFSET 0) c ON true \
         ORDER BY r.variant_id, r.posted_at",
    )
    .bind::<BigInt, _>(store)
    .bind::<BigInt, _>(after_variant)
    .bind::<Timestamptz, _>(after)
    .bind::<BigInt, _>(to_variant)
    .bind::<BigInt, _>(limit)
    .load(conn)?;
    Ok(rows.into_iter().map(ValueRow::from).collect())
}
